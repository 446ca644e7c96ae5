import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { turnTimers } from './turn-timers.ts'

let fired: string[] = []
/** Runs with the faked timers, this much behind them; ahead of them by what the machine slept. */
let behindMs = 0
const clock = {
  now: () => {
    const wireMs = performance.now() - behindMs
    return { wireMs, policyMs: wireMs, wallMs: wireMs }
  },
}
const timers = (timeScale = 1) => turnTimers(clock, timeScale, (key, number) => fired.push(`${key} ${number}`))

beforeEach(() => {
  fired = []
  behindMs = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A timer that is due fires after whatever has been received is read. */
async function advance(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms)
  await setImmediate()
}

describe('timers of a turn', () => {
  test('fire once, after their time, with their number', async () => {
    timers().set({ key: 'pass', number: 7, afterMs: 100, base: 'wire' })
    await advance(99)
    expect(fired).toEqual([])
    await advance(1000)
    expect(fired).toEqual(['pass 7'])
  })

  test('policy time runs as fast as the scale says, wire time does not', async () => {
    const own = timers(60)
    own.set({ key: 'refresh', number: 1, afterMs: 600_000, base: 'policy' })
    own.set({ key: 'request', number: 2, afterMs: 10_001, base: 'wire' })
    await advance(9_999)
    expect(fired).toEqual([])
    await advance(1)
    expect(fired).toEqual(['refresh 1'])
    await advance(1)
    expect(fired).toEqual(['refresh 1', 'request 2'])
  })

  test('re-arming voids the earlier one of that key, and clearing voids it altogether', async () => {
    const own = timers()
    own.set({ key: 'a', number: 1, afterMs: 10, base: 'wire' })
    own.set({ key: 'a', number: 2, afterMs: 30, base: 'wire' })
    own.set({ key: 'b', number: 3, afterMs: 10, base: 'wire' })
    own.clear('b')
    own.clear('unknown')
    await advance(20)
    expect(fired).toEqual([])
    await advance(20)
    expect(fired).toEqual(['a 2'])
    own.set({ key: 'c', number: 4, afterMs: 10, base: 'wire' })
    own.clearAll()
    await advance(20)
    expect(fired).toEqual(['a 2'])
  })

  test('wait on when the clock of the cores is behind', async () => {
    timers().set({ key: 'a', number: 1, afterMs: 10, base: 'wire' })
    behindMs = 3
    await advance(10)
    expect(fired).toEqual([])
    await advance(3)
    expect(fired).toEqual(['a 1'])
  })

  test('[CH3, LO7] fire in their order as soon as the machine wakes; on wire time nobody has failed by that', async () => {
    const own = timers(60)
    own.set({ key: 'interval', number: 1, afterMs: 3_600_000, base: 'policy' })
    own.set({ key: 'refresh', number: 2, afterMs: 600_000, base: 'policy' })
    own.set({ key: 'inactivity', number: 3, afterMs: 300_000, base: 'policy' })
    own.set({ key: 'request', number: 5, afterMs: 5_000, base: 'wire' })
    own.set({ key: 'cleared', number: 4, afterMs: 1, base: 'wire' })
    own.clear('cleared')
    behindMs = -30_000
    await advance(1)
    own.wake()
    await advance(1)
    expect(fired).toEqual(['inactivity 3', 'refresh 2'])
    await advance(4_998)
    expect(fired).toEqual(['inactivity 3', 'refresh 2', 'request 5'])
    await advance(25_000)
    expect(fired).toEqual(['inactivity 3', 'refresh 2', 'request 5', 'interval 1'])
  })

  test('[LO7] come after what was received while the process stood still', async () => {
    vi.useRealTimers()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [[peer]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [[Socket], unknown]
    const { promise: isFired, resolve: end } = Promise.withResolvers<void>()
    const own = turnTimers(clock, 1, (key, number) => {
      fired.push(`${key} ${number}`)
      end()
    })
    socket.on('data', () => {
      fired.push('an answer')
      own.clear('answered')
    })
    own.set({ key: 'answered', number: 1, afterMs: 20, base: 'wire' })
    own.set({ key: 'request', number: 2, afterMs: 20, base: 'wire' })
    peer.write('an answer')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40)
    await isFired
    expect(fired).toEqual(['an answer', 'request 2'])
    socket.destroy()
    server.close()
  })

  test('wait longer than a timeout of the platform can', async () => {
    timers().set({ key: 'a', number: 1, afterMs: 2 ** 31 + 1000, base: 'wire' })
    await advance(2 ** 31)
    expect(fired).toEqual([])
    await advance(1000)
    expect(fired).toEqual(['a 1'])
  })
})
