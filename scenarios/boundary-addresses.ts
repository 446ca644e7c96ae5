/** Every boundary of the guide's ranges, both sides of it, as the address of a real agent. */
import { defineScenario } from './runner/scenario.ts'

const addresses: readonly (readonly [address: string, home: string | null])[] = [
  ['172.16.7.255', null],
  ['172.16.8.0', 'dallas'],
  ['172.16.10.255', 'dallas'],
  ['172.16.11.0', 'chicago'],
  ['172.16.11.127', 'chicago'],
  ['172.16.11.128', null],
  ['172.16.11.255', null],
  ['172.16.12.0', 'chicago'],
  ['172.16.12.255', 'chicago'],
  ['172.16.13.0', null],
]

export const scenario = defineScenario({
  name: 'boundary-addresses',
  lab: 'dallas-chicago',
  story:
    'Workstations on both sides of every boundary of the ranges, and in the gap, each find the right home or none.',
  rules: ['HS1', 'HS4', 'HS6', 'ST2', 'PN7'],
  async play(lab) {
    for (const [address, home] of addresses) {
      const id = `edge-${address.replaceAll('.', '-')}`
      const agent = await lab.startAgent({ id, addresses: [address], routes: [], primServer: 'chi1.yourco.com:443' })
      const session = await agent.signIn('alice')
      if (home === null) {
        await lab.expect(agent).hasHome({ site: null, by: 'none' })
        // HS4: nobody refuses an agent for its address; HS6: only the last resort is left.
        await lab.until(session).isBound({ appliance: 'chi1', stage: 'last-resort' })
      } else {
        await lab.expect(agent).hasHome({ site: home, by: 'range' })
        await lab.until(session).isBound({ site: home, stage: 'home' })
      }
      await agent.stop()
    }
  },
})
