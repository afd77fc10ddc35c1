/**
 * Frame intake: frames of every connection become leaves. Form and signature are proved on other threads,
 * many at once, while the group before is being committed; then each frame is admitted in the order in which it
 * came. A frame is acknowledged only after its commit. When a commit fails, whatever stood behind it is
 * dropped with it: agents send again, and the session ends are read from the database anew.
 */
import { frameDigest } from '@constat/shared/batch'
import { Fault, invariant } from '@constat/shared/fault'
import { readPlaced, type PlacedBatch } from '@constat/shared/frame-reader'
import type { Receipt } from '@constat/shared/receipt'
import type { UnixMs } from '@constat/shared/time'
import type { RefusalReason } from '@constat/shared/wire'
import { cursorRow, framesAt } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { anomalyFact, type Anomaly } from '../alert/facts.ts'
import type { Fact } from '../alert/types.ts'
import type { Draft } from '../ledger/draft.ts'
import type { Appended, Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { weightMs, type Allowances, type Paced } from './allowance.ts'
import { admit, refuseContent, spanOf, type SessionEnd } from '@constat/evidence/admit'
import type { Proof, Prove } from '@constat/evidence/frame-proof'
import { Refusals, type RefusalDeps } from './refusals.ts'

/** Frames proved at once. */
export const MAX_PROVED_FRAMES = 256
/** Frames that may wait here, over all connections; a connection pauses well before. */
export const MAX_WAITING_FRAMES = 8_192
/** Frames kept under one number beside the first; more would prove nothing more. */
export const MAX_SET_ASIDE = 4
/** An agent that goes on like this has its next event after this; the ledger has every anomaly. */
export const ANOMALY_PAUSE_MS = 60_000
/** Session ends kept in memory; the rest is one query away. */
export const MAX_SESSION_ENDS = 50_000

/** Who sent it. */
export type Sender = { agent: Buffer; publicKey: Buffer }

export type Verdict =
  | { kind: 'acknowledged'; session: Uint8Array; seq: number; receipt: Receipt }
  | {
      kind: 'refused'
      session: Uint8Array
      seq: number
      reason: RefusalReason
      detail: string
      expectedSeq: number
    }
  /** Acknowledged by the answer to a later frame of its session: nothing is sent for it. */
  | { kind: 'covered' }
  /** Nothing was decided: the agent keeps the frame and comes back. */
  | { kind: 'unavailable'; detail: string }

/** What a frame may have been taken under. */
export type Configured = { intervalsMs: readonly number[]; config: { checks: readonly Paced[] } }

export type FrameIntakeDeps = RefusalDeps & {
  /** Whether the disk has room for more. */
  hasRoom(): boolean
  prove: Prove
  sequencer: Sequencer
  /** Null when the log does not know it. */
  configuration(log: number, digest: Uint8Array): Configured | null
  /** Whether the log names this agent as one that may write to it. */
  isMember(log: number, agent: Buffer): boolean
  /** Where an agent writes, by the names that people know. */
  namesOf(log: number, agent: Buffer): Pick<Anomaly, 'contract' | 'agent'>
  allowances: Allowances
  /** An agent has sent more than its checks can say. */
  passed(agent: string): void
}

type Waiting = { sender: Sender; bytes: Uint8Array; answer: (verdict: Verdict) => void }
type Proved = Waiting & { batch: PlacedBatch; receivedMs: UnixMs }
/** A frame whose content may stand in `log`. */
type Checked = { log: number; checkIntervalsMs: readonly number[]; digest: Buffer; weightMs: number }
type Proving = { taken: Waiting[]; proofs: Promise<readonly Proof[]> }
type Group = { drafts: Draft[]; acknowledged: Proved[]; facts: Fact[] }
type Groups = Map<number, Group>
/** What a frame adds. */
type Added = { drafts: Draft[]; facts?: Fact[] }

export class FrameIntake {
  readonly #db: Database
  readonly #prove: Prove
  readonly #hasRoom: () => boolean
  readonly #shell: Shell
  readonly #sequencer: Sequencer
  readonly #configuration: FrameIntakeDeps['configuration']
  readonly #isMember: FrameIntakeDeps['isMember']
  readonly #naming: Pick<FrameIntakeDeps, 'namesOf' | 'publicUrl'>
  readonly #waiting: Waiting[] = []
  readonly #ends = new Map<string, SessionEnd>()
  /** agent → when its last event of an anomaly was written. */
  readonly #anomalyMs = new Map<string, UnixMs>()
  readonly #refusals: Refusals
  readonly #allowances: Allowances
  readonly #passed: FrameIntakeDeps['passed']
  #running = false
  /** Rises with every failed commit: session ends read before it are not to be trusted. */
  #generation = 0

  constructor(deps: FrameIntakeDeps) {
    this.#db = deps.db
    this.#prove = deps.prove
    this.#hasRoom = deps.hasRoom
    this.#shell = deps.shell
    this.#sequencer = deps.sequencer
    this.#configuration = deps.configuration
    this.#isMember = deps.isMember
    this.#naming = deps
    this.#refusals = new Refusals(deps)
    this.#passed = deps.passed
    this.#allowances = deps.allowances
  }

  /** For how long nothing more is heard of an agent that has sent more than its checks can say, ms. */
  owedMs(agent: string): number {
    return this.#allowances.owedMs(agent)
  }

  /** One verdict for one frame, in the order of a sender's frames. */
  receive(sender: Sender, bytes: Uint8Array): Promise<Verdict> {
    if (!this.#hasRoom()) {
      const detail = 'the disk of the collector is full; keep what you have, and send it later'
      return Promise.resolve({ kind: 'unavailable', detail })
    }
    if (this.#waiting.length >= MAX_WAITING_FRAMES) {
      return Promise.resolve({
        kind: 'unavailable',
        detail: 'too many frames are waiting; send again in a moment',
      })
    }
    return new Promise((resolve) => {
      const answer = (verdict: Verdict): void => {
        const agent = sender.agent.toString('hex')
        if (verdict.kind === 'refused') this.#refusals.refused(agent, verdict)
        else if (verdict.kind !== 'unavailable') this.#refusals.taken(agent)
        resolve(verdict)
      }
      this.#waiting.push({ sender, bytes, answer })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    // What arrives in the same turn of the loop is proved together.
    await new Promise((resolve) => setImmediate(resolve))
    let next = this.#proveNext()
    while (next) {
      const { taken, proofs } = next
      next = null
      try {
        const proved = this.#soundOf(taken, await proofs)
        // One group ahead: the threads have work while this one is admitted.
        next = this.#proveNext()
        await this.#admitAll(proved, await this.#loadEnds(proved))
      } catch (error) {
        this.#forget(error, taken)
      }
      next ??= this.#proveNext()
    }
    this.#running = false
  }

  #proveNext(): Proving | null {
    if (this.#waiting.length === 0) return null
    const taken = this.#waiting.splice(0, MAX_PROVED_FRAMES)
    const proofs = this.#prove(taken.map(({ bytes, sender }) => ({ bytes, publicKey: sender.publicKey })))
    // Awaited a group later: until then a failure is nobody's surprise.
    proofs.catch(() => undefined)
    return { taken, proofs }
  }

  /** Those whose form and signature hold; the others are answered. */
  #soundOf(taken: readonly Waiting[], proofs: readonly Proof[]): Proved[] {
    const receivedMs = this.#shell.clock.nowMs()
    return taken.flatMap((one, i) => {
      const proof = proofs[i]
      invariant(proof !== undefined, 'every frame has its proof')
      if (proof === 'sound') return [{ ...one, batch: readPlaced(bufferOf(one.bytes)), receivedMs }]
      one.answer({ kind: 'refused', expectedSeq: 0, ...proof })
      return []
    })
  }

  /** Answers the generation of what was read. */
  async #loadEnds(frames: readonly Proved[]): Promise<number> {
    const generation = this.#generation
    if (this.#ends.size > MAX_SESSION_ENDS) this.#ends.clear()
    const missing = new Map<string, { agent: Buffer; session: Buffer }>()
    for (const { sender, batch } of frames) {
      const key = endKey(sender, batch)
      if (!this.#ends.has(key)) missing.set(key, { agent: sender.agent, session: Buffer.from(batch.session) })
    }
    const rows = await Promise.all([...missing.values()].map((place) => cursorRow(this.#db, place)))
    for (const [i, key] of [...missing.keys()].entries()) {
      const row = rows[i]
      this.#ends.set(key, row ? { seq: row.seq, digest: row.digest } : null)
    }
    return generation === this.#generation ? generation : this.#loadEnds(frames)
  }

  async #admitAll(frames: readonly Proved[], generation: number): Promise<void> {
    const groups: Groups = new Map()
    for (const one of frames) {
      const known = this.#checked(one)
      if (!known) continue
      const agent = one.sender.agent.toString('hex')
      if (this.#allowances.spend(agent, known)) this.#passed(agent)
      let added = this.#admitOne(one, known)
      if (added === 'number-used') {
        // The frame that used it may be one of those that have just been admitted.
        this.#appendAll(groups)
        added = await this.#compare(one, known)
      }
      if (generation !== this.#generation)
        throw new Fault('unavailable', 'the ledger was reopened; send again')
      if (!added) continue
      const group = groups.get(known.log) ?? { drafts: [], acknowledged: [], facts: [] }
      groups.set(known.log, group)
      group.drafts.push(...added.drafts)
      group.acknowledged.push(one)
      group.facts.push(...(added.facts ?? []))
    }
    this.#appendAll(groups)
  }

  /** Empties `groups`. */
  #appendAll(groups: Groups): void {
    for (const [log, group] of groups) {
      const { drafts, facts, acknowledged } = group
      this.#sequencer.append({ log, drafts, facts }).then(
        (appended) => this.#acknowledge(acknowledged, appended),
        (error: unknown) => this.#forget(error, acknowledged),
      )
    }
    groups.clear()
  }

  /** Where the frame belongs, when its content may stand there; null when it was refused. */
  #checked(one: Proved): Checked | null {
    const { sender, batch, receivedMs, bytes } = one
    const log = this.#sequencer.headByOrigin(batch.origin)?.id
    if (log === undefined || !this.#isMember(log, sender.agent)) {
      const detail = `there is no log ${batch.origin} here that this agent may write to`
      return refuse(one, { reason: 'unknown-log', detail })
    }
    const lie = this.#sequencer.lieIn(log)
    if (lie) return refuse(one, { reason: 'log-stopped', detail: lie.message })
    const known = this.#configuration(log, batch.configDigest)
    const checkIntervalsMs = known?.intervalsMs ?? null
    const refusal = refuseContent(batch, { agent: sender.agent, checkIntervalsMs, receivedMs })
    if (refusal) return refuse(one, refusal)
    const weight = weightMs(batch, { bytes: bytes.length, checks: known?.config.checks ?? [] })
    return {
      log,
      checkIntervalsMs: checkIntervalsMs ?? [],
      digest: frameDigest(bytes),
      weightMs: weight,
    }
  }

  /** What the frame adds, no leaf for a repeat; null when it was refused. */
  #admitOne(one: Proved, known: Checked): Added | null | 'number-used' {
    const { sender, batch } = one
    const { digest } = known
    const admission = admit({ batch, digest }, this.#ends.get(endKey(sender, batch)) ?? null)
    switch (admission.kind) {
      case 'refused':
        return refuse(one, admission)
      case 'admitted':
        this.#ends.set(endKey(sender, batch), { seq: batch.seq, digest })
        return { drafts: [draftOf(one, known)] }
      case 'duplicate':
        return { drafts: [] }
      case 'seen':
      case 'equivocation':
        return 'number-used'
    }
  }

  /** A number that was used before: the same bytes again, or two frames under one number. */
  async #compare(one: Proved, known: Checked): Promise<Added | null> {
    const { sender, batch, receivedMs } = one
    const { digest } = known
    const session = Buffer.from(batch.session)
    await this.#sequencer.drain()
    const { seq } = batch
    const limit = MAX_SET_ASIDE + 1
    const stored = await framesAt(this.#db, { agent: sender.agent, session, seq, limit })
    const [first] = stored
    // Nothing stored under it: the number lies inside an announced gap, and the gap stands.
    if (!first || stored.some(({ body }) => frameDigest(body).equals(digest))) return { drafts: [] }
    if (stored.length >= limit) {
      const detail = `frame ${seq} has come in ${limit} forms; no further one is kept`
      return refuse(one, { reason: 'equivocation', detail, expectedSeq: seq + 1 })
    }
    this.#shell.log.warn('two frames under one number', {
      agent: sender.agent.toString('hex'),
      seq,
    })
    const anomaly = { kind: 'equivocation' as const, first: first.index, digest: digest.toString('hex') }
    const body = Buffer.from(JSON.stringify(anomaly))
    return {
      drafts: [
        { ...draftOf(one, known), type: 'set-aside' },
        { type: 'anomaly', receivedMs, body, agent: sender.agent },
      ],
      facts: this.#factsOf(one, known.log, { ...anomaly, session: session.toString('hex'), seq }),
    }
  }

  #factsOf({ sender, receivedMs }: Proved, log: number, anomaly: Anomaly['anomaly']): Fact[] {
    const id = sender.agent.toString('hex')
    const lastMs = this.#anomalyMs.get(id) ?? -Infinity
    // A clock that was set back does not silence it.
    if (receivedMs >= lastMs && receivedMs - lastMs < ANOMALY_PAUSE_MS) return []
    this.#anomalyMs.set(id, receivedMs)
    const { namesOf, publicUrl } = this.#naming
    return [anomalyFact({ ...namesOf(log, sender.agent), anomaly, atMs: receivedMs, publicUrl })]
  }

  #acknowledge(frames: readonly Proved[], { receipt }: Appended): void {
    // Numbers of a session rise within a group: a frame under a used number begins one.
    const last = new Map(frames.map((one) => [endKey(one.sender, one.batch), one]))
    for (const one of frames) {
      const { session, seq } = one.batch
      const isLast = last.get(endKey(one.sender, one.batch)) === one
      one.answer(isLast ? { kind: 'acknowledged', session, seq, receipt } : { kind: 'covered' })
    }
  }

  #forget(error: unknown, frames: readonly Waiting[]): void {
    this.#generation += 1
    this.#ends.clear()
    this.#anomalyMs.clear()
    const detail = error instanceof Fault ? error.message : 'the ledger could not be written; send again'
    for (const { answer } of [...frames, ...this.#waiting.splice(0)]) answer({ kind: 'unavailable', detail })
  }
}

function endKey({ agent }: Sender, { session }: PlacedBatch): string {
  return agent.toString('latin1') + bufferOf(session).toString('latin1')
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function refuse(one: Proved, refusal: { reason: RefusalReason; detail: string; expectedSeq?: number }): null {
  const { session, seq } = one.batch
  const { reason, detail, expectedSeq = 0 } = refusal
  one.answer({ kind: 'refused', session, seq, reason, detail, expectedSeq })
  return null
}

function draftOf(one: Proved, { digest, checkIntervalsMs }: Checked): Draft {
  const { batch } = one
  const { clock, health } = batch
  const span = spanOf(batch, checkIntervalsMs)
  return {
    type: 'frame',
    body: Buffer.from(one.bytes),
    receivedMs: one.receivedMs,
    frame: {
      agent: one.sender.agent,
      session: Buffer.from(batch.session),
      seq: batch.seq,
      digest,
      fromMs: span?.fromMs ?? null,
      toMs: span?.toMs ?? null,
      health: {
        clockOffsetMs: clock.offsetMs,
        clockErrorMs: clock.errorMs,
        spoolFrames: health.spoolFrames,
        clockBase: {
          session: bufferOf(batch.session).toString('hex'),
          ms: (clock.wallS - clock.monotonicS) * 1_000 + clock.wallMs - clock.monotonicMs,
          receivedMs: one.receivedMs,
        },
      },
      isGood: batch.samples.outcome === null,
    },
  }
}
