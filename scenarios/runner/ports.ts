/**
 * Ports for a lab, outside the range from which the system hands out ports of its own, so that no outgoing connection
 * can take one while its process restarts. Ports are handed out from blocks; a process claims a block by listening at
 * its first port until it ends, so that two labs on one machine never share one.
 */
import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { LabFailed } from './outcome.ts'

const portMin = 20_000
const portMax = 29_999
const blockPorts = 100
const blocks = (portMax - portMin + 1) / blockPorts
/** The first port of each block is its claim. */
const portsMax = blocks * (blockPorts - 1)

type Block = { readonly claim: Server; next: number; readonly last: number }

/** The blocks of this process, in the order of their claim. */
const claimed: Block[] = []
/** Calls take turns, so that two of them never hand out the same port. */
let turn: Promise<unknown> = Promise.resolve()

/**
 * `count` ports of `127.0.0.1` in 20000–29999 at which nothing listens now, none of them handed out before by this
 * process nor by another that uses this function and still runs. Rejects with `LabFailed` when there are not so many.
 */
export function freePorts(count: number): Promise<number[]> {
  const ports = turn.then(() => take(count))
  turn = ports.catch(() => {})
  return ports
}

/** Whether nothing listens at `127.0.0.1:port`: tried by listening there. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = await tryListen(port)
  if (server === undefined) return false
  await new Promise((resolve) => server.close(resolve))
  return true
}

async function take(count: number): Promise<number[]> {
  if (count > portsMax) throw new LabFailed(`${count} free ports: ${portMin}-${portMax} holds at most ${portsMax}`)
  const ports: number[] = []
  while (ports.length < count) {
    const block = claimed.at(-1)
    if (block === undefined || block.next > block.last) {
      claimed.push(await claimBlock())
      continue
    }
    const port = block.next
    block.next += 1
    if (await isPortFree(port)) ports.push(port)
  }
  return ports
}

async function claimBlock(): Promise<Block> {
  const start = randomInt(blocks)
  for (let step = 0; step < blocks; step += 1) {
    const first = portMin + ((start + step) % blocks) * blockPorts
    const claim = await tryListen(first)
    // The claim ends with the process and does not keep it alive.
    claim?.unref()
    if (claim !== undefined) return { claim, next: first + 1, last: first + blockPorts - 1 }
  }
  throw new LabFailed(`no free ports: every block of ${portMin}-${portMax} is claimed or in use`)
}

async function tryListen(port: number): Promise<Server | undefined> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<Server | undefined>()
  server.once('error', () => resolve(undefined))
  server.listen({ port, host: '127.0.0.1' }, () => resolve(server))
  return await promise
}
