/**
 * People at work while a lab is tortured: at every agent somebody logs in, locks, unlocks and logs out, one thing at a
 * time, through the agent's control door. What comes next is drawn from a stream of the agent's own, and from what the
 * person was answered.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type AgentId, type SessionId } from '#shared/ids.ts'
import { randomStream, type RandomStream } from '#shared/random.ts'
import { type Person } from '#shared/topology/model.ts'
import { wallMs } from '../wall-clock.ts'
import { type Ask } from '../world/asking.ts'
import { type World } from '../world/world.ts'

export type Shift = {
  /** Of the random choices. */
  readonly stream: string
  /** Nothing is begun after it; wall ms. */
  readonly untilMs: number
  readonly signal: AbortSignal
}

/** A session as its person sees it: what the last answer said. */
type Held = { readonly person: Person; readonly state: string }
type Mine = Map<SessionId, Held>

const sessionsMax = 3
/** Few enough that most logins are of somebody whom the agent knows, as offline logins need (OF3). */
const peopleOfAnAgent = 3
/** Percent of what people do. */
const logins = 25
const logouts = 25
/** Between two things that a person does. */
const thinkMs = { min: 80, spread: 400 } as const

/** Works at every agent of the world until the shift ends; returns when everybody has been answered. */
export async function peopleAtWork(world: World, { stream, untilMs, signal }: Shift): Promise<void> {
  const agents = [...world.agents.values()].flatMap((process) => process.agents)
  const work = agents.map(async (agent) => {
    const random = randomStream(stream, `people/${agent}`)
    const mine: Mine = new Map()
    while (wallMs() < untilMs && !signal.aborted) {
      await delay(thinkMs.min + random.below(thinkMs.spread))
      await actOnce(world, agent, mine, random)
    }
  })
  await Promise.all(work)
}

async function actOnce(world: World, agent: AgentId, mine: Mine, random: RandomStream): Promise<void> {
  if (mine.size === 0 || (mine.size < sessionsMax && random.below(100) < logins)) {
    const person = drawn(peopleAt(world, agent), random)
    const answer = await world.ask({ agent, operation: 'login', session: null, ...secretsOf(person) })
    if (answer.outcome === 'accepted') mine.set(answer.session, { person, state: answer.state })
    return
  }
  const [session, held] = drawn([...mine], random)
  const next = drawNext(held.state, random)
  const secrets = next === 'unlock' ? secretsOf(held.person) : { user: null }
  const answer = await world.ask({ agent, operation: next, session, ...secrets })
  if (answer.outcome === 'accepted') mine.set(session, { ...held, state: answer.state })
  const isOver = answer.outcome === 'accepted' ? answer.state === 'ended' : isGone(answer.code)
  if (isOver) mine.delete(session)
}

/** Neighbours share people, so that one person has sessions at several agents. */
function peopleAt({ agents, enterprise: { people } }: World, agent: AgentId): readonly Person[] {
  const index = [...agents.values()].flatMap((process) => process.agents).indexOf(agent)
  return Array.from({ length: peopleOfAnAgent }, (_, next) => people[(index + next) % people.length] as Person)
}

/** Who is locked out of sight unlocks, who is at work locks; now and then somebody leaves, from either. */
function drawNext(state: string, random: RandomStream): Ask['operation'] {
  if (random.below(100) < logouts) return 'logout'
  return state === 'active' ? 'lock' : 'unlock'
}

function isGone(code: string): boolean {
  return code === 'unknown-session' || code === 'session-ended'
}

function secretsOf({ user, password }: Person): Pick<Ask, 'user' | 'password'> {
  return { user, password }
}

function drawn<Item>(items: readonly Item[], random: RandomStream): Item {
  return items[random.below(items.length)] as Item
}
