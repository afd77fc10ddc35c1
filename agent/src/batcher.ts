/**
 * Batcher: samples of one log → signed frames, numbered and chained within a session. A batch closes
 * 10 s after its first sample (one interval, where that is shorter) or at 48 kB, and at once for what
 * cannot wait: an outcome that differs from that check's last one (so also its first), a re-probe, and
 * whatever else settles a change (a slot that comes in place of a re-probe). With nothing to say it signs
 * a heartbeat every 5 minutes. No timer of its own: the caller asks `dueUs` and calls `closeDue`.
 */
import type { KeyObject } from 'node:crypto'
import {
  frameDigest,
  MAX_SAMPLES,
  sealBatch,
  type Batch,
  type BatchHealth,
  type BatchKind,
} from '@constat/shared/batch'
import type { Outcome } from '@constat/shared/sample'
import { MAX_OPEN_SLOTS, MAX_SLOTS } from '@constat/shared/slots'
import { baseSecond, SAMPLE_BYTES, sampleColumns, scheduleColumns, SLOT_RUN_BYTES } from './columns.ts'
import type { SlotRun, TakenSample } from './columns.ts'
import type { Shell } from './shell.ts'
import type { Timebase } from './timebase.ts'

export const CLOSE_AFTER_US = 10_000_000
export const CLOSE_AT_BYTES = 48_000
export const HEARTBEAT_US = 300_000_000
/** Urgent samples wait this long for each other: fifty checks that fail together make one frame. */
export const URGENT_US = 20_000
/** Everything in a payload that is no column: digests, clock, health, texts. Codes have room above CLOSE_AT_BYTES. */
const HEAD_BYTES = 1_200
/** 16 random bytes; never used by two connections. */
const SESSION_BYTES = 16
const FIRST_PREV = Buffer.alloc(32)

export type Frame = { origin: string; kind: BatchKind; session: string; seq: number; bytes: Buffer }

export type BatcherDeps = {
  origin: string
  agent: Uint8Array
  key: KeyObject
  shell: Pick<Shell, 'clock' | 'random'>
  timebase: Timebase
  health: () => BatchHealth
  /** The newest head of the log that was held against the one before. */
  beacon: () => Batch['beacon']
  emit: (frame: Frame) => void
}

export class Batcher {
  readonly #deps: BatcherDeps
  readonly #lastOutcome = new Map<string, Outcome>()
  #configDigest: Uint8Array
  #session: Buffer
  #seq = 0
  #prev: Buffer = FIRST_PREV
  #samples: TakenSample[] = []
  #slots: SlotRun[] = []
  #slotCount = 0
  /** The run of slots that a check's next slot may prolong. */
  #openRuns = new Map<number, SlotRun>()
  #closeAtUs: number | null = null
  #sealedUs: number
  #jumpedMs: number

  constructor(deps: BatcherDeps, configDigest: Uint8Array) {
    this.#deps = deps
    this.#configDigest = configDigest
    this.#session = deps.shell.random.bytes(SESSION_BYTES)
    this.#sealedUs = deps.shell.clock.monotonicUs()
    this.#jumpedMs = deps.timebase.jumpedMs
  }

  /** Hex of the session that live frames are numbered in, and how many it holds. */
  get session(): string {
    return this.#session.toString('hex')
  }

  get frames(): number {
    return this.#seq
  }

  /** What was taken under the configuration before is sealed under it. */
  adopt(configDigest: Uint8Array): void {
    if (Buffer.compare(configDigest, this.#configDigest) === 0) return
    if (this.#closeAtUs !== null) this.close('data')
    this.#configDigest = configDigest
  }

  /** What is collected and not yet sealed goes into the new session. */
  openSession(): void {
    this.#session = this.#deps.shell.random.bytes(SESSION_BYTES)
    this.#seq = 0
    this.#prev = FIRST_PREV
  }

  add(sample: TakenSample): void {
    if (this.#isFull()) this.close('data')
    const differs = this.#lastOutcome.get(sample.name) !== sample.outcome
    const urgent = differs || sample.attempt > 0 || sample.settles
    this.#lastOutcome.set(sample.name, sample.outcome)
    this.#samples.push(sample)
    if (sample.slot) {
      const { atUs: firstUs, intervalUs } = sample.slot
      this.#account({ check: sample.check, firstUs, intervalUs, count: 1 })
    }
    // A check that is probed more often than batches close is not kept waiting longer than its interval.
    const patientUs = Math.min(CLOSE_AFTER_US, sample.slot?.intervalUs ?? CLOSE_AFTER_US)
    this.#closeWithin(urgent ? URGENT_US : patientUs)
  }

  /** Slots that have no sample of their own. Of very many only the newest are told: silence says the rest. */
  account(run: SlotRun): void {
    const count = Math.min(run.count, MAX_OPEN_SLOTS)
    if (this.#isFull() || this.#slotCount + count > MAX_SLOTS - MAX_SAMPLES) this.close('data')
    this.#account({ ...run, count, firstUs: run.firstUs + (run.count - count) * run.intervalUs })
    this.#closeWithin(CLOSE_AFTER_US)
  }

  /** When `closeDue` has something to do. */
  dueUs(): number {
    return this.#closeAtUs ?? this.#sealedUs + HEARTBEAT_US
  }

  closeDue(nowUs: number): void {
    if (nowUs < this.dueUs()) return
    this.close(this.#closeAtUs === null ? 'heartbeat' : 'data')
  }

  /** Seals whatever is collected, be it nothing. */
  close(kind: BatchKind): void {
    const { origin, agent, key, shell, timebase, health, beacon, emit } = this.#deps
    timebase.observe()
    const nowUs = shell.clock.monotonicUs()
    const instantOf = (us: number): number => timebase.instantOf(us)
    const taken = { samples: this.#samples, slots: this.#slots }
    const baseS = baseSecond(taken, { instantOf, nowUs })
    const stepMs = timebase.jumpedMs - this.#jumpedMs
    const [session, seq] = [this.#session, this.#seq]
    const bytes = sealBatch(
      {
        kind,
        origin,
        configDigest: this.#configDigest,
        agent,
        session,
        seq,
        prev: this.#prev,
        gapCount: 0,
        beacon: beacon(),
        clock: { ...timebase.reading(), stepMs: bounded(stepMs) },
        schedule: scheduleColumns(this.#slots, { baseS, instantOf }),
        health: health(),
        baseS,
        samples: sampleColumns(this.#samples, { baseS, instantOf }),
      },
      key,
    )
    this.#reset({ nowUs, prev: frameDigest(bytes) })
    emit({ origin, kind, session: session.toString('hex'), seq, bytes })
  }

  #reset({ nowUs, prev }: { nowUs: number; prev: Buffer }): void {
    this.#samples = []
    this.#slots = []
    this.#slotCount = 0
    this.#openRuns = new Map()
    this.#closeAtUs = null
    this.#sealedUs = nowUs
    this.#jumpedMs = this.#deps.timebase.jumpedMs
    this.#seq += 1
    this.#prev = prev
  }

  #account(run: SlotRun): void {
    this.#slotCount += run.count
    const open = this.#openRuns.get(run.check)
    if (open && open.firstUs + open.count * open.intervalUs === run.firstUs) {
      open.count += run.count
      return
    }
    this.#openRuns.set(run.check, run)
    this.#slots.push(run)
  }

  #isFull(): boolean {
    const bytes = HEAD_BYTES + this.#samples.length * SAMPLE_BYTES + this.#slots.length * SLOT_RUN_BYTES
    const next = SAMPLE_BYTES + SLOT_RUN_BYTES
    return bytes + next > CLOSE_AT_BYTES || this.#samples.length >= MAX_SAMPLES
  }

  #closeWithin(waitUs: number): void {
    const atUs = this.#deps.shell.clock.monotonicUs() + waitUs
    this.#closeAtUs = Math.min(this.#closeAtUs ?? Infinity, atUs)
  }
}

function bounded(ms: number): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, ms))
}
