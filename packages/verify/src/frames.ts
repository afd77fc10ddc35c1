/**
 * Steps 5 to 8: every frame in its form, signed by an agent that an earlier leaf enrols, made for this log under a
 * configuration that it knows; every session in its order, chained, with no number twice; every sample at an
 * instant that its receipt allows.
 */
import type { KeyObject } from 'node:crypto'
import { admit, MAX_AHEAD_MS, spanOf, type SessionEnd } from '@constat/evidence/admit'
import { refuseKey, strictPublicKey } from '@constat/evidence/key'
import { frameDigest } from '@constat/shared/batch'
import { openForm } from '@constat/shared/frame-form'
import { readPlaced, type PlacedBatch } from '@constat/shared/frame-reader'
import { agentIdOf, verifyBytesAside } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import { configurationOf, type Configuration } from '@constat/sla/state/contract-state'
import type { Entry } from './entries.ts'
import { plain, type Failure, type Failures } from './failure.ts'

/** A frame that took longer than this from its last sample to its receipt came late. */
const LATE_MS = 10 * 60_000
/** Late frames of one agent that follow each other within this are told as one. */
const LATE_JOIN_MS = 60 * 60_000

export type EnrolledAgent = { id: string; name: string; publicKey: Buffer; key: KeyObject; leaf: number }

/** A frame that holds, as far as is known without its signature. */
export type PlacedFrame = {
  entry: Entry
  agent: EnrolledAgent
  batch: PlacedBatch
  span: { fromMs: UnixMs; toMs: UnixMs } | null
}

/** Samples of [fromMs, toMs] that were received at `untilMs` only. */
export type Late = { agent: string; fromMs: UnixMs; toMs: UnixMs; untilMs: UnixMs; frames: number }
/** An agent signed two frames under one number; the first counts. */
export type Equivocation = { agent: string; first: number; second: number }

/** A head that a frame names as seen before it. */
export type NamedHead = { entry: Entry; agent: string; size: number; root: Buffer }

export type FrameCounts = { frames: number; samples: number; sessions: number; lostFrames: number }

/** How far a session is, and its frames by their numbers. */
type Session = { end: SessionEnd; taken: Map<number, Entry> }

export class FrameChecks {
  readonly counts: FrameCounts = { frames: 0, samples: 0, sessions: 0, lostFrames: 0 }
  readonly agents = new Map<string, EnrolledAgent>()
  readonly late: Late[] = []
  readonly equivocations: Equivocation[] = []
  readonly heads: NamedHead[] = []
  /** Most that the clock of an agent was off by, as it said itself. */
  clockErrorMs = 0
  readonly #origin: string
  readonly #failures: Failures
  readonly #configurations = new Map<string, Configuration>()
  /** By agent and session. */
  readonly #sessions = new Map<string, Session>()
  readonly #lastLate = new Map<string, Late>()

  constructor(origin: string, failures: Failures) {
    this.#origin = origin
    this.#failures = failures
  }

  /** A leaf that lets an agent write: its key, under its own id. */
  enrol(entry: Entry, text: string): void {
    if (text === '') return
    const said = JSON.parse(text) as { agent?: unknown; name?: unknown; publicKey?: unknown }
    const { agent: id, name, publicKey } = said
    if (typeof id !== 'string' || typeof publicKey !== 'string') return
    const agent = plain(typeof name === 'string' ? name : id)
    const raw = Buffer.from(publicKey, 'hex')
    const refusal = refuseKey(raw)
    const key = refusal ? undefined : strictPublicKey(raw)
    const fail = (reason: string, detail: string): void =>
      this.#failures.add({ step: 'keys and pins', reason, detail, entry: entry.index, agent })
    if (!key) return fail(`${refusal}-key`, 'the key that it enrols is none that may sign')
    if (agentIdOf(raw).toString('hex') !== id)
      return fail('other-agent', 'the key is not that of the agent it names')
    const known = this.agents.get(id)
    this.agents.set(id, { id, name: agent, publicKey: raw, key, leaf: known?.leaf ?? entry.index })
  }

  configure(entry: Entry, text: string): void {
    const configuration = configurationOf(text, entry.index)
    if (!this.#configurations.has(configuration.digest)) {
      this.#configurations.set(configuration.digest, configuration)
    }
  }

  /**
   * Null where it does not hold; whether its signature does is answered later. `isSetAside`: the second frame
   * under a number, which is kept and never folded.
   */
  take(
    entry: Entry,
    { isSetAside }: { isSetAside: boolean },
  ): { placed: PlacedFrame; signed: Promise<void> } | null {
    const form = openForm(entry.body)
    if (!form)
      return this.#fail(entry, {
        step: 'frames',
        reason: 'not-canonical',
        detail: 'it is not the one right form of a frame',
      })
    const batch = readPlaced(entry.body)
    const agent = this.agents.get(Buffer.from(batch.agent).toString('hex'))
    if (!agent) {
      const id = Buffer.from(batch.agent).toString('hex')
      return this.#fail(entry, {
        step: 'frames',
        reason: 'unknown-agent',
        detail: 'no leaf before it enrols its agent',
        agent: id,
      })
    }
    const named = { agent: agent.name }
    if (batch.origin !== this.#origin) {
      const detail = `it was signed for the log ${plain(batch.origin)}`
      return this.#fail(entry, { step: 'frames', reason: 'other-log', detail, ...named })
    }
    const config = this.#configurations.get(Buffer.from(batch.configDigest).toString('hex'))
    const trouble = troubleOf(batch, config)
    if (!config || trouble)
      return this.#fail(entry, { step: 'frames', ...(trouble ?? NO_CONFIGURATION), ...named })
    const { beacon } = batch
    if (beacon) this.heads.push({ entry, ...named, size: beacon.size, root: Buffer.from(beacon.root) })
    const span = spanOf(batch, config.intervalsMs)
    const placed = { entry, agent, batch, span }
    const signed = verifyBytesAside('batch', form.payload, {
      signature: form.signature,
      key: agent.key,
    }).then((holds) => {
      if (holds) return
      const detail = 'it is not signed by the agent that it names'
      this.#fail(entry, { step: 'frames', reason: 'bad-signature', detail, ...named })
    })
    if (isSetAside) this.#setAside(placed)
    else this.#follow(placed)
    this.#time(placed)
    return { placed, signed }
  }

  /** Its number and its link to the frame before. */
  #follow({ entry, agent, batch }: PlacedFrame): void {
    const session = this.#sessionOf(batch)
    const digest = frameDigest(entry.body)
    const admission = admit({ batch, digest }, session.end)
    if (admission.kind === 'refused') {
      const { reason, detail } = admission
      this.#fail(entry, { step: 'sessions', reason, detail, agent: agent.name })
    } else if (admission.kind !== 'admitted') {
      const detail = `number ${batch.seq} of its session was used before: it was put in twice, or not in its place`
      this.#fail(entry, { step: 'sessions', reason: 'repeated-number', detail, agent: agent.name })
      return
    }
    if (!session.end) this.counts.sessions += 1
    this.counts.frames += 1
    this.counts.samples += batch.samples.check.length
    this.counts.lostFrames += batch.gapCount
    session.end = { seq: batch.seq, digest }
    session.taken.set(batch.seq, entry)
  }

  #setAside({ entry, agent, batch }: PlacedFrame): void {
    const first = this.#sessionOf(batch).taken.get(batch.seq)
    if (first && !first.body.equals(entry.body)) {
      this.equivocations.push({ agent: agent.name, first: first.index, second: entry.index })
      return
    }
    const detail = 'it was set aside, and no other frame before it has its number'
    this.#fail(entry, { step: 'sessions', reason: 'not-equivocal', detail, agent: agent.name })
  }

  #sessionOf({ agent, session }: PlacedBatch): Session {
    const key = Buffer.concat([agent, session]).toString('latin1')
    let known = this.#sessions.get(key)
    if (!known) this.#sessions.set(key, (known = { end: null, taken: new Map() }))
    return known
  }

  #time({ entry, agent, batch, span }: PlacedFrame): void {
    this.clockErrorMs = Math.max(this.clockErrorMs, batch.clock.errorMs)
    if (!span) return
    const { receivedMs } = entry
    if (span.toMs > receivedMs + MAX_AHEAD_MS) {
      const detail = 'it speaks of an instant more than a day after it was received'
      this.#fail(entry, { step: 'clocks', reason: 'ahead', detail, agent: agent.name })
    }
    if (receivedMs - span.toMs < LATE_MS) return
    const last = this.#lastLate.get(agent.id)
    if (last && span.fromMs - last.toMs < LATE_JOIN_MS && last.fromMs - span.toMs < LATE_JOIN_MS) {
      last.fromMs = Math.min(last.fromMs, span.fromMs)
      last.toMs = Math.max(last.toMs, span.toMs)
      last.untilMs = Math.max(last.untilMs, receivedMs)
      last.frames += 1
      return
    }
    const late = { agent: agent.name, ...span, untilMs: receivedMs, frames: 1 }
    this.#lastLate.set(agent.id, late)
    this.late.push(late)
  }

  #fail({ index }: Entry, failure: Omit<Failure, 'entry'>): null {
    this.#failures.add({ ...failure, entry: index })
    return null
  }
}

const NO_CONFIGURATION = {
  reason: 'unknown-configuration',
  detail: 'no leaf before it holds the configuration it was taken under',
}

/** What it says that its configuration does not have. */
function troubleOf(
  batch: PlacedBatch,
  config: Configuration | undefined,
): { reason: string; detail: string } | null {
  if (!config) return NO_CONFIGURATION
  const count = config.names.length
  const isBeyond = [batch.samples.check, batch.schedule.check].some((checks) =>
    checks.some((one) => one >= count),
  )
  if (isBeyond) return { reason: 'unknown-check', detail: `it names a check beyond the ${count} configured` }
  return null
}
