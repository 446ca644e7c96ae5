/**
 * The service `lab` of a compose file: `lab.js --config FILE`. It forwards the published ports to the control doors, and
 * prints what happens, so that `docker compose up` tells the story.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { timeline } from '../../timeline.ts'
import { wallMs } from '../../wall-clock.ts'
import { openDoor } from '../../world/door.ts'
import { type LabConfig } from '../config-files.ts'
import { forward } from '../forward.ts'
import { followAgents, followAppliance, type Tell } from '../story.ts'

const { values } = parseArgs({ options: { config: { type: 'string', default: '/config/config.json' } } })
const config = JSON.parse(readFileSync(values.config, 'utf8')) as LabConfig
const { appliances, agents, toxiproxy, timeScale, enterprise, tells } = config

for (const { published, host, port } of [toxiproxy, ...appliances, ...agents]) {
  await forward({ listen: published, to: { host, port } })
}

const stop = new AbortController()
const tell = (text: string): void => void process.stdout.write(`${text}\n`)
const linesOf = timeline({ beganAt: wallMs(), timeScale })
const onEvent: Tell = (event) => {
  for (const line of linesOf(event)) tell(line)
}

tell(
  `${enterprise}: ${appliances.length} appliances, ${agents.length} agent processes, policy time ${timeScale} times as fast`,
)
for (const { name, published, token } of tells ? appliances : [])
  void followAppliance(name, openDoor(published, token), onEvent, stop.signal)
for (const { name, published, token } of tells ? agents : [])
  void followAgents(name, openDoor(published, token), onEvent, stop.signal)
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stop.abort()
    process.exit(0)
  })
}
