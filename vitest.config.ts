/**
 * Tests: `line` (pure, on every core), `tidy` (the rules of the house), `system` (real processes, one file
 * at a time, as they measure and share two cores), `patient` (those of them that mostly wait, three at a
 * time; `npm test` runs them beside the others), `network` (faults in namespaces, which need root and
 * iproute2; two at a time). Files of a worker share what they import: to read the collector anew takes longer than
 * many a file.
 */
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Far above what any test takes on a slow machine that does something else as well. */
const PURE_TIMEOUT_MS = 60_000
const SYSTEM_TIMEOUT_MS = 180_000
/** They wait for holds, silences, clocks and restarts more than they work. The longest one first, as they are run. */
const PATIENT = [
  'silence',
  'restart',
  'alerted',
  'commands',
  'closing',
  'contract-life',
  'latency',
  'witness',
  'evidence',
  'second-look',
  'database',
  'health',
  'backup',
  'restore',
  'alert',
  'sites',
  'site',
  'clock',
  'first-run',
  'agent-policy',
  'trial',
  'exclusions',
  'stream',
  'step',
  'agent-place',
  'unknown',
  'claims',
  'alerting',
  'host',
  'room',
].map((name) => `test/system/${name}.test.ts`)
/** vitest would leave one core idle. Nothing of a pure file outlives it, so none needs a world of its own. */
const PURE = {
  setupFiles: ['test/support/properties.ts'],
  isolate: false,
  maxWorkers: availableParallelism(),
  testTimeout: PURE_TIMEOUT_MS,
  sequence: { groupOrder: 0 },
}

/** vitest takes the largest file first, which need not take the longest: a long wait at the end leaves cores idle. */
class Longest extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = PATIENT.findIndex((path) => moduleId.endsWith(path))
      return place < 0 ? PATIENT.length : place
    }
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: Longest },
    projects: [
      { test: { name: 'line', include: ['test/line/**/*.test.{ts,tsx}'], ...PURE } },
      { test: { name: 'tidy', include: ['test/tidy.test.ts'], ...PURE } },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.{ts,tsx}'],
          exclude: PATIENT,
          fileParallelism: false,
          isolate: false,
          testTimeout: SYSTEM_TIMEOUT_MS,
          hookTimeout: SYSTEM_TIMEOUT_MS,
          globalSetup: 'test/support/made-cluster.ts',
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'patient',
          include: PATIENT,
          isolate: false,
          maxWorkers: 3,
          testTimeout: SYSTEM_TIMEOUT_MS,
          hookTimeout: SYSTEM_TIMEOUT_MS,
          globalSetup: 'test/support/made-cluster.ts',
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
          globalSetup: 'test/support/made-cluster.ts',
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
