/** Prints the counts as one plain line at the very end of a run: `812 passed, 0 failed`, with `, 3 skipped` when any. */
import { type Reporter, type TestModule } from 'vitest/node'

export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number }

export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * A file that fails before its first test, or an error outside any test, counts as one failure: the line must never say
 * `0 failed` of a run that did not pass.
 */
export function count(modules: readonly TestModule[], unhandledErrors: number): Counts {
  let [passed, failed, skipped] = [0, unhandledErrors, 0]
  for (const module of modules) {
    const tests = [...module.children.allTests()]
    for (const test of tests) {
      const { state } = test.result()
      if (state === 'passed') passed++
      else if (state === 'skipped') skipped++
      else failed++
    }
    const suites = [...module.children.allSuites()]
    failed += [module, ...suites].reduce((sum, one) => sum + one.errors().length, 0)
  }
  return { passed, failed, skipped }
}

/** The name that vitest.config.ts loads; vitest takes a reporter by its default export. */
class CountsReporter implements Reporter {
  #line: string | undefined

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.#line = countsLine(count(modules, unhandledErrors.length))
    // The other reporters print their summaries in the same hook; the process's end is the only place after all of them.
    process.once('exit', () => console.log(this.#line))
  }
}

// oxlint-disable-next-line import/no-default-export -- the way vitest loads a reporter from a path
export default CountsReporter
