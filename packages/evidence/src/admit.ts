/**
 * Admission: whether a frame may enter the ledger, by what is already known of its session. The rules
 * are those of the evidence: numbers without holes unless a signed gap says so, each frame chained to
 * the one before, one frame under one number. Pure.
 */
import type { PlacedBatch } from '@constat/shared/frame-reader'
import { unfoldable } from '@constat/shared/slots'
import type { UnixMs } from '@constat/shared/time'
import type { RefusalReason } from '@constat/shared/wire'

/** The last frame of a session that is admitted, if any is. */
export type SessionEnd = { seq: number; digest: Buffer } | null

export type Admission =
  | { kind: 'admitted' }
  /** Same number, and not the last one: the stored frame decides between a repeat and an equivocation. */
  | { kind: 'seen'; last: number }
  /** Same digest as the last one: our first acknowledgement was lost. */
  | { kind: 'duplicate'; last: number }
  | { kind: 'equivocation'; last: number }
  | Refusal
export type Refusal = { kind: 'refused'; reason: RefusalReason; detail: string; expectedSeq: number }

/** A sample this far after the collector's clock is refused: no clock error explains it. */
export const MAX_AHEAD_MS = 24 * 3_600_000
/** From the first to the last instant of one frame. A host that stood still for longer begins anew. */
export const MAX_SPAN_MS = 31 * 24 * 3_600_000

export function admit({ batch, digest }: { batch: PlacedBatch; digest: Buffer }, end: SessionEnd): Admission {
  const expectedSeq = end ? end.seq + 1 : 0
  if (end && batch.seq <= end.seq) {
    if (batch.seq < end.seq) return { kind: 'seen', last: end.seq }
    return { kind: digest.equals(end.digest) ? 'duplicate' : 'equivocation', last: end.seq }
  }
  if (batch.seq !== expectedSeq + batch.gapCount) {
    const detail = `the session goes on with ${expectedSeq}; ${batch.seq} leaves a gap that no record announces`
    return { kind: 'refused', reason: 'unannounced-gap', detail, expectedSeq }
  }
  const prev = end?.digest ?? FIRST_PREV
  if (batch.gapCount === 0 && !prev.equals(batch.prev)) {
    const detail = `frame ${batch.seq} is not chained to frame ${expectedSeq - 1} of its session`
    return { kind: 'refused', reason: 'broken-chain', detail, expectedSeq }
  }
  return { kind: 'admitted' }
}

const FIRST_PREV = Buffer.alloc(32)

/**
 * First and last instant that a frame speaks of; null when it speaks of none. Slots count as samples: one
 * that has no sample is unknown at its instant. So does a gap, at the base of a frame without samples.
 */
export function spanOf(
  batch: PlacedBatch,
  checkIntervalsMs: readonly number[],
): { fromMs: UnixMs; toMs: UnixMs } | null {
  const { samples, schedule } = batch
  let least = Infinity
  let most = -Infinity
  for (const offset of samples.offsetMs) {
    if (offset < least) least = offset
    if (offset > most) most = offset
  }
  if (samples.offsetMs.length === 0 && batch.gapCount > 0) least = most = 0
  for (let i = 0; i < schedule.check.length; i += 1) {
    const count = schedule.count[i]!
    if (count === 0) continue
    const firstMs = schedule.firstMs[i]!
    const intervalMs = checkIntervalsMs[schedule.check[i]!] ?? 0
    least = Math.min(least, firstMs)
    most = Math.max(most, firstMs + (count - 1) * intervalMs)
  }
  if (least > most) return null
  return { fromMs: batch.baseS * 1000 + least, toMs: batch.baseS * 1000 + most }
}

/** What a frame must say of itself whatever its place: the right agent, known checks, a sane clock. */
export function refuseContent(
  batch: PlacedBatch,
  known: { agent: Buffer; checkIntervalsMs: readonly number[] | null; receivedMs: UnixMs },
): Omit<Refusal, 'kind' | 'expectedSeq'> | null {
  if (!known.agent.equals(batch.agent)) {
    return { reason: 'bad-signature', detail: 'the frame names another agent than the one connected' }
  }
  const { checkIntervalsMs } = known
  if (checkIntervalsMs === null) {
    return {
      reason: 'unknown-config',
      detail: 'the check configuration it was taken under is not in this log',
    }
  }
  const checkCount = checkIntervalsMs.length
  const columns = [batch.samples.check, batch.schedule.check]
  if (columns.some((checks) => checks.some((check) => check >= checkCount))) {
    return { reason: 'malformed', detail: `a sample names a check beyond the ${checkCount} configured` }
  }
  const trouble = unfoldable(batch)
  if (trouble !== null) return { reason: 'malformed', detail: trouble }
  const span = spanOf(batch, checkIntervalsMs)
  if (span && span.toMs - span.fromMs > MAX_SPAN_MS) {
    return { reason: 'malformed', detail: 'it speaks of more than 31 days; a batch is closed within seconds' }
  }
  if (span && span.toMs > known.receivedMs + MAX_AHEAD_MS) {
    return {
      reason: 'clock',
      detail: 'a sample or slot lies more than a day in the future; set the clock of the host',
    }
  }
  return null
}
