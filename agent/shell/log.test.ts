import { describe, expect, test } from 'vitest'
import { AgentId } from '#shared/ids.ts'
import { openLog } from './log.ts'

function lines(log: (write: ReturnType<typeof openLog>) => void): unknown[] {
  const written: string[] = []
  log(openLog({ write: (line) => written.push(line) }))
  return written.map((line) => JSON.parse(line) as unknown)
}

describe('log', () => {
  test('one line a note, with its agent, rules and data', () => {
    const [line, ...more] = lines((log) =>
      log({
        agent: AgentId('w-1'),
        kind: 'pass',
        level: 'info',
        rules: ['SP1'],
        text: 'found',
        data: { appliance: 'a' },
      }),
    )
    expect(more).toEqual([])
    expect(line).toEqual({
      level: 'info',
      time: expect.any(Number) as number,
      agent: 'w-1',
      kind: 'pass',
      rules: ['SP1'],
      data: { appliance: 'a' },
      text: 'found',
    })
  })

  test('what is named as a secret is replaced, however deep', () => {
    const secret = 'hunter2'
    const data = {
      password: secret,
      sessions: [{ session: 's-1', ticket: secret, more: new Map([['oldPassword', secret]]) }],
      deep: { verifier: { phc: secret }, bearerToken: secret, user: 'ann' },
    }
    const [line] = lines((log) => log({ kind: 'k', level: 'warn', rules: [], text: 't', data }))
    expect(JSON.stringify(line)).not.toContain(secret)
    expect(JSON.stringify(line)).toContain('"session":"s-1"')
    expect(JSON.stringify(line)).toContain('"user":"ann"')
  })
})
