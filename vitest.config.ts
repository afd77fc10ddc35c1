/**
 * Tests: `line` (pure, in parallel), `tidy` (the rules of the house), `system` (real processes, one file
 * at a time after the others, as they measure and share two cores), `patient` (those of them that mostly
 * wait, three at a time), `network` (faults in namespaces, which need root and iproute2; two at a time).
 */
import { defineConfig } from 'vitest/config'

const SYSTEM_TIMEOUT_MS = 120_000
/** They wait for holds, silences and clocks more than they work. The longest one first. */
const PATIENT = ['silence', 'latency', 'sites', 'clock', 'site', 'first-run'].map(
  (name) => `test/system/${name}.test.ts`,
)

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'line', include: ['test/line/**/*.test.{ts,tsx}'], sequence: { groupOrder: 0 } } },
      { test: { name: 'tidy', include: ['test/tidy.test.ts'], sequence: { groupOrder: 0 } } },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.{ts,tsx}'],
          exclude: PATIENT,
          fileParallelism: false,
          testTimeout: SYSTEM_TIMEOUT_MS,
          hookTimeout: SYSTEM_TIMEOUT_MS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'patient',
          include: PATIENT,
          maxWorkers: 3,
          testTimeout: SYSTEM_TIMEOUT_MS,
          hookTimeout: SYSTEM_TIMEOUT_MS,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'network',
          include: ['test/campaign/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: SYSTEM_TIMEOUT_MS,
          hookTimeout: SYSTEM_TIMEOUT_MS,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
