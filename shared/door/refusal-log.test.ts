import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { refusalLog, type RefusalLine, type RefusalLog } from './refusal-log.ts'

let lines: RefusalLine[]
let log: RefusalLog

beforeEach(() => {
  vi.useFakeTimers()
  lines = []
  log = refusalLog((line) => lines.push(line))
})
afterEach(() => vi.useRealTimers())

const knock = (times: number, address = '127.0.0.1', code = 'unauthorized'): void => {
  for (let count = 0; count < times; count += 1) log.add({ code, address })
}
const told = (): number => lines.flatMap(({ data }) => Object.values(data.refused)).reduce((sum, one) => sum + one, 0)

test('[SC2] tells the first at once and the others of a minute together, every one of them', () => {
  knock(1)
  expect(lines).toEqual([
    {
      text: 'the control door refused callers: unauthorized 1; from 127.0.0.1',
      data: { refused: { unauthorized: 1 }, addresses: ['127.0.0.1'] },
    },
  ])
  knock(40)
  knock(2, '10.93.0.4', 'foreign-site')
  expect(lines).toHaveLength(1)
  vi.advanceTimersByTime(60_000)
  expect(lines.slice(1)).toEqual([
    {
      text: 'the control door refused callers: unauthorized 40, foreign-site 2; from 127.0.0.1, 10.93.0.4',
      data: { refused: { unauthorized: 40, 'foreign-site': 2 }, addresses: ['127.0.0.1', '10.93.0.4'] },
    },
  ])
})

test('[SC2] a knock a second is a line a minute, and a quiet minute later the next is told at once', () => {
  for (let second = 0; second < 600; second += 1) {
    knock(1)
    vi.advanceTimersByTime(1_000)
  }
  vi.advanceTimersByTime(60_000)
  expect(told()).toBe(600)
  expect(lines.length).toBeLessThanOrEqual(12)
  vi.advanceTimersByTime(60_000)
  const before = lines.length
  knock(1)
  expect(lines).toHaveLength(before + 1)
  expect(vi.getTimerCount()).toBe(1)
})

test('tells what waits when its process ends, and only a few addresses', () => {
  for (let host = 1; host < 200; host += 1) knock(1, `10.0.0.${host}`)
  log.flush()
  expect(told()).toBe(199)
  expect(lines.at(-1)?.data.addresses).toHaveLength(5)
})
