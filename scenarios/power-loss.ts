import { defineScenario } from './runner/scenario.ts'

/** More sign-ins than fit into what a page of a store may have left. */
const signInsThatFill = 30

export const scenario = defineScenario({
  name: 'power-loss',
  lab: 'power-loss',
  story: 'A database has no room and ends by itself, then both lose power: every session goes on without a login.',
  rules: ['ST8', 'RP2', 'SV2', 'SP7', 'OF1', 'CH2'],
  async play(lab) {
    const north = lab.agent('ws-north')
    const south = lab.agent('ws-south')
    const alice = await north.signIn('alice')
    await lab.until(alice).isBound({ site: 'north', state: 'active' })

    const full = await lab.appliance('north1').fill()
    lab.tell('the disk of north1 is full')
    for (let count = 0; count < signInsThatFill; count += 1) await south.signIn('bob')
    await lab.until(lab.appliance('north1')).hasEnded()
    await lab.until(lab.appliance('south1')).advises('remove it and add a replacement')
    await lab.until(alice).isBound({ notTo: ['north1'], state: 'active' })
    await full.heal()
    for (const id of ['north1', 'south1']) await lab.until(lab.appliance(id)).isInStep()
    const late = await north.signIn('bob')

    lab.tell('both databases lose power')
    await Promise.all([lab.appliance('north1').kill(), lab.appliance('south1').kill()])
    for (const session of [alice, late]) await lab.until(session).isOffline()
    await Promise.all([lab.appliance('north1').restart(), lab.appliance('south1').restart()])
    lab.tell('both are back, with all that they had acknowledged')
    const again = await north.signIn('bob')
    for (const session of [alice, late, again]) await lab.until(session).isBound({ state: 'active' })
    await alice.lock()
    await alice.unlock()
  },
})
