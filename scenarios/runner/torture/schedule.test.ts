import { describe, expect, it } from 'vitest'
import { drawSchedule, faultClasses, faultLine, overlaps, type Schedule } from './schedule.ts'
import { torturedTopology as topology } from './small-torture.fixture.ts'

const draw = (seed: string, number: number, seconds = 25): Schedule => drawSchedule({ seed, number, seconds, topology })
const many = Array.from({ length: 40 }, (_, index) => draw(`seed-${index % 4}`, index + 1))
const faults = many.flatMap((schedule) => schedule.faults)

describe('a schedule', () => {
  it('is the same for the same seed and number', () => expect(draw('a', 3)).toEqual(draw('a', 3)))

  it('is another for another seed, and for another number', () => {
    expect(draw('b', 3).faults).not.toEqual(draw('a', 3).faults)
    expect(draw('a', 4).faults).not.toEqual(draw('a', 3).faults)
  })

  it('is plain JSON', () => expect(JSON.parse(JSON.stringify(draw('a', 3)))).toEqual(draw('a', 3)))

  it.each([8, 12, 25, 60])('of %i s begins after the warm-up and is over before the end', (seconds) => {
    for (const { atMs, forMs } of [1, 2, 3, 4].flatMap((number) => draw('a', number, seconds).faults)) {
      expect(atMs).toBeGreaterThanOrEqual(1_500)
      expect(forMs).toBeGreaterThan(0)
      expect(atMs + forMs).toBeLessThanOrEqual(seconds * 1_000 - 1_500)
    }
  })

  it('is in order of time', () => {
    const times = draw('a', 1).faults.map(({ atMs }) => atMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('leaves an appliance a breather between two faults of its own', () => {
    for (const schedule of many) {
      const own = schedule.faults.flatMap((fault) => ('appliance' in fault ? [fault] : []))
      for (const [index, fault] of own.entries()) {
        const next = own.slice(index + 1).find(({ appliance }) => appliance === fault.appliance)
        if (next !== undefined) expect(next.atMs - fault.atMs - fault.forMs).toBeGreaterThanOrEqual(1_500)
      }
    }
  })

  it('cuts only links that somebody dials: nobody but agents dials a service appliance', () => {
    const links = faults.flatMap((fault) => ('links' in fault ? fault.links : []))
    expect(links.filter(({ kind, to }) => kind === 'peers' && to === 'west2')).toEqual([])
    expect(links.filter(({ from, to }) => String(from) === String(to))).toEqual([])
    expect(faults.filter((fault) => 'links' in fault && fault.links.length === 0)).toEqual([])
  })
})

describe('schedules together', () => {
  it('overlap faults in at least half of them, whatever the seed', () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e']) {
      const drawn = Array.from({ length: 30 }, (_, index) => draw(seed, index + 1))
      expect(drawn.filter(overlaps).length).toBeGreaterThanOrEqual(15)
    }
  })

  it.each(faultClasses)('bring %s at least five times in 30, and once in six', (name) => {
    const count = (of: number, seed: string): number =>
      Array.from({ length: of }, (_, index) => draw(seed, index + 1))
        .flatMap((schedule) => schedule.faults)
        .filter((fault) => fault.class === name).length
    for (const seed of ['a', 'b', 'c', 'd', 'e']) {
      expect(count(30, seed)).toBeGreaterThanOrEqual(5)
      expect(count(6, seed)).toBeGreaterThanOrEqual(1)
    }
  })

  it('hurt every appliance, and cut one direction alone as well as both', () => {
    const hurt = new Set(faults.flatMap((fault) => ('appliance' in fault ? [fault.appliance] : [])))
    expect([...hurt].toSorted()).toEqual(['east1', 'west1', 'west2'])
    const peers = faults.flatMap((fault) =>
      'links' in fault && fault.links[0]?.kind === 'peers' ? [fault.links.length] : [],
    )
    expect(new Set(peers)).toEqual(new Set([1, 2]))
  })
})

describe('overlap', () => {
  const fault = (atMs: number, forMs: number) =>
    ({ class: 'kill', appliance: topology.appliances[0]!.id, atMs, forMs }) as const
  const schedule = (...list: readonly ReturnType<typeof fault>[]): Schedule => ({
    seed: 'a',
    number: 1,
    seconds: 9,
    faults: list,
  })

  it('is two faults in force at once', () => expect(overlaps(schedule(fault(0, 10), fault(5, 10)))).toBe(true))
  it('is not one after the other', () => expect(overlaps(schedule(fault(0, 10), fault(10, 10)))).toBe(false))
})

it('a fault is told in one line', () => {
  const { id } = topology.appliances[0]!
  expect(faultLine({ class: 'kill', appliance: id, atMs: 2_000, forMs: 1_500 })).toBe(' 2.0 s  kill for 1.5 s: west1')
})
