import { defineScenario } from './runner/scenario.ts'

/** Where an administrator's mistake puts the appliances: nothing listens there. */
const wrongHosts = ['10.40.9.11', '10.40.9.12', '10.40.9.21', '10.40.9.22']

export const scenario = defineScenario({
  name: 'wrong-topology',
  lab: 'wrong-topology',
  story:
    'A topology with wrong addresses is published; after a loss only the last resort answers, then it is corrected.',
  rules: ['BT4', 'BT5', 'BT6', 'BT7', 'SP1', 'SP3', 'LO1'],
  extraEndpoints: wrongHosts.map((host) => `${host}:443`),
  async play(lab) {
    const ws = lab.agent('north-ws-1')
    const right = lab.topology().appliances
    lab.tell('the session is to run on North 2, so that North 1, the last resort, can rescue it')
    const cut = await lab.appliance('north1').faultFrom('north', 'refuse')
    const alice = await ws.signIn('alice')
    await lab.until(alice).isBound({ appliance: 'north2', stage: 'home', state: 'active' })
    await cut.heal()

    const wrong = await lab.editTopology((draft) => {
      for (const [index, appliance] of draft.appliances.entries()) {
        appliance.host = wrongHosts[index] ?? appliance.host
        delete appliance.address
      }
    })
    await lab.until(ws).holdsTopology({ inUse: wrong - 1, received: wrong })
    await lab.expect(alice).isBound({ appliance: 'north2', state: 'active' })

    lab.tell('the appliance is lost: every address of the new topology is wrong, the last resort has the right one')
    await lab.appliance('north2').kill()
    await lab.until(alice).isBound({ appliance: 'north1', stage: 'last-resort', temporary: false })
    await lab.until(ws).decides({
      purpose: 'failover',
      outcome: 'found',
      stage: 'last-resort',
      appliance: 'north1',
      epoch: wrong,
      rules: ['LO1', 'SP1', 'BT7'],
    })

    lab.tell('the corrected topology is received at once and used when the next session starts')
    const corrected = await lab.editTopology((draft) => {
      for (const appliance of draft.appliances) {
        const { host, address } = right.find(({ id }) => id === appliance.id) ?? appliance
        appliance.host = host
        if (address !== undefined) appliance.address = address
      }
    })
    await lab.until(ws).holdsTopology({ inUse: wrong, received: corrected })
    const bob = await ws.signIn('bob')
    await lab.until(bob).isBound({ appliance: 'north1', stage: 'home' })
    await lab.until(ws).decides({ purpose: 'login', outcome: 'found', stage: 'home', epoch: corrected })
  },
})
