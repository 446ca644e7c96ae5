import { defineConfig } from 'vitest/config'

/** Two projects: pure tables in parallel; tests that start real processes one file at a time (`*.process.test.ts`). */
export default defineConfig({
  test: {
    reporters: ['default', './.ci/counts-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,agent,appliance,scenarios,.ci}/**/*.test.ts'],
          exclude: ['**/*.process.test.ts', '**/node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'process',
          include: ['{shared,agent,appliance,scenarios}/**/*.process.test.ts'],
          fileParallelism: false,
          // After the tables: processes, and networks that come and go, would disturb them and be slowed by them.
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
