import { defineScenario } from './runner/scenario.ts'

/** The guide's Example 3. Site 3 is no failover site of Site 1: its Server 3-1 is the last resort of Workstation 1. */
export const scenario = defineScenario({
  name: 'example-3',
  lab: 'example-3',
  story:
    'Failover is not transitive; a session is temporary in Site 3, moves inside it, and a new session goes offline.',
  rules: ['SP1', 'SP4', 'LO1', 'LO2', 'LO3', 'BT7', 'SP7', 'OF1', 'FB1', 'FB3'],
  async play(lab) {
    const ws1 = lab.agent('ws-1')
    const alice = await ws1.signIn('alice')
    await lab.until(alice).isBound({ appliance: 'server-1-1', stage: 'home', state: 'active' })

    lab.tell('Server 1-1 is lost: the failover site of Site 1 is Site 2')
    await lab.appliance('server-1-1').kill()
    await lab.until(alice).isBound({ appliance: 'server-2-1', stage: 'primary', temporary: false })
    await lab
      .until(ws1)
      .decides({ purpose: 'failover', appliance: 'server-2-1', stage: 'primary', rules: ['LO1', 'SP1'] })

    lab.tell('Server 2-1 is lost too: its own failover site does not count, what is left is the last resort')
    await lab.appliance('server-2-1').kill()
    await lab.until(alice).isBound({ appliance: 'server-3-1', stage: 'last-resort', temporary: true })
    await lab.until(ws1).decides({
      purpose: 'failover',
      appliance: 'server-3-1',
      stage: 'last-resort',
      rules: ['LO1', 'BT7'],
      triedInAnyOrder: [
        { appliance: 'server-2-1', stage: 'serving' },
        { appliance: 'server-1-1', stage: 'home' },
        { appliance: 'server-3-1', stage: 'last-resort', outcome: 'answered' },
      ],
    })

    lab.tell('the agents of Sites 1 and 2 lose Server 3-1: the running session moves inside Site 3')
    await lab.appliance('server-3-1').kill()
    await lab.until(alice).isBound({ appliance: 'server-3-2', temporary: true })
    await lab.until(ws1).decides({
      purpose: 'failover',
      appliance: 'server-3-2',
      stage: 'serving',
      rules: ['LO1', 'LO2', 'LO3'],
      tried: [{ appliance: 'server-3-2', stage: 'serving', outcome: 'answered' }],
    })

    lab.tell('a new session does not: home, failover site and last resort are exhausted')
    await ws1.failsToSignIn('bob', 'offline.never-here')
    await lab.until(ws1).decides({
      purpose: 'login',
      outcome: 'exhausted',
      tried: [
        { appliance: 'server-1-1', stage: 'home' },
        { appliance: 'server-2-1', stage: 'primary' },
        { appliance: 'server-3-1', stage: 'last-resort' },
      ],
    })
    await lab.expect(alice).isBound({ appliance: 'server-3-2', temporary: true })

    lab.tell('Server 1-1 is back: a new session goes home at once, the running one when it is unlocked')
    await lab.appliance('server-1-1').restart()
    const bob = await ws1.signIn('bob')
    await lab.until(bob).isBound({ appliance: 'server-1-1', stage: 'home' })
    await lab.until(ws1).decides({ purpose: 'login', outcome: 'found', stage: 'home', rules: ['FB1'] })
    await lab.expect(alice).isBound({ appliance: 'server-3-2', temporary: true })
    await alice.lock()
    await alice.unlock()
    await lab.until(alice).isBound({ appliance: 'server-1-1', stage: 'home', state: 'active' })
  },
})
