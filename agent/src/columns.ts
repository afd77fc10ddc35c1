/**
 * Columns: samples as they were taken → the columns of a batch. Pure. Instants are corrected here, once;
 * a column of only zeros is null.
 */
import { MAX_CODES, type CodeColumn, type SampleColumns, type ScheduleColumns } from '@constat/shared/batch'
import {
  causeCode,
  CODE,
  outcomeCode,
  PHASES,
  type Cause,
  type Outcome,
  type Phases,
} from '@constat/shared/sample'
import type { UnixMs } from '@constat/shared/time'

/** A sample before it is signed. */
export type TakenSample = {
  /** Index in the configuration in force, and the name there. */
  check: number
  name: string
  /** On the monotonic clock. */
  startUs: number
  outcome: Outcome
  cause: Cause
  attempt: number
  latencyUs: number
  value: number
  phases: Phases
  /** Of a sample that is not ok. One that is none in form, or too much for the batch, is left out. */
  code?: string
  /** It came while a change was unconfirmed: people wait for it. */
  settles: boolean
  /** The slot it accounts for; null for a re-probe. */
  slot: { atUs: number; intervalUs: number } | null
}

/** `count` slots of a check, the first at `firstUs`. */
export type SlotRun = { check: number; firstUs: number; intervalUs: number; count: number }

/** Bytes that a sample, and a run of slots, take at most: every integer at its widest. Codes are apart. */
export const SAMPLE_BYTES = 3 + 5 + 1 + 2 + 5 + 5 + PHASES.length * 5 + 1 + 1
export const SLOT_RUN_BYTES = 3 + 5 + 5

const MAX_COUNT = 2 ** 32 - 1
const MIN_INTEGER = -(2 ** 31)

type Instants = (monotonicUs: number) => UnixMs

/** The whole second that offsets count from: that of the earliest sample or slot, else of now. */
export function baseSecond(
  { samples, slots }: { samples: readonly TakenSample[]; slots: readonly SlotRun[] },
  { instantOf, nowUs }: { instantOf: Instants; nowUs: number },
): number {
  let earliestUs = nowUs
  for (const { startUs } of samples) earliestUs = Math.min(earliestUs, startUs)
  for (const { firstUs } of slots) earliestUs = Math.min(earliestUs, firstUs)
  return Math.max(0, Math.floor(instantOf(earliestUs) / 1_000))
}

export function sampleColumns(
  taken: readonly TakenSample[],
  { baseS, instantOf }: { baseS: number; instantOf: Instants },
): SampleColumns {
  const samples = taken.toSorted((a, b) => a.startUs - b.startUs)
  const column = (read: (sample: TakenSample) => number): number[] => samples.map((one) => count(read(one)))
  const phases = PHASES.map((phase) => column((one) => one.phases[phase]))
  return {
    check: column((one) => one.check),
    offsetMs: samples.map((one) => integer(instantOf(one.startUs) - baseS * 1_000)),
    outcome: column((one) => outcomeCode(one.outcome)),
    attempt: unlessZero(column((one) => one.attempt)),
    latencyUs: column((one) => one.latencyUs),
    value: unlessZero(samples.map((one) => integer(one.value))),
    phases: phases.some(unlessZero) ? phases : null,
    cause: unlessZero(column((one) => causeCode(one.cause))),
    ...codesOf(samples),
  }
}

/** Each code once; most samples have none, and most batches. */
function codesOf(samples: readonly TakenSample[]): { codes?: CodeColumn } {
  const places = new Map<string, number>()
  const place = samples.map(({ outcome, code }) => {
    if (outcome === 'ok' || code === undefined || !CODE.test(code)) return 0
    if (!places.has(code) && places.size < MAX_CODES) places.set(code, places.size + 1)
    return places.get(code) ?? 0
  })
  return places.size === 0 ? {} : { codes: { texts: [...places.keys()], place } }
}

export function scheduleColumns(
  slots: readonly SlotRun[],
  { baseS, instantOf }: { baseS: number; instantOf: Instants },
): ScheduleColumns {
  return {
    check: slots.map((one) => one.check),
    firstMs: slots.map((one) => integer(instantOf(one.firstUs) - baseS * 1_000)),
    count: slots.map((one) => count(one.count)),
  }
}

function unlessZero(column: number[]): number[] | null {
  return column.some((value) => value !== 0) ? column : null
}

function count(value: number): number {
  return Math.max(0, Math.min(MAX_COUNT, Math.round(value)))
}

function integer(value: number): number {
  return Math.max(MIN_INTEGER, Math.min(MAX_COUNT, Math.round(value)))
}
