/** `lab.until(…)` and `lab.expect(…)`: the same expectations, waited for or looked at once. */
import { setTimeout as delay } from 'node:timers/promises'
import { AgentId, ApplianceId } from '#shared/ids.ts'
import { type SessionStatus } from '#shared/decision.ts'
import { ExpectationFailed } from '../outcome.ts'
import {
  type Agent,
  type AgentExpectations,
  type Appliance,
  type ApplianceExpectations,
  type BindingExpectation,
  type Expectations,
  type Fleet,
  type FleetExpectations,
  type OfflineExpectation,
  type Session,
  type SessionExpectations,
} from '../scenario.ts'
import { sessionPlace } from '../timeline.ts'
import { auditMismatch, bindingMismatch, decisionMismatch } from './match.ts'
import { type Mode, type Seen, type Stage } from './stage.ts'

const askAgainMs = 50

/** Where in each agent's decisions the next `decides` begins to look. */
export type DecisionMarks = Map<string, number>

export function expectationsOf(stage: Stage, mode: Mode, marks: DecisionMarks): Expectations {
  function expectations(subject: Session): SessionExpectations
  function expectations(subject: Agent): AgentExpectations
  function expectations(subject: Appliance): ApplianceExpectations
  function expectations(subject: Fleet): FleetExpectations
  function expectations(
    subject: Session | Agent | Appliance | Fleet,
  ): SessionExpectations | AgentExpectations | ApplianceExpectations | FleetExpectations {
    switch (subject.kind) {
      case 'session':
        return sessionExpectations(stage, mode, subject)
      case 'agent':
        return agentExpectations(stage, mode, subject, marks)
      case 'appliance':
        return applianceExpectations(stage, mode, subject)
      default:
        return fleetExpectations(stage, mode, subject)
    }
  }
  return expectations
}

function sessionExpectations(stage: Stage, mode: Mode, session: Session): SessionExpectations {
  const name = `the session of ${session.user} at ${session.agent.id}`
  const status = (): SessionStatus | undefined =>
    session.agent.status?.sessions.find((one) => one.session === session.id)
  const is = (): string => {
    const now = status()
    return now === undefined ? 'it is not there' : `it is bound to ${sessionPlace(now)}`
  }
  return {
    isBound: async (expected = {}) =>
      await stage.hold(mode, `${name} to be bound ${wordsOf(expected)}`, session.agent.id, () => {
        const problem = bindingMismatch(status(), expected)
        const binding = status()?.binding ?? null
        return problem === null && binding !== null ? { value: binding } : { problem: problem ?? is() }
      }),
    async isOffline(expected = {}) {
      await stage.hold(mode, `${name} to be offline ${JSON.stringify(expected)}`, session.agent.id, () => {
        const now = status()
        return now !== undefined && isOfflineAs(now, expected) ? done : { problem: is() }
      })
    },
    async hasEnded() {
      await stage.hold(mode, `${name} to have ended`, session.agent.id, () =>
        session.agent.status !== undefined && status() === undefined ? done : { problem: is() },
      )
    },
  }
}

function isOfflineAs(now: SessionStatus, { state, startedOffline }: OfflineExpectation): boolean {
  return (
    now.binding === null &&
    !now.moving &&
    (state === undefined || now.state === state) &&
    (startedOffline === undefined || (now.offline === true) === startedOffline)
  )
}

const done = { value: true } as const satisfies Seen<true>

function wordsOf(expected: BindingExpectation): string {
  return Object.keys(expected).length === 0 ? 'at all' : JSON.stringify(expected)
}

function agentExpectations(stage: Stage, mode: Mode, agent: Agent, marks: DecisionMarks): AgentExpectations {
  const hold = async (expected: string, holds: () => boolean, is: () => string): Promise<void> => {
    await stage.hold(mode, `${agent.id} ${expected}`, agent.id, () => (holds() ? done : { problem: is() }))
  }
  const isOnline = (): string =>
    agent.status === undefined ? 'it has not spoken' : agent.status.online ? 'it is online' : 'it is offline'
  return {
    isOnline: async () => await hold('to be online', () => agent.status?.online === true, isOnline),
    isOffline: async () => await hold('to be offline', () => agent.status?.online === false, isOnline),
    hasHome: async ({ site, by }) =>
      await hold(
        `to have home site ${site ?? 'none'}${by === undefined ? '' : ` by ${by}`}`,
        () => agent.status?.home.site === site && (by === undefined || agent.status.home.by === by),
        () => `it has ${JSON.stringify(agent.status?.home)}`,
      ),
    holdsTopology: async ({ inUse, received }) =>
      await hold(
        `to hold topology ${JSON.stringify({ inUse, received })}`,
        () =>
          agent.status !== undefined &&
          (inUse === undefined || agent.status.topology.inUse === inUse) &&
          (received === undefined || agent.status.topology.received === received),
        () => `it holds ${JSON.stringify(agent.status?.topology)}`,
      ),
    isPinnedTo: async (appliance) =>
      await hold(
        `to be pinned to ${appliance ?? 'nothing'}`,
        () => agent.status !== undefined && (agent.status.pin?.appliance ?? null) === appliance,
        () => `it is pinned to ${agent.status?.pin?.appliance ?? 'nothing'}`,
      ),
    decides: async (expected) =>
      await stage.hold(mode, `${agent.id} to decide ${JSON.stringify(expected)}`, agent.id, () => {
        const decisions = stage.world.view.decisions(AgentId(agent.id))
        const from = marks.get(agent.id) ?? 0
        const index = decisions.findIndex((decision, at) => at >= from && decisionMismatch(decision, expected) === null)
        const found = decisions[index]
        if (found !== undefined) {
          marks.set(agent.id, index + 1)
          return { value: found }
        }
        const last = decisions.at(-1)
        const fresh = decisions.length - from
        const problem =
          last === undefined || fresh === 0 ? 'it has decided nothing since' : decisionMismatch(last, expected)
        return { problem: `${problem ?? ''} (${fresh} decisions since)` }
      }),
  }
}

function applianceExpectations(stage: Stage, mode: Mode, appliance: Appliance): ApplianceExpectations {
  const hold = async (serves: boolean): Promise<void> => {
    const words = serves ? 'to serve' : 'to be unavailable'
    await stage.hold(mode, `${appliance.id} ${words}`, null, () =>
      stage.world.view.serves(ApplianceId(appliance.id)) === serves
        ? done
        : { problem: serves ? 'it does not' : 'it serves' },
    )
  }
  return {
    serves: async () => await hold(true),
    isUnavailable: async () => await hold(false),
    async hasEnded() {
      const process = stage.world.appliances.get(ApplianceId(appliance.id))
      await stage.hold(mode, `${appliance.id} to have ended`, null, () =>
        process?.isRunning === false ? done : { problem: 'it runs' },
      )
    },
    async advises(text) {
      const told = (): readonly string[] => stage.world.view.advice(ApplianceId(appliance.id))
      await stage.hold(mode, `${appliance.id} to advise "${text}"`, null, () =>
        told().some((advice) => advice.includes(text)) ? done : { problem: `it advises ${JSON.stringify(told())}` },
      )
    },
    async isInStep() {
      await hold(true)
      const asked = stage.world.appliances.get(ApplianceId(appliance.id))
      const deadline = performance.now() + (mode === 'until' ? stage.boundMs : 0)
      // The status door has no stream, so it is asked again.
      while ((await asked?.isInStep()) === false) {
        if (performance.now() > deadline)
          throw new ExpectationFailed(`expected ${appliance.id} to be in step; it is not`)
        await delay(askAgainMs)
      }
    },
    async keepsAuditOf(agent, records) {
      const asked = stage.world.appliances.get(ApplianceId(appliance.id))
      const deadline = performance.now() + (mode === 'until' ? stage.boundMs : 0)
      for (;;) {
        const problem = auditMismatch((await asked?.audit()) ?? [], agent.id, records)
        if (problem === null) return
        if (performance.now() > deadline)
          throw new ExpectationFailed(`expected ${appliance.id} to keep every audit record of ${agent.id}; ${problem}`)
        await delay(askAgainMs)
      }
    },
  }
}

function fleetExpectations(stage: Stage, mode: Mode, fleet: Fleet): FleetExpectations {
  return {
    async areAllBound(expected = {}) {
      const agents = stage.world.agents.get(fleet.id)?.agents ?? []
      await stage.hold(mode, `every session of fleet ${fleet.id} to be bound ${wordsOf(expected)}`, null, () => {
        const sessions = agents.flatMap((agent) => stage.world.view.status(agent)?.sessions ?? [])
        const others = sessions.filter((session) => bindingMismatch(session, expected) !== null)
        return sessions.length > 0 && others.length === 0
          ? done
          : { problem: `${others.length} of ${sessions.length} are not` }
      })
    },
  }
}
