import { defineScenario } from './runner/scenario.ts'

const minute = 60_000

/** `seamlessFailover` off, on real sockets. */
export const scenario = defineScenario({
  name: 'not-seamless',
  lab: 'not-seamless',
  story: 'With seamlessFailover off a failover inside the site asks whoever the policy says, and nobody else.',
  rules: ['LO3', 'CH1', 'CH2', 'CH3'],
  async play(lab) {
    const agent = lab.agent('ward-ws-1')
    const gail = await agent.signIn('gail')
    const alma = await agent.signIn('alma')
    const { appliance } = await lab.until(alma).isBound({ site: 'ward' })
    await lab.appliance(appliance).kill()
    await lab.until(alma).isBound({ notTo: [appliance], state: 'paused' })
    await lab.until(gail).isBound({ notTo: [appliance], state: 'active' })
    await alma.unlock()
    await lab.until(alma).isBound({ state: 'active' })
    await lab.appliance(appliance).restart()
    await lab.until(lab.appliance(appliance)).isInStep()

    lab.tell('the workstation sleeps for longer than the grace, and its appliance is lost meanwhile')
    const next = (await lab.until(gail).isBound()).appliance
    {
      await using _asleep = await agent.sleep()
      await lab.appliance(next).kill()
      await lab.elapse(11 * minute)
    }
    await lab.until(gail).isBound({ notTo: [next], state: 'paused', paused: 'coming-online' })
    await gail.unlock()
    await lab.until(gail).isBound({ state: 'active' })
  },
})
