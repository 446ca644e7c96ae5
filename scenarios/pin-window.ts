import { defineScenario } from './runner/scenario.ts'

const hour = 3_600_000

export const scenario = defineScenario({
  name: 'pin-window',
  lab: 'pin-window',
  story: 'New sessions use one appliance for three hours, then another one; running sessions stay where they are.',
  rules: ['PN1', 'PN2', 'PN3', 'PN7', 'BD1', 'BD2'],
  async play(lab) {
    const ws = lab.agent('ward-ws-1')
    await lab.until(ws).isOnline()
    const alice = await ws.signIn('alice')
    const { appliance: pinned } = await lab.until(alice).isBound({ site: 'ward', stage: 'home' })
    await lab.until(ws).isPinnedTo(pinned)

    lab.tell(`within the window a new session uses ${pinned} as well`)
    const bob = await ws.signIn('bob')
    await lab.until(bob).isBound({ appliance: pinned, stage: 'home' })
    await lab.until(ws).decides({
      purpose: 'login',
      appliance: pinned,
      rules: ['PN1'],
      notRules: ['PN2'],
      tried: [{ appliance: pinned, outcome: 'answered' }],
    })

    await lab.elapse(3 * hour)
    lab.tell('three hours later nothing has moved by itself')
    for (const session of [alice, bob]) await lab.expect(session).isBound({ appliance: pinned, state: 'active' })

    lab.tell('the next new session goes to another appliance, which is the new pin')
    const carol = await ws.signIn('carol')
    const { appliance: next } = await lab.until(carol).isBound({ site: 'ward', stage: 'home', notTo: [pinned] })
    await lab
      .until(ws)
      .decides({ purpose: 'login', appliance: next, rules: ['PN2'], tried: [{ appliance: next, outcome: 'answered' }] })
    await lab.until(ws).isPinnedTo(next)
    for (const session of [alice, bob]) await lab.expect(session).isBound({ appliance: pinned, state: 'active' })
  },
})
