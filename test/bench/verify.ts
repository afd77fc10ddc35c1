/**
 * The verifier: a month of one service from three agents, one sample a minute each in a frame of its own, checked
 * and judged again, beside the bare cost of its signatures and hashes on the same cores: bare and whole in turns.
 * Then what a bundle weighs for a frame and a sample.   npx tsx test/bench/verify.ts [--tiny]
 */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { spanOf } from '@constat/evidence/admit'
import { BUNDLE_FORMAT } from '@constat/evidence/bundle'
import { leafCode, rowBytes, type Leaf } from '@constat/evidence/leaf'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, leafHash } from '@constat/evidence/tree'
import { frameDigest, sealBatch } from '@constat/shared/batch'
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import { openForm } from '@constat/shared/frame-form'
import { readPlaced } from '@constat/shared/frame-reader'
import { agentIdOf, publicKeyOf, rawPublicKey, verifyBytesAside } from '@constat/shared/signature'
import { SEMANTICS_VERSION } from '@constat/sla/semantics'
import { contractDigest, termsJson } from '@constat/sla/contract/digest'
import { parseContract } from '@constat/sla/contract/parse'
import { interimResult, resultText } from '@constat/sla/judgement/window-result'
import type { StateLeaf } from '@constat/sla/state/leaf'
import { Replay } from '@constat/verify/replay'
import { verifyBundle } from '@constat/verify/verify'
import { benchBatch } from '../support/bench-batch.ts'
import { sized, state } from '../support/bench.ts'
import { rewritten, type Opened } from '../support/forge.ts'

const ASKED_RATIO = 1.3
const ASKED_FRAME_BYTES = 400
const ASKED_SAMPLE_BYTES = 12 + 15
const ASKED_SECONDS = 10
const START_MS = Date.UTC(2026, 9, 1)
const MINUTE_MS = 60_000
const MINUTES = sized({ full: 31 * 24 * 60, tiny: 200 })
const ROUNDS = sized({ full: 2, tiny: 1 })
const AGENTS = ['paris', 'lyon', 'nice']
const IN_FLIGHT = 2_048
const WINDOW = '2026-10'

type Agent = { name: string; key: KeyObject; id: Buffer; session: Buffer; prev: Buffer }

const TEXT = `
apiVersion: constat/v1
kind: Contract
metadata: {name: bench}
spec: {provider: Northstar, target: "99.9", timeZone: UTC, every: PT1M, timeout: PT5S, watch: ["http://127.0.0.1:9/"]}
`

function termsOf() {
  const parsed = parseContract([{ name: 'bench.yaml', text: TEXT }])
  if (parsed.kind === 'refused') throw new Error(JSON.stringify(parsed.problems))
  return parsed.contracts[0]!
}

const logKey = generateKeyPairSync('ed25519').privateKey
const origin = `constat/${rawPublicKey(logKey).toString('hex').slice(0, 12)}/bench`
const terms = termsOf()
const config: CheckConfig = { origin, version: 1, checks: terms.checks.map(({ spec }) => spec) }
const agents = AGENTS.map((name): Agent => {
  const key = generateKeyPairSync('ed25519').privateKey
  const id = Buffer.from(agentIdOf(rawPublicKey(key)))
  return { name, key, id, session: createHash('md5').update(name).digest(), prev: Buffer.alloc(32) }
})

function jsonLeaf(type: Leaf['type'], value: Json): Leaf {
  return { type, receivedMs: START_MS - MINUTE_MS, body: Buffer.from(canonicalJson(value)) }
}

/** One sample in a frame, as an agent of one check sends it. */
function frameOf(agent: Agent, seq: number): Leaf {
  const baseS = (START_MS + seq * MINUTE_MS) / 1_000
  const place = { session: agent.session, seq, prev: agent.prev, baseS }
  const batch = benchBatch({ origin, configDigest: configDigest(config), agent: agent.id }, place)
  const { schedule, samples } = batch
  const one = (column: readonly number[]): number[] => column.slice(0, 1)
  const body = sealBatch(
    {
      ...batch,
      schedule: { check: one(schedule.check), firstMs: one(schedule.firstMs), count: one(schedule.count) },
      samples: {
        ...samples,
        check: one(samples.check),
        offsetMs: one(samples.offsetMs),
        outcome: one(samples.outcome),
        latencyUs: one(samples.latencyUs),
        value: samples.value && one(samples.value),
        phases: samples.phases && samples.phases.map(one),
      },
    },
    agent.key,
  )
  agent.prev = frameDigest(body)
  return { type: 'frame', receivedMs: START_MS + seq * MINUTE_MS + 200, body }
}

function leavesOf(): Leaf[] {
  const enrolled = agents.map(({ name, key, id }) =>
    jsonLeaf('enrolment', { agent: id.toString('hex'), name, publicKey: rawPublicKey(key).toString('hex') }),
  )
  const digest = contractDigest(terms).toString('hex')
  const revision = { contract: 'bench', revision: 1, digest, terms: termsJson(terms) }
  const rare = [jsonLeaf('revision', revision), jsonLeaf('configuration', config)]
  const frames = Array.from({ length: MINUTES }, (_, seq) => agents.map((agent) => frameOf(agent, seq)))
  return [...rare, ...enrolled, ...frames.flat()]
}

/** What the collector would have said of the window. */
async function resultOf(leaves: readonly Leaf[], root: string): Promise<string> {
  const replay = new Replay('bench', () => Buffer.alloc(0))
  const intervals = config.checks.map(({ intervalMs }) => intervalMs)
  const byId = new Map(agents.map((agent) => [agent.id.toString('hex'), agent]))
  for (const [index, leaf] of leaves.entries()) {
    const entry = { ...leaf, index }
    if (leaf.type !== 'frame') {
      await replay.take(stateLeaf(entry))
      continue
    }
    const batch = readPlaced(leaf.body)
    const id = Buffer.from(batch.agent).toString('hex')
    const { name, key } = byId.get(id)!
    const agent = { id, name, key, publicKey: rawPublicKey(key), leaf: 0 }
    await replay.frame({ entry, agent, batch, span: spanOf(batch, intervals) })
  }
  const level = await replay.level({ size: leaves.length, root })
  const result = await interimResult(level, { window: WINDOW, asOfMs: leaves.at(-1)!.receivedMs })
  if (!result) throw new Error('something is promised in the window')
  return resultText(result)
}

function stateLeaf({ type, index, receivedMs, body }: Leaf & { index: number }): StateLeaf {
  const text = body.toString()
  const { agent = null } = JSON.parse(text) as { agent?: string }
  return { type, index, receivedMs, text, agent: type === 'enrolment' ? agent : null }
}

function hashOf({ type, receivedMs, body }: Leaf): Buffer {
  return leafHash(rowBytes({ type: leafCode(type), receivedMs, body }))
}

async function bundleOf(leaves: readonly Leaf[]): Promise<Buffer> {
  const root = frontierRoot(appendLeaves(EMPTY_FRONTIER, leaves.map(hashOf))).toString('hex')
  const files = ['README.md', 'result.json'].map((path) => ({ path, bytes: Buffer.from('-') }))
  const manifest = { format: BUNDLE_FORMAT, contract: 'bench', window: WINDOW, origin, size: 0 } as const
  const bare: Opened = {
    manifest: { ...manifest, logKey: '', semantics: SEMANTICS_VERSION, verifier: null, files: [] },
    files,
  }
  return rewritten(bare, { key: logKey, leaves, result: await resultOf(leaves, root) })
}

/** Signatures on the threads of the pool, hashes beside them: nothing is read, nothing is judged. */
async function bareMs(leaves: readonly Leaf[], zip: Buffer): Promise<number> {
  const keys = new Map(agents.map(({ id, key }) => [id.toString('hex'), publicKeyOf(rawPublicKey(key))]))
  const signed = leaves.flatMap((leaf) => {
    if (leaf.type !== 'frame') return []
    const { payload, signature } = openForm(leaf.body)!
    const key = keys.get(Buffer.from(readPlaced(leaf.body).agent).toString('hex'))!
    return [{ payload, signature, key }]
  })
  const startMs = performance.now()
  createHash('sha256').update(zip).digest()
  frontierRoot(appendLeaves(EMPTY_FRONTIER, leaves.map(hashOf)))
  for (const { body } of leaves) frameDigest(body)
  for (let at = 0; at < signed.length; at += IN_FLIGHT) {
    const some = signed.slice(at, at + IN_FLIGHT)
    const held = some.map(({ payload, ...by }) => verifyBytesAside('batch', payload, by))
    if (!(await Promise.all(held)).every(Boolean)) throw new Error('every signature holds')
  }
  return performance.now() - startMs
}

async function wholeMs(zip: Buffer): Promise<number> {
  const startMs = performance.now()
  const report = await verifyBundle(zip, { logKey: null, terms: null })
  if (report.verdict !== 'reproduced') throw new Error(JSON.stringify(report.failures.slice(0, 3)))
  return performance.now() - startMs
}

const leaves = leavesOf()
const frames = MINUTES * AGENTS.length
const zip = await bundleOf(leaves)
const spent = { bareMs: Infinity, wholeMs: Infinity }
for (let round = 0; round < ROUNDS; round += 1) {
  spent.bareMs = Math.min(spent.bareMs, await bareMs(leaves, zip))
  spent.wholeMs = Math.min(spent.wholeMs, await wholeMs(zip))
}
state('bare cost of signatures and hashes, which the verifier takes', spent.wholeMs / spent.bareMs, {
  atMost: ASKED_RATIO,
})
state('seconds for a month of one service from three agents', spent.wholeMs / 1_000, {
  atMost: ASKED_SECONDS,
})
state('bytes of a bundle for a frame of one sample with phases', zip.length / frames, {
  atMost: ASKED_FRAME_BYTES + ASKED_SAMPLE_BYTES,
})
