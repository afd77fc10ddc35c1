/**
 * Frames under audit: form and signature, whose they are, what they say of their place, and the chain of each
 * session. An audit may begin anywhere: what came before a session's first frame here is asked for.
 */
import { frameDigest } from '@constat/shared/batch'
import { readPlaced, type PlacedBatch } from '@constat/shared/frame-reader'
import { agentIdOf } from '@constat/shared/signature'
import { configurationOf } from '@constat/sla/state/contract-state'
import { agentRows } from '../db/agent-rows.ts'
import { frameBefore } from '../db/audit-rows.ts'
import { entriesOfType, type EntryRow, type LogRow } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { admit, spanOf, type SessionEnd } from '@constat/evidence/admit'
import type { Prove } from '@constat/evidence/frame-proof'
import { openBody } from '../ledger/body.ts'
import { leafCode } from '@constat/evidence/leaf'
import type { LieSaid } from '../ledger/lie.ts'

/** Ends of sessions that are held; those of others are one query away. */
const MAX_ENDS = 20_000
const FRAME = leafCode('frame')
const SET_ASIDE = leafCode('set-aside')

/** Who may sign, and what was configured, each from its leaf on. */
type Known = {
  keys: Map<string, { publicKey: Buffer; leaf: number }>
  intervals: Map<string, { intervalsMs: readonly number[]; leaf: number }>
}

export class FrameAudit {
  readonly #db: Database
  readonly #log: LogRow
  readonly #prove: Prove
  readonly #known: Known
  readonly #ends = new Map<string, { seq: number; digest: Buffer }>()
  /** Sessions that began here. */
  begun = 0
  frames = 0

  private constructor(db: Database, log: LogRow, { prove, known }: { prove: Prove; known: Known }) {
    this.#db = db
    this.#log = log
    this.#prove = prove
    this.#known = known
  }

  /** Reads the enrolments and configurations of the log, which are themselves leaves under audit. */
  static async open(db: Database, log: LogRow, prove: Prove): Promise<FrameAudit> {
    return new FrameAudit(db, log, { prove, known: await knownIn(db, log.id) })
  }

  /** The first of these rows, in order, that is no sound frame in its place. */
  async take(rows: readonly EntryRow[]): Promise<LieSaid | null> {
    const frames = rows.filter(({ type }) => type === FRAME || type === SET_ASIDE)
    const keyed = frames.map((row) => ({ row, key: this.#keyOf(row) }))
    const strange = keyed.findIndex(({ key }) => key === null)
    const known = keyed.slice(0, strange < 0 ? keyed.length : strange)
    const proofs = await this.#prove(known.map(({ row, key }) => ({ bytes: row.body, publicKey: key! })))
    for (const [i, { row }] of known.entries()) {
      const proof = proofs[i]!
      const what = proof === 'sound' ? await this.#placed(row) : proof.detail
      if (what !== null) return { index: row.index, part: 'frame', what }
      this.frames += 1
    }
    if (strange < 0) return null
    return {
      index: keyed[strange]!.row.index,
      part: 'frame',
      what: 'it is of an agent that no leaf before it enrols',
    }
  }

  #keyOf({ agent, index }: EntryRow): Buffer | null {
    const known = this.#known.keys.get(agent?.toString('hex') ?? '')
    return known && known.leaf < index ? known.publicKey : null
  }

  /** What is wrong with a sound frame where it stands; null when nothing is. */
  async #placed(row: EntryRow): Promise<string | null> {
    const batch = readPlaced(row.body)
    if (batch.origin !== this.#log.origin) return `it was signed for the log ${batch.origin}`
    const config = this.#known.intervals.get(Buffer.from(batch.configDigest).toString('hex'))
    if (!config || config.leaf > row.index)
      return 'no leaf before it holds the configuration it was taken under'
    const span = spanOf(batch, config.intervalsMs)
    const isSame =
      sameBytes(row.agent, batch.agent) &&
      sameBytes(row.session, batch.session) &&
      row.seq === batch.seq &&
      row.fromMs === (span?.fromMs ?? null) &&
      row.toMs === (span?.toMs ?? null)
    if (!isSame) return 'the columns beside it say something else than the frame'
    return row.type === FRAME ? this.#chained(row, batch) : null
  }

  async #chained(row: EntryRow, batch: PlacedBatch): Promise<string | null> {
    const agent = Buffer.from(batch.agent)
    const session = Buffer.from(batch.session)
    const key = agent.toString('latin1') + session.toString('latin1')
    const end = this.#ends.get(key) ?? (await this.#endBefore({ agent, session, batch }))
    const digest = frameDigest(row.body)
    const admission = admit({ batch, digest }, end)
    if (admission.kind === 'refused') return admission.detail
    if (admission.kind !== 'admitted') return `number ${batch.seq} of its session was used before`
    if (end === null) this.begun += 1
    this.#ends.delete(key)
    this.#ends.set(key, { seq: batch.seq, digest })
    if (this.#ends.size > MAX_ENDS) this.#ends.delete(this.#ends.keys().next().value!)
    return null
  }

  async #endBefore(of: { agent: Buffer; session: Buffer; batch: PlacedBatch }): Promise<SessionEnd> {
    const { agent, session, batch } = of
    if (batch.seq === batch.gapCount) return null
    const before = await frameBefore(this.#db, { agent, session, seq: batch.seq })
    return before && { seq: before.seq, digest: frameDigest(before.body) }
  }
}

/**
 * An agent is its key, so any place that holds the key will do: the leaf, or for one from before keys were in
 * it the list of agents. What cannot be read enrols nobody and configures nothing: it is found at its own leaf.
 */
async function knownIn(db: Database, log: number): Promise<Known> {
  const listed = new Map((await agentRows(db)).map(({ id, publicKey }) => [id, publicKey]))
  const keys: Known['keys'] = new Map()
  for (const { agent, body, index } of await entriesOfType(db, { log, type: leafCode('enrolment') })) {
    const id = agent?.toString('hex') ?? ''
    // Our own leaf, where it is one.
    const { publicKey: said } = (parseJson(body.toString()) ?? {}) as { publicKey?: string }
    const publicKey = said === undefined ? listed.get(id) : Buffer.from(said, 'hex')
    if (publicKey && !keys.has(id) && agentIdOf(publicKey).toString('hex') === id) {
      keys.set(id, { publicKey, leaf: index })
    }
  }
  const intervals: Known['intervals'] = new Map()
  for (const { body, index } of await entriesOfType(db, { log, type: leafCode('configuration') })) {
    const json = await openBody(db, body).then(String, () => '')
    if (parseJson(json) === null) continue
    const { digest, intervalsMs } = configurationOf(json, index)
    if (!intervals.has(digest)) intervals.set(digest, { intervalsMs, leaf: index })
  }
  return { keys, intervals }
}

/** Null for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function sameBytes(a: Buffer | null, b: Uint8Array): boolean {
  return a !== null && Buffer.compare(a, b) === 0
}
