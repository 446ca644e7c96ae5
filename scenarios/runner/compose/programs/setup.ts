/** The service `setup` of a compose file: `setup.js --lab FILE [--first-port N] [--time-scale N]`, then it is done. */
import { parseArgs } from 'node:util'
import { exitCodes, messageOf, WrongUsage } from '../../outcome.ts'
import { defaultFirstPort } from '../layout.ts'
import { setUp } from '../setup.ts'

/** The user `node` of the image, under which all other containers run. */
const owner = 1000

try {
  const { values } = parseArgs({
    options: { lab: { type: 'string' }, 'first-port': { type: 'string' }, 'time-scale': { type: 'string' } },
  })
  if (values.lab === undefined) throw new WrongUsage('--lab FILE is missing')
  const done = await setUp({
    lab: values.lab,
    firstPort: numberOf(values['first-port']) ?? defaultFirstPort,
    timeScale: numberOf(values['time-scale']),
    volumes: '/volumes',
    scratch: '/tmp',
    owner,
  })
  process.stdout.write(`setup: ${done}\n`)
} catch (error) {
  process.stderr.write(`setup: ${messageOf(error)}\n`)
  process.exitCode = error instanceof WrongUsage ? exitCodes.usage : exitCodes.failed
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isFinite(number) && number > 0) return number
  throw new WrongUsage(`"${text}" is not a number above 0`)
}
