/**
 * The vocabulary of scenarios: all that a file in `scenarios/` may import. A scenario is a straight line of awaits. Every
 * wait is on something seen (an agent's watch stream, an appliance's health door) with a bound derived from the settings
 * in force; what does not come in time ends the scenario with what was expected, what is, and why.
 *
 *     export const scenario = defineScenario({
 *       name: 'one-loss', lab: 'example-1', story: 'An appliance is lost and nobody logs in again.', rules: ['LO3'],
 *       async play(lab) {
 *         const session = await lab.agent('ws-1').signIn('alice')
 *         const { appliance } = await lab.until(session).isBound({ site: 'site-1' })
 *         await lab.appliance(appliance).kill()
 *         await lab.until(session).isBound({ site: 'site-1', notTo: [appliance], state: 'active' })
 *       },
 *     })
 */
import {
  type AgentStatus,
  type Binding,
  type CandidateOutcome,
  type Decision,
  type HomeRecord,
  type Purpose,
  type SessionStatus,
  type Stage,
} from '#shared/decision.ts'
import { type FailureCode } from '#shared/failure.ts'
import { type AgentProfile } from '#shared/profile.ts'
import { type Topology } from '#shared/topology/model.ts'
import { type LinkFault } from './fabric/fabric.ts'

export type Scenario = {
  /** Also the file's name. */
  readonly name: string
  /** A name in `scenarios/labs`. */
  readonly lab: string
  /** One line: what happens and what is to be seen. */
  readonly story: string
  /** Rule IDs that it shows. */
  readonly rules: readonly string[]
  /** `host:port` of endpoints that the lab's file does not name but a topology of this scenario does. Nothing listens there. */
  readonly extraEndpoints?: readonly string[]
  /** Longest real time of `play`; 3 minutes where none is stated. */
  readonly timeoutMs?: number
  play(lab: Lab): Promise<void>
}

export function defineScenario(scenario: Scenario): Scenario {
  return scenario
}

/** A running enterprise. Names that it does not have end the scenario as a failure of the lab. */
export interface Lab {
  agent(id: string): Agent
  fleet(id: string): Fleet
  appliance(id: string): Appliance
  site(id: string): Site
  /** The newest topology. */
  topology(): Topology
  /** Starts one more workstation. */
  startAgent(workstation: NewAgent): Promise<Agent>
  /** Publishes an edited topology and returns its epoch; the edit may change the draft or return another. */
  editTopology(edit: (draft: TopologyDraft) => void): Promise<number>
  /** Waits real time for `policyMs` of policy time. */
  elapse(policyMs: number): Promise<void>
  /** A line for people in the timeline. */
  tell(text: string): void
  /** Waits until it is so. */
  until: Expectations
  /** It must be so now. */
  expect: Expectations
  /** For claims that no other word states: broken unless it holds. */
  claim(text: string, holds: boolean): void
}

export interface Expectations {
  (session: Session): SessionExpectations
  (agent: Agent): AgentExpectations
  (appliance: Appliance): ApplianceExpectations
  (fleet: Fleet): FleetExpectations
}

/** Each field that is present must hold. */
export type BindingExpectation = {
  readonly appliance?: string | readonly string[]
  readonly site?: string
  readonly stage?: Stage | readonly Stage[]
  readonly temporary?: boolean
  readonly notTo?: readonly string[]
  readonly state?: 'active' | 'locked' | 'paused'
  /** Why it is paused. */
  readonly paused?: NonNullable<SessionStatus['paused']>
}

/** Each field that is present must hold. */
export type OfflineExpectation = {
  readonly state?: 'active' | 'locked' | 'paused'
  /** Whether it was started without an appliance, and no appliance has validated it since (OF6). */
  readonly startedOffline?: boolean
}

export interface SessionExpectations {
  isBound(expected?: BindingExpectation): Promise<Binding>
  /** It has no appliance and its pass has ended (OF1). */
  isOffline(expected?: OfflineExpectation): Promise<void>
  hasEnded(): Promise<void>
}

export interface AgentExpectations {
  isOnline(): Promise<void>
  /** It has no link. */
  isOffline(): Promise<void>
  hasHome(expected: { readonly site: string | null; readonly by?: HomeRecord['by'] }): Promise<void>
  holdsTopology(expected: { readonly inUse?: number; readonly received?: number }): Promise<void>
  isPinnedTo(appliance: string | null): Promise<void>
  /** The first decision that matches, among those that this handle has not matched before. */
  decides(expected: DecisionExpectation): Promise<Decision>
}

export interface ApplianceExpectations {
  serves(): Promise<void>
  isUnavailable(): Promise<void>
  /** Its process is gone. */
  hasEnded(): Promise<void>
  /** It tells people to do something about a lost or single database; `text` is a part of it (ST8). */
  advises(text: string): Promise<void>
  /** It serves, and every other database is connected and in step with it (RP2). */
  isInStep(): Promise<void>
  /**
   * A database keeps exactly these records of that agent, each once and in this order: `login of alice`, `denied of bob:
   * bad-credential` (OF5, AU1).
   */
  keepsAuditOf(agent: Agent, records: readonly string[]): Promise<void>
}

export interface FleetExpectations {
  /** Every session of the fleet is bound, in `site` where one is named. */
  areAllBound(expected?: { readonly site?: string; readonly state?: 'active' | 'locked' | 'paused' }): Promise<void>
}

/** Each field that is present must hold. */
export type DecisionExpectation = {
  readonly purpose?: Purpose
  readonly outcome?: Decision['outcome']
  readonly appliance?: string | null
  readonly stage?: Stage | null
  readonly home?: string | null
  readonly homeBy?: HomeRecord['by']
  readonly epoch?: number
  /** All of these are among its rules. */
  readonly rules?: readonly string[]
  /** None of these is. */
  readonly notRules?: readonly string[]
  /** Its candidates, all of them and in this order. */
  readonly tried?: readonly CandidateExpectation[]
  /** Its candidates, all of them, in any order. */
  readonly triedInAnyOrder?: readonly CandidateExpectation[]
}

export type CandidateExpectation = {
  readonly appliance?: string | null
  readonly endpoint?: string
  readonly stage?: Stage
  readonly outcome?: CandidateOutcome | readonly CandidateOutcome[]
}

export interface Agent {
  readonly kind: 'agent'
  readonly id: string
  readonly status: AgentStatus | undefined
  readonly decisions: readonly Decision[]
  /** Signs in a person of the lab; that must be accepted. */
  signIn(user: string): Promise<Session>
  /** Signs in, which must fail with `code`. */
  failsToSignIn(user: string, code: FailureCode, options?: { readonly password?: string }): Promise<void>
  /** Its machine sleeps, a lid closed or a virtual machine suspended: nothing of it runs, its sockets stay open. Not for one of a fleet. */
  sleep(): Promise<Sleep>
  stop(): Promise<void>
  kill(): Promise<void>
  /** Stops it where it runs, and starts it again. */
  restart(): Promise<void>
}

/** A workstation that sleeps; leaving its `await using` block wakes it, and so does the end of the scenario. */
export interface Sleep extends AsyncDisposable {
  wake(): Promise<void>
}

export interface Session {
  readonly kind: 'session'
  readonly id: string
  readonly user: string
  readonly agent: Agent
  readonly binding: Binding | null
  /** All of these must be accepted. */
  lock(): Promise<void>
  unlock(): Promise<void>
  signOut(): Promise<void>
  failsToUnlock(code: FailureCode, options?: { readonly password?: string }): Promise<void>
}

export interface Fleet {
  readonly kind: 'fleet'
  readonly id: string
  readonly size: number
  /** Signs in one person at each agent, at most `inFlight` at once. */
  signInAll(inFlight: number): Promise<void>
  /** Sessions of the fleet now, by what became of them. */
  count(): { readonly bound: number; readonly paused: number; readonly offline: number; readonly moving: number }
}

/** A fault in force; leaving its `await using` block heals it, and so does the end of the scenario. */
export interface Fault extends AsyncDisposable {
  heal(): Promise<void>
}

export interface Appliance {
  readonly kind: 'appliance'
  readonly id: string
  readonly site: string
  /** SIGKILL. */
  kill(): Promise<void>
  /** Gracefully. */
  stop(): Promise<void>
  /** SIGSTOP: its sockets stay open and nothing answers. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Stops it where it runs, starts it again, and waits until it serves. A database has what it kept. */
  restart(): Promise<void>
  /**
   * A database's store has no room: it ends as soon as it has to keep more, by itself, and does not start. Healed, it
   * starts again where that ended it. It counts as unavailable from here on.
   */
  fill(): Promise<Fault>
  /** The store of a database that does not run is lost for good: it starts empty. */
  wipe(): Promise<void>
  /** Faults the links that agents of the site `from` have to it; `null` means agents without a home site. */
  faultFrom(from: string | null, fault: LinkFault): Promise<Fault>
  /** Faults both links between it and another appliance. */
  faultBetween(other: string, fault: LinkFault): Promise<Fault>
}

export interface Site {
  readonly id: string
  readonly appliances: readonly Appliance[]
  /** No agent and no appliance of another site reaches its appliances any more, nor the other way round. */
  dark(fault?: LinkFault): Promise<Fault>
}

/** `host:port` each; absent address and routes mean those of this machine. */
export type NewAgent = {
  readonly id: string
  readonly primServer: string
  readonly altServers?: readonly string[]
  readonly profile?: AgentProfile
  readonly addresses?: readonly string[]
  readonly routes?: readonly string[]
}

type Writable<Value> = Value extends readonly (infer Item)[]
  ? Writable<Item>[]
  : Value extends string | number
    ? Value
    : Value extends object
      ? { -readonly [Key in keyof Value]: Writable<Value[Key]> }
      : Value

/** A topology that may be changed in place. */
export type TopologyDraft = Writable<Omit<Topology, 'epoch'>>
