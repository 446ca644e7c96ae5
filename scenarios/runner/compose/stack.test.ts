import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type ApplianceId } from '#shared/ids.ts'
import { loadLab } from '../lab-file.ts'
import { type LabSecrets } from './config-files.ts'
import { layoutOf } from './layout.ts'
import { stackOf } from './stack.ts'

const secrets: LabSecrets = {
  seed: 'test',
  people: [],
  authority: 'the authority',
  identityOf: (id: ApplianceId) => ({ certificate: `certificate of ${id}`, key: `key of ${id}` }),
  tokenOf: (service) => `token of ${service}`,
}

type Service = {
  readonly command: readonly string[]
  readonly ports?: unknown
  readonly secrets: readonly { readonly source: string; readonly target: string }[]
  readonly deploy: { readonly replicas: number; readonly placement?: { readonly constraints: readonly string[] } }
}
type Stack = {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly driver: string; readonly internal: boolean }>>
  readonly secrets: Readonly<Record<string, { readonly file: string; readonly template_driver?: string }>>
}

function stackOfLab(lab: string) {
  const { enterprise } = loadLab(lab, undefined)
  const { text, files } = stackOf(layoutOf(enterprise), secrets, {
    image: 'an-image',
    folder: '/files',
    head: ['first line'],
  })
  return { text, stack: parse(text) as Stack, files: new Map(files.map(({ name, content }) => [name, content])) }
}

describe('the stack of the default lab', () => {
  const { text, stack, files } = stackOfLab('dallas-chicago')

  it('puts each appliance where the label of its data center is', () => {
    const placed = Object.entries(stack.services).map(([name, { deploy }]) => [name, deploy.placement?.constraints])
    expect(placed.filter(([, constraints]) => constraints !== undefined)).toEqual([
      ['dal1-yourco-com', ['node.labels.data-center.dallas == true']],
      ['dal2-yourco-com', ['node.labels.data-center.dallas == true']],
      ['chi1-yourco-com', ['node.labels.data-center.chicago == true']],
    ])
  })

  it('runs the workstations of a site as replicas, each told its own address by its slot', () => {
    expect(stack.services['agents-dallas']?.deploy.replicas).toBe(3)
    expect(stack.services['agents-no-site']?.deploy.replicas).toBe(1)
    const config = files.get('agents-dallas.config.json') ?? ''
    for (const [slot, id, address] of [
      [1, 'dal-ws-1', '172.16.9.20'],
      [3, 'dal-ws-3', '172.16.10.254'],
    ] as const) {
      const [, chosen] =
        new RegExp(`\\{\\{if eq .Task.Slot "${slot}"\\}\\}(.*?)\\{\\{end\\}\\}`, 'u').exec(config) ?? []
      expect(JSON.parse(chosen ?? '')).toMatchObject({ id, network: { addresses: [address] } })
    }
    const [template] = stack.services['agents-dallas']?.secrets ?? []
    expect(stack.secrets[template?.source ?? '']?.template_driver).toBe('golang')
  })

  it('finds everybody by name, and publishes no door', () => {
    expect(text).not.toMatch(/ipv4_address|ports:/u)
    const all = [...files.values()].join('\n')
    expect(all).not.toMatch(/"to": "\d/u)
    expect(files.get('toxiproxy.toxiproxy.json')).toContain('"upstream": "dal1-yourco-com-in-site:443"')
    expect(files.get('toxiproxy.toxiproxy.json')).toContain('"upstream": "dal1-yourco-com-on-wan:443"')
    expect(Object.values(stack.networks).every(({ driver, internal }) => driver === 'overlay' && internal)).toBe(true)
  })

  it('keeps what is secret in secrets, each named for what it holds', () => {
    expect(text).not.toContain('token of')
    expect(text).not.toContain('key of')
    const used = Object.values(stack.services).flatMap((service) => service.secrets.map(({ source }) => source))
    expect(new Set(used)).toEqual(new Set(Object.keys(stack.secrets)))
    expect(
      Object.values(stack.secrets)
        .map(({ file }) => file.replace('/files/', ''))
        .toSorted(),
    ).toEqual([...files.keys()].toSorted())
  })
})
