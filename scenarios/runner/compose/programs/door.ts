/**
 * `door`, inside a container: its process's control door by hand. It finds address and token in the container's own
 * configuration; in the container `lab` it asks every door.
 */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type AgentConfig } from '#shared/config.schema.ts'
import { type AgentStatus, type Decision } from '#shared/decision.ts'
import { exitCodes } from '../../outcome.ts'
import { decisionText } from '../../timeline.ts'
import { type LabConfig } from '../config-files.ts'
import { agentText, type ApplianceFacts, applianceText } from '../door-text.ts'

const usage = `door health                     exit 0 when it serves
door status                     who and where, in words
door why [AGENT]                its decisions, in words
door login USER PASSWORD        signs in at this workstation
door call METHOD PATH [JSON]    any call of docs/PROTOCOL.md
door list                       in the container lab: every door, with token, as JSON`

type Place = { readonly host: string; readonly port: number; readonly token: string; readonly name: string }
type Answer = { readonly status: number; readonly body: string }
type OwnConfig = { readonly control: AgentConfig['control'] } & Partial<Pick<AgentConfig, 'agents'>>

const configFile = '/config/config.json'
const callMs = 40_000
const healthMs = 4_000

const config = JSON.parse(readFileSync(configFile, 'utf8')) as OwnConfig | LabConfig
const [command, ...parameters] = process.argv.slice(2)
try {
  process.exitCode = await run(command)
} catch (error) {
  process.stderr.write(`door: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function run(name: string | undefined): Promise<number> {
  switch (name) {
    case 'health':
      return await health()
    case 'status':
      return await forEach(status)
    case 'why':
      return await forEach(why)
    case 'login':
      return await login()
    case 'call':
      return await forEach(call)
    case 'list':
      process.stdout.write(`${JSON.stringify(config, null, 2)}\n`)
      return 0
    default:
      process.stderr.write(`${usage}\n`)
      return exitCodes.usage
  }
}

function places(): readonly Place[] {
  if ('control' in config) return [{ name: '', host: '127.0.0.1', ...config.control }]
  return [...config.appliances, ...config.agents]
}

async function forEach(ask: (place: Place) => Promise<string>): Promise<number> {
  const answers = await Promise.allSettled(places().map(ask))
  for (const [index, answer] of answers.entries()) {
    const who = places()[index]?.name ?? ''
    if (answer.status === 'fulfilled') process.stdout.write(answer.value === '' ? '' : `${answer.value}\n`)
    else process.stdout.write(`${who}: ${(answer.reason as Error).message}\n`)
  }
  return answers.every(({ status: one }) => one === 'fulfilled') ? 0 : 1
}

/** The container `lab` is healthy when its doors are open, whoever stands behind them. */
async function health(): Promise<number> {
  if (!('control' in config)) {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ port: config.toxiproxy.published, host: '127.0.0.1' }, () => {
        socket.destroy()
        resolve()
      })
      socket.once('error', reject)
    })
    return 0
  }
  const [place] = places()
  if (place === undefined) return 1
  const { status: code, body } = await asked(place, 'GET', '/health', undefined, healthMs)
  process.stdout.write(`${body}\n`)
  return code === 200 ? 0 : 1
}

async function status(place: Place): Promise<string> {
  const { status: code, body } = await asked(place, 'GET', '/agents')
  if (code === 200) return (JSON.parse(body) as AgentStatus[]).map(agentText).join('\n')
  return applianceText(JSON.parse((await asked(place, 'GET', '/status')).body) as ApplianceFacts)
}

async function why(place: Place): Promise<string> {
  const { status: code, body } = await asked(place, 'GET', '/agents')
  if (code !== 200) return ''
  const wanted = parameters[0]
  const agents = (JSON.parse(body) as AgentStatus[]).filter(({ agent }) => wanted === undefined || agent === wanted)
  const decisions = await Promise.all(
    agents.map(
      async ({ agent }) => JSON.parse((await asked(place, 'GET', `/agents/${agent}/decisions`)).body) as Decision[],
    ),
  )
  return decisions.flat().map(decisionText).join('\n\n')
}

async function login(): Promise<number> {
  const [place] = places()
  const agent = 'agents' in config && 'control' in config ? config.agents?.[0]?.id : undefined
  const [user, password] = parameters
  if (place === undefined || agent === undefined || user === undefined || password === undefined) {
    process.stderr.write('door login USER PASSWORD, in the container of a workstation\n')
    return exitCodes.usage
  }
  const { status: code, body } = await asked(
    place,
    'POST',
    `/agents/${agent}/login`,
    JSON.stringify({ user, password }),
  )
  process.stdout.write(`${body}\n`)
  return code === 200 && (JSON.parse(body) as { outcome?: string }).outcome === 'accepted' ? 0 : 1
}

async function call(place: Place): Promise<string> {
  const [method, path, body] = parameters
  if (method === undefined || path === undefined) throw new Error('door call METHOD PATH [JSON]')
  return (await asked(place, method, path, body)).body
}

/** By `node:http`: a health check runs every few seconds in every container, and `fetch` takes longer to load. */
async function asked(
  { host, port, token }: Place,
  method: string,
  path: string,
  body?: string,
  withinMs = callMs,
): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  }
  return await new Promise((resolve, reject) => {
    const sent = request({ host, port, method, path, headers, signal: AbortSignal.timeout(withinMs) }, (response) => {
      text(response).then((read) => resolve({ status: response.statusCode ?? 0, body: read }), reject)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
