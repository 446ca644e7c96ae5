/** The `settings` section: presets and overrides (SPEC.md section 2), durations as people write them. */
import { formatDuration, parseDuration } from '#shared/policy/duration.ts'
import { type Settings, fastWire, normalSettings, pieDefaultWire } from '#shared/policy/settings.ts'
import { type SettingsFile } from '#shared/topology/file.schema.ts'
import { type Path, type Report, formatField } from '#shared/topology/problems.ts'

const presets = { normal: {}, fast: fastWire, 'pie-default': pieDefaultWire } as const

/** Keys that SPEC.md names and this version does not have. */
const planned = ['connectStagger'] as const

type DurationKey =
  | 'pinWindow'
  | 'refreshInterval'
  | 'offlineRetryInterval'
  | 'failoverSiteTimeout'
  | 'connectTimeout'
  | 'requestTimeout'
  | 'heartbeat'
  | 'replicationWait'

/** The settings in force, every mistake reported; a mistaken value leaves the preset's. */
export function readSettings(file: SettingsFile, path: Path, report: Report): Settings {
  for (const key of planned.filter((key) => Object.hasOwn(file, key))) {
    const text = `${formatField([...path, key])} is planned and not in this version`
    report({ code: 'setting-planned', rule: null, path: [...path, key], at: 'key', text, remedy: 'remove it' })
  }
  if (Object.hasOwn(file, 'agentProfile')) {
    const here = [...path, 'agentProfile']
    const text = `${formatField(here)}: each workstation has a profile of its own`
    const remedy = 'write profile: windows, timer or list at the workstations and fleets'
    report({ code: 'profile-in-settings', rule: 'FB4', path: here, at: 'key', text, remedy })
  }
  const preset: Settings = { ...normalSettings, ...presets[file.wire ?? 'normal'] }
  const duration = (key: DurationKey): number => readDuration(file, key, preset[`${key}Ms`], path, report)
  const settings: Settings = {
    ...preset,
    pinWindowMs: duration('pinWindow'),
    refreshIntervalMs: duration('refreshInterval'),
    offlineRetryIntervalMs: duration('offlineRetryInterval'),
    offlineRetryJitter: readSwitch(file.offlineRetryJitter, preset.offlineRetryJitter),
    failoverSiteTimeoutMs: duration('failoverSiteTimeout'),
    seamlessFailover: readSwitch(file.seamlessFailover, preset.seamlessFailover),
    connectTimeoutMs: duration('connectTimeout'),
    requestTimeoutMs: duration('requestTimeout'),
    heartbeatMs: duration('heartbeat'),
    replicationWaitMs: duration('replicationWait'),
    timeScale: file.timeScale ?? preset.timeScale,
    enrolment: file.enrolment ?? preset.enrolment,
  }
  checkTimeouts(file, settings, path, report)
  return settings
}

/** `on`, `off`, `true` or `false`; YAML 1.2 takes the first two for text. */
export function readSwitch(value: 'on' | 'off' | boolean | undefined, otherwise: boolean): boolean {
  return value === undefined ? otherwise : value === 'on' || value === true
}

function readDuration(file: SettingsFile, key: DurationKey, otherwise: number, path: Path, report: Report): number {
  const written = file[key]
  if (written === undefined) return otherwise
  const parsed = parseDuration(written)
  const here = [...path, key]
  if (!parsed.ok) {
    const text = `${formatField(here)}: ${parsed.error}`
    report({
      code: 'invalid-duration',
      rule: null,
      path: here,
      text,
      remedy: 'write a duration such as "10 min" or "400 ms"',
    })
    return otherwise
  }
  const least = smallestMs(key)
  if (parsed.value < least) {
    const text = `${formatField(here)} is below ${formatDuration(least)}; a busy machine stalls that long and would lose healthy links`
    report({
      code: 'below-fast-preset',
      rule: null,
      path: here,
      text,
      remedy: `write ${formatDuration(least)} or more`,
    })
    return otherwise
  }
  return parsed.value
}

/** Wire durations have a floor, the preset `fast`; policy durations have none. */
function smallestMs(key: DurationKey): number {
  const floors: Readonly<Partial<Record<string, number>>> = fastWire
  return floors[`${key}Ms`] ?? 0
}

function checkTimeouts(file: SettingsFile, settings: Settings, path: Path, report: Report): void {
  if (settings.connectTimeoutMs < settings.requestTimeoutMs) return
  const key = file.connectTimeout === undefined ? 'requestTimeout' : 'connectTimeout'
  const connect = formatDuration(settings.connectTimeoutMs)
  const request = formatDuration(settings.requestTimeoutMs)
  report({
    code: 'connect-timeout-not-below-request-timeout',
    rule: null,
    path: [...path, key],
    text: `connectTimeout is ${connect} and requestTimeout is ${request}, but a dial must give up sooner than a request`,
    remedy: `write a connectTimeout below ${request} or a requestTimeout above ${connect}`,
  })
}
