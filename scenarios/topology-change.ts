import { defineScenario } from './runner/scenario.ts'

export const scenario = defineScenario({
  name: 'topology-change',
  lab: 'topology-change',
  story: 'Ranges are exchanged while people work: agents hold the new topology and use it at the next session start.',
  rules: ['BT4', 'BT5', 'BT6', 'HS5', 'BD1', 'BD3', 'FB3'],
  async play(lab) {
    const north = lab.agent('north-ws-1')
    const idle = lab.agent('north-ws-2')
    const alice = await north.signIn('alice')
    const before = await lab.until(alice).isBound({ site: 'north', stage: 'home', state: 'active' })
    const bystander = await idle.signIn('bob')
    const stays = await lab.until(bystander).isBound({ site: 'north', stage: 'home' })

    const epoch = await lab.editTopology((draft) => {
      const [one, other] = draft.sites
      if (one === undefined || other === undefined) return
      const { ranges } = one
      one.ranges = other.ranges
      other.ranges = ranges
    })
    for (const agent of [north, idle]) {
      await lab.until(agent).holdsTopology({ inUse: epoch - 1, received: epoch })
    }
    lab.tell('every agent holds the new topology, no session has moved')
    await lab.expect(alice).isBound({ appliance: before.appliance, stage: 'home', state: 'active' })

    lab.tell('a new session at the same workstation uses it: South is home now')
    const carol = await north.signIn('carol')
    await lab.until(carol).isBound({ site: 'south', stage: 'home' })
    await lab.until(north).decides({ purpose: 'login', home: 'south', homeBy: 'range', epoch, stage: 'home' })
    await lab.until(north).holdsTopology({ inUse: epoch })
    await lab.expect(alice).isBound({ appliance: before.appliance, state: 'active' })
    await lab.expect(idle).holdsTopology({ inUse: epoch - 1, received: epoch })
    await lab.expect(bystander).isBound({ appliance: stays.appliance, state: 'active' })

    lab.tell('an unlock uses it too: the session that ran on goes to its new home')
    await alice.lock()
    await alice.unlock()
    await lab.until(alice).isBound({ site: 'south', stage: 'home', state: 'active' })
    await lab.until(north).decides({ purpose: 'unlock', home: 'south', epoch, rules: ['FB3'] })
  },
})
