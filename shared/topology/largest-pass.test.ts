import { describe, expect, test } from 'vitest'
import { parseEnterprise } from '#shared/topology/file.ts'
import { largestPass } from '#shared/topology/largest-pass.ts'

/** North has 2 appliances, South 3, West 1, Spare (hot standby) 2. */
function pass(northFailover: string, primServers: readonly string[], more = ''): number {
  const count = { north: 2, south: 3, west: 1, spare: 2 }
  const appliances = Object.entries(count).flatMap(([site, number]) =>
    Array.from({ length: number }, (_, index) => `  - { host: ${site}-${index + 1}.test, site: ${site} }\n`),
  )
  const workstations = primServers.map((server, index) => `  - { id: ws-${index}, primServer: ${server}${more} }\n`)
  const text = `enterprise: Passes
sites:
  - { name: North, ranges: [10.1.0.0/24], failover: ${northFailover} }
  - { name: South, ranges: [10.2.0.0/24] }
  - { name: West, ranges: [10.3.0.0/24] }
  - { name: Spare, type: hot-standby, failover: { primary: south, secondary: west } }
appliances:
${appliances.join('')}`
  const read = parseEnterprise(
    workstations.length === 0 ? text : `${text}workstations:\n${workstations.join('')}`,
    'passes.yaml',
  )
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return largestPass(read.value.enterprise.topology, read.value.enterprise)
}

describe('the largest pass counts each appliance once', () => {
  test('home, primary, secondary and last resort', () => {
    expect(pass('{ primary: south, secondary: west }', ['elsewhere.test'])).toBe(7)
  })

  test('a last resort that stands in one of the stages is not counted again', () => {
    expect(pass('{ primary: south, secondary: west }', ['south-1.test'])).toBe(6)
  })

  test('the site of the last resort counts, because a temporary session fails over inside it first', () => {
    expect(pass('{ primary: south }', ['spare-1.test'])).toBe(7)
  })

  test('a file without agents gets a last resort of its own', () => {
    expect(pass('disabled', [])).toBe(4)
  })

  test('[FB4] an agent of profile list counts by its list alone', () => {
    const more = ', profile: list, altServers: [north-2.test, north-1.test, south-1.test]'
    expect(pass('{ primary: south, secondary: west }', ['north-1.test'], more)).toBe(3)
    expect(pass('{ primary: south, secondary: west }', ['north-1.test'], more.replace('list', 'timer'))).toBe(6)
  })

  test('failover sites of failover sites do not count, nor do those of a hot standby', () => {
    expect(pass('{ primary: west }', ['north-1.test'])).toBe(5)
  })
})
