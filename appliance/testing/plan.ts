/** Topologies for tests. */
import { type DatabasePerson } from '../core/directory.ts'
import { ApplianceId, SiteId } from '#shared/ids.ts'
import { normalSettings } from '#shared/policy/settings.ts'
import { type Appliance, type Topology } from '#shared/topology/model.ts'

export type Plan = Record<string, Partial<Omit<Appliance, 'id'>> & { role: 'database' | 'service' }>

/** One site, each appliance under a name of its own, in the order given. */
export function planTopology(plan: Plan): Topology {
  const site = SiteId('dallas')
  return {
    epoch: 1,
    enterprise: 'test',
    generation: 'G4',
    sites: [{ id: site, name: 'Dallas', type: 'active', ranges: [], failover: {} }],
    appliances: Object.entries(plan).map(([id, extra]) => ({
      site,
      host: `${id}.example`,
      port: 443,
      ...extra,
      id: ApplianceId(id),
    })),
    settings: normalSettings,
  }
}

/** Anna and Bert, and one who is disabled. */
export function planPeople(): DatabasePerson[] {
  return ['anna', 'bert', 'gone'].map((user) => ({
    user,
    verifier: `verifier of ${user}`,
    version: 1,
    disabled: user === 'gone',
    policy: 'default',
  }))
}
