/** The enterprise that figures are taken on: one site, two databases, fleets as asked for. */
import { parseEnterprise } from '#shared/topology/file.ts'
import { type Enterprise } from '#shared/topology/model.ts'
import { LabFailed } from '../outcome.ts'

export const benchPassword = 'correct-horse-bench'
const peopleCount = 200

/** With a fleet of each size in `fleets`; 65,000 agents each at most. */
export function benchEnterprise(hashCost: Enterprise['hashCost'], fleets: readonly number[]): Enterprise {
  const file = {
    enterprise: 'Bench',
    // While a process with thousands of agents starts, its first dials may time out; they are not waited for so long.
    settings: { offlineRetryInterval: '1 min' },
    hashCost,
    sites: [{ name: 'Ward', ranges: ['10.64.0.0/12'] }],
    appliances: [1, 2].map((number) => ({
      host: `bench${number}.hospital.test`,
      address: `10.50.0.1${number}`,
      site: 'ward',
      role: 'database',
      dataCenter: `Room ${number}`,
    })),
    generatedPeople: { count: peopleCount, prefix: 'user', password: benchPassword },
    fleets: fleets.map((count, index) => ({
      id: `fleet${index + 1}`,
      count,
      addresses: `10.${64 + index}.0.0-10.${64 + index}.255.255`,
      primServer: 'bench1.hospital.test',
    })),
  }
  // JSON is YAML, and the file's own reader fills in every default.
  const read = parseEnterprise(JSON.stringify(file), 'bench')
  if (!read.ok) throw new LabFailed(read.error.map(({ text }) => text).join('; '))
  return read.value.enterprise
}
