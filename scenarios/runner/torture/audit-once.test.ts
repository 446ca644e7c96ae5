import { describe, expect, it } from 'vitest'
import { auditOnce } from './audit-once.ts'
import { type Tortured } from './evidence.ts'
import { type AuditShown } from './readings.ts'
import { accepted, asked, reading, tortured, uncertain } from './small-torture.fixture.ts'

type Told = readonly [by: AuditShown['by'], seq: number, kind: string]

function record([by, seq, kind]: Told): AuditShown {
  const source = by === 'agent' ? 'west-ward-0001' : 'west1'
  return { index: seq, by, source, incarnation: 'q', seq, kind, session: 's-1' }
}

/** Both databases, or each by itself, show these records at the end. */
function shows(west1: readonly Told[] | null, east1: readonly Told[] | null = west1): Pick<Tortured, 'finals'> {
  const final = (appliance: string, told: readonly Told[] | null) => ({
    ...reading(90_000, appliance, null),
    audit: told === null ? null : told.map(record),
  })
  return { finals: [final('west1', west1), final('east1', east1)] }
}

function said(history: Tortured): string {
  const judged = auditOnce(history)
  if ('why' in judged) return 'unknown'
  const rules = new Set(judged.findings.map(({ rule }) => rule))
  return rules.size === 0 ? `holds ${judged.checked}` : [...rules].join(' ')
}

const login = accepted(0, 'login', 'both')
const lock = accepted(100, 'lock', 'both')
const logout = accepted(200, 'logout', 'both')
const ofLogin: readonly Told[] = [
  ['agent', 1, 'login'],
  ['appliance', 1, 'login'],
]

const rows: readonly (readonly [what: string, history: Tortured, expected: string])[] = [
  ['once by the agent and once by the appliance', tortured([login], shows(ofLogin)), 'holds 1'],
  ['never by the agent', tortured([login], shows([['appliance', 1, 'login']])), 'AU1'],
  ['never by the appliance', tortured([login], shows([['agent', 1, 'login']])), 'AU1'],
  ['twice by the agent, under two numbers', tortured([login], shows([...ofLogin, ['agent', 2, 'login']])), 'AU1'],
  ['twice by the appliance', tortured([login], shows([...ofLogin, ['appliance', 2, 'login']])), 'AU1'],
  [
    'as one that was offline',
    tortured([accepted(0, 'login', null)], shows([['agent', 1, 'offline-login']])),
    'holds 1',
  ],
  ['on one database alone', tortured([login], shows(ofLogin, [...ofLogin, ['appliance', 2, 'failover']])), 'AU1'],
  ['with a gap before the next of the queue', tortured([login], shows([...ofLogin, ['agent', 3, 'challenge']])), 'OF5'],
  [
    'in a queue that does not begin at its beginning',
    tortured(
      [login],
      shows([
        ['appliance', 1, 'login'],
        ['agent', 2, 'login'],
      ]),
    ),
    'OF5',
  ],
  [
    'whatever the order in which they came',
    tortured([login, lock], shows([['agent', 2, 'lock'], ...ofLogin])),
    'holds 1',
  ],
  ['by a database that shows none', tortured([login], shows(null)), 'unknown'],
  ['with a lock that changed nothing', tortured([login, lock], shows(ofLogin)), 'holds 1'],
  [
    'with one lock more than was asked for',
    tortured([login, lock], shows([...ofLogin, ['agent', 2, 'lock'], ['agent', 3, 'lock']])),
    'AU1',
  ],
  ['with an unlock that nobody recorded', tortured([login, accepted(100, 'unlock', 'both')], shows(ofLogin)), 'AU1'],
  ['with an unlock that may not have been', tortured([login, uncertain(100, 'unlock')], shows(ofLogin)), 'holds 1'],
  [
    'with an unlock that may have been',
    tortured([login, uncertain(100, 'unlock')], shows([...ofLogin, ['agent', 2, 'unlock']])),
    'holds 1',
  ],
  [
    'with a logout asked for twice',
    tortured(
      [login, [asked(150, 'logout')], logout],
      shows([...ofLogin, ['agent', 2, 'logout'], ['appliance', 2, 'logout']]),
    ),
    'holds 1',
  ],
  [
    'with a logout that was refused and one that was not',
    tortured(
      [login, uncertain(100, 'logout'), logout],
      shows([...ofLogin, ['agent', 2, 'logout'], ['agent', 3, 'logout'], ['appliance', 2, 'logout']]),
    ),
    'holds 1',
  ],
  [
    'with a logout recorded twice',
    tortured(
      [login, logout],
      shows([...ofLogin, ['agent', 2, 'logout'], ['agent', 3, 'logout'], ['appliance', 2, 'logout']]),
    ),
    'AU1',
  ],
  [
    'twice by the appliance, of which two were asked',
    tortured([login, uncertain(50, 'unlock')], shows([...ofLogin, ['appliance', 2, 'login']])),
    'holds 1',
  ],
]

describe('audit-once: a login that was recorded', () => {
  it.each(rows)('%s', (_, history, expected) => expect(said(history)).toBe(expected))
})
