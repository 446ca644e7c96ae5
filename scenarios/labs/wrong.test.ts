/**
 * One file for each mistake that an enterprise file can hold, and the whole message that a person reads, with line,
 * column and remedy. The messages are written out: a changed one is a change of what people are told.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseEnterprise } from '#shared/topology/file.ts'
import { type Problem, formatProblem } from '#shared/topology/problems.ts'

const folder = new URL('wrong/', import.meta.url)

/** Title with the rule, file, message after the file's name. */
const table: readonly (readonly [title: string, file: string, message: string])[] = [
  [
    '[HS1] address-and-addresses',
    'address-and-addresses',
    '8:17: error HS1 address-and-addresses: workstations[0] has both address and addresses (found address). Remedy: put all of them into addresses, in system order',
  ],
  [
    'address-contradicts-host',
    'address-contradicts-host',
    '6:33: error address-contradicts-host: the host of appliances[0] is an address already, 10.1.0.11, and not this one (found 10.1.0.12). Remedy: remove the address, or write a DNS name as host',
  ],
  [
    '[SV1] affinity-lock-names-no-database',
    'affinity-lock-names-no-database',
    '8:66: error SV1 affinity-lock-names-no-database: there is no database "ward2" (found ward2). Remedy: did you mean "ward1"?',
  ],
  [
    '[SV1] affinity-lock-on-database',
    'affinity-lock-on-database',
    '7:67: error SV1 affinity-lock-on-database: ward2 is a database and works through no other (found ward1). Remedy: remove it, or write role: service',
  ],
  [
    'alias-in-alias',
    'alias-in-alias',
    '6:38: error alias-in-alias: an anchored value holds another alias (found *name). Remedy: write the inner value out',
  ],
  [
    '[CH1] always-with-minutes',
    'always-with-minutes',
    '8:67: error CH1 always-with-minutes: mode always challenges whatever the time, and still states minutes (found 10). Remedy: remove the minutes, or write mode: grace',
  ],
  [
    '[ST1] appliance-of-unknown-site',
    'appliance-of-unknown-site',
    '6:31: error ST1 appliance-of-unknown-site: there is no site "wrad" (found wrad). Remedy: did you mean "ward"?',
  ],
  [
    'below-fast-preset',
    'below-fast-preset',
    '3:24: error below-fast-preset: settings.heartbeat is below 500 ms; a busy machine stalls that long and would lose healthy links (found 100 ms). Remedy: write 500 ms or more',
  ],
  [
    'connect-timeout-not-below-request-timeout',
    'connect-timeout-not-below-request-timeout',
    '3:29: error connect-timeout-not-below-request-timeout: connectTimeout is 6 s and requestTimeout is 5 s, but a dial must give up sooner than a request (found 6 s). Remedy: write a connectTimeout below 5 s or a requestTimeout above 6 s',
  ],
  [
    'duplicate-appliance-id',
    'duplicate-appliance-id',
    '7:13: error duplicate-appliance-id: "ward1" is already taken by appliances[0].host (found ward1.west.test). Remedy: give each its own',
  ],
  [
    'duplicate-computer-policy',
    'duplicate-computer-policy',
    '9:11: error duplicate-computer-policy: "kiosk" is already taken by computerPolicies[0].id (found kiosk). Remedy: give each its own',
  ],
  [
    '[SP3] duplicate-endpoint',
    'duplicate-endpoint',
    '7:34: error SP3 duplicate-endpoint: "10.1.0.11:443" is already taken by appliances[0].address (found 10.1.0.11). Remedy: give each its own',
  ],
  [
    'duplicate-fleet-id',
    'duplicate-fleet-id',
    '9:11: error duplicate-fleet-id: "floor" is already taken by fleets[0].id (found floor). Remedy: give each its own',
  ],
  [
    'duplicate-key',
    'duplicate-key',
    '7:1: error duplicate-key: a mapping has the same key twice (found sites:). Remedy: remove one of the two',
  ],
  [
    'duplicate-person',
    'duplicate-person',
    '9:38: error duplicate-person: "user0002" is already taken by people[0].user (found user). Remedy: give each its own',
  ],
  [
    '[ST9] duplicate-site-id',
    'duplicate-site-id',
    '5:13: error ST9 duplicate-site-id: "ward" is already taken by sites[0].name (found Ward). Remedy: give each its own',
  ],
  [
    '[ST1] duplicate-site-name',
    'duplicate-site-name',
    '5:24: error ST1 duplicate-site-name: "Ward" is already taken by sites[0].name (found Ward). Remedy: give each its own',
  ],
  [
    'duplicate-user-policy',
    'duplicate-user-policy',
    '9:11: error duplicate-user-policy: "nurses" is already taken by userPolicies[0].id (found nurses). Remedy: give each its own',
  ],
  [
    'duplicate-workstation-id',
    'duplicate-workstation-id',
    '9:11: error duplicate-workstation-id: "ws-1" is already taken by workstations[0].id (found ws-1). Remedy: give each its own',
  ],
  [
    'empty-file',
    'empty-file',
    '1:1: error empty-file: the file says nothing (found nothing). Remedy: start with enterprise: NAME',
  ],
  [
    '[EX1] external-servers-planned',
    'external-servers-planned',
    '4:42: error EX1 external-servers-planned: sites[0].externalServers is planned and not in this version (found externalServers). Remedy: remove it',
  ],
  [
    '[ST5] failover-malformed',
    'failover-malformed',
    '6:15: error ST5 failover-malformed: sites[0].failover is neither disabled nor a mapping (found south). Remedy: write failover: disabled, or failover: { primary: SITE }',
  ],
  [
    '[ST10] failover-on-appliance',
    'failover-on-appliance',
    '9:39: error ST10 failover-on-appliance: appliances[0] has a failover rule of its own, but failover rules belong to sites (found failover). Remedy: move it to the site of this appliance',
  ],
  [
    '[ST5] failover-primary-is-secondary',
    'failover-primary-is-secondary',
    '6:44: error ST5 failover-primary-is-secondary: site north names south as primary and as secondary failover site (found South). Remedy: remove the secondary, or name another site',
  ],
  [
    '[ST5] failover-secondary-without-primary',
    'failover-secondary-without-primary',
    '6:28: error ST5 failover-secondary-without-primary: site north has a secondary failover site and no primary one (found south). Remedy: write primary: south',
  ],
  [
    '[ST5] failover-to-self',
    'failover-to-self',
    '6:26: error ST5 failover-to-self: site north fails over to itself (found north). Remedy: name another site, or write failover: disabled',
  ],
  [
    '[ST5] failover-to-unknown-site',
    'failover-to-unknown-site',
    '6:26: error ST5 failover-to-unknown-site: there is no site "souht" (found souht). Remedy: did you mean "south"?',
  ],
  [
    'fleet-agent-is-workstation',
    'fleet-agent-is-workstation',
    '10:11: error fleet-agent-is-workstation: the workstation floor-0002 has the name of an agent of fleet floor (found floor). Remedy: rename one of them',
  ],
  [
    'fleet-larger-than-addresses',
    'fleet-larger-than-addresses',
    '8:25: error fleet-larger-than-addresses: fleet floor has 5 agents and 4 addresses (found 5). Remedy: write a count of at most 4, or a larger range',
  ],
  [
    '[CH2] grace-without-minutes',
    'grace-without-minutes',
    '8:42: error CH2 grace-without-minutes: mode grace has no minutes (found the keys mode). Remedy: add minutes: 10, or write mode: always',
  ],
  [
    '[ST6] hot-standby-with-ranges',
    'hot-standby-with-ranges',
    "7:13: error ST6 hot-standby-with-ranges: the hot-standby site south has ranges, but it is nobody's home site (found a list of 1). Remedy: remove the ranges, or make it an active site",
  ],
  [
    '[ST3] impossible-address',
    'impossible-address',
    '6:9: error ST3 range-invalid-address: sites[0].ranges[0]: octet 300 of "207.46.300.1" is above 255 (found 207.46.300.1 – 207.46.300.255). Remedy: write four numbers from 0 to 255 with dots between them, or an IPv6 address',
  ],
  [
    '[ST3] invalid-address',
    'invalid-address',
    '6:34: error ST3 invalid-address: appliances[0].address: octet 011 of "10.1.0.011" has a leading zero (found 10.1.0.011). Remedy: write four numbers from 0 to 255 with dots between them, or an IPv6 address',
  ],
  [
    'invalid-duration',
    'invalid-duration',
    '3:24: error invalid-duration: settings.pinWindow: "3 hours" is not a number with a unit (ms, s, min, h, d) (found 3 hours). Remedy: write a duration such as "10 min" or "400 ms"',
  ],
  [
    'invalid-host',
    'invalid-host',
    '6:24: error invalid-host: appliances[0].host: "https://ward1.test" is neither a DNS name nor an address (found \'https://ward1.test\'). Remedy: write a DNS name such as dal1.yourco.com, or an address',
  ],
  [
    'invalid-id',
    'invalid-id',
    '4:11: error invalid-id: sites[0].id is no id (found first ward). Remedy: write letters, digits, dots, hyphens and underscores, the first a letter or a digit',
  ],
  [
    '[HS2] invalid-route',
    'invalid-route',
    '8:45: error HS2 invalid-route: workstations[0].routes[0]: "10.1.0.0" is not ADDRESS/LENGTH (found 10.1.0.0). Remedy: write ADDRESS/LENGTH, such as 207.46.100.255/32',
  ],
  [
    '[BT1] invalid-server',
    'invalid-server',
    '8:49: error BT1 invalid-server: workstations[0].primServer: port "https" is not a number from 1 to 65535 (found \'ward1.test:https\'). Remedy: write HOST or HOST:PORT, the host a DNS name or an address',
  ],
  [
    'missing-key',
    'missing-key',
    '6:5: error missing-key: appliances[0] has no site (found the keys host). Remedy: add site: the id or name of a site',
  ],
  [
    'nested-too-deep',
    'nested-too-deep',
    '7:25: error nested-too-deep: values are nested deeper than 16 (found [alice]). Remedy: write them flat',
  ],
  [
    '[ST1] no-appliance',
    'no-appliance',
    '5:13: error ST1 no-appliance: the enterprise has no appliance (found an empty list). Remedy: add an appliance',
  ],
  [
    '[ST7] no-database',
    'no-database',
    '6:3: error ST7 no-database: no appliance is a database (found a list of 1). Remedy: write role: database at one or two appliances',
  ],
  [
    '[ST1] no-site',
    'no-site',
    '3:8: error ST1 no-site: the enterprise has no site (found an empty list). Remedy: add a site',
  ],
  [
    'port-out-of-range',
    'port-out-of-range',
    '6:43: error value-out-of-range: appliances[0].port is 70000 (found 70000). Remedy: keep it at least 1 and at most 65535',
  ],
  [
    '[FB4] profile-in-settings',
    'profile-in-settings',
    '3:13: error FB4 profile-in-settings: settings.agentProfile: each workstation has a profile of its own (found agentProfile). Remedy: write profile: windows, timer or list at the workstations and fleets',
  ],
  [
    '[ST3] range-invalid-prefix',
    'range-invalid-prefix',
    '4:28: error ST3 range-invalid-prefix: sites[0].ranges[0]: "172.16.8.5/24" has host bits; its network is 172.16.8.0/24 (found 172.16.8.5/24). Remedy: write the network address and its length, such as 172.16.8.0/24',
  ],
  [
    '[ST3] range-malformed',
    'range-malformed',
    '4:28: error ST3 range-malformed: sites[0].ranges[0]: a range has one start and one end (found 10.0.0.1-10.0.0.5-10.0.0.9). Remedy: write START-END, ADDRESS/LENGTH or one address',
  ],
  [
    '[ST3] range-mixed-families',
    'range-mixed-families',
    "4:28: error ST3 range-mixed-families: sites[0].ranges[0]: the start is IPv4 and the end is IPv6 (found '172.16.8.0-2001:db8::ff'). Remedy: write two ranges, one for IPv4 and one for IPv6",
  ],
  [
    '[ST3] range-start-after-end',
    'range-start-after-end',
    '4:28: error ST3 range-start-after-end: sites[0].ranges[0]: the start 172.16.10.255 lies after the end 172.16.8.0 (found 172.16.10.255-172.16.8.0). Remedy: write the lower address first',
  ],
  [
    '[GN1] service-in-g3',
    'service-in-g3',
    '7:43: error GN1 service-in-g3: in G3 every appliance is a database (found service). Remedy: remove the role, or write generation: G4',
  ],
  [
    'setting-planned',
    'setting-planned',
    '3:13: error setting-planned: settings.connectStagger is planned and not in this version (found connectStagger). Remedy: remove it',
  ],
  [
    'several-documents',
    'several-documents',
    '7:1: error several-documents: the file holds more than one document (found ---). Remedy: make two files of it',
  ],
  [
    '[ST9] site-without-id',
    'site-without-id',
    '5:13: error ST9 site-without-id: no id can be made of the name of sites[1] (found 病棟). Remedy: add id: and a short word',
  ],
  [
    '[ST7] third-database',
    'third-database',
    '8:43: error ST7 third-database: ward3 is a third database, and a G4 enterprise has at most 2 (found database). Remedy: write role: service',
  ],
  [
    'time-scale-too-high',
    'time-scale-too-high',
    '3:38: error time-scale-too-high: at a timeScale of 60 a failover may outlast the offline retry interval: to detect a loss takes 11 s, a pass over 2 silent candidates 4 s, together 15 s of real time; scaled, that must stay below the offline retry interval of 5 min (found 60). Remedy: write a timeScale below 20.0',
  ],
  [
    'unknown-alias',
    'unknown-alias',
    '6:31: error unknown-alias: an alias has no anchor before it (found *ward). Remedy: add the anchor, or put the text in quotes',
  ],
  [
    '[CH5] unknown-computer-policy',
    'unknown-computer-policy',
    '8:77: error CH5 unknown-computer-policy: there is no computer policy "kiosk" (found kiosk). Remedy: add it, or correct the reference',
  ],
  [
    'unknown-key',
    'unknown-key',
    '6:37: error unknown-key: appliances[0] has no key "datacentre" (found datacentre). Remedy: did you mean "dataCenter"?',
  ],
  [
    '[FB4] unknown-profile',
    'unknown-profile',
    '8:76: error FB4 unknown-profile: there is no agent profile "timed" (found timed). Remedy: did you mean "timer"?',
  ],
  [
    'unknown-tag',
    'unknown-tag',
    '2:13: error unknown-tag: a value that begins with ! is a YAML tag (found !Wrong hospital). Remedy: put the text in quotes',
  ],
  [
    'unknown-user-policy',
    'unknown-user-policy',
    '10:46: error unknown-user-policy: there is no user policy "nurse" (found nurse). Remedy: did you mean "nurses"?',
  ],
  [
    'unknown-word',
    'unknown-word',
    '6:43: error unknown-word: appliances[0].role is none of the words database, service (found databse). Remedy: did you mean "database"?',
  ],
  [
    'wrong-type',
    'wrong-type',
    '3:24: error wrong-type: settings.heartbeat is not a duration with its unit, such as "10 min" or "400 ms" (found 5). Remedy: write a duration with its unit, such as "10 min" or "400 ms"',
  ],
  [
    'yaml-syntax',
    'yaml-syntax',
    '4:1: error yaml-syntax: YAML: Flow sequence in block collection must be sufficiently indented and end with a ] (found appliances:). Remedy: mend the YAML',
  ],
]

function problemsOf(name: string): readonly Problem[] {
  const read = parseEnterprise(readFileSync(new URL(`${name}.yaml`, folder), 'utf8'), `${name}.yaml`)
  return read.ok ? [] : read.error
}

describe('a wrong enterprise file is refused with place, reason and remedy', () => {
  test.each(table)('%s', (_title, name, message) => {
    expect(problemsOf(name).map(formatProblem)).toEqual([`${name}.yaml:${message}`])
  })
})

test('the table has every wrong file, at least thirty of them', () => {
  const files = readdirSync(folder).map((file) => file.replace(/\.yaml$/u, ''))
  expect(table.map(([, name]) => name).toSorted()).toEqual(files.toSorted())
  expect(files.length).toBeGreaterThanOrEqual(30)
})

test('no two wrong files are refused for the same code and rule', () => {
  const reasons = table.flatMap(([, name]) => problemsOf(name).map(({ code, rule }) => `${code} ${rule}`))
  expect(reasons).toHaveLength(table.length)
  expect(new Set(reasons).size).toBe(table.length)
})

test('each wrong file says in its first line what is wrong', () => {
  for (const [, name] of table)
    expect(readFileSync(new URL(`${name}.yaml`, folder), 'utf8')).toMatch(/^# [A-Z].*\.?\n/u)
})
