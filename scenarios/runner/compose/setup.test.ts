import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AgentConfigSchema, ApplianceConfigSchema } from '#shared/config.schema.ts'
import { problemFinder } from '#shared/wire/codec.ts'
import { WrongUsage } from '../outcome.ts'
import { TestFolder } from '../testing/cli.ts'
import { defaultFirstPort } from './layout.ts'
import { setUp, type SetupOptions } from './setup.ts'

const optionsIn = (folder: TestFolder): SetupOptions => ({
  lab: 'dallas-chicago',
  firstPort: defaultFirstPort,
  timeScale: undefined,
  volumes: join(folder.path, 'volumes'),
  scratch: join(folder.path, 'scratch'),
  owner: undefined,
})
const read = (folder: TestFolder, file: string): unknown =>
  JSON.parse(readFileSync(join(folder.path, 'volumes', file), 'utf8'))

test('every process finds a configuration that it takes', async () => {
  using folder = new TestFolder()
  expect(await setUp(optionsIn(folder))).toBe('3 appliances and 10 agent processes are set up, addresses real')
  const appliance = problemFinder(ApplianceConfigSchema)
  const agent = problemFinder(AgentConfigSchema)
  for (const host of ['dal1', 'dal2', 'chi1']) {
    expect(appliance(read(folder, `config-${host}.yourco.com/config.json`))).toBeNull()
  }
  expect(agent(read(folder, 'config-gap-ws-1/config.json'))).toBeNull()
  expect(read(folder, 'config-dal1.yourco.com/config.json')).toMatchObject({
    listen: { host: '0.0.0.0', port: 443 },
    control: { host: '172.16.8.11' },
    storeFile: '/data/dal1.store',
  })
  expect(read(folder, 'config-dal2.yourco.com/config.json')).toMatchObject({ people: [] })
  expect(read(folder, 'config-toxiproxy/toxiproxy.json')).toContainEqual({
    name: 'agents-of-dallas--dal1',
    listen: '0.0.0.0:21001',
    upstream: '172.16.8.11:443',
    enabled: true,
  })
})

test('nobody finds a secret of another, but for the container with the doors', async () => {
  using folder = new TestFolder()
  await setUp(optionsIn(folder))
  const volumes = join(folder.path, 'volumes')
  const textOf = (volume: string): string =>
    readdirSync(join(volumes, volume))
      .map((file) => readFileSync(join(volumes, volume, file), 'utf8'))
      .join('\n')
  const tokenOf = (service: string): string =>
    (read(folder, `config-${service}/config.json`) as { control: { token: string } }).control.token
  const volumeNames = readdirSync(volumes).filter((name) => name.startsWith('config-'))
  for (const service of ['dal1.yourco.com', 'dal-ws-1']) {
    const holders = volumeNames.filter((name) => textOf(name).includes(tokenOf(service)))
    expect(holders.toSorted()).toEqual([`config-${service}`, 'config-lab'].toSorted())
  }
  expect(volumeNames.filter((name) => textOf(name).includes('PRIVATE KEY')).toSorted()).toEqual(
    ['dal1', 'dal2', 'chi1'].map((host) => `config-${host}.yourco.com`).toSorted(),
  )
  // The verifiers of passwords are the databases' alone.
  expect(volumeNames.filter((name) => textOf(name).includes('$argon2id$')).toSorted()).toEqual(
    ['dal1', 'chi1'].map((host) => `config-${host}.yourco.com`).toSorted(),
  )
  expect(volumeNames.filter((name) => textOf(name).includes('correct-horse'))).toEqual([])
  expect(statSync(join(volumes, 'config-dal1.yourco.com', 'key.pem')).mode & 0o777).toBe(0o400)
})

test('a second start changes nothing, another enterprise changes all', async () => {
  using folder = new TestFolder()
  const options = optionsIn(folder)
  await setUp(options)
  const before = read(folder, 'config-lab/config.json')
  expect(await setUp(options)).toBe('the volumes hold this lab already')
  expect(read(folder, 'config-lab/config.json')).toEqual(before)
  expect(await setUp({ ...options, timeScale: 12 })).toMatch(/are set up/u)
  expect(read(folder, 'config-lab/config.json')).toMatchObject({ timeScale: 12 })
})

test('certificates that end within a day are made anew', async () => {
  using folder = new TestFolder()
  const options = optionsIn(folder)
  await setUp(options)
  const stamp = join(options.volumes, 'config-lab', 'made.json')
  const made = JSON.parse(readFileSync(stamp, 'utf8')) as { digest: string; validTo: string }
  expect(Date.parse(made.validTo)).toBeGreaterThan(Date.now())
  const key = readFileSync(join(options.volumes, 'config-dal1.yourco.com', 'config.json'), 'utf8')
  const soon = new Date(Date.now() + 60 * 60 * 1000).toISOString()
  rmSync(stamp)
  writeFileSync(stamp, JSON.stringify({ ...made, validTo: soon }))
  expect(await setUp(options)).toMatch(/are set up/u)
  expect(readFileSync(join(options.volumes, 'config-dal1.yourco.com', 'config.json'), 'utf8')).not.toBe(key)
})

test('a file that is no enterprise is refused, told as lint tells it', async () => {
  using folder = new TestFolder()
  const lab = join(folder.path, 'wrong.yaml')
  writeFileSync(lab, 'enterprise: Wrong\nsites: []\nappliances: []\n')
  await expect(setUp({ ...optionsIn(folder), lab })).rejects.toThrow(WrongUsage)
})

test('a lab whose agents must enrol is refused, as nobody would hand out tokens', async () => {
  using folder = new TestFolder()
  const refusal = setUp({ ...optionsIn(folder), lab: 'challenges' })
  await expect(refusal).rejects.toThrow(/challenges: \/settings\/enrolment is demanded.*enrolment: off/u)
  await expect(refusal).rejects.toBeInstanceOf(WrongUsage)
})
