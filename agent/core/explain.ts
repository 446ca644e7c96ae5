/** The decision record of an ended pass (SP9): what was tried, which rules applied, and one sentence for people. */
import { type Candidate, type Pass } from './pass.ts'
import { isTemporary } from './sessions.ts'
import { type AgentState, type PassRun } from './state.ts'
import { assertNever } from '#shared/assert.ts'
import { type Decision, type HomeRecord } from '#shared/decision.ts'
import { type SessionId, type SiteId } from '#shared/ids.ts'
import { siteOf } from '#shared/topology/stages.ts'

const nothing: Pass = { phase: 'exhausted', tried: [], retryAfterMs: undefined }

/** Describes `run`, which has just ended. */
export function decisionOf(state: AgentState, run: PassRun): Decision {
  const pass = run.pass ?? nothing
  const candidate = pass.phase === 'found' || pass.phase === 'rejected' ? pass.candidate : undefined
  const inPlace = run.task.kind === 'unlock' && run.rules.has('FB3') && candidate === undefined
  const rules = [
    ...(run.purpose === 'bootstrap' || state.profile === 'list' ? [] : homeRules(run.home)),
    ...run.rules,
    ...endRules(state, run, pass),
  ]
  return {
    number: run.id,
    agent: state.id,
    profile: state.profile,
    purpose: run.purpose,
    sessions: sessionsOf(run),
    beganAtMs: run.beganAtMs,
    endedAtMs: state.now.wallMs,
    home: run.home,
    epoch: state.slots.inUse?.epoch ?? 0,
    candidates: pass.tried,
    outcome: inPlace ? 'found' : pass.phase === 'trying' ? 'exhausted' : pass.phase,
    appliance: candidate?.appliance ?? null,
    stage: candidate?.stage ?? null,
    rules: [...new Set(rules)],
    reason: inPlace ? 'the session stays where it is' : sentence(state, run, pass),
  }
}

function sessionsOf(run: PassRun): readonly SessionId[] {
  switch (run.task.kind) {
    case 'login':
    case 'unlock':
      return [run.task.session]
    case 'failover':
      return [...run.task.sessions, ...run.task.moved]
    case 'timer':
      return [...run.task.from.keys(), ...run.task.moved]
    case 'bootstrap':
    case 'online':
      return []
    default:
      return assertNever(run.task)
  }
}

function homeRules(home: HomeRecord): readonly string[] {
  if (home.by === 'none') return ['HS6']
  return home.by === 'range' ? ['HS1'] : ['HS2']
}

function endRules(state: AgentState, run: PassRun, pass: Pass): readonly string[] {
  const loss = run.purpose === 'failover' ? ['LO1'] : []
  const back = run.purpose === 'unlock' ? ['FB3'] : []
  const skipped = pass.tried.some(({ outcome }) => outcome === 'skipped') ? ['SP3'] : []
  switch (pass.phase) {
    case 'found':
      return [...loss, ...back, ...foundRules(state, run, pass.candidate)]
    case 'rejected':
      return ['SP6']
    case 'busy':
      return [...loss, 'LO6']
    case 'exhausted': {
      if (run.purpose === 'timer') return ['FB4']
      if (state.profile === 'list') return [...loss, 'FB4', 'SP7', 'OF1']
      const disabled = siteOfHome(state, run.home)?.failover.primary === undefined ? ['SP5'] : []
      return run.purpose === 'bootstrap' ? ['BT9'] : [...loss, ...skipped, ...disabled, 'SP7', 'OF1']
    }
    case 'trying':
      return []
    default:
      return assertNever(pass)
  }
}

function foundRules(state: AgentState, run: PassRun, { stage, site }: Candidate): readonly string[] {
  switch (stage) {
    case 'bootstrap':
      return ['BT1']
    case 'home':
      if (run.purpose === 'failover') return ['LO3']
      if (run.purpose === 'timer') return ['FB4']
      return [run.pinWas === 'live' ? 'PN1' : run.pinWas === 'expired' ? 'PN2' : 'SP2', ...wentHome(state, site)]
    case 'serving':
      return site !== null && isTemporary(state, stage, site) ? ['LO2', 'LO3'] : ['LO3']
    case 'primary':
    case 'secondary':
      return ['SP1', 'SP10']
    case 'last-resort':
      return ['SP1', 'BT7']
    case 'list':
      return ['FB4']
    default:
      return assertNever(stage)
  }
}

/** FB1: home is chosen although sessions of this agent are still served elsewhere. */
function wentHome(state: AgentState, site: SiteId | null): readonly string[] {
  const elsewhere = [...state.sessions.values()].some(
    ({ where }) => where.at === 'bound' && where.stage !== 'home' && where.place.site !== site,
  )
  return elsewhere ? ['FB1'] : []
}

function siteOfHome(state: AgentState, home: HomeRecord) {
  return state.slots.inUse === undefined ? undefined : siteOf(state.slots.inUse, home.site)
}

function siteName(state: AgentState, site: SiteId | null): string {
  const topology = state.slots.inUse
  return (topology === undefined ? undefined : siteOf(topology, site)?.name) ?? site ?? 'no site'
}

/** Why the home site is home, in words. */
function homeWords(state: AgentState, home: HomeRecord): string {
  if (home.by === 'none') return 'no site claims this host'
  const name = siteName(state, home.site)
  if (home.by === 'range') return `${home.address} is in ${home.range} of ${name}`
  return `the route ${home.route} touches ${home.range} of ${name}`
}

function sentence(state: AgentState, run: PassRun, pass: Pass): string {
  const failed = pass.tried
    .filter(({ outcome }) => outcome !== 'answered' && outcome !== 'rejected')
    .map(
      ({ appliance, endpoint, outcome }) =>
        `${appliance ?? endpoint} ${outcome === 'skipped' ? 'was tried before' : outcome}`,
    )
  const before = failed.length === 0 ? '' : ` after ${failed.join(', ')}`
  switch (pass.phase) {
    case 'found':
      return `${pass.candidate.appliance ?? pass.candidate.endpoint}: ${foundWords(state, run, pass.candidate)}${before}`
    case 'rejected':
      return `${pass.candidate.appliance ?? pass.candidate.endpoint} answered no: ${pass.tried.at(-1)?.detail ?? 'rejected'}`
    case 'busy':
      return `all that serve are busy${before}; again in ${pass.retryAfterMs} ms`
    case 'exhausted':
      if (run.purpose === 'timer') return `nobody at home answers, the sessions stay where they are${before}`
      return failed.length === 0 ? 'nothing to try' : `nothing answers: ${failed.join(', ')}`
    case 'trying':
      return 'under way'
    default:
      return assertNever(pass)
  }
}

function foundWords(state: AgentState, run: PassRun, { stage, site }: Candidate): string {
  switch (stage) {
    case 'bootstrap':
      return 'gave the first topology'
    case 'home': {
      const home = homeWords(state, run.home)
      if (run.purpose === 'timer') return `home again after failoverSiteTimeout (${home})`
      if (run.purpose === 'failover') return `another appliance of the home site (${home})`
      if (run.pinWas === 'live') return `pinned in the home site (${home})`
      return run.pinWas === 'expired'
        ? `a new pick, the pin has expired (${home})`
        : `random pick in the home site (${home})`
    }
    case 'serving':
      return `another appliance of ${siteName(state, site)}, which served`
    case 'primary':
    case 'secondary':
      return `${stage} failover site ${siteName(state, site)} of ${siteName(state, run.home.site)}`
    case 'last-resort': {
      const temporary =
        site !== null && isTemporary(state, stage, site) ? `, temporarily in ${siteName(state, site)}` : ''
      return `last resort${temporary} (${homeWords(state, run.home)})`
    }
    case 'list':
      return 'the first address of its list that answers'
    default:
      return assertNever(stage)
  }
}
