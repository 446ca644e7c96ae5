/** The handles of agents, sessions and fleets: what people and administrators do at workstations. */
import { type CommandAnswer } from '../../../agent/core/events.ts'
import { AgentId } from '#shared/ids.ts'
import { ExpectationFailed, LabFailed } from '../outcome.ts'
import { type Agent, type Fleet, type Session, type Sleep } from '../scenario.ts'
import { type AgentProcess } from '../world/agents.ts'
import { type Ask } from '../world/asking.ts'
import { type World } from '../world/world.ts'
import { type InForce, putInForce } from './in-force.ts'

/** The agent of that id; it must be one of a process of the lab. */
export function agentHandle(world: World, inForce: InForce, id: string): Agent {
  const agentId = AgentId(id)
  const process = [...world.agents.values()].find(({ agents }) => agents.includes(agentId))
  if (process === undefined) throw new LabFailed(`the lab has no agent ${id}`)
  const agent: Agent = {
    kind: 'agent',
    id,
    get status() {
      return world.view.status(agentId)
    },
    get decisions() {
      return world.view.decisions(agentId)
    },
    signIn: async (user) => await signIn(world, agent, user),
    async failsToSignIn(user, code, { password = passwordOf(world, user) } = {}) {
      const answer = await world.ask({ agent: agentId, operation: 'login', session: null, user, password })
      mustFail(`sign-in of ${user} at ${id}`, answer, code)
    },
    sleep: async () => await fallAsleep(process, inForce),
    stop: async () => await awake(process).stop(),
    kill: async () => await process.kill(),
    restart: async () => await restartAgents(awake(process)),
  }
  return agent
}

async function fallAsleep(process: AgentProcess, inForce: InForce): Promise<Sleep> {
  if (process.isFleet) throw new LabFailed(`fleet ${process.name} is one process: only a workstation can sleep`)
  if (!process.isRunning) throw new LabFailed(`${process.name} does not run, so it cannot sleep`)
  await awake(process).sleep()
  const asleep = putInForce(inForce, { [Symbol.asyncDispose]: async () => await process.wake() })
  const wake = async (): Promise<void> => await asleep.heal()
  return { wake, [Symbol.asyncDispose]: wake }
}

/** Who sleeps hears nothing, not even that it is to stop. */
function awake(process: AgentProcess): AgentProcess {
  if (process.isAsleep) throw new LabFailed(`${process.name} sleeps: wake it first`)
  return process
}

async function restartAgents(process: AgentProcess): Promise<void> {
  if (process.isRunning) await process.stop()
  await process.start()
}

async function signIn(world: World, agent: Agent, user: string): Promise<Session> {
  const password = passwordOf(world, user)
  const ask: Ask = { agent: AgentId(agent.id), operation: 'login', session: null, user, password }
  const session = mustAccept(`sign-in of ${user} at ${agent.id}`, await world.ask(ask))
  return sessionHandle(world, agent, session.session, user)
}

function sessionHandle(world: World, agent: Agent, id: string, user: string): Session {
  const ask = async (operation: Ask['operation'], password?: string): Promise<CommandAnswer> =>
    await world.ask({ agent: AgentId(agent.id), operation, session: id, user: null, password })
  const accepted = async (operation: Ask['operation'], password?: string): Promise<void> => {
    mustAccept(`${operation} of ${user}'s session at ${agent.id}`, await ask(operation, password))
  }
  return {
    kind: 'session',
    id,
    user,
    agent,
    get binding() {
      return agent.status?.sessions.find(({ session }) => session === id)?.binding ?? null
    },
    lock: async () => await accepted('lock'),
    unlock: async () => await accepted('unlock', passwordOf(world, user)),
    signOut: async () => await accepted('logout'),
    async failsToUnlock(code, { password = passwordOf(world, user) } = {}) {
      mustFail(`unlock of ${user}'s session at ${agent.id}`, await ask('unlock', password), code)
    },
  }
}

type Accepted = Extract<CommandAnswer, { outcome: 'accepted' }>

function mustAccept(what: string, answer: CommandAnswer): Accepted {
  if (answer.outcome === 'accepted') return answer
  throw new ExpectationFailed(`expected ${what} to be accepted; it failed: ${answer.text} (${answer.code})`)
}

function mustFail(what: string, answer: CommandAnswer, code: string): void {
  if (answer.outcome === 'failed' && answer.code === code) return
  const is = answer.outcome === 'accepted' ? 'it was accepted' : `it failed: ${answer.text} (${answer.code})`
  throw new ExpectationFailed(`expected ${what} to fail with ${code}; ${is}`)
}

function passwordOf(world: World, user: string): string {
  const person = world.enterprise.people.find((candidate) => candidate.user === user)
  if (person === undefined) throw new LabFailed(`the lab has no person ${user}`)
  return person.password
}

/** The fleet of that id. People are handed out in the order of the file, and again from the first when they run out. */
export function fleetHandle(world: World, id: string): Fleet {
  const process = world.agents.get(id)
  const isFleet = world.enterprise.fleets.some((fleet) => fleet.id === id)
  if (process === undefined || !isFleet) throw new LabFailed(`the lab has no fleet ${id}`)
  const { people } = world.enterprise
  return {
    kind: 'fleet',
    id,
    size: process.agents.length,
    async signInAll(inFlight) {
      const waiting = process.agents.map((agent, index) => ({ agent, person: people[index % people.length] })).values()
      const worker = async (): Promise<void> => {
        for (const { agent, person } of waiting) {
          if (person === undefined) throw new LabFailed('the lab has no people')
          const { user, password } = person
          const answer = await world.ask({ agent, operation: 'login', session: null, user, password })
          mustAccept(`sign-in of ${user} at ${agent}`, answer)
        }
      }
      await Promise.all(Array.from({ length: inFlight }, worker))
    },
    count() {
      const sessions = process.agents.flatMap((agent) => world.view.status(agent)?.sessions ?? [])
      const moving = sessions.filter((session) => session.moving).length
      const bound = sessions.filter((session) => session.binding !== null).length
      const paused = sessions.filter((session) => session.state === 'paused').length
      return { bound, paused, moving, offline: sessions.length - bound - moving }
    },
  }
}
