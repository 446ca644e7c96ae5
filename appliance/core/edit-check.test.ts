import { expect, test } from 'vitest'
import { planTopology } from '../testing/plan.ts'
import { checkEdit } from './edit-check.ts'
import { SiteId } from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'

const good = planTopology({ a: { role: 'database' }, b: { role: 'database' }, s: { role: 'service' } })
const [a, b, s] = good.appliances
const [site] = good.sites

test('an edit that is whole has no problem', () => {
  expect(checkEdit(good)).toBeNull()
})

test.each<[string, Partial<Topology>, string]>([
  ['sites', { sites: [site!, site!] }, 'two sites have the same id'],
  ['appliances', { appliances: [a!, b!, b!] }, 'two appliances have the same id'],
  ['a site that is not there', { appliances: [a!, { ...b!, site: SiteId('x') }] }, 'appliance b is of site x'],
  [
    'a failover to nowhere',
    { sites: [{ ...site!, failover: { primary: SiteId('x') } }] },
    'site dallas fails over to x',
  ],
  [
    'a failover to itself',
    { sites: [{ ...site!, failover: { primary: site!.id } }] },
    'site dallas fails over to itself',
  ],
  ['no database', { appliances: [s!] }, 'there is no database'],
  ['a third database', { appliances: [a!, b!, { ...s!, role: 'database' }] }, 'more than two databases'],
])('tells of %s', (_title, changes, problem) => {
  expect(checkEdit({ ...good, ...changes })).toContain(problem)
})
