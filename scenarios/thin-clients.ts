import { type Agent, defineScenario, type Lab, type Session } from './runner/scenario.ts'

const minute = 60_000

export const scenario = defineScenario({
  name: 'thin-clients',
  lab: 'thin-clients',
  story:
    'Dallas goes dark and comes back: a thin client with a timer goes home by itself, the others when they are unlocked.',
  rules: ['FB2', 'FB3', 'FB4', 'BD3', 'LO4', 'OF3'],
  async play(lab) {
    const [desk, cart, wall] = [lab.agent('desk'), lab.agent('cart'), lab.agent('wall')]
    const wanda = await desk.signIn('wanda')
    const tim = await cart.signIn('tim')
    const lisa = await wall.signIn('lisa')
    for (const session of [wanda, tim]) await lab.until(session).isBound({ site: 'dallas', stage: 'home' })
    await lab.until(lisa).isBound({ appliance: 'dal1', stage: 'list' })
    await lab.expect(wall).holdsTopology({ inUse: 0, received: 0 })

    const dark = await lab.site('dallas').dark('silence')
    lab.tell('Dallas is dark')
    for (const session of [wanda, tim])
      await lab.until(session).isBound({ appliance: 'chi1', stage: 'primary', state: 'active' })
    await lab.until(lisa).isBound({ appliance: 'chi1', stage: 'list', state: 'active' })
    await lab.until(wall).decides({
      purpose: 'failover',
      rules: ['FB4'],
      tried: [
        { appliance: null, stage: 'list', outcome: 'timed-out' },
        { appliance: 'chi1', stage: 'list', outcome: 'answered' },
      ],
    })
    await lab.until(cart).decides({ purpose: 'timer', outcome: 'exhausted', rules: ['FB4'] })
    // Longer than the grace period: whoever came home as one who comes online would be challenged.
    await lab.elapse(10 * minute)
    await lab.expect(tim).isBound({ appliance: 'chi1', stage: 'primary', state: 'active' })

    await dark.heal()
    lab.tell('Dallas is back')
    for (const id of ['dal1', 'chi1']) await lab.until(lab.appliance(id)).isInStep()
    await lab.until(lab.appliance('dal2')).serves()
    await lab.until(cart).decides({ purpose: 'timer', outcome: 'found', stage: 'home', rules: ['FB4'] })
    await lab.until(tim).isBound({ site: 'dallas', stage: 'home', state: 'active' })
    lab.tell('the timer has brought its session home; the others wait for their people')
    await lab.expect(wanda).isBound({ appliance: 'chi1', stage: 'primary', state: 'active' })
    await lab.expect(lisa).isBound({ appliance: 'chi1', stage: 'list', state: 'active' })
    for (const session of [wanda, lisa]) {
      await session.lock()
      await session.unlock()
    }
    await lab.until(wanda).isBound({ site: 'dallas', stage: 'home', state: 'active' })
    await lab.until(lisa).isBound({ appliance: 'dal1', stage: 'list', state: 'active' })

    await briefLoss(lab, tim, wanda)
    await cutOff(lab, desk, cart, wall)
  },
})

/** Home serves again long before the time is over: nobody hurries back. */
async function briefLoss(lab: Lab, tim: Session, wanda: Session): Promise<void> {
  const dark = await lab.site('dallas').dark('refuse')
  lab.tell('Dallas is dark for a moment')
  for (const session of [tim, wanda]) await lab.until(session).isBound({ appliance: 'chi1', state: 'active' })
  await dark.heal()
  for (const id of ['dal1', 'chi1']) await lab.until(lab.appliance(id)).isInStep()
  await lab.until(lab.appliance('dal2')).serves()
  await lab.until(tim).isBound({ site: 'dallas', stage: 'home', state: 'active' })
  await lab.expect(wanda).isBound({ appliance: 'chi1', stage: 'primary', state: 'active' })
}

/** Nobody is reached any more: who has an offline login, and who has none. */
async function cutOff(lab: Lab, desk: Agent, cart: Agent, wall: Agent): Promise<void> {
  lab.tell('the line of the workstations is cut')
  for (const id of ['dal1', 'dal2', 'chi1']) await lab.appliance(id).faultFrom('dallas', 'refuse')
  await lab.until(await desk.signIn('wanda')).isOffline({ startedOffline: true })
  await cart.failsToSignIn('tim', 'offline.not-here')
  await wall.failsToSignIn('lisa', 'offline.not-here')
}
