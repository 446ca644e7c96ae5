import { defineScenario } from './runner/scenario.ts'

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
  },
})
