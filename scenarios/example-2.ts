import { defineScenario } from './runner/scenario.ts'

/** The guide's Example 2: the bootstrap appliance stands in Site 2, so that only the route explains Site 1. */
export const scenario = defineScenario({
  name: 'example-2',
  lab: 'example-2',
  story: 'An address in no range, but a route to 207.46.100.255: Site 1 is home. The default route never counts.',
  rules: ['HS1', 'HS2', 'HS3', 'HS6', 'SP1', 'SP5'],
  async play(lab) {
    const vpn = lab.agent('vpn-ws')
    await lab.until(vpn).hasHome({ site: 'site-1', by: 'route' })
    const alice = await vpn.signIn('alice')
    await lab.until(alice).isBound({ site: 'site-1', stage: 'home', state: 'active' })
    await lab
      .until(vpn)
      .decides({ purpose: 'login', home: 'site-1', homeBy: 'route', rules: ['HS2'], notRules: ['HS1', 'HS6'] })

    lab.tell('the same host with its default route alone has no home site and only the last resort')
    const roaming = await lab.startAgent({
      id: 'roaming-ws',
      addresses: ['10.10.1.2'],
      routes: ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1'],
      primServer: '207.46.200.1:443',
    })
    await lab.until(roaming).hasHome({ site: null, by: 'none' })
    const roamed = await roaming.signIn('alice')
    await lab.until(roamed).isBound({ appliance: 'server-2-1', stage: 'last-resort', temporary: true })
    await lab
      .until(roaming)
      .decides({ purpose: 'login', home: null, homeBy: 'none', rules: ['HS6'], notRules: ['HS2'] })

    lab.tell('an address at the edge of a range counts before any route')
    const edge = await lab.startAgent({
      id: 'edge-ws',
      addresses: ['207.46.200.255'],
      routes: ['207.46.100.255/32'],
      primServer: '207.46.100.1:443',
    })
    await lab.until(edge).hasHome({ site: 'site-2', by: 'range' })
    const edged = await edge.signIn('alice')
    await lab.until(edged).isBound({ appliance: 'server-2-1', stage: 'home' })
    await lab
      .until(edge)
      .decides({ purpose: 'login', home: 'site-2', homeBy: 'range', rules: ['HS1'], notRules: ['HS2'] })
  },
})
