import { defineScenario } from './runner/scenario.ts'

const minute = 60_000

/** The rows of the challenge table in which a move between sites comes after the grace, on real sockets. */
export const scenario = defineScenario({
  name: 'sleeping-workstation',
  lab: 'sleeping-workstation',
  story:
    'Laptops sleep while a site goes dark: who wakes within the grace works on, who wakes after it proves identity.',
  rules: ['LO1', 'LO3', 'LO4', 'CH2', 'CH3', 'FB3'],
  async play(lab) {
    const [nap, long] = [lab.agent('nap-laptop'), lab.agent('long-laptop')]
    const [calm, idle] = [lab.agent('calm-laptop'), lab.agent('idle-laptop')]
    const [nora, lena] = [await nap.signIn('nora'), await long.signIn('lena')]
    const [carl, ines] = [await calm.signIn('carl'), await idle.signIn('ines')]
    for (const session of [nora, lena]) await lab.until(session).isBound({ site: 'north', state: 'active' })
    for (const session of [carl, ines]) await lab.until(session).isBound({ site: 'south', state: 'active' })

    lab.tell('four lids are closed, and North goes dark')
    const [napping, sleeping] = [await nap.sleep(), await long.sleep()]
    const [resting, idling] = [await calm.sleep(), await idle.sleep()]
    {
      await using _dark = await lab.site('north').dark('silence')
      await lab.elapse(3 * minute)

      lab.tell('nora opens hers within the grace: another site, and no challenge')
      await napping.wake()
      await lab.until(nora).isBound({ site: 'south', state: 'active' })

      await lab.elapse(20 * minute)
      lab.tell('lena opens hers after the grace: another site, under a challenge')
      await sleeping.wake()
      await lab.until(lena).isBound({ site: 'south', state: 'paused', paused: 'coming-online' })
      await lena.failsToUnlock('bad-credential', { password: 'wrong-horse-lena' })
      await lena.unlock()
      await lab.until(lena).isBound({ site: 'south', state: 'active' })

      lab.tell('where nothing failed a long sleep is no reason to ask, but a long time without anybody is')
      await resting.wake()
      await idling.wake()
      await lab.until(calm).decides({ purpose: 'failover', outcome: 'found', rules: ['LO1'] })
      await lab.until(carl).isBound({ site: 'south', stage: 'home', state: 'active' })
      await lab.until(ines).isBound({ site: 'south', stage: 'home', state: 'paused', paused: 'inactivity' })
      await ines.unlock()
      await lab.until(ines).isBound({ site: 'south', stage: 'home', state: 'active' })
    }

    lab.tell('North is back, and an unlock takes its people home')
    for (const database of ['north1', 'south1']) await lab.until(lab.appliance(database)).isInStep()
    await lab.until(lab.appliance('north2')).serves()
    for (const session of [nora, lena]) {
      await session.lock()
      await session.unlock()
      await lab.until(session).isBound({ site: 'north', stage: 'home', state: 'active' })
    }
  },
})
