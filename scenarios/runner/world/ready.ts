/** Waiting until a lab is ready to be played with. */
import { type AgentId, type ApplianceId } from '#shared/ids.ts'
import { LabFailed } from '../outcome.ts'
import { type LiveView } from './live-view.ts'

const appliancesServeWithinMs = 60_000
const settleWithinMs = 60_000

export async function allServe(view: LiveView, appliances: readonly ApplianceId[]): Promise<void> {
  const absent = (): ApplianceId[] => appliances.filter((id) => !view.serves(id))
  await view.until(
    () => (absent().length === 0 ? true : undefined),
    appliancesServeWithinMs,
    () =>
      new LabFailed(`after ${appliancesServeWithinMs / 1000} s these appliances do not serve: ${absent().join(', ')}`),
  )
}

/** Bootstrap and coming online are over, well or not: a play begins with agents that have nothing under way (PN7, BT9). */
export async function allSettled(view: LiveView, agents: readonly AgentId[]): Promise<void> {
  const busy = (): AgentId[] => agents.filter((agent) => view.status(agent)?.passes.length !== 0)
  await view.until(
    () => (busy().length === 0 ? true : undefined),
    settleWithinMs,
    () => new LabFailed(`after ${settleWithinMs / 1000} s these agents have not come online: ${busy().join(', ')}`),
  )
}
