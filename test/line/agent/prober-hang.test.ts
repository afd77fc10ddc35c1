/**
 * The prober against a server that hangs and comes back, in real time: when it looks, and that the samples of
 * one check leave in the order in which their tries began, also where two of them ran beside each other.
 */
import type { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { TakenSample } from '../../../agent/src/columns.ts'
import type { AgentCheck } from '../../../agent/src/config.ts'
import { Prober } from '../../../agent/src/prober.ts'
import { Timebase } from '../../../agent/src/timebase.ts'
import { eventually } from '../../support/processes.ts'
import { DEFAULT_PACE } from '../../../agent/src/policy-file.ts'
import { probingContext } from '../../support/probing.ts'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { createKeptLog } from '../../support/silent-log.ts'
import { startTalker, type Talker } from '../../support/talker.ts'

const TIMEOUT_MS = 3_000
/** A busy machine is late. */
const LATE_MS = 900

describe('a target that hangs', () => {
  let talker: Talker | undefined
  let prober: Prober | undefined
  afterEach(async () => {
    prober?.stop()
    await talker?.close()
  })

  // A try during which this process itself stood still is unknown, as it should be: then it is looked at again.
  test(
    'is known to be down half a wait after the timeout, and its end within 2 s',
    { retry: 3, timeout: 40_000 },
    async () => {
      let answers = false
      const greet = (socket: Socket): void => void (answers && socket.end('SSH-2.0-test\r\n'))
      talker = await startTalker(greet)
      const check: AgentCheck = {
        index: 0,
        name: 'gate',
        intervalMs: 20_000,
        timeoutMs: TIMEOUT_MS,
        reprobeMs: 2_000,
        confirm: { down: 2, up: 1 },
        brackets: true,
        probe: { kind: 'tcp', host: '127.0.0.1', port: talker.port, banner: 'ssh' },
        text: 'gate',
      }
      const lateUs: number[] = []
      const seen: (TakenSample & { toldUs: number })[] = []
      const { timeoutMs: _, clock: __, ...probing } = probingContext({ timeoutMs: TIMEOUT_MS })
      prober = new Prober({
        agent: Buffer.alloc(16),
        shell: { clock: REAL_CLOCK, log: createKeptLog() },
        timebase: new Timebase(REAL_CLOCK),
        pace: DEFAULT_PACE,
        probing,
        sampled: (_origin, sample) => seen.push({ ...sample, toldUs: REAL_CLOCK.monotonicUs() }),
        skipped: () => undefined,
        late: () => lateUs.push(REAL_CLOCK.monotonicUs()),
      })
      prober.assign('log', [check])
      await eventually('two failures', () => seen.length >= 2, { limitMs: 10_000 })
      const [first, second] = [seen[0]!, seen[1]!]
      expect([first, second].map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
        ['fail', 0],
        ['fail', 1],
      ])
      expect(second.slot).toBeNull()
      // Others can be asked to look long before the first try fails; that is said once.
      expect(lateUs.length).toBe(1)
      expect((lateUs[0]! - first.startUs) / 1_000).toBeLessThan(500 + LATE_MS)
      expect(second.settles).toBe(true)
      // A timer of Node.js counts whole ms, and may be a part of one early.
      const besideMs = Math.ceil((second.startUs - first.startUs) / 1_000)
      expect(besideMs).toBeGreaterThanOrEqual(1_000)
      expect(besideMs).toBeLessThan(1_000 + LATE_MS)
      expect((second.toldUs - first.startUs) / 1_000).toBeLessThan(TIMEOUT_MS + 1_000 + LATE_MS)

      answers = true
      const healedUs = REAL_CLOCK.monotonicUs()
      await eventually('a good sample', () => seen.some(({ outcome }) => outcome === 'ok'), {
        limitMs: 10_000,
      })
      const good = seen.find(({ outcome }) => outcome === 'ok')!
      // A try that hung when the server came back runs to its timeout first.
      expect((good.startUs - healedUs) / 1_000).toBeLessThan(TIMEOUT_MS + 2_000 + LATE_MS)
      expect(good.slot).toBeNull()
      const starts = seen.map(({ startUs }) => startUs)
      expect(starts).toEqual(starts.toSorted((a, b) => a - b))
    },
  )
})
