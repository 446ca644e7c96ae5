/**
 * One approach to another appliance: dial, hello, welcome, and then the open link, until it is lost. Whose turn it is
 * and when to try again is for the owner. Dials and links are numbered, so news of an abandoned one is dropped.
 */
import { type Emit, type LinkId } from './events.ts'
import { type Timers } from './timers.ts'
import { assert } from '#shared/assert.ts'
import { type Appliance } from '#shared/topology/model.ts'
import { type CloseName } from '#shared/wire/close-codes.ts'
import { type PeerMessage } from '#shared/wire/peer-link.schema.ts'

export type Welcome = Extract<PeerMessage, { type: 'welcome' }>

type State =
  | { readonly phase: 'idle' }
  | { readonly phase: 'dialing'; readonly dial: number; readonly to: Appliance }
  | { readonly phase: 'greeting'; readonly link: LinkId; readonly to: Appliance }
  | { readonly phase: 'open'; readonly link: LinkId; readonly to: Appliance }

export type ApproachOptions = {
  /** Unique among the approaches of an appliance. */
  readonly name: string
  readonly timers: Timers
  readonly emit: Emit
  readonly nextDial: () => number
  /** For the whole of dial and greeting. */
  readonly timeoutMs: () => number
  readonly hello: () => PeerMessage
  readonly welcomed: (link: LinkId, welcome: Welcome, to: Appliance) => void
  /** Before the welcome: refused, timed out, unavailable. */
  readonly failed: (reason: string, to: Appliance) => void
  readonly lost: (reason: string, to: Appliance) => void
  /** A message of the open link. `false`: it is out of its order, and the link is over (SC3). */
  readonly received: (message: PeerMessage, link: LinkId) => boolean
}

export class Approach {
  private readonly options: ApproachOptions
  private readonly timer: string
  private state: State = { phase: 'idle' }

  constructor(options: ApproachOptions) {
    this.options = options
    this.timer = `approach.${options.name}`
  }

  get phase(): State['phase'] {
    return this.state.phase
  }

  /** Whom it goes to or is with. */
  get to(): Appliance | null {
    return this.state.phase === 'idle' ? null : this.state.to
  }

  /** The open link. */
  get link(): LinkId | null {
    return this.state.phase === 'open' ? this.state.link : null
  }

  begin(to: Appliance): void {
    assert(this.state.phase === 'idle', 'one approach at a time')
    const { emit, timers } = this.options
    const dial = this.options.nextDial()
    const timeoutMs = this.options.timeoutMs()
    this.state = { phase: 'dialing', dial, to }
    emit({ type: 'dial', dial, appliance: to.id, host: to.host, port: to.port, timeoutMs })
    timers.set(this.timer, timeoutMs)
  }

  /** Ends it, whatever its phase; the owner is not told. */
  hangUp(code: CloseName): void {
    const { emit, timers } = this.options
    const { state } = this
    timers.clear(this.timer)
    if (state.phase === 'dialing') emit({ type: 'hang-up', dial: state.dial })
    if (state.phase === 'greeting' || state.phase === 'open') emit({ type: 'close', link: state.link, code })
    this.state = { phase: 'idle' }
  }

  dialOpened(dial: number, link: LinkId): void {
    const { emit, hello } = this.options
    if (this.state.phase !== 'dialing' || this.state.dial !== dial) {
      emit({ type: 'close', link, code: 'finished' })
      return
    }
    this.state = { phase: 'greeting', link, to: this.state.to }
    emit({ type: 'send', link, message: hello() })
  }

  dialFailed(dial: number, reason: string): void {
    if (this.state.phase === 'dialing' && this.state.dial === dial) this.fail(reason, 'finished')
  }

  received(link: LinkId, message: PeerMessage): void {
    if (this.state.phase === 'greeting' && this.state.link === link) this.greeted(link, message)
    else if (this.state.phase === 'open' && this.state.link === link) this.heard(link, message)
  }

  lost(link: LinkId, reason: string): void {
    const { state } = this
    if ((state.phase !== 'greeting' && state.phase !== 'open') || state.link !== link) return
    this.state = { phase: 'idle' }
    this.options.timers.clear(this.timer)
    if (state.phase === 'open') this.options.lost(reason, state.to)
    else this.options.failed(reason, state.to)
  }

  /** The timer of that key fired, if it is this approach's. */
  timerFired(key: string): void {
    if (key !== this.timer) return
    if (this.state.phase === 'dialing' || this.state.phase === 'greeting') this.fail('timed out', 'finished')
  }

  private heard(link: LinkId, message: PeerMessage): void {
    if (this.options.received(message, link)) return
    this.options.emit({ type: 'close', link, code: 'unexpected' })
    this.lost(link, `unexpected ${message.type}`)
  }

  private greeted(link: LinkId, message: PeerMessage): void {
    if (message.type === 'unavailable') {
      this.fail(`unavailable: ${message.reason}`, 'finished')
      return
    }
    if (message.type !== 'welcome') {
      this.fail(`unexpected ${message.type}`, 'unexpected')
      return
    }
    assert(this.state.phase === 'greeting', 'a greeting is taken in its own phase')
    const { to } = this.state
    this.options.timers.clear(this.timer)
    this.state = { phase: 'open', link, to }
    this.options.welcomed(link, message, to)
  }

  private fail(reason: string, code: CloseName): void {
    assert(this.state.phase === 'dialing' || this.state.phase === 'greeting', 'an approach fails before its welcome')
    const { to } = this.state
    this.hangUp(code)
    this.options.failed(reason, to)
  }
}
