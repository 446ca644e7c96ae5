import { type Agent, defineScenario, type Fault, type Lab } from './runner/scenario.ts'

const minute = 60_000

/** What each workstation of the clinic has to have on record in the end. */
const onRecord = {
  'clinic-ws-1': [
    'login of alice',
    'logout of alice',
    'login of dave',
    'logout of dave',
    'login of bob',
    'offline-login of alice',
    'lock of alice',
    'denied of alice: bad-credential',
    'unlock of alice: offline',
    'offline-login of bob',
    'logout of bob',
    'denied of carol: offline.never-here',
    'denied of dave: offline.not-allowed',
    'challenge of bob: coming-online',
    'unlock of bob',
    'logout of alice',
    'logout of bob',
  ],
  'clinic-ws-2': [
    'login of alice',
    'logout of alice',
    'login of frank',
    'logout of frank',
    'login of erin',
    'logout of erin',
    'denied of frank: bad-credential',
    'denied of frank: bad-credential',
    'denied of frank: bad-credential',
    'denied of frank: offline.locked-out',
    'denied of frank: offline.locked-out',
    'offline-login of alice',
    'denied of erin: offline.expired',
    'challenge of alice: coming-online',
    'unlock of alice',
    'logout of alice',
  ],
  'clinic-kiosk': ['login of alice', 'logout of alice', 'denied of alice: offline.not-allowed'],
} as const

/** The line between the clinic and the main building. */
async function cutLine(lab: Lab): Promise<() => Promise<void>> {
  const faults: Fault[] = []
  for (const id of ['main1', 'main2']) {
    faults.push(await lab.appliance(id).faultFrom('clinic', 'silence'))
    faults.push(await lab.appliance('clinic1').faultBetween(id, 'silence'))
  }
  return async () => void (await Promise.all(faults.map(async (fault) => await fault.heal())))
}

async function wasHere(agent: Agent, ...users: readonly string[]): Promise<void> {
  for (const user of users) await (await agent.signIn(user)).signOut()
}

/** Who may not log in without an appliance hears why. */
async function refusals(lab: Lab): Promise<void> {
  lab.tell('everybody else is refused with the reason')
  await lab.agent('clinic-ws-1').failsToSignIn('carol', 'offline.never-here')
  await lab.agent('clinic-ws-1').failsToSignIn('dave', 'offline.not-allowed')
  await lab.agent('clinic-kiosk').failsToSignIn('alice', 'offline.not-allowed')
  for (let failure = 0; failure < 3; failure += 1)
    await lab.agent('clinic-ws-2').failsToSignIn('frank', 'bad-credential', { password: 'wrong-horse-frank' })
  await lab.agent('clinic-ws-2').failsToSignIn('frank', 'offline.locked-out')
}

export const scenario = defineScenario({
  name: 'offline-hour',
  lab: 'offline',
  story:
    'A clinic is without its line for an hour: who is known there works on, and all that was done is on record after it.',
  rules: ['SP7', 'SV3', 'OF1', 'OF3', 'OF4', 'OF5', 'OF6', 'CH2', 'CH3', 'AU1'],
  async play(lab) {
    const [ws1, ws2, kiosk] = [lab.agent('clinic-ws-1'), lab.agent('clinic-ws-2'), lab.agent('clinic-kiosk')]
    await wasHere(ws1, 'alice', 'dave')
    await wasHere(ws2, 'alice', 'frank', 'erin')
    await wasHere(kiosk, 'alice')
    const carol = await lab.agent('main-ws-1').signIn('carol')
    const bob = await ws1.signIn('bob')
    await lab.until(bob).isBound({ site: 'clinic', stage: 'home', state: 'active' })

    const heal = await cutLine(lab)
    lab.tell('the line of the clinic is silent')
    await lab.until(lab.appliance('clinic1')).isUnavailable()
    await lab.until(bob).isOffline({ startedOffline: false })

    lab.tell('who is known here works on')
    const alice = await ws1.signIn('alice')
    await lab.until(alice).isOffline({ state: 'active', startedOffline: true })
    await lab.until(ws1).decides({ purpose: 'login', outcome: 'exhausted', rules: ['OF1', 'OF3'] })
    await alice.lock()
    await alice.failsToUnlock('bad-credential', { password: 'wrong-horse-alice' })
    await alice.unlock()
    await wasHere(ws1, 'bob')

    await refusals(lab)

    lab.tell('a workstation that is killed and started again knows its people, and who is locked out')
    await ws2.kill()
    await ws2.restart()
    await ws2.failsToSignIn('frank', 'offline.locked-out')
    const again = await ws2.signIn('alice')
    await lab.until(again).isOffline({ startedOffline: true })

    await lab.elapse(60 * minute)
    await ws2.failsToSignIn('erin', 'offline.expired')
    await lab.expect(carol).isBound({ site: 'main', state: 'active' })

    await heal()
    lab.tell('the line is back')
    await lab.until(alice).isBound({ state: 'active' })
    await lab.until(bob).isBound({ state: 'paused' })
    await lab.until(again).isBound({ state: 'paused' })
    for (const session of [bob, again]) {
      await session.unlock()
      await lab.until(session).isBound({ state: 'active' })
    }
    await lab.until(kiosk).isOnline()
    for (const session of [alice, bob, again]) await session.signOut()

    lab.tell('both databases have every record once')
    for (const database of ['main1', 'main2'].map((id) => lab.appliance(id))) {
      for (const [id, records] of Object.entries(onRecord))
        await lab.until(database).keepsAuditOf(lab.agent(id), records)
    }
  },
})
