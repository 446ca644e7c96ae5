import { defineScenario } from './runner/scenario.ts'

export const scenario = defineScenario({
  name: 'dallas-dark',
  lab: 'dallas-chicago',
  story:
    'Dallas goes dark: its people go on in Chicago without a login, and go home when they unlock after it is back.',
  rules: ['HS1', 'HS6', 'SP1', 'SP10', 'LO1', 'FB1', 'FB2', 'FB3', 'BD1', 'BD3'],
  async play(lab) {
    const dallas1 = lab.agent('dal-ws-1')
    const dallas2 = lab.agent('dal-ws-2')
    const chicago = lab.agent('chi-ws-1')
    const gap = lab.agent('gap-ws-1')
    const alice = await dallas1.signIn('alice')
    const bob = await dallas2.signIn('bob')
    const carol = await chicago.signIn('carol')
    const dave = await gap.signIn('dave')
    for (const session of [alice, bob])
      await lab.until(session).isBound({ site: 'dallas', stage: 'home', state: 'active' })
    await lab.until(carol).isBound({ appliance: 'chi1', stage: 'home', state: 'active' })
    await lab.until(dave).isBound({ appliance: 'chi1', stage: 'last-resort', temporary: true })
    await lab.until(gap).decides({ purpose: 'login', home: null, homeBy: 'none', stage: 'last-resort', rules: ['HS6'] })

    const dark = await lab.site('dallas').dark('silence')
    lab.tell('Dallas is dark')
    for (const session of [alice, bob]) {
      await lab.until(session).isBound({ appliance: 'chi1', stage: 'primary', temporary: false, state: 'active' })
      await lab.until(session.agent).decides({
        purpose: 'failover',
        outcome: 'found',
        home: 'dallas',
        homeBy: 'range',
        stage: 'primary',
        rules: ['HS1', 'LO1', 'SP1', 'SP10'],
        triedInAnyOrder: [
          { appliance: 'dal1', stage: 'home', outcome: 'timed-out' },
          { appliance: 'dal2', stage: 'home', outcome: 'timed-out' },
          { appliance: 'chi1', stage: 'primary', outcome: 'answered' },
        ],
      })
    }
    const erin = await lab.agent('dal-ws-3').signIn('erin')
    await lab.until(erin).isBound({ appliance: 'chi1', stage: 'primary' })
    await lab.expect(carol).isBound({ appliance: 'chi1', stage: 'home', state: 'active' })

    await dark.heal()
    lab.tell('Dallas is back')
    for (const id of ['dal1', 'chi1']) await lab.until(lab.appliance(id)).isInStep()
    await lab.until(lab.appliance('dal2')).serves()

    const frank = await dallas1.signIn('frank')
    await lab.until(frank).isBound({ site: 'dallas', stage: 'home' })
    await lab.until(dallas1).decides({ purpose: 'login', outcome: 'found', stage: 'home', rules: ['FB1'] })
    for (const session of [alice, bob, erin]) await lab.expect(session).isBound({ appliance: 'chi1', stage: 'primary' })

    await alice.lock()
    await alice.unlock()
    await lab.until(alice).isBound({ site: 'dallas', stage: 'home', state: 'active' })
    await lab.until(dallas1).decides({ purpose: 'unlock', outcome: 'found', stage: 'home', rules: ['FB3'] })
    await lab.expect(bob).isBound({ appliance: 'chi1', stage: 'primary', state: 'active' })
  },
})
