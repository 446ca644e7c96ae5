import { expect, test } from 'vitest'
import { type AgentStatus } from '#shared/decision.ts'
import { AgentId, ApplianceId, SessionId, SiteId, UserName } from '#shared/ids.ts'
import { agentText, applianceText } from './door-text.ts'

const status: AgentStatus = {
  agent: AgentId('ws-1'),
  online: true,
  profile: 'windows',
  home: { site: SiteId('dallas'), by: 'range', address: '172.16.9.20', range: '172.16.8.0-172.16.10.255' },
  topology: { inUse: 1, received: 2 },
  pin: { appliance: ApplianceId('dal2'), ageMs: 4_321 },
  links: [ApplianceId('dal2')],
  sessions: [
    {
      session: SessionId('s1'),
      user: UserName('alice'),
      state: 'active',
      binding: { appliance: ApplianceId('dal2'), site: SiteId('dallas'), stage: 'home', temporary: false },
      moving: false,
    },
  ],
  passes: [],
}

test('an agent tells its home site and by which address, and where its sessions are', () => {
  expect(agentText(status)).toBe(`ws-1: online, home dallas: 172.16.9.20 is in 172.16.8.0-172.16.10.255
  links: dal2; topology: epoch 1 in use, epoch 2 received
  pin: dal2, for 4 s
  session s1 of alice: dal2 of dallas (home), active`)
})

test('an agent by route, without anything', () => {
  const home = { site: SiteId('dallas'), by: 'route', route: '172.16.8.0/24', range: '172.16.8.0/23' } as const
  const nothing = { online: false, home, pin: null, links: [], sessions: [], topology: { inUse: 1, received: 1 } }
  expect(agentText({ ...status, ...nothing }))
    .toBe(`ws-1: offline, home dallas: route 172.16.8.0/24 touches 172.16.8.0/23
  links: none; topology: epoch 1 in use
  pin: none`)
})

test('an appliance tells its state, its peers and what it advises', () => {
  const facts = {
    appliance: 'dal1',
    role: 'database',
    site: 'dallas',
    epoch: 1,
    state: 'unavailable',
    reason: 'catching-up',
    sessions: 3,
    links: 2,
    peers: [{ appliance: 'chi1', connected: true, inStep: false }],
    advice: ['replace chi1'],
  }
  expect(applianceText(facts)).toBe(`dal1: unavailable (catching-up), database of dallas, topology epoch 1
  sessions: 3; agents with a link: 2
  databases: chi1 not in step
  advice: replace chi1`)
})
