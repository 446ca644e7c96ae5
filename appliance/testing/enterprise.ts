/** Real appliance processes on loopback for tests: certificates, configuration files, start, stop, control door. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { hash } from '@node-rs/argon2'
import { type ApplianceStatus, type SessionListing } from '../core/status.ts'
import { type ApplianceConfig } from '#shared/config.schema.ts'
import { ApplianceId, SiteId } from '#shared/ids.ts'
import { type Authority, createAuthority, type Identity, issue } from '#shared/pki/authority.ts'
import { fastWire, normalSettings } from '#shared/policy/settings.ts'
import { type Appliance, type Topology } from '#shared/topology/model.ts'

export const testPassword = 'correct horse battery'
const token = 'the-token-of-every-test'
const startTimeoutMs = 20_000

export type Extra = Partial<Omit<Appliance, 'id' | 'role'>>
export type Plan = { readonly [appliance: string]: Extra & { readonly role: 'database' | 'service' } }

/** One running process. */
export type Running = { readonly child: ChildProcess; readonly lines: Record<string, unknown>[] }

export class TestEnterprise implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'appliance-test-'))
  readonly authority: Authority
  /** Of every control door. */
  readonly token = token
  /** Of the processes that are started from now on. */
  topology: Topology
  /** Of the processes that are started from now on; absent: the product's. */
  loginRate: ApplianceConfig['loginRate']
  /** Every appliance that there will be. */
  private readonly planned: Topology
  private readonly controlPorts: ReadonlyMap<string, number>
  private readonly verifier: string
  private readonly identities = new Map<string, Identity>()
  private readonly running = new Map<string, Running>()

  constructor(options: {
    authority: Authority
    topology: Topology
    controlPorts: Map<string, number>
    verifier: string
  }) {
    this.authority = options.authority
    this.topology = options.topology
    this.planned = options.topology
    this.controlPorts = options.controlPorts
    this.verifier = options.verifier
  }

  appliance(id: string): Appliance {
    const found = this.planned.appliances.find((appliance) => appliance.id === id)
    if (found === undefined) throw new Error(`no appliance ${id}`)
    return found
  }

  /** Agents dial the appliance's name; on loopback it is led here. */
  listenPort(id: string): number {
    return this.appliance(id).port
  }

  async identity(host: string): Promise<Identity> {
    const known = this.identities.get(host)
    if (known !== undefined) return known
    const made = await issue(this.authority, { commonName: host, names: [host], addresses: [] })
    this.identities.set(host, made)
    return made
  }

  async configFile(id: string, changes: Partial<ApplianceConfig> = {}): Promise<string> {
    const appliance = this.appliance(id)
    const write = (name: string, text: string): string => {
      const file = join(this.folder, name)
      writeFileSync(file, text)
      return file
    }
    const { certificatePem, keyPem } = await this.identity(appliance.host)
    const people = ['anna', 'bert'].map((user) => ({
      user,
      verifier: this.verifier,
      version: 1,
      disabled: false,
      policy: 'default',
    }))
    const config: ApplianceConfig = {
      seed: 'test',
      id,
      listen: { host: '127.0.0.1', port: appliance.port },
      control: { port: this.controlPort(id), token },
      caFile: write('ca.pem', this.authority.certificatePem),
      certificateFile: write(`${id}.pem`, certificatePem),
      keyFile: write(`${id}.key`, keyPem),
      connectTo: this.planned.appliances.map(({ host, port }) => ({
        from: `${host}:${port}`,
        to: `127.0.0.1:${port}`,
      })),
      topology: this.topology,
      people: appliance.role === 'database' ? [...people, { ...people[0]!, user: 'gone', disabled: true }] : [],
      policies: { users: [], computers: [], computerPolicyOf: {} },
      ...(this.loginRate === undefined ? {} : { loginRate: this.loginRate }),
      ...changes,
    }
    return write(`${id}.json`, JSON.stringify(config))
  }

  /** Starts a process and waits until it says `ready`. */
  async start(id: string, changes: Partial<ApplianceConfig> = {}): Promise<Running> {
    const running = this.spawn(['--config', await this.configFile(id, changes), '--leash'])
    this.running.set(id, running)
    await waitFor(
      `${id} is ready`,
      () => running.lines.some(({ kind }) => kind === 'ready') || ended(running),
      startTimeoutMs,
    )
    if (ended(running)) throw new Error(`${id} ended: ${JSON.stringify(running.lines)}`)
    return running
  }

  async startAll(...ids: string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.start(id)))
  }

  spawn(args: readonly string[]): Running {
    const child = spawn(process.execPath, ['appliance/main.ts', ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    const lines: Record<string, unknown>[] = []
    createInterface({ input: child.stdout }).on('line', (line) =>
      lines.push(JSON.parse(line) as Record<string, unknown>),
    )
    createInterface({ input: child.stderr }).on('line', (line) => lines.push({ kind: 'stderr', line }))
    return { child, lines }
  }

  process(id: string): Running {
    const running = this.running.get(id)
    if (running === undefined) throw new Error(`${id} was not started`)
    return running
  }

  /** As a power failure: no goodbye. */
  async kill(id: string): Promise<void> {
    const { child } = this.process(id)
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async call(
    id: string,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`http://127.0.0.1:${this.controlPort(id)}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      body: response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text,
    }
  }

  async status(id: string): Promise<ApplianceStatus> {
    return (await this.call(id, 'GET', '/status')).body as ApplianceStatus
  }

  async sessions(id: string): Promise<SessionListing[]> {
    return (await this.call(id, 'GET', '/sessions')).body as SessionListing[]
  }

  async until(id: string, what: string, holds: (status: ApplianceStatus) => boolean): Promise<ApplianceStatus> {
    let last: ApplianceStatus | null = null
    await waitFor(
      () => `${id} ${what}; last ${JSON.stringify(last)}`,
      async () => {
        last = await this.status(id)
        return holds(last)
      },
    )
    return last as unknown as ApplianceStatus
  }

  controlPort(id: string): number {
    const port = this.controlPorts.get(id)
    if (port === undefined) throw new Error(`no control port of ${id}`)
    return port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.running.keys()].map((id) => this.kill(id)))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Two databases and whatever else is planned, all of one site, with names of their own and the `fast` wire. */
export async function planEnterprise(plan: Plan): Promise<TestEnterprise> {
  const ids = Object.keys(plan)
  const ports = await freePorts(ids.length * 2)
  const site = SiteId('dallas')
  const appliances = ids.map((id, index) => ({
    site,
    host: `${id}.hospital.example`,
    port: ports[index] ?? 0,
    ...plan[id],
    role: plan[id]?.role ?? 'service',
    id: ApplianceId(id),
  }))
  const topology: Topology = {
    epoch: 1,
    enterprise: 'test',
    generation: 'G4',
    sites: [{ id: site, name: 'Dallas', type: 'active', ranges: [], failover: {} }],
    appliances,
    settings: { ...normalSettings, ...fastWire, connectTimeoutMs: 900, requestTimeoutMs: 3_000, timeScale: 1 },
  }
  const controlPorts = new Map(ids.map((id, index) => [id, ports[ids.length + index] ?? 0]))
  const verifier = await hash(testPassword, { memoryCost: 64, timeCost: 1 })
  return new TestEnterprise({ authority: await createAuthority('test'), topology, controlPorts, verifier })
}

export function ended({ child }: Running): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Looks again until it holds, for at most `withinMs`. */
export async function waitFor(
  what: string | (() => string),
  holds: () => boolean | Promise<boolean>,
  withinMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`not within ${withinMs} ms: ${typeof what === 'string' ? what : what()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as { port: number }).port
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
