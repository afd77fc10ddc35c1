/**
 * Readings: what a batch says of each check, as columns in the order the samples were taken. Slots that
 * the batch accounts for without a sample enter as unknown samples. Pure.
 */
import type { StateBatch } from '@constat/shared/frame-reader'
import { causeCode, outcomeCode } from '@constat/shared/sample'
import { MAX_OPEN_SLOTS, slotsOf, unfoldable } from '@constat/shared/slots'
import type { Interval, UnixMs } from '@constat/shared/time'

/** The values of one column; null where all of them are zero, which is "good", "no cause" and "of a slot". */
export type Column = number[] | null

/** Parallel columns; `attempt` 0 marks the sample of a slot. */
export type Readings = Told & { atMs: UnixMs[] }
type Told = { outcome: Column; cause: Column; attempt: Column }

const ALWAYS: Interval = { startMs: -Infinity, endMs: Infinity }
const UNKNOWN = [outcomeCode('unknown')]
const MISSED = causeCode('missed')

export function emptyReadings(): Readings {
  return { atMs: [], outcome: null, cause: null, attempt: null }
}

/** The value of a column at a position that it has. */
export function valueAt(column: Column, i: number): number {
  return column ? column[i]! : 0
}

/**
 * Adds what `batch` says to `into`, by check index; `intervalMs` by index too. Answers how many readings it
 * unfolds to at most, or why it cannot be folded: then nothing of it was added. Open slots outside of `within`
 * are left out.
 */
export function readBatch(
  batch: StateBatch,
  into: Readings[],
  intervalMs: readonly number[],
  within: Interval = ALWAYS,
): number | string {
  const isWhole = isPlain(batch)
  const trouble = isWhole ? null : unfoldable(batch)
  if (trouble !== null) return trouble
  const { check, offsetMs } = batch.samples
  const baseMs = batch.baseS * 1000
  for (let i = 0; i < check.length; i += 1) {
    const own = (into[check[i]!] ??= emptyReadings())
    own.atMs.push(baseMs + offsetMs[i]!)
    tell(own, batch.samples, i)
  }
  if (isWhole) return check.length
  const { schedule } = batch
  const slots = slotCounts(batch)
  for (let i = 0; i < schedule.check.length; i += 1) {
    const index = schedule.check[i]!
    const count = schedule.count[i]!
    const stepMs = intervalMs[index] ?? 0
    if ((slots.get(index) ?? 0) >= count || stepMs <= 0) continue
    fillSlots((into[index] ??= emptyReadings()), {
      index,
      firstMs: baseMs + schedule.firstMs[i]!,
      count,
      stepMs,
      batch,
      within,
    })
  }
  return check.length + slotsOf(schedule.count)
}

/** Adds what `from` says at `i` of the instant that was added last. */
function tell(own: Readings, from: Told, i: number): void {
  const before = own.atMs.length - 1
  own.outcome = grown(own.outcome, before, valueAt(from.outcome, i))
  own.cause = grown(own.cause, before, valueAt(from.cause, i))
  own.attempt = grown(own.attempt, before, valueAt(from.attempt, i))
}

/** A column of `length` values with one more. */
function grown(column: Column, length: number, value: number): Column {
  if (column) column.push(value)
  else if (value !== 0) return [...new Array<number>(length).fill(0), value]
  return column
}

/** One slot and one sample of each check, in the same order: nearly every batch. Nothing is missing. */
function isPlain({ schedule, samples }: StateBatch): boolean {
  const { check } = samples
  if (samples.attempt !== null || schedule.check.length !== check.length) return false
  for (let i = 0; i < check.length; i += 1) {
    if (schedule.check[i] !== check[i] || schedule.count[i] !== 1) return false
  }
  return true
}

/** Slot samples of each check; nearly always as many as the schedule accounts for. */
function slotCounts({ samples }: StateBatch): Map<number, number> {
  const counts = new Map<number, number>()
  for (let i = 0; i < samples.check.length; i += 1) {
    if (samples.attempt && samples.attempt[i] !== 0) continue
    const index = samples.check[i]!
    counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  return counts
}

type Slots = {
  index: number
  firstMs: UnixMs
  count: number
  stepMs: number
  batch: StateBatch
  within: Interval
}

/** One unknown sample for each slot that has none. */
function fillSlots(own: Readings, { index, firstMs, count, stepMs, batch, within }: Slots): void {
  const { check, attempt, offsetMs } = batch.samples
  const filled = new Set<number>()
  for (let i = 0; i < check.length; i += 1) {
    if (check[i] !== index || (attempt && attempt[i] !== 0)) continue
    filled.add(Math.floor((batch.baseS * 1000 + offsetMs[i]! - firstMs) / stepMs))
  }
  const first = Math.max(0, Math.ceil((within.startMs - firstMs) / stepMs))
  const end = Math.min(count, MAX_OPEN_SLOTS, Math.ceil((within.endMs - firstMs) / stepMs))
  for (let slot = first; slot < end; slot += 1) {
    if (!filled.has(slot)) pushUnknown(own, firstMs + slot * stepMs, MISSED)
  }
}

export function pushUnknown(readings: Readings, atMs: UnixMs, cause: number): void {
  readings.atMs.push(atMs)
  tell(readings, { outcome: UNKNOWN, cause: [cause], attempt: null }, 0)
}

/** The same readings in order of instant, equal instants as they came; itself when it already is. */
export function inOrder(readings: Readings): Readings {
  const { atMs } = readings
  let isSorted = true
  for (let i = 1; i < atMs.length; i += 1) if (atMs[i]! < atMs[i - 1]!) isSorted = false
  if (isSorted) return readings
  const order = atMs.map((_, i) => i).sort((a, b) => atMs[a]! - atMs[b]! || a - b)
  return select(readings, order)
}

/** Only the readings that `keep` is true of. */
export function filterReadings(readings: Readings, keep: (i: number) => boolean): Readings {
  const kept: number[] = []
  for (let i = 0; i < readings.atMs.length; i += 1) if (keep(i)) kept.push(i)
  return kept.length === readings.atMs.length ? readings : select(readings, kept)
}

function select({ atMs, outcome, cause, attempt }: Readings, order: readonly number[]): Readings {
  const picked = (column: Column): Column => column && order.map((i) => column[i]!)
  return {
    atMs: order.map((i) => atMs[i]!),
    outcome: picked(outcome),
    cause: picked(cause),
    attempt: picked(attempt),
  }
}

export function sliceReadings(readings: Readings, { from, to }: { from: number; to: number }): Readings {
  const { atMs, outcome, cause, attempt } = readings
  if (from === 0 && to >= atMs.length) return readings
  const cut = (column: Column): Column => column && column.slice(from, to)
  return { atMs: atMs.slice(from, to), outcome: cut(outcome), cause: cut(cause), attempt: cut(attempt) }
}

export function appendReadings(into: Readings, from: Readings): void {
  for (let i = 0; i < from.atMs.length; i += 1) {
    into.atMs.push(from.atMs[i]!)
    tell(into, from, i)
  }
}

/** How the instants go: `rising` strictly, `level` with ties, or not in order at all. */
export function orderOf({ atMs }: Readings): 'rising' | 'level' | 'mixed' {
  let order: 'rising' | 'level' = 'rising'
  for (let i = 1; i < atMs.length; i += 1) {
    if (atMs[i]! < atMs[i - 1]!) return 'mixed'
    if (atMs[i] === atMs[i - 1]) order = 'level'
  }
  return order
}
