/**
 * An agent whose wall clock lies as it is told. Its one argument is `ClockAgent` as JSON; each message from
 * the parent is a `Skew`. The monotonic clock is the real one. It says `ready` when it runs.
 */
import { randomBytes } from 'node:crypto'
import { enroll } from '../../agent/src/enroll.ts'
import { startAgent } from '../../agent/src/run.ts'
import { loadIdentity } from '../../agent/src/state.ts'
import { REAL_CLOCK } from './real-clock.ts'
import { createKeptLog } from './silent-log.ts'

export type ClockAgent = {
  dir: string
  url: string
  token: string
  name: string
  /** From the start on. */
  aheadMs: number
  /** Whether this host can tell a sleep from a clock that was set. */
  sleep: 'told' | 'untold'
}
/** Steps the wall clock, or lets it run faster by so many millionths from now on. */
export type Skew = { stepMs: number } | { driftPpm: number }

// Written by the test that starts this.
const { dir, url, token, name, aheadMs, sleep } = JSON.parse(process.argv[2] ?? '') as ClockAgent

let skewMs = aheadMs
let driftPpm = 0
let sinceUs = REAL_CLOCK.monotonicUs()
const driftedMs = (): number => ((REAL_CLOCK.monotonicUs() - sinceUs) / 1_000) * (driftPpm / 1_000_000)
const clock = {
  nowMs: () => Math.floor(REAL_CLOCK.nowMs() + skewMs + driftedMs()),
  monotonicUs: REAL_CLOCK.monotonicUs,
  ...(sleep === 'told' && { asleepMs: () => 0 }),
}

process.on('message', (skew: Skew) => {
  skewMs += driftedMs()
  sinceUs = REAL_CLOCK.monotonicUs()
  if ('stepMs' in skew) skewMs += skew.stepMs
  else driftPpm = skew.driftPpm
})

const random = { bytes: randomBytes }
const way = { urls: [url], tlsPin: null, proxy: null, plain: 'allowed' as const }
if (!(await loadIdentity(dir)))
  await enroll({ ...way, dir, token, name, collectorKey: null, env: {} }, { random })
const agent = await startAgent({ dir, clock, random, log: createKeptLog() })
process.once('disconnect', () => void agent.stop().then(() => process.exit()))
process.send?.('ready')
