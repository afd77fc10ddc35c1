/**
 * Desk: frames of every connection become leaves. Signatures are verified on the thread pool, many at
 * once, while the group before is being committed; then each frame is admitted in the order in which it
 * came. A frame is acknowledged only after its commit. When a commit fails, whatever stood behind it is
 * dropped with it: agents send again, and the session ends are read from the database anew.
 */
import type { KeyObject } from 'node:crypto'
import { decodeFrame, frameDigest, type DecodedFrame } from '@constat/shared/batch'
import { Fault } from '@constat/shared/fault'
import type { Receipt } from '@constat/shared/receipt'
import { verifyBytesAsync } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import type { RefusalReason } from '@constat/shared/wire'
import { cursorRow, framesAt } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Draft } from '../ledger/leaf.ts'
import type { Appended, Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { admit, refuseContent, spanOf, type SessionEnd } from './admit.ts'

/** Frames verified at once. */
export const MAX_VERIFY_FRAMES = 256
/** Frames that may wait here, over all connections; a connection pauses well before. */
export const MAX_WAITING_FRAMES = 8_192
/** Frames kept under one number beside the first; more would prove nothing more. */
export const MAX_SET_ASIDE = 4
/** Session ends kept in memory; the rest is one query away. */
export const MAX_SESSION_ENDS = 50_000

/** Who sent it. */
export type Sender = { agent: Buffer; key: KeyObject }

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

/** Intervals of the checks of a configuration, ms; null when the log does not know it. */
export type CheckIntervals = (log: number, digest: Uint8Array) => readonly number[] | null

export type DeskDeps = {
  db: Database
  shell: Shell
  sequencer: Sequencer
  checkIntervals: CheckIntervals
  /** Whether the log names this agent as one that may write to it. */
  isMember(log: number, agent: Buffer): boolean
}

type Waiting = { sender: Sender; bytes: Uint8Array; answer: (verdict: Verdict) => void }
type Verified = Waiting & { frame: DecodedFrame; receivedMs: UnixMs }
/** A frame whose content may stand in `log`. */
type Checked = { log: number; checkIntervalsMs: readonly number[]; digest: Buffer }
type Groups = Map<number, { drafts: Draft[]; acknowledged: Verified[] }>

export class Desk {
  readonly #db: Database
  readonly #shell: Shell
  readonly #sequencer: Sequencer
  readonly #checkIntervals: CheckIntervals
  readonly #isMember: DeskDeps['isMember']
  readonly #waiting: Waiting[] = []
  readonly #ends = new Map<string, SessionEnd>()
  #running = false
  /** Rises with every failed commit: session ends read before it are not to be trusted. */
  #generation = 0

  constructor(deps: DeskDeps) {
    this.#db = deps.db
    this.#shell = deps.shell
    this.#sequencer = deps.sequencer
    this.#checkIntervals = deps.checkIntervals
    this.#isMember = deps.isMember
  }

  /** One verdict for one frame, in the order of a sender's frames. */
  receive(sender: Sender, bytes: Uint8Array): Promise<Verdict> {
    if (this.#waiting.length >= MAX_WAITING_FRAMES) {
      return Promise.resolve({
        kind: 'unavailable',
        detail: 'too many frames are waiting; send again in a moment',
      })
    }
    return new Promise((answer) => {
      this.#waiting.push({ sender, bytes, answer })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    // What arrives in the same turn of the loop is verified together.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, MAX_VERIFY_FRAMES)
      try {
        const verified = (await Promise.all(taken.map((one) => this.#verify(one)))).filter(
          (one) => one !== null,
        )
        await this.#admitAll(verified, await this.#loadEnds(verified))
      } catch (error) {
        this.#forget(error, taken)
      }
    }
    this.#running = false
  }

  async #verify(waiting: Waiting): Promise<Verified | null> {
    const decoding = decodeFrame(waiting.bytes)
    if (decoding.kind === 'refused') {
      waiting.answer({ ...NOWHERE, reason: decoding.reason, detail: decoding.detail })
      return null
    }
    const { frame } = decoding
    const { batch } = frame
    if (!(await verifyBytesAsync('batch', frame.payload, frame.signature, waiting.sender.key))) {
      const detail = 'the signature is not that of the connected agent'
      waiting.answer({ ...NOWHERE, session: batch.session, seq: batch.seq, reason: 'bad-signature', detail })
      return null
    }
    return { ...waiting, frame, receivedMs: this.#shell.clock.nowMs() }
  }

  /** Answers the generation of what was read. */
  async #loadEnds(frames: readonly Verified[]): Promise<number> {
    const generation = this.#generation
    if (this.#ends.size > MAX_SESSION_ENDS) this.#ends.clear()
    const missing = new Map<string, { agent: Buffer; session: Buffer }>()
    for (const { sender, frame } of frames) {
      const key = endKey(sender, frame)
      if (!this.#ends.has(key))
        missing.set(key, { agent: sender.agent, session: Buffer.from(frame.batch.session) })
    }
    const rows = await Promise.all([...missing.values()].map((place) => cursorRow(this.#db, place)))
    for (const [i, key] of [...missing.keys()].entries()) {
      const row = rows[i]
      this.#ends.set(key, row ? { seq: row.seq, digest: row.digest } : null)
    }
    return generation === this.#generation ? generation : this.#loadEnds(frames)
  }

  async #admitAll(frames: readonly Verified[], generation: number): Promise<void> {
    const groups: Groups = new Map()
    for (const one of frames) {
      const known = this.#checked(one)
      if (!known) continue
      let drafts = this.#admitOne(one, known)
      if (drafts === 'number-used') {
        // The frame that used it may be one of those that have just been admitted.
        this.#appendAll(groups)
        drafts = await this.#compare(one, known)
      }
      if (generation !== this.#generation)
        throw new Fault('unavailable', 'the ledger was reopened; send again')
      if (!drafts) continue
      const group = groups.get(known.log) ?? { drafts: [], acknowledged: [] }
      groups.set(known.log, group)
      group.drafts.push(...drafts)
      group.acknowledged.push(one)
    }
    this.#appendAll(groups)
  }

  /** Empties `groups`. */
  #appendAll(groups: Groups): void {
    for (const [log, { drafts, acknowledged }] of groups) {
      this.#sequencer.append({ log, drafts }).then(
        (appended) => this.#acknowledge(acknowledged, appended),
        (error: unknown) => this.#forget(error, acknowledged),
      )
    }
    groups.clear()
  }

  /** Where the frame belongs, when its content may stand there; null when it was refused. */
  #checked(one: Verified): Checked | null {
    const { sender, frame, receivedMs, bytes } = one
    const log = this.#sequencer.headByOrigin(frame.batch.origin)?.id
    if (log === undefined || !this.#isMember(log, sender.agent)) {
      const detail = `there is no log ${frame.batch.origin} here that this agent may write to`
      return refuse(one, { reason: 'unknown-log', detail })
    }
    const checkIntervalsMs = this.#checkIntervals(log, frame.batch.configDigest)
    const refusal = refuseContent(frame.batch, { agent: sender.agent, checkIntervalsMs, receivedMs })
    if (refusal) return refuse(one, refusal)
    return { log, checkIntervalsMs: checkIntervalsMs ?? [], digest: frameDigest(bytes) }
  }

  /** The leaves that the frame adds, none for a repeat; null when it was refused. */
  #admitOne(one: Verified, known: Checked): Draft[] | null | 'number-used' {
    const { sender, frame } = one
    const { digest } = known
    const admission = admit({ batch: frame.batch, digest }, this.#ends.get(endKey(sender, frame)) ?? null)
    switch (admission.kind) {
      case 'refused':
        return refuse(one, admission)
      case 'admitted':
        this.#ends.set(endKey(sender, frame), { seq: frame.batch.seq, digest })
        return [draftOf(one, known)]
      case 'duplicate':
        return []
      case 'seen':
      case 'equivocation':
        return 'number-used'
    }
  }

  /** A number that was used before: the same bytes again, or two frames under one number. */
  async #compare(one: Verified, known: Checked): Promise<Draft[] | null> {
    const { sender, frame, receivedMs } = one
    const { digest } = known
    const session = Buffer.from(frame.batch.session)
    await this.#sequencer.drain()
    const { seq } = frame.batch
    const limit = MAX_SET_ASIDE + 1
    const stored = await framesAt(this.#db, { agent: sender.agent, session, seq, limit })
    const [first] = stored
    // Nothing stored under it: the number lies inside an announced gap, and the gap stands.
    if (!first || stored.some(({ body }) => frameDigest(body).equals(digest))) return []
    if (stored.length >= limit) {
      const detail = `frame ${seq} has come in ${limit} forms; no further one is kept`
      return refuse(one, { reason: 'equivocation', detail, expectedSeq: seq + 1 })
    }
    this.#shell.log.warn('two frames under one number', {
      agent: sender.agent.toString('hex'),
      seq,
    })
    const anomaly = { kind: 'equivocation', first: first.index, digest: digest.toString('hex') }
    const body = Buffer.from(JSON.stringify(anomaly))
    return [
      { ...draftOf(one, known), type: 'set-aside' },
      { type: 'anomaly', receivedMs, body, agent: sender.agent },
    ]
  }

  #acknowledge(frames: readonly Verified[], { receipt }: Appended): void {
    // Numbers of a session rise within a group: a frame under a used number begins one.
    const last = new Map(frames.map((one) => [endKey(one.sender, one.frame), one]))
    for (const one of frames) {
      const { session, seq } = one.frame.batch
      const isLast = last.get(endKey(one.sender, one.frame)) === one
      one.answer(isLast ? { kind: 'acknowledged', session, seq, receipt } : { kind: 'covered' })
    }
  }

  #forget(error: unknown, frames: readonly Waiting[]): void {
    this.#generation += 1
    this.#ends.clear()
    const detail = error instanceof Fault ? error.message : 'the ledger could not be written; send again'
    for (const { answer } of [...frames, ...this.#waiting.splice(0)]) answer({ kind: 'unavailable', detail })
  }
}

const NOWHERE = { kind: 'refused', session: Buffer.alloc(16), seq: 0, expectedSeq: 0 } as const

function endKey({ agent }: Sender, { batch }: DecodedFrame): string {
  return `${agent.toString('hex')}${Buffer.from(batch.session).toString('hex')}`
}

function refuse(
  one: Verified,
  refusal: { reason: RefusalReason; detail: string; expectedSeq?: number },
): null {
  const { session, seq } = one.frame.batch
  const { reason, detail, expectedSeq = 0 } = refusal
  one.answer({ kind: 'refused', session, seq, reason, detail, expectedSeq })
  return null
}

function draftOf(one: Verified, { digest, checkIntervalsMs }: Checked): Draft {
  const { batch } = one.frame
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
      batch,
    },
  }
}
