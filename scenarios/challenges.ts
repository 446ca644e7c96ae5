import { defineScenario } from './runner/scenario.ts'

const minute = 60_000

/** One row of each kind of the challenge table, on real sockets. */
export const scenario = defineScenario({
  name: 'challenges',
  lab: 'challenges',
  story: 'Who must type a password again after a failover, by user policy, computer policy, elapsed time and unlock.',
  rules: ['LO3', 'LO4', 'CH1', 'CH2', 'CH3', 'CH5', 'CH7', 'FB3', 'SP8'],
  async play(lab) {
    const gail = await lab.agent('ws-grace').signIn('gail')
    const alma = await lab.agent('ws-always').signIn('alma')
    const olga = await lab.agent('ws-strict').signIn('olga')
    const lily = await lab.agent('ws-always').signIn('alma')
    await lily.lock()
    const ivan = await lab.agent('ws-interval').signIn('ivan')
    const people = [gail, alma, olga]

    lab.tell('inside the site nobody is challenged, whatever the policy says')
    const serving = (await lab.until(alma).isBound({ site: 'north' })).appliance
    await lab.appliance(serving).kill()
    for (const session of people) {
      await lab.until(session).isBound({ site: 'north', notTo: [serving], state: 'active' })
    }
    await lab.appliance(serving).restart()

    lab.tell('in another site: not within the grace, always under the always policy, and where the computer says so')
    {
      await using _dark = await lab.site('north').dark('silence')
      await lab.until(gail).isBound({ site: 'south', state: 'active' })
      await lab.until(alma).isBound({ site: 'south', state: 'paused' })
      await lab.until(olga).isBound({ site: 'south', state: 'paused' })
      await lab.until(lily).isBound({ site: 'south', state: 'locked' })
      await alma.failsToUnlock('bad-credential', { password: 'wrong-horse-alma' })
      await lab.expect(alma).isBound({ site: 'south', state: 'paused' })
    }
    // Both sites are dark soon, and a database that has not heard of an unlock by then takes the session for locked still.
    for (const database of ['north1', 'south1']) await lab.until(lab.appliance(database)).isInStep()
    await lab.until(lab.appliance('north2')).serves()

    lab.tell('an answer goes to the bound appliance; an unlock goes home and satisfies any challenge')
    await alma.unlock()
    await lab.until(alma).isBound({ site: 'south', state: 'active' })
    await olga.unlock()
    await lily.unlock()
    await lab.until(lily).isBound({ site: 'north', stage: 'home', state: 'active' })
    await gail.lock()
    await gail.unlock()
    await lab.until(gail).isBound({ site: 'north', stage: 'home', state: 'active' })

    lab.tell('offline for longer than the grace: back online under a challenge')
    {
      await using _north = await lab.site('north').dark('refuse')
      await using _south = await lab.site('south').dark('refuse')
      await lab.until(gail).isOffline()
      await lab.elapse(12 * minute)
    }
    await lab.until(gail).isBound({ state: 'paused' })
    await gail.unlock()
    await lab.until(gail).isBound({ state: 'active' })

    lab.tell('ivan is challenged every ten minutes, with or without an appliance')
    await lab.until(ivan).isBound({ state: 'paused' })
    await ivan.unlock()
    await lab.until(ivan).isBound({ state: 'active' })
  },
})
