import { describe, expect, it } from 'vitest'
import { type Decision, type SessionStatus } from '#shared/decision.ts'
import { AgentId, ApplianceId, Endpoint, SessionId, SiteId, UserName } from '#shared/ids.ts'
import { type BindingExpectation, type DecisionExpectation } from '../scenario.ts'
import { type KeptAudit } from '../world/appliances.ts'
import { auditMismatch, bindingMismatch, decisionMismatch } from './match.ts'

const session: SessionStatus = {
  session: SessionId('s-1'),
  user: UserName('alice'),
  state: 'active',
  binding: { appliance: ApplianceId('dal1'), site: SiteId('dallas'), stage: 'home', temporary: false },
  moving: false,
}

describe('a binding', () => {
  const fitting: readonly BindingExpectation[] = [
    {},
    { appliance: 'dal1' },
    { appliance: ['dal2', 'dal1'], site: 'dallas' },
    { stage: 'home', temporary: false, state: 'active' },
    { stage: ['primary', 'home'], notTo: ['dal2'] },
  ]
  it.each(fitting)('fits %j', (expected) => {
    expect(bindingMismatch(session, expected)).toBeNull()
  })

  const others: readonly BindingExpectation[] = [
    { appliance: 'dal2' },
    { appliance: ['dal2'] },
    { site: 'chicago' },
    { stage: 'primary' },
    { temporary: true },
    { state: 'paused' },
    { notTo: ['dal1'] },
    { paused: 'coming-online' },
  ]
  it.each(others)('does not fit %j', (expected) => {
    expect(bindingMismatch(session, expected)).toBe('it is bound to dal1 of dallas (home), active')
  })

  it('of a paused session is told apart by why it is paused', () => {
    const paused: SessionStatus = { ...session, state: 'paused', paused: 'coming-online' }
    expect(bindingMismatch(paused, { paused: 'coming-online' })).toBeNull()
    expect(bindingMismatch(paused, { paused: 'inactivity' })).toContain('paused (coming-online)')
  })

  it('is missed where there is none', () => {
    expect(bindingMismatch(undefined, {})).toBe('it is not there')
    expect(bindingMismatch({ ...session, binding: null }, {})).toBe('it is offline')
    expect(bindingMismatch({ ...session, binding: null, moving: true }, {})).toBe('it is moving')
  })
})

const place = (appliance: string, stage: 'home' | 'primary', outcome: 'reset' | 'answered') => ({
  appliance: ApplianceId(appliance),
  site: SiteId('dallas'),
  endpoint: Endpoint(`${appliance}.test`, 443),
  stage,
  outcome,
  ms: 1,
})
const decision: Decision = {
  number: 1,
  agent: AgentId('ws-1'),
  profile: 'windows',
  purpose: 'failover',
  sessions: [],
  beganAtMs: 0,
  endedAtMs: 1,
  home: { site: SiteId('dallas'), by: 'range', address: '10.0.0.1', range: '10.0.0.0-10.0.0.9' },
  epoch: 2,
  candidates: [place('dal1', 'home', 'reset'), place('dal2', 'home', 'reset'), place('chi1', 'primary', 'answered')],
  outcome: 'found',
  appliance: ApplianceId('chi1'),
  stage: 'primary',
  rules: ['HS1', 'LO1'],
  reason: '',
}

describe('a decision', () => {
  const fitting: readonly DecisionExpectation[] = [
    {},
    { purpose: 'failover', outcome: 'found', appliance: 'chi1', stage: 'primary' },
    { home: 'dallas', homeBy: 'range', epoch: 2 },
    { rules: ['LO1'], notRules: ['SP3'] },
    { tried: [{ appliance: 'dal1', outcome: ['reset', 'refused'] }, { stage: 'home' }, { endpoint: 'chi1.test:443' }] },
    { triedInAnyOrder: [{ appliance: 'chi1' }, { stage: 'home' }, { appliance: 'dal1' }] },
  ]
  it.each(fitting)('fits %j', (expected) => {
    expect(decisionMismatch(decision, expected)).toBeNull()
  })

  const others: readonly (readonly [DecisionExpectation, string])[] = [
    [{ purpose: 'login' }, 'purpose is failover'],
    [{ appliance: null }, 'appliance is chi1'],
    [{ home: null }, 'home is dallas'],
    [{ homeBy: 'route' }, 'homeBy is range'],
    [{ epoch: 1 }, 'epoch is 2'],
    [{ rules: ['LO1', 'SP3'] }, 'SP3 is not among its rules'],
    [{ notRules: ['LO1'] }, 'LO1 is among its rules'],
    [{ tried: [{ appliance: 'dal1' }, { appliance: 'dal2' }] }, 'its candidates are others'],
    [{ tried: [{ appliance: 'dal2' }, { appliance: 'dal1' }, {}] }, 'its candidates are others'],
    [{ triedInAnyOrder: [{ appliance: 'chi1' }, { appliance: 'chi1' }, {}] }, 'its candidates are others'],
    [{ triedInAnyOrder: [{}, {}] }, 'its candidates are others'],
  ]
  it.each(others)('does not fit %j: %s', (expected, text) => {
    expect(decisionMismatch(decision, expected)).toBe(text)
  })
})

describe('the audit records of an agent', () => {
  const kept = (seq: number, changes: Partial<KeptAudit> = {}): KeptAudit => ({
    by: 'agent',
    source: 'ws-1',
    incarnation: 'first',
    seq,
    kind: 'lock',
    user: `user${seq}`,
    ...changes,
  })
  const expected = ['lock of user1', 'lock of user2']
  const rows: readonly (readonly [string, readonly KeptAudit[], string | null])[] = [
    ['all there', [kept(1), kept(2)], null],
    ['come in another order', [kept(2), kept(1)], null],
    ['among those of others', [kept(1), kept(1, { source: 'ws-2' }), kept(1, { by: 'database' }), kept(2)], null],
    ['with a detail', [kept(1), kept(2, { detail: 'x' })], 'record 2 is lock of user2: x, not lock of user2'],
    ['one missing at the end', [kept(1)], 'record 2 is missing, lock of user2'],
    ['one missing before', [kept(1), kept(3, { user: 'user2' })], 'record 2 is missing, lock of user2'],
    ['one too many', [kept(1), kept(2), kept(3)], 'there is lock of user3 as well'],
    ['one twice', [kept(1), kept(2), kept(2)], 'record 2 is there twice'],
    ['of two queues', [kept(1), kept(2, { incarnation: 'second' })], 'its queue began anew'],
  ]
  it.each(rows)('%s', (_, records, problem) => {
    expect(auditMismatch(records, 'ws-1', expected)).toBe(problem)
  })
})
