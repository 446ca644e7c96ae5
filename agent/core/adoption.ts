/**
 * Sessions whose user proved identity here without an appliance: the appliance that is found validates them (OF6). It
 * looks whether the user is disabled and whether the policy is still the one that the agent went by; otherwise the
 * agent's word is enough, within the grace (CH2).
 */
import { pauseOnResume } from './challenges.ts'
import { ask } from './requests.ts'
import { type AgentState, type Ending, type RequestOwner, type Session } from './state.ts'
import { type DialId, type SessionId } from '#shared/ids.ts'

/** Asks the appliance to take over a session that was started or unlocked offline. */
export function askAdoption(state: AgentState, session: Session, dial: DialId, owner: RequestOwner): void {
  const link = state.links.get(dial)
  if (link?.phase !== 'open') return
  const pause = pauseOnResume(state, session, link.place.site)
  ask(state, dial, owner, {
    type: 'resume-offline',
    session: session.id,
    user: session.user,
    startedAtMs: Math.round(session.offlineProofMs ?? state.now.wallMs),
    policy: session.policy,
    state: session.state === 'locked' ? 'locked' : 'active',
    ...(pause === undefined ? {} : { pause }),
  })
}

/** Tells of a session that began and ended offline: the appliance may have heard of it before its answer was lost. */
export function tellEnded(
  state: AgentState,
  session: SessionId,
  ending: Ending & { kind: 'started-offline' },
  dial: DialId,
  owner: RequestOwner,
): void {
  const { user, startedAtMs, policy } = ending
  ask(state, dial, owner, { type: 'resume-offline', session, user, startedAtMs, policy, state: 'ended' })
}
