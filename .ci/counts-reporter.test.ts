import { expect, it } from 'vitest'
import { countsLine } from './counts-reporter.ts'

it.each([
  [{ passed: 812, failed: 0, skipped: 0 }, '812 passed, 0 failed'],
  [{ passed: 1, failed: 2, skipped: 3 }, '1 passed, 2 failed, 3 skipped'],
])('says %o in one plain line', (counts, line) => expect(countsLine(counts)).toBe(line))
