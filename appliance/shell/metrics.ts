/** The metrics page: what the machine counts and is, read when it is asked for. No ids in labels. */
import { Counter, Gauge, Registry } from 'prom-client'
import { type Counters } from '../core/counters.ts'
import { type ApplianceStatus } from '../core/status.ts'

export type Measured = {
  readonly status: () => ApplianceStatus
  readonly counters: Counters
  /** Callers whom the control door refused, by code. */
  readonly refusals: ReadonlyMap<string, number>
}

/** A registry of its own for each machine. */
export function createMetrics({ status, counters, refusals }: Measured): Registry {
  const registry = new Registry()
  const gauge = (name: string, help: string, read: () => number): void => {
    const metric = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read())
      },
    })
    registry.registerMetric(metric)
  }
  const counter = (name: string, help: string, label: string, values: ReadonlyMap<string, number>): void => {
    const metric = new Counter({
      name,
      help,
      labelNames: [label],
      registers: [],
      collect() {
        this.reset()
        for (const [value, count] of values) this.inc({ [label]: value }, count)
      },
    })
    registry.registerMetric(metric)
  }
  gauge('appliance_sessions', 'Sessions open (database) or served (service)', () => status().sessions)
  gauge('appliance_links', 'Agents with a link', () => status().links)
  gauge('appliance_hash_queue', 'Passwords waiting to be verified', () => status().hashes)
  gauge('appliance_log_position', 'End of the own log', () => status().log?.position ?? 0)
  gauge('appliance_replication_lag', 'Own changes that the other database lacks', () => status().log?.lag ?? 0)
  const inStep = (): number => status().peers.filter((peer) => peer.inStep).length
  gauge('appliance_in_step', 'Other databases in step: with none, changes are acknowledged by one', inStep)
  gauge('appliance_content_equal', '1: the databases hold the same; 0: they differ, or it is not known', () =>
    status().equal === true ? 1 : 0,
  )
  counter('appliance_logins_total', 'Logins by outcome', 'outcome', counters.logins)
  counter('appliance_resumes_total', 'Resumed sessions by outcome', 'outcome', counters.resumes)
  counter('appliance_acknowledgements_total', 'Changes by replicated ack', 'replicated', counters.acknowledgements)
  counter('appliance_door_refusals_total', 'Callers whom the control door refused, by code', 'code', refusals)
  return registry
}
