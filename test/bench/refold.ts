/**
 * Refold: stored frames → decoded → tracks, as `constat rebuild` does it, on one core, against the figure
 * asked for. Frames as real agents send them: 50 checks, one sample each, phases included.
 *   npx tsx test/bench/refold.ts [frames]
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { frameDigest, sealBatch } from '@constat/shared/batch'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import { parseContract } from '@constat/sla/contract/parse'
import type { Database } from '../../collector/src/db/tx.ts'
import { Fold, nothingTouched } from '../../collector/src/fold/fold.ts'
import { frameOf } from '../../collector/src/fold/page.ts'
import type { StatesByLog } from '../../collector/src/fold/tracks.ts'
import { appliedState, statesOf } from '../support/contract-state.ts'
import { benchBatch } from '../support/bench-batch.ts'

const ASKED_PER_SECOND = 2_000_000
const FRAMES = Number(process.argv[2] ?? 40_000)
const PAGE = 5_000
const AGENT = randomBytes(16)

const urls = Array.from({ length: 50 }, (_, i) => `"http://127.0.0.1:9/${i}"`).join(', ')
const text = `
apiVersion: constat/v1
kind: Contract
metadata: {name: bench}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, every: PT10S, timeout: PT5S, watch: [${urls}]}
`

function openStates(): { states: StatesByLog; config: CheckConfig } {
  const parsed = parseContract([{ name: 'bench.yaml', text }])
  if (parsed.kind === 'refused') throw new Error(JSON.stringify(parsed.problems))
  const terms = parsed.contracts[0]!
  const config = { origin: 'constat/bench/bench', version: 1, checks: terms.checks.map(({ spec }) => spec) }
  return { states: statesOf(appliedState(terms, config)), config }
}

/** A year's worth would not fit: the stored frames are made once and folded once. */
function storedFrames(config: CheckConfig) {
  const { privateKey } = generateKeyPairSync('ed25519')
  const digest = configDigest(config)
  const session = randomBytes(16)
  let prev: Buffer = Buffer.alloc(32)
  return Array.from({ length: FRAMES }, (_, seq) => {
    const from = { origin: config.origin, configDigest: digest, agent: AGENT }
    const batch = benchBatch(from, { session, seq, prev, baseS: 1_790_000_000 + seq * 10 })
    const body = sealBatch(batch, privateKey)
    prev = frameDigest(body)
    const place = { log: 1, index: seq + 2, type: 1, receivedMs: 0, fromMs: 0, toMs: 0 }
    return { ...place, body, agent: AGENT, session, seq }
  })
}

const { states, config } = openStates()
const rows = storedFrames(config)
// In order, the fold never asks the database.
const fold = new Fold(null as unknown as Database, states)
const startMs = performance.now()
for (let from = 0; from < rows.length; from += PAGE) {
  const frames = rows.slice(from, from + PAGE).map(frameOf)
  await fold.foldFrames(1, { frames, next: from + PAGE }, nothingTouched())
}
const seconds = (performance.now() - startMs) / 1000
const perSecond = (rows.length * 50) / seconds
console.log(`${rows.length} frames of ${rows[0]!.body.length} bytes, ${rows.length * 50} samples, 50 tracks`)
console.log(`decoded and folded   ${Math.round(perSecond)} samples/s on one core`)
console.log(
  `ratio                ${(perSecond / ASKED_PER_SECOND).toFixed(2)} of the ${ASKED_PER_SECOND} asked`,
)
process.exitCode = perSecond >= ASKED_PER_SECOND ? 0 : 1
