/** The fabric's contracts against every server that this machine has; what is missing is skipped by name. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { freePorts } from '../ports.ts'
import { type Fabric } from './fabric.ts'
import { fabricContract, type FabricUnderTest } from './fabric.contract.ts'
import { findToxiproxy, openFabric } from './open-fabric.ts'
import { toxiproxyApiContract } from './toxiproxy-api.contract.ts'

const { PATH, TOXIPROXY_URL, REQUIRE_ALL } = process.env
const requireAll = REQUIRE_ALL === '1'
const program = await findToxiproxy(process.env)

async function open(kind: Fabric['kind'], environment: NodeJS.ProcessEnv): Promise<FabricUnderTest> {
  const [apiPort] = (await freePorts(1)) as [number]
  const prefix = `contract-${randomUUID()}`
  const fabric = await openFabric({ seed: 'contract', apiPort, prefix, environment })
  expect(fabric.kind, 'the server that was asked for').toBe(kind)
  return { fabric, prefix, url: environment.TOXIPROXY_URL ?? `http://127.0.0.1:${apiPort}` }
}

describe('relay', () => {
  fabricContract(() => open('relay', {}))
  toxiproxyApiContract(() => open('relay', {}))
})

describe.skipIf(program === undefined && !requireAll)('toxiproxy-server on the PATH', () => {
  fabricContract(() => open('toxiproxy', { PATH }))
  toxiproxyApiContract(() => open('toxiproxy', { PATH }))
})

const noServer = TOXIPROXY_URL === undefined && program === undefined
describe.skipIf(noServer && !requireAll)('toxiproxy at TOXIPROXY_URL', () => {
  let url = TOXIPROXY_URL
  let lender: FabricUnderTest | undefined
  beforeAll(async () => {
    if (url !== undefined) return
    // No shared server was named: one that somebody else started stands in for it.
    lender = await open('toxiproxy', { PATH })
    url = lender.url
  })
  afterAll(async () => await lender?.fabric[Symbol.asyncDispose]())
  fabricContract(() => open('toxiproxy', { TOXIPROXY_URL: url }))
  toxiproxyApiContract(() => open('toxiproxy', { TOXIPROXY_URL: url }))
})
