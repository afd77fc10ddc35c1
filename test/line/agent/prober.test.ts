/** The prober: what a late loop makes unknown, and what it does not. Real probes of real servers. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cause, Outcome } from '@constat/shared/sample'
import type { TakenSample } from '../../../agent/src/columns.ts'
import type { AgentCheck } from '../../../agent/src/config.ts'
import { Prober } from '../../../agent/src/prober.ts'
import { Timebase } from '../../../agent/src/timebase.ts'
import { DEFAULT_PACE } from '../../../agent/src/policy-file.ts'
import { OPEN_POLICY, probingContext } from '../../support/probing.ts'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { createKeptLog } from '../../support/silent-log.ts'

const BUSY_MS = 400
const TIMEOUT_MS = 600
/** After the loop began to stand still, however late that is. */
const ANSWER_MS = 20

let server: Server
let port: number

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/hang') return
    // The loop stands still before that: timers keep their order.
    setTimeout(() => response.writeHead(request.url === '/503' ? 503 : 200).end('hello'), ANSWER_MS)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  // A TCP server that listens has an AddressInfo.
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** The first sample of a check during which the loop stood still. */
function sampleOf(
  path: string,
  { busyMs = BUSY_MS, ...more }: { bodyContains?: string; busyMs?: number },
): Promise<TakenSample> {
  const check: AgentCheck = {
    index: 0,
    name: path,
    text: path,
    intervalMs: 1_000,
    timeoutMs: TIMEOUT_MS,
    reprobeMs: 1_000,
    brackets: false,
    confirm: { down: 2, up: 1 },
    probe: { kind: 'http', url: `http://127.0.0.1:${port}${path}`, ...more },
  }
  return new Promise((resolve) => {
    const { timeoutMs: _, clock: __, ...probing } = probingContext({ timeoutMs: 1 })
    const prober: Prober = new Prober({
      agent: Buffer.alloc(16),
      shell: { clock: REAL_CLOCK, log: createKeptLog() },
      timebase: new Timebase(REAL_CLOCK),
      pace: DEFAULT_PACE,
      probing: {
        ...probing,
        // Asked first of all: the probe is in flight.
        denied: {
          ...OPEN_POLICY,
          refusal: () => {
            setTimeout(() => standStill(busyMs), 1)
            return undefined
          },
        },
      },
      sampled: (_origin, sample) => {
        prober.stop()
        resolve(sample)
      },
      skipped: () => {},
      late: () => {},
    })
    prober.assign('test', [check])
  })
}

function standStill(busyMs: number): void {
  const untilMs = performance.now() + busyMs
  while (performance.now() < untilMs) continue
}

test('a target that hangs is given as much longer as the loop stood still, and its failure stands', async () => {
  const { outcome, latencyUs } = await sampleOf('/hang', {})
  expect(outcome).toBe('fail')
  expect(latencyUs / 1_000).toBeGreaterThanOrEqual(TIMEOUT_MS + 300)
})

test.each<[string, { bodyContains?: string; busyMs?: number }, [Outcome, Cause]]>([
  ['/503', {}, ['fail', 'status']],
  ['/', { bodyContains: 'welcome' }, ['fail', 'assertion']],
  ['/', {}, ['unknown', 'interference']],
  // It was given as much longer.
  ['/hang', {}, ['fail', 'timeout']],
  // Past the grace nobody can say.
  ['/hang', { busyMs: TIMEOUT_MS + 200 }, ['unknown', 'interference']],
])('%s %j while the loop stood still: %j', async (path, more, says) => {
  const { outcome, cause } = await sampleOf(path, more)
  expect([outcome, cause]).toEqual(says)
})
