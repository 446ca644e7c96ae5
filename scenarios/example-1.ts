import { defineScenario } from './runner/scenario.ts'

/**
 * The guide's Example 1. Which server of Site 1 an agent gets is chance, so the one that serves is lost first and the
 * other one second; the end is the same, because both were tried and one of them is the last resort.
 */
export const scenario = defineScenario({
  name: 'example-1',
  lab: 'example-1',
  story:
    'Both servers of a site without failover are lost and its agent goes offline; another site fails over to it and back.',
  rules: ['HS1', 'SP1', 'SP3', 'SP5', 'SP7', 'LO1', 'LO3', 'OF1', 'OF2', 'FB2', 'FB3'],
  async play(lab) {
    const ws1 = lab.agent('ws-1')
    const ws2 = lab.agent('ws-2')

    lab.tell('step 1: each workstation connects to the site of its address')
    const alice = await ws1.signIn('alice')
    const bob = await ws2.signIn('bob')
    const { appliance: first } = await lab.until(alice).isBound({ site: 'site-1', stage: 'home', state: 'active' })
    await lab.until(bob).isBound({ appliance: 'server-2-1', stage: 'home', state: 'active' })
    await lab.until(ws1).decides({ purpose: 'login', home: 'site-1', homeBy: 'range', rules: ['HS1'] })
    await lab.until(ws2).decides({ purpose: 'login', home: 'site-2', homeBy: 'range', rules: ['HS1'] })

    lab.tell('step 2: the server that serves Workstation 1 is lost; the other one of the site takes over')
    await lab.appliance(first).kill()
    const { appliance: second } = await lab.until(alice).isBound({ site: 'site-1', notTo: [first], state: 'active' })
    await lab.until(ws1).decides({
      purpose: 'failover',
      stage: 'home',
      appliance: second,
      rules: ['LO1', 'LO3'],
      tried: [{ appliance: second, outcome: 'answered' }],
    })

    lab.tell('step 3: that one is lost too; there is no failover site, and the last resort was tried already')
    await lab.appliance(second).kill()
    await lab.until(alice).isOffline()
    await lab.until(ws1).decides({
      purpose: 'failover',
      outcome: 'exhausted',
      rules: ['LO1', 'SP3', 'SP5', 'SP7', 'OF1'],
      tried: [
        { appliance: first, stage: 'home' },
        { appliance: second, stage: 'home' },
        { appliance: 'server-1-2', stage: 'last-resort', outcome: 'skipped' },
      ],
    })
    await ws1.failsToSignIn('bob', 'offline.never-here')
    await lab.expect(bob).isBound({ appliance: 'server-2-1', stage: 'home', state: 'active' })

    lab.tell('step 4: all servers are up again; then Server 2-1 is lost, and Workstation 2 goes to Site 1')
    for (const id of ['server-1-1', 'server-1-2']) await lab.appliance(id).restart()
    await lab.until(lab.appliance('server-1-1')).isInStep()
    await lab.until(alice).isBound({ site: 'site-1', stage: 'home' })
    await lab.appliance('server-2-1').kill()
    await lab.until(bob).isBound({ site: 'site-1', stage: 'primary' })
    await lab.until(ws2).decides({ purpose: 'failover', outcome: 'found', stage: 'primary', rules: ['LO1', 'SP1'] })

    lab.tell('Server 2-1 is back: the running session stays, and goes home when it is locked and unlocked')
    await lab.appliance('server-2-1').restart()
    await lab.until(lab.appliance('server-2-1')).isInStep()
    await lab.expect(bob).isBound({ site: 'site-1', stage: 'primary' })
    await bob.lock()
    await bob.unlock()
    await lab.until(bob).isBound({ appliance: 'server-2-1', stage: 'home', state: 'active' })
    await lab.until(ws2).decides({ purpose: 'unlock', outcome: 'found', appliance: 'server-2-1', rules: ['FB3'] })
  },
})
