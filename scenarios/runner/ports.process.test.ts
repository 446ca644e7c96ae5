/** Ports for labs: free, outside the system's range, and never the same for two labs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { freePorts, isPortFree } from './ports.ts'

const module = JSON.stringify(new URL('ports.ts', import.meta.url).href)

/** Takes ports in a process that stays until its input ends. */
async function takeElsewhere(count: number) {
  const source = `import(${module}).then(async ({ freePorts }) => {
    console.log(JSON.stringify(await freePorts(${count})))
    process.stdin.resume().once('end', () => process.exit())
  })`
  const child = spawn(process.execPath, ['-e', source], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { ports: JSON.parse(line.toString()) as number[], child }
}

it('hands out distinct ports of 20000-29999 at which one can listen', async () => {
  const ports = (await Promise.all([freePorts(30), freePorts(1), freePorts(120)])).flat()
  expect(new Set(ports).size).toBe(151)
  expect(ports.every((port) => port >= 20_000 && port <= 29_999)).toBe(true)
  for (const port of ports) expect(await isPortFree(port)).toBe(true)
})

it('passes over a port that is taken', async () => {
  const [first] = (await freePorts(1)) as [number]
  // Ports are handed out in order.
  const squatter = createServer().listen(first + 1, '127.0.0.1')
  await once(squatter, 'listening')
  try {
    expect(await isPortFree(first + 1)).toBe(false)
    expect(await freePorts(3)).not.toContain(first + 1)
  } finally {
    squatter.close()
  }
})

it('gives two processes different ports', async () => {
  const others = await Promise.all([takeElsewhere(60), takeElsewhere(60)])
  const ports = [...others.flatMap((other) => other.ports), ...(await freePorts(60))]
  expect(new Set(ports).size).toBe(180)
  for (const { child } of others) child.stdin.end()
  await Promise.all(others.map(({ child }) => once(child, 'exit')))
})

it('does not keep a process alive', async () => {
  const child = spawn(process.execPath, [
    '-e',
    `import(${module}).then(({ freePorts }) => freePorts(5)).then(() => console.log('done'))`,
  ])
  const exited = once(child, 'exit')
  expect(await text(child.stdout)).toBe('done\n')
  expect(await exited).toEqual([0, null])
})

it('says so when there are not so many', async () => {
  await expect(freePorts(9_901)).rejects.toThrow('9901 free ports: 20000-29999 holds at most 9900')
})
