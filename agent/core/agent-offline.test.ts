import { describe, expect, it } from 'vitest'
import { type Script, script, type ScriptOptions, sessionOf } from './agent-script.contract.ts'
import { assert } from '#shared/assert.ts'
import { SessionId } from '#shared/ids.ts'
import { sampleNetwork, sampleTopology, type SampleSite } from '#shared/topology/sample.contract.ts'
import { wireLimits } from '#shared/wire/limits.ts'

const minute = 60_000
const day = 1_440 * minute

const sites: readonly SampleSite[] = [{ id: 'home', ranges: ['10.1.0.0/16'], appliances: ['h1', 'h2'] }]
const hosts = ['h1.test', 'h2.test'] as const
const topology = sampleTopology(sites)
const world = { topology, network: sampleNetwork(['10.1.0.9']), primServer: 'h1.test', cached: true }

function begun(options: Partial<ScriptOptions> = {}): Script {
  const agent = script({ ...world, ...options })
  agent.start()
  return agent
}

/** Alice has logged in and out, then everything is lost. */
function knownAndDark(options: Partial<ScriptOptions> = {}): Script {
  const agent = begun(options)
  agent.logout(sessionOf(agent.login()))
  agent.lose(...hosts)
  return agent
}

/** The same workstation after a restart, with what its store has kept. */
function restarted(agent: Script, options: Partial<ScriptOptions> = {}): Script {
  const { kept } = agent.log
  const again = script({ ...world, ...(kept === undefined ? {} : { offline: kept }), ...options })
  again.behave('refused', ...hosts)
  again.start()
  return again
}

const back = (agent: Script) => {
  agent.behave('serves', ...hosts)
  agent.elapse(7 * minute)
}
const kinds = (agent: Script) =>
  agent.log.audited.map(({ kind, user, detail }) => [kind, user, detail].join(' ').trim())
const only = (agent: Script) => agent.status().sessions[0]
const sent = (agent: Script) =>
  agent.log.sent.flatMap(({ message }) => (message.type === 'resume-offline' ? [message] : []))

const lastDecision = (agent: Script) => {
  const decision = agent.log.decisions.at(-1)
  assert(decision !== undefined, 'something was decided')
  return decision
}
const lastUpload = (agent: Script) => {
  const uploads = agent.log.sent.flatMap(({ atMs, message }) => (message.type === 'audit' ? [{ atMs, message }] : []))
  const last = uploads.at(-1)
  return { atMs: last?.atMs, kinds: last?.message.records.map(({ kind }) => kind) }
}

describe('[OF3] a login without any appliance', () => {
  it('is accepted for who has logged in here before, with that password', () => {
    const agent = knownAndDark()
    const answer = agent.login()
    expect(answer).toMatchObject({ outcome: 'accepted', state: 'active', binding: null, replicated: null })
    expect(only(agent)).toMatchObject({ user: 'alice', offline: true, binding: null, moving: false })
    expect(agent.log.decisions.at(-1)).toMatchObject({ outcome: 'exhausted' })
    expect(agent.log.decisions.at(-1)?.rules).toContain('OF3')
  })

  it('is refused with the reason', () => {
    const agent = knownAndDark()
    expect(agent.login('bob')).toMatchObject({ outcome: 'failed', code: 'offline.never-here' })
    expect(agent.login('alice', 'wrong')).toMatchObject({ outcome: 'failed', code: 'bad-credential' })
    agent.elapse(7 * day)
    expect(agent.login()).toMatchObject({ outcome: 'failed', code: 'offline.expired' })
  })

  it('is refused where policy forbids it, and no verifier is made there', () => {
    const agent = knownAndDark({ policy: { offlineAuthentication: { allowed: false, days: 7 } } })
    expect(agent.login()).toMatchObject({ code: 'offline.not-allowed' })
    expect(agent.log.verifiersMade).toBe(0)
  })

  it('is never made while an appliance answers, a busy one included', () => {
    const agent = begun()
    agent.login()
    expect(agent.login('alice', 'wrong')).toMatchObject({ code: 'bad-credential' })
    agent.behave('busy', ...hosts)
    agent.lose()
    expect(agent.login()).toBeUndefined()
    expect(agent.status().sessions.some(({ offline }) => offline === true)).toBe(false)
  })

  it('works after a restart, and without any topology', () => {
    const agent = restarted(knownAndDark(), { cached: false })
    expect(agent.login()).toMatchObject({ outcome: 'accepted', binding: null })
    expect(agent.login('bob')).toMatchObject({ code: 'no-topology' })
    const session = SessionId(only(agent)?.session ?? '')
    agent.lock(session)
    expect(agent.unlock(session)).toMatchObject({ outcome: 'accepted', state: 'active' })
  })

  it('is not possible any more for a user whom an appliance has called disabled', () => {
    const agent = begun()
    agent.login()
    agent.disable('alice')
    expect(agent.login()).toMatchObject({ code: 'disabled' })
    agent.lose(...hosts)
    expect(agent.login()).toMatchObject({ code: 'offline.never-here' })
  })
})

describe('[OF4] verifiers', () => {
  it('are made once for each version of the credential', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.login()
    agent.lock(session)
    agent.unlock(session)
    expect(agent.log.verifiersMade).toBe(1)
    agent.credentialVersion(2)
    agent.lock(session)
    agent.unlock(session)
    agent.login()
    expect(agent.log.verifiersMade).toBe(2)
  })

  it('are made once for two logins at the same time', () => {
    const agent = begun()
    agent.login()
    agent.credentialVersion(2)
    agent.hold()
    agent.login()
    agent.login()
    agent.release()
    expect(agent.log.verifiersMade).toBe(2)
  })
})

describe('[OF4] lockout without an appliance', () => {
  it('comes after five wrong passwords, and ends after five minutes', () => {
    const agent = knownAndDark()
    for (let failure = 0; failure < 5; failure += 1) {
      expect(agent.login('alice', 'wrong')).toMatchObject({ code: 'bad-credential' })
    }
    expect(agent.login()).toMatchObject({ code: 'offline.locked-out' })
    agent.elapse(5 * minute - 1)
    expect(agent.login()).toMatchObject({ code: 'offline.locked-out' })
    agent.elapse(1)
    expect(agent.login()).toMatchObject({ outcome: 'accepted' })
  })

  it('counts the unlocks of a session too', () => {
    const agent = knownAndDark()
    const session = sessionOf(agent.login())
    agent.lock(session)
    for (let failure = 0; failure < 5; failure += 1) agent.unlock(session, 'wrong')
    expect(agent.unlock(session)).toMatchObject({ code: 'offline.locked-out' })
  })

  it('survives a restart', () => {
    const agent = knownAndDark()
    for (let failure = 0; failure < 5; failure += 1) agent.login('alice', 'wrong')
    expect(restarted(agent).login()).toMatchObject({ code: 'offline.locked-out' })
  })

  it('does not count what an appliance has refused, and locks nobody out online', () => {
    const agent = begun()
    agent.logout(sessionOf(agent.login()))
    for (let failure = 0; failure < 4; failure += 1) agent.login('alice', 'wrong')
    agent.lose(...hosts)
    for (let failure = 0; failure < 4; failure += 1) agent.login('alice', 'wrong')
    expect(agent.login('alice', 'wrong')).toMatchObject({ code: 'bad-credential' })
    expect(agent.login()).toMatchObject({ code: 'offline.locked-out' })
    agent.behave('serves', ...hosts)
    expect(agent.login()).toMatchObject({ outcome: 'accepted', binding: { site: 'home' } })
  })

  it('is lifted by a password that an appliance has accepted', () => {
    const agent = knownAndDark()
    for (let failure = 0; failure < 5; failure += 1) agent.login('alice', 'wrong')
    agent.behave('serves', ...hosts)
    agent.login('alice', 'wrong')
    agent.lose(...hosts)
    expect(agent.login()).toMatchObject({ code: 'offline.locked-out' })
    agent.behave('serves', ...hosts)
    agent.login()
    agent.lose(...hosts)
    expect(agent.login()).toMatchObject({ outcome: 'accepted', binding: null })
  })

  it('is not evaded by many guesses at once', () => {
    const agent = knownAndDark()
    agent.hold()
    for (let guess = 0; guess < 8; guess += 1) agent.login('alice', guess === 7 ? 'right' : 'wrong')
    agent.release()
    const codes = [...agent.log.answers.values()].slice(-3)
    expect(codes.every((answer) => 'code' in answer && answer.code === 'offline.locked-out')).toBe(true)
  })
})

describe('[OF4] a clock set back', () => {
  it('does not extend the lifespan while the agent runs', () => {
    const agent = knownAndDark()
    agent.elapse(6 * day)
    agent.setClock(-6 * day)
    expect(agent.login()).toMatchObject({ outcome: 'accepted' })
    agent.elapse(day)
    expect(agent.login()).toMatchObject({ code: 'offline.expired' })
  })

  it('does not extend it between two runs', () => {
    const before = knownAndDark()
    before.elapse(6 * day)
    const again = restarted(before, { wallMs: 1_000_000 })
    expect(again.login()).toMatchObject({ outcome: 'accepted' })
    again.elapse(day)
    expect(again.login()).toMatchObject({ code: 'offline.expired' })
  })
})

describe('[OF5] audit records', () => {
  it('tell of everything that happened, in order, once', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.login('bob', 'wrong')
    agent.lock(session)
    agent.lock(session)
    agent.unlock(session)
    agent.lose(...hosts)
    const second = sessionOf(agent.login())
    agent.login('bob')
    agent.lock(second)
    agent.unlock(second, 'wrong')
    agent.unlock(second)
    agent.logout(second)
    expect(kinds(agent)).not.toContain('offline-login alice')
    back(agent)
    expect(kinds(agent)).toEqual([
      'login alice',
      'denied bob bad-credential',
      'lock alice',
      'unlock alice',
      'offline-login alice',
      'denied bob offline.never-here',
      'lock alice',
      'denied alice bad-credential',
      'unlock alice offline',
      'logout alice',
    ])
    expect(agent.log.audited.map(({ seq }) => seq)).toEqual(agent.log.audited.map((_, index) => index + 1))
  })

  it('tell of failovers and challenges', () => {
    const agent = begun({ policy: { challengeInactivityMinutes: 15 } })
    agent.login()
    const first = only(agent)?.binding?.appliance
    agent.lose(`${first}.test`)
    agent.elapse(15 * minute)
    const second = first === 'h1' ? 'h2' : 'h1'
    expect(kinds(agent)).toEqual(['login alice', `failover alice ${first} to ${second}`])
    agent.elapse(10 * minute)
    expect(kinds(agent).at(-1)).toBe('challenge alice inactivity')
    // It moves on as it is: no other challenge.
    agent.behave('serves', `${first}.test`)
    agent.lose(`${second}.test`)
    expect(only(agent)).toMatchObject({ state: 'paused', binding: { appliance: first } })
    expect(kinds(agent).slice(-2)).toEqual(['challenge alice inactivity', `failover alice ${second} to ${first}`])
  })

  it('tell of a logout once, however often it is clicked', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.behave('asks-nobody', ...hosts)
    agent.logout(session)
    agent.logout(session)
    expect(agent.log.kept?.audit.records.map(({ kind }) => kind)).toEqual(['logout'])
  })

  it('ride on the refresh interval', () => {
    const agent = begun()
    agent.lock(sessionOf(agent.login()))
    expect(kinds(agent)).toEqual(['login alice'])
    agent.elapse(10 * minute)
    expect(kinds(agent)).toEqual(['login alice', 'lock alice'])
  })

  it('of a failover go up after twice its time, behind the sessions of others', () => {
    const agent = begun()
    agent.login()
    agent.lose(`${only(agent)?.binding?.appliance}.test`)
    const { beganAtMs, endedAtMs } = lastDecision(agent)
    expect(endedAtMs).toBeGreaterThan(beganAtMs)
    expect(lastUpload(agent)).toEqual({ atMs: endedAtMs + 2 * (endedAtMs - beganAtMs), kinds: ['failover'] })
  })

  it('of a failover that took long wait a minute', () => {
    const agent = begun()
    agent.login()
    agent.hold()
    agent.lose(`${only(agent)?.binding?.appliance}.test`)
    agent.elapse(5 * minute)
    agent.release()
    const { endedAtMs } = lastDecision(agent)
    agent.elapse(2 * minute)
    expect(lastUpload(agent)).toEqual({ atMs: endedAtMs + minute, kinds: ['failover'] })
  })

  it('go fifty at a time, one upload under way', () => {
    const agent = knownAndDark()
    for (let denial = 0; denial < 2 * wireLimits.auditRecordsMax; denial += 1) agent.login('bob')
    const before = agent.log.sent.length
    agent.behave('serves', ...hosts)
    agent.hold()
    agent.elapse(7 * minute)
    agent.release()
    const uploads = agent.log.sent
      .slice(before)
      .flatMap(({ message }) => (message.type === 'audit' ? [message.records.length] : []))
    expect(uploads).toEqual([50, 50, 1])
  })

  it('wait for the answer to the upload before them', () => {
    const agent = begun()
    agent.muteAudit()
    for (let login = 0; login < 3; login += 1) agent.login()
    const uploads = agent.log.sent.flatMap(({ message }) => (message.type === 'audit' ? [message] : []))
    expect(uploads.map(({ records }) => records.map(({ seq }) => seq))).toEqual([[1]])
  })

  it('are sent again, under their own numbers, when the answer is lost', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.behave('asks-nobody', ...hosts)
    agent.lock(session)
    const before = agent.log.sent.length
    agent.elapse(30 * minute)
    const uploads = agent.log.sent.slice(before).flatMap(({ message }) => (message.type === 'audit' ? [message] : []))
    expect(uploads.length).toBeGreaterThan(1)
    expect(uploads.every(({ records: [first] }) => first?.seq === 2 && first.kind === 'lock')).toBe(true)
  })

  it('wait for the next refresh when no database takes them', () => {
    const agent = begun()
    agent.login()
    const uploads = () => agent.log.sent.filter(({ message }) => message.type === 'audit').length
    agent.behave('no-database', ...hosts)
    agent.login('bob', 'wrong')
    const before = uploads()
    agent.elapse(30 * minute)
    expect(uploads() - before).toBeLessThan(20)
    agent.behave('serves', ...hosts)
    agent.elapse(30 * minute)
    expect(agent.log.audited.map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('go on after a restart where they were, each of them once', () => {
    const agent = knownAndDark()
    agent.login('bob')
    const again = restarted(agent)
    again.login('carl')
    back(again)
    const all = [...agent.log.audited, ...again.log.audited]
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(new Set(all.map(({ incarnation }) => incarnation)).size).toBe(1)
    expect(kinds(again)).toEqual(['logout alice', 'denied bob offline.never-here', 'denied carl offline.never-here'])
  })
})

describe('[OF5] with an audit queue that is nearly full', () => {
  /** Alice is known, the queue holds that many records, and nobody is reached. */
  const nearlyFull = (count: number) => {
    const before = knownAndDark()
    const { kept } = before.log
    assert(kept !== undefined, 'a login leaves something behind')
    const { incarnation } = kept.audit
    const records = Array.from({ length: count }, (_, index) => {
      return { incarnation, seq: index + 1, atMs: index, kind: 'lock' as const, user: 'alice' }
    })
    const audit = { incarnation, nextSeq: count + 1, records }
    return restarted(before, { offline: { ...kept, audit } })
  }
  const held = (agent: Script) => agent.log.kept?.audit.records.length

  it('refuses an offline login with the reason, while there is still room for what is done in sessions', () => {
    const agent = nearlyFull(wireLimits.auditQueueMax - 501)
    const session = sessionOf(agent.login())
    expect(agent.login()).toMatchObject({ outcome: 'failed', code: 'offline.audit-full' })
    expect(agent.lock(session)).toMatchObject({ outcome: 'accepted', state: 'locked' })
    expect(agent.unlock(session)).toMatchObject({ outcome: 'failed', code: 'offline.audit-full' })
    expect(held(agent)).toBe(wireLimits.auditQueueMax - 499)
    expect(agent.logout(session)).toMatchObject({ outcome: 'accepted', state: 'ended' })
    expect(agent.log.kept?.audit.records.slice(-3).map(({ kind }) => kind)).toEqual(['offline-login', 'lock', 'logout'])
  })

  it('refuses nobody before, and lets nobody fill it by typing', () => {
    const agent = nearlyFull(wireLimits.auditQueueMax - 1_001)
    for (let denial = 0; denial < 5; denial += 1) agent.login('bob')
    expect(held(agent)).toBe(wireLimits.auditQueueMax - 1_000)
    expect(agent.log.kept?.audit.dropped).toEqual({ count: 4, user: 'bob' })
    expect(agent.log.notes.filter(({ kind }) => kind === 'audit.full')).toHaveLength(1)
    expect(agent.login()).toMatchObject({ outcome: 'accepted' })
  })

  it('uploads all of it on return, and then how many were not kept', () => {
    const agent = nearlyFull(wireLimits.auditQueueMax - 1_000)
    agent.login('bob')
    agent.login('bob')
    back(agent)
    expect(agent.log.audited.map(({ seq }) => seq)).toEqual(agent.log.audited.map((_, index) => index + 1))
    expect(kinds(agent).filter((text) => text.startsWith('dropped'))).toEqual(['dropped bob 2 records'])
    expect(agent.log.kept?.audit).toMatchObject({ records: [] })
    expect(agent.log.kept?.audit).not.toHaveProperty('dropped')
  })
})

describe('[OF6] a session started offline, on return', () => {
  it('is taken over within the grace, on the word of the agent', () => {
    const agent = knownAndDark()
    const session = sessionOf(agent.login())
    back(agent)
    expect(sent(agent)).toHaveLength(1)
    expect(sent(agent)[0]).toMatchObject({ session, user: 'alice', state: 'active' })
    expect(sent(agent)[0]).not.toHaveProperty('pause')
    expect(only(agent)).toMatchObject({ state: 'active', binding: { site: 'home' } })
    expect(only(agent)).not.toHaveProperty('offline')
    agent.lock(session)
    expect(agent.unlock(session)).toMatchObject({ outcome: 'accepted', state: 'active' })
  })

  it('is challenged when the grace is over, counted from the last contact', () => {
    const agent = knownAndDark({ policy: { challengeComingOnline: { mode: 'grace', minutes: 30 } } })
    agent.elapse(29 * minute)
    const session = sessionOf(agent.login())
    agent.elapse(2 * minute)
    back(agent)
    expect(only(agent)).toMatchObject({ state: 'paused', paused: 'coming-online' })
    expect(agent.unlock(session)).toMatchObject({ outcome: 'accepted', state: 'active' })
  })

  it('is challenged when the agent has been in contact with nobody since it started', () => {
    const agent = restarted(knownAndDark())
    agent.login()
    back(agent)
    expect(only(agent)).toMatchObject({ state: 'paused', paused: 'coming-online' })
  })

  it('ends when the user is disabled', () => {
    const agent = knownAndDark()
    agent.login()
    agent.disable('alice')
    back(agent)
    expect(agent.status().sessions).toEqual([])
    expect(kinds(agent)).toEqual(['login alice', 'logout alice', 'offline-login alice', 'denied alice disabled'])
    agent.lose(...hosts)
    expect(agent.login()).toMatchObject({ code: 'offline.never-here' })
  })

  it('is challenged when the policy has changed, which the agent goes by from then on', () => {
    const agent = knownAndDark()
    agent.login()
    agent.changePolicy({ offlineAuthentication: { allowed: false, days: 7 } })
    back(agent)
    expect(only(agent)).toMatchObject({ state: 'paused', paused: 'coming-online' })
    expect(agent.log.kept?.users).toMatchObject([{ user: 'alice', credential: null }])
    agent.lose(...hosts)
    expect(agent.login()).toMatchObject({ code: 'offline.not-allowed' })
  })

  it('stays locked when it is', () => {
    const agent = knownAndDark()
    agent.lock(sessionOf(agent.login()))
    back(agent)
    expect(only(agent)).toMatchObject({ state: 'locked', binding: { site: 'home' } })
    expect(sent(agent)[0]).toMatchObject({ state: 'locked' })
  })

  it('is a login when its user unlocks it as the appliance is found', () => {
    const agent = knownAndDark()
    const session = sessionOf(agent.login())
    agent.lock(session)
    agent.behave('serves', ...hosts)
    expect(agent.unlock(session)).toMatchObject({ outcome: 'accepted', state: 'active', binding: { site: 'home' } })
    expect(sent(agent)).toEqual([])
    expect(agent.sessions.get(session)).toBe('active')
    expect(agent.log.sent.some(({ message }) => 'ticket' in message && message.ticket === '')).toBe(false)
  })

  it('is not unlocked by another user', () => {
    const agent = begun()
    agent.logout(sessionOf(agent.login('bob')))
    agent.logout(sessionOf(agent.login()))
    agent.lose(...hosts)
    const session = sessionOf(agent.login())
    agent.lock(session)
    expect(agent.answerAs(session, 'bob')).toMatchObject({ code: 'wrong-user' })
    agent.behave('serves', ...hosts)
    expect(agent.answerAs(session, 'bob')).toMatchObject({ code: 'wrong-user' })
    expect(only(agent)).toMatchObject({ session, state: 'locked' })
  })

  it('is told as ended when it has ended meanwhile', () => {
    const agent = knownAndDark()
    const session = sessionOf(agent.login())
    agent.logout(session)
    back(agent)
    expect(agent.sessions.get(session)).toBe('ended')
    expect(agent.status().sessions).toEqual([])
  })

  it('covers a session that was unlocked offline', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.lock(session)
    agent.lose(...hosts)
    expect(agent.unlock(session)).toMatchObject({ outcome: 'accepted', state: 'active', binding: null })
    back(agent)
    expect(only(agent)).toMatchObject({ state: 'active', binding: { site: 'home' } })
    expect(sent(agent)).toMatchObject([{ session, user: 'alice', state: 'active' }])
  })

  it('ends one that was unlocked offline too when the user is disabled', () => {
    const agent = begun()
    const session = sessionOf(agent.login())
    agent.lock(session)
    agent.lose(...hosts)
    agent.unlock(session)
    agent.disable('alice')
    back(agent)
    expect(agent.status().sessions).toEqual([])
  })

  it('counts the grace from the last contact of the agent with any appliance, not from the login', () => {
    const grace = { challengeComingOnline: { mode: 'grace', minutes: 30 } } as const
    const agent = begun({ policy: grace })
    agent.logout(sessionOf(agent.login()))
    const first = agent.status().links[0] ?? ''
    agent.lose(`${first}.test`)
    agent.elapse(25 * minute)
    // The other one of the site was heard until now.
    agent.lose(...hosts)
    agent.elapse(20 * minute)
    agent.login()
    back(agent)
    expect(only(agent)).toMatchObject({ state: 'active', binding: { site: 'home' } })
  })

  it('leaves a session alone that was only resumed', () => {
    const agent = begun()
    agent.login()
    agent.lose(...hosts)
    back(agent)
    expect(only(agent)).toMatchObject({ state: 'active' })
    expect(sent(agent)).toEqual([])
  })
})

describe('[CH4] an offline session that is paused', () => {
  const paused = (policy: ScriptOptions['policy'] = {}) => {
    const agent = begun({ policy })
    agent.login('bob')
    const session = sessionOf(agent.login())
    agent.lose(...hosts)
    agent.elapse(20 * minute)
    expect(agent.status().sessions[1]).toMatchObject({ session, state: 'paused' })
    return { agent, session, answerAs: (user: string) => agent.answerAs(session, user) }
  }

  it('is answered by any user after inactivity', () => {
    const { answerAs } = paused({ challengeInactivityMinutes: 15 })
    expect(answerAs('bob')).toMatchObject({ outcome: 'accepted', state: 'active' })
  })

  it('is answered by its own user after the interval', () => {
    const { answerAs } = paused({ challengeIntervalMinutes: 15 })
    expect(answerAs('alice')).toMatchObject({ outcome: 'accepted', state: 'active' })
  })

  it('is ended by another user after the interval', () => {
    const { agent, session, answerAs } = paused({ challengeIntervalMinutes: 15 })
    expect(answerAs('bob')).toMatchObject({ code: 'session-ended' })
    expect(agent.status().sessions.map((one) => one.session)).not.toContain(session)
  })
})
