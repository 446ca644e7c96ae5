/** Where the enterprise demands enrolment, each agent of a lab gets its one-time token from a database, as an administrator would hand it out. */
import { type AgentConfig } from '#shared/config.schema.ts'
import { type ApplianceId } from '#shared/ids.ts'
import { type Topology } from '#shared/topology/model.ts'
import { LabFailed } from '../outcome.ts'
import { type ApplianceProcess } from './appliances.ts'

/** The agents with their tokens; as they were where nobody asks who an agent is. */
export async function enrolled(
  { settings, appliances }: Topology,
  processes: ReadonlyMap<ApplianceId, ApplianceProcess>,
  agents: AgentConfig['agents'],
): Promise<AgentConfig['agents']> {
  if (settings.enrolment === 'off') return agents
  const database = appliances.find(({ id, role }) => role === 'database' && processes.get(id)?.isRunning === true)
  const door = database === undefined ? undefined : processes.get(database.id)?.door
  if (door === undefined) throw new LabFailed('no database runs that could enrol an agent')
  return await Promise.all(
    agents.map(async (agent) => {
      const { status, body } = await door.call('POST', '/enrolments', { agent: agent.id })
      if (status !== 201) throw new LabFailed(`${agent.id} was not enrolled: ${JSON.stringify(body)}`)
      return { ...agent, enrolmentToken: (body as { token: string }).token }
    }),
  )
}
