/**
 * Who an agent is. Where the enterprise demands enrolment, an agent comes in only with a signature of the key that it was
 * enrolled with, over its own connection (SC4); the first time it brings the key and a one-time token. A refusal is an
 * answer: the agent is not to try its luck elsewhere (SP6). The shell looks at signatures, the records know the keys.
 */
import { type AgentHello } from './admission.ts'
import { type Emit, type LinkId } from './events.ts'
import { type Records } from './records.ts'
import { type TopologyKeeper } from './topology-keeper.ts'
import { assert } from '#shared/assert.ts'
import { type Instant } from '#shared/clock.ts'
import { type RefusedReason, type UnavailableReason } from '#shared/wire/agent-link.schema.ts'
import { type Answer } from '#shared/wire/peer-link.schema.ts'

export type GateRefusal =
  | { readonly type: 'refused'; readonly reason: RefusedReason }
  | { readonly type: 'unavailable'; readonly reason: UnavailableReason }
type Done = (refusal: GateRefusal | null, now: Instant) => void
type Enrolling = { readonly publicKey: string; readonly tokenHash: string }
/** A signature that the shell looks at. */
type Proving = { readonly agent: string; readonly enrolling: Enrolling | null; readonly done: Done }

export type AgentGateOptions = {
  readonly keeper: TopologyKeeper
  readonly records: Records
  readonly emit: Emit
}

export class AgentGate {
  private readonly options: AgentGateOptions
  private readonly proving = new Map<LinkId, Proving>()

  constructor(options: AgentGateOptions) {
    this.options = options
  }

  /** `tokenHash`: of the token in the hello. Calls `done` once, now or later, unless the link is lost before. */
  prove(link: LinkId, hello: AgentHello, tokenHash: string | undefined, now: Instant, done: Done): void {
    const { agent, proof, enrol } = hello
    if (this.options.keeper.topology.settings.enrolment === 'off') done(null, now)
    else if (proof === undefined) done(refused('not-enrolled'), now)
    else if (enrol === undefined) this.lookUp(link, agent, proof, now, done)
    else {
      assert(tokenHash !== undefined, 'a token comes with its hash')
      // The key is looked at first: who does not own it does not use up the token.
      this.verify(link, proof, enrol.publicKey, { agent, enrolling: { publicKey: enrol.publicKey, tokenHash }, done })
    }
  }

  proofVerified(link: LinkId, isGood: boolean, now: Instant): void {
    const proving = this.proving.get(link)
    this.proving.delete(link)
    if (proving === undefined) return
    const { agent, enrolling, done } = proving
    if (!isGood) done(refused('bad-proof'), now)
    else if (enrolling === null) done(null, now)
    else this.enrol(agent, enrolling, now, done)
  }

  lost(link: LinkId): void {
    this.proving.delete(link)
  }

  private lookUp(link: LinkId, agent: string, proof: string, now: Instant, done: Done): void {
    this.options.records.ask({ op: 'find-agent', agent }, now, (answer) => {
      if (answer.outcome !== 'agent') done(unavailable(answer), now)
      else if (answer.publicKey === undefined) done(refused('not-enrolled'), now)
      else this.verify(link, proof, answer.publicKey, { agent, enrolling: null, done })
    })
  }

  private enrol(agent: string, { publicKey, tokenHash }: Enrolling, now: Instant, done: Done): void {
    const appliance = this.options.keeper.self.id
    this.options.records.ask({ op: 'enrol-agent', agent, tokenHash, publicKey, appliance }, now, (answer) => {
      if (answer.outcome === 'enrolled') done(null, now)
      else if (answer.outcome === 'not-enrolled') done(refused('bad-token'), now)
      else done(unavailable(answer), now)
    })
  }

  private verify(link: LinkId, proof: string, publicKey: string, proving: Proving): void {
    this.proving.set(link, proving)
    this.options.emit({ type: 'verify-proof', link, agent: proving.agent, publicKey, proof })
  }
}

function refused(reason: RefusedReason): GateRefusal {
  return { type: 'refused', reason }
}

function unavailable(answer: Answer): GateRefusal {
  assert(answer.outcome === 'unavailable', 'an answer that is none is not handed on')
  return { type: 'unavailable', reason: answer.reason }
}
