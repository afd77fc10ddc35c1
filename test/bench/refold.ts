/**
 * Refold: stored frames → decoded → tracks, as `constat rebuild` does it, on one core, against bare decoding:
 * msgpackr unpacks the payloads of the same frames, page by page in turns. Frames as real agents send them:
 * 50 checks, one sample each, phases included.   npx tsx test/bench/refold.ts [--tiny]
 */
import process from 'node:process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { Unpackr } from 'msgpackr'
import { frameDigest, sealBatch } from '@constat/shared/batch'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import { openForm } from '@constat/shared/frame-form'
import { parseContract } from '@constat/sla/contract/parse'
import { Fold, nothingTouched } from '@constat/sla/fold/fold'
import { frameOf } from '@constat/sla/fold/page'
import type { StatesByLog } from '@constat/sla/fold/tracks'
import { appliedState, statesOf } from '../support/contract-state.ts'
import { sized, state } from '../support/bench.ts'
import { benchBatch } from '../support/bench-batch.ts'

const ASKED_RATIO = 0.6
const FRAMES = sized({ full: 60_000, tiny: 600 })
/** As `rebuild` reads them. */
const PAGE = sized({ full: 5_000, tiny: 100 })
/** Neither is fast before its code is hot. */
const WARM_UP_PAGES = 2
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

/** Processor time of this process so far, its collector of garbage included: others may be at work beside it. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function main(): Promise<void> {
  const { states, config } = openStates()
  const rows = storedFrames(config)
  // In order, the fold never asks for what it folded before.
  const fold = new Fold({ frames: () => [], contracts: states })
  const bare = new Unpackr({ useRecords: false })
  const spent = { bareMs: 0, foldMs: 0, samples: 0 }
  for (let from = 0; from < rows.length; from += PAGE) {
    const page = rows.slice(from, from + PAGE)
    const payloads = page.map(({ body }) => openForm(body)!.payload)
    const startMs = cpuMs()
    for (const payload of payloads) bare.unpack(payload)
    const bareMs = cpuMs()
    await fold.foldFrames(1, { frames: page.map(frameOf), next: from + PAGE }, nothingTouched())
    const foldMs = cpuMs()
    if (from < WARM_UP_PAGES * PAGE) continue
    spent.bareMs += bareMs - startMs
    spent.foldMs += foldMs - bareMs
    spent.samples += page.length * 50
  }
  const perSecond = (ms: number): number => Math.round(spent.samples / (ms / 1000))
  console.log(
    `${rows.length} frames of ${rows[0]!.body.length} bytes, ${rows.length * 50} samples, 50 tracks`,
  )
  console.log(`bare decoding        ${perSecond(spent.bareMs)} samples/s of processor time`)
  console.log(`decoded and folded   ${perSecond(spent.foldMs)} samples/s of processor time`)
  state('samples a second refolded, of bare decoding', spent.bareMs / spent.foldMs, { atLeast: ASKED_RATIO })
}

await main()
