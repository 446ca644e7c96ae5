/** The sections `userPolicies`, `computerPolicies`, `people` and `generatedPeople`. */
import { UserName } from '#shared/ids.ts'
import { type ComingOnline, type ComputerPolicy, type UserPolicy, defaultUserPolicy } from '#shared/policy/policy.ts'
import { type Person } from '#shared/topology/model.ts'
import {
  type ComingOnlineFile,
  type EnterpriseFile,
  type UserPolicyFile,
  ComputerPolicyFile,
  GeneratedPeopleFile,
  PersonFile,
  UserPolicyFile as UserPolicyShape,
} from '#shared/topology/file.schema.ts'
import { type Path, type Report } from '#shared/topology/problems.ts'
import { readSwitch } from '#shared/topology/read-settings.ts'
import { checkId, reportDuplicates, reportUnknown } from '#shared/topology/reading.ts'
import { type Items, readItems, readShape } from '#shared/topology/shape.schema.ts'

/** Digits of a generated name: `user0001`, `ward-0001`. */
export const generatedDigits = 4

export type Policies<Policy> = { readonly policies: readonly Policy[]; readonly complete: boolean }

/** The user policies of the file; the policy `default` is always among them (SPEC.md section 2). */
export function readUserPolicies(values: readonly unknown[] | undefined, report: Report): Policies<UserPolicy> {
  const { items, complete } = readItems(UserPolicyShape, values, ['userPolicies'], report)
  checkPolicyIds(items, 'user-policy', report)
  const policies = items.map(({ value, path }) => readUserPolicy(value, path, report))
  const stated = policies.some((policy) => policy.id === defaultUserPolicy.id)
  return { policies: stated ? policies : [defaultUserPolicy, ...policies], complete }
}

export function readComputerPolicies(values: readonly unknown[] | undefined, report: Report): Policies<ComputerPolicy> {
  const { items, complete } = readItems(ComputerPolicyFile, values, ['computerPolicies'], report)
  checkPolicyIds(items, 'computer-policy', report)
  const policies = items.map(({ value, path }) => {
    const { challengeComingOnline, ...rest } = value
    if (challengeComingOnline === undefined) return rest
    const here = [...path, 'challengeComingOnline']
    return { ...rest, challengeComingOnline: readComingOnline(challengeComingOnline, here, report) }
  })
  return { policies, complete }
}

/** The people of the file, then the generated ones: `user0001` on, one password for all. */
export function readPeople(
  file: Partial<EnterpriseFile>,
  policies: Policies<UserPolicy>,
  report: Report,
): readonly Person[] {
  const { items } = readItems(PersonFile, file.people, ['people'], report)
  const people = items.map(({ value, path }) => {
    checkPolicy(value.policy, policies, path, report)
    const user = UserName(value.user)
    const { name = value.user, password, policy = defaultUserPolicy.id } = value
    return { person: { user, name, password, policy }, path: [...path, 'user'] }
  })
  const generated = readGenerated(file.generatedPeople, policies, report)
  const everybody = [...people, ...generated.map((person) => ({ person, path: ['generatedPeople', 'prefix'] }))]
  const named = everybody.map(({ person, path }) => ({ name: person.user.toLowerCase(), path }))
  reportDuplicates(named, 'person', null, report)
  return everybody.map(({ person }) => person)
}

function readGenerated(raw: unknown, policies: Policies<UserPolicy>, report: Report): readonly Person[] {
  if (raw === undefined) return []
  const path = ['generatedPeople']
  const file = readShape(GeneratedPeopleFile, raw, path, report)
  if (file === null) return []
  checkPolicy(file.policy, policies, path, report)
  return Array.from({ length: file.count }, (_, index) => {
    const user = UserName(`${file.prefix}${String(index + 1).padStart(generatedDigits, '0')}`)
    return { user, name: user, password: file.password, policy: file.policy ?? defaultUserPolicy.id }
  })
}

function checkPolicy(
  word: string | undefined,
  { policies, complete }: Policies<UserPolicy>,
  path: Path,
  report: Report,
): void {
  const known = policies.map((policy) => policy.id)
  if (word === undefined || !complete || known.includes(word)) return
  const finding = { code: 'unknown-user-policy', rule: null, path: [...path, 'policy'] }
  reportUnknown({ ...finding, text: `there is no user policy "${word}"` }, word, known, report)
}

function checkPolicyIds(items: Items<{ readonly id: string }>['items'], kind: string, report: Report): void {
  const named = items.map(({ value, path }) => ({ name: value.id, path: [...path, 'id'] }))
  for (const { name, path } of named) checkId(name, path, report)
  reportDuplicates(named, kind, null, report)
}

function readUserPolicy(file: UserPolicyFile, path: Path, report: Report): UserPolicy {
  const { id, challengeComingOnline, offlineAuthentication, ...rest } = file
  const here = [...path, 'challengeComingOnline']
  const coming =
    challengeComingOnline === undefined
      ? {}
      : { challengeComingOnline: readComingOnline(challengeComingOnline, here, report) }
  const { allowed, days } = defaultUserPolicy.offlineAuthentication
  const offline = {
    allowed: readSwitch(offlineAuthentication?.allowed, allowed),
    days: offlineAuthentication?.days ?? days,
  }
  return { ...defaultUserPolicy, ...rest, ...coming, id, offlineAuthentication: offline }
}

/** CH1, CH2: `grace` needs its minutes, `always` has none. */
function readComingOnline(file: ComingOnlineFile, path: Path, report: Report): ComingOnline {
  if (file.mode === 'grace') {
    if (file.minutes !== undefined) return { mode: 'grace', minutes: file.minutes }
    const text = 'mode grace has no minutes'
    report({ code: 'grace-without-minutes', rule: 'CH2', path, text, remedy: 'add minutes: 10, or write mode: always' })
    return { mode: 'always' }
  }
  if (file.minutes !== undefined) {
    const text = 'mode always challenges whatever the time, and still states minutes'
    const finding = { code: 'always-with-minutes', rule: 'CH1', path: [...path, 'minutes'] }
    report({ ...finding, text, remedy: 'remove the minutes, or write mode: grace' })
  }
  return { mode: 'always' }
}
