import { describe, expect, it } from 'vitest'
import { AgentId, ApplianceId } from '#shared/ids.ts'
import { liveView } from './live-view.ts'

const one = ApplianceId('one')
const late = (): Error => new Error('late')

describe('waiting', () => {
  it('sees what is so already', async () => {
    const view = liveView()
    view.apply({ at: 1, type: 'appliance.serving', appliance: one })
    expect(await view.until(() => (view.serves(one) ? 'serves' : undefined), 1_000, late)).toBe('serves')
  })

  it('looks again at every event', async () => {
    const view = liveView()
    const waiting = view.until(() => (view.serves(one) ? 'serves' : undefined), 1_000, late)
    view.apply({ at: 1, type: 'appliance.serving', appliance: ApplianceId('two') })
    view.apply({ at: 2, type: 'appliance.serving', appliance: one })
    expect(await waiting).toBe('serves')
  })

  it('ends at its bound with what the waiter says', async () => {
    await expect(liveView().until(() => undefined, 1, late)).rejects.toThrow('late')
  })

  it('ends when the lab fails, now and later', async () => {
    const view = liveView()
    const waiting = view.until(() => undefined, 60_000, late)
    view.fail(new Error('one was ended by SIGKILL'))
    view.fail(new Error('a second failure is only the echo of the first'))
    await expect(waiting).rejects.toThrow('one was ended by SIGKILL')
    await expect(view.until(() => true, 60_000, late)).rejects.toThrow('one was ended by SIGKILL')
    await expect(view.failed).rejects.toThrow('one was ended by SIGKILL')
  })
})

it('forgets the status of an agent that stopped', () => {
  const view = liveView()
  const agent = AgentId('ws-1')
  const status = {
    agent,
    profile: 'windows',
    online: true,
    home: { site: null, by: 'none' },
    topology: { inUse: 1, received: 1 },
    pin: null,
    links: [],
    sessions: [],
    passes: [],
  } as const
  view.apply({ at: 1, type: 'status', agent, status })
  expect(view.status(agent)).toBe(status)
  view.apply({ at: 2, type: 'agent.stopped', agent })
  expect(view.status(agent)).toBeUndefined()
})
