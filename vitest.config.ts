import { defineConfig } from 'vitest/config'

/** Labs of containers share one engine and its networks. */
const containers = 'scenarios/runner/{compose,world/containers}/**/*.process.test.ts'
const oneByOne = { fileParallelism: false, testTimeout: 180_000, hookTimeout: 60_000 }

/**
 * Pure tables in parallel; then tests that start real processes one file at a time (`*.process.test.ts`), those in
 * containers last. What takes longer than CI has (`*.long.test.ts`) is run on purpose. Processes, and networks that come and go, would disturb the tables and be slowed by them.
 */
export default defineConfig({
  test: {
    reporters: ['default', './.ci/counts-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,agent,appliance,scenarios,.ci}/**/*.test.ts'],
          exclude: ['**/*.process.test.ts', '**/*.long.test.ts', '**/node_modules/**'],
          testTimeout: 20_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...oneByOne,
          name: 'process',
          include: ['{shared,agent,appliance,scenarios}/**/*.process.test.ts'],
          exclude: [containers, '**/node_modules/**'],
          sequence: { groupOrder: 2 },
        },
      },
      { test: { ...oneByOne, name: 'containers', include: [containers], sequence: { groupOrder: 3 } } },
      { test: { ...oneByOne, name: 'long', include: ['scenarios/**/*.long.test.ts'], sequence: { groupOrder: 4 } } },
    ],
  },
})
