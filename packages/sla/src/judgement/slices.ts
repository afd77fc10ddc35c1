/**
 * Slices: a window cut into stretches of one length, each with the share of it that failed. Pure and exact.
 * Where there are slot samples a slice is the share of attempts; where only states are given, of time. What
 * is missing could have gone either way, so each share has three figures and losing a sample moves neither
 * the provable nor the pessimistic one towards a side. (spec: window, other metrics)
 */
import { Fault } from '@constat/shared/fault'
import { clip, normalise, totalMs, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { Objective } from '../contract/objective.ts'
import { FIGURES, type Figure } from '../figures.ts'
import { compare, decimal, fraction, percent, sum, ZERO, type Fraction } from '../fraction.ts'
import { MARK, isPossiblyDown, piecesWithin, type Timeline } from '../timeline.ts'
import { attempts, type AttemptTime, type VantageSlots } from './attempts.ts'

/** Most slices of one window: a leap year of half-minutes. */
export const MAX_SLICES = 1_054_080

/** Attempts or ms, the same unit in one slice. failMin ≤ fail ≤ failMax ≤ total. */
export type Slice = {
  startMs: UnixMs
  /** Committed time in it. */
  weightMs: number
  total: number
  known: number
  failMin: number
  fail: number
  failMax: number
}

export type Slicing = AttemptTime & { window: Interval; sliceMs: number }

/** Slices with committed time, in order, counted in attempts. */
export function attemptSlices(slots: readonly VantageSlots[], slicing: Slicing): Slice[] {
  const grid = gridOf(slicing)
  for (const vantage of slots) {
    for (const at of attempts(vantage, slicing)) {
      const slice = grid.at(at.atMs)
      if (!slice) continue
      slice.total += 1
      if (at.isMissing) slice.failMax += 1
      else slice.known += 1
      if (at.isFailed) {
        slice.failMin += 1
        slice.fail += 1
        slice.failMax += 1
      }
    }
  }
  return grid.slices
}

/** The same counted in ms of a timeline. */
export function timeSlices(timeline: Timeline, slicing: Slicing): Slice[] {
  const grid = gridOf(slicing)
  for (const interval of slicing.committed) {
    for (const piece of piecesWithin(timeline, interval)) {
      for (const { slice, ms } of grid.over(piece)) {
        slice.total += ms
        if (piece.mark & MARK.known) slice.known += ms
        if (piece.mark & MARK.provenDown) slice.failMin += ms
        if (piece.mark & MARK.down) slice.fail += ms
        if (isPossiblyDown(piece.mark)) slice.failMax += ms
      }
    }
  }
  return grid.slices
}

type Grid = {
  slices: Slice[]
  at: (atMs: UnixMs) => Slice | undefined
  over: (interval: Interval) => Iterable<{ slice: Slice; ms: number }>
}

function gridOf({ window, sliceMs, committed }: Omit<Slicing, 'excused'>): Grid {
  const most = Math.ceil((window.endMs - window.startMs) / sliceMs)
  if (most > MAX_SLICES) {
    const hint = 'Judge a shorter window, or agree on longer slices.'
    throw new Fault('too-large', `the window has ${most} slices, and ${MAX_SLICES} are the most`, { hint })
  }
  const byIndex = new Map<number, Slice>()
  const indexOf = (atMs: UnixMs): number => Math.floor((atMs - window.startMs) / sliceMs)
  for (const { startMs, endMs } of clip(committed, window)) {
    for (let i = indexOf(startMs); window.startMs + i * sliceMs < endMs; i += 1) {
      const fromMs = window.startMs + i * sliceMs
      const ms = Math.min(endMs, fromMs + sliceMs) - Math.max(startMs, fromMs)
      const slice = byIndex.get(i)
      if (slice) slice.weightMs += ms
      else
        byIndex.set(i, { startMs: fromMs, weightMs: ms, total: 0, known: 0, failMin: 0, fail: 0, failMax: 0 })
    }
  }
  return {
    slices: [...byIndex.values()],
    at: (atMs) => byIndex.get(indexOf(atMs)),
    *over({ startMs, endMs }) {
      for (let i = indexOf(startMs); window.startMs + i * sliceMs < endMs; i += 1) {
        const fromMs = window.startMs + i * sliceMs
        const slice = byIndex.get(i)
        if (slice) yield { slice, ms: Math.min(endMs, fromMs + sliceMs) - Math.max(startMs, fromMs) }
      }
    },
  }
}

/** Share of a slice that failed, 0 … 1. Of nothing told the point figure is 0, the pessimistic one 1. */
export function failedShare({ total, known, failMin, fail, failMax }: Slice, figure: Figure): Fraction {
  switch (figure) {
    case 'provable':
      return total === 0 ? ZERO : fraction(failMin, total)
    case 'point':
      return known === 0 ? ZERO : fraction(fail, known)
    case 'pessimistic':
      return total === 0 ? fraction(1) : fraction(failMax, total)
  }
}

export type BadWhen = Extract<Objective, { metric: 'error-rate-slices' }>['badWhen']

/** Committed time of the bad slices, by figure: provable ≤ point ≤ pessimistic. */
export function badMs(slices: readonly Slice[], badWhen: BadWhen): Record<Figure, number> {
  const isBad = badRule(badWhen)
  const bad = { provable: 0, point: 0, pessimistic: 0 }
  for (const slice of slices) {
    for (const figure of FIGURES) if (isBad(failedShare(slice, figure))) bad[figure] += slice.weightMs
  }
  return bad
}

/** The bad slices of one figure, whole. */
export function badSpans(
  slices: readonly Slice[],
  { badWhen, sliceMs, figure }: { badWhen: BadWhen; sliceMs: number; figure: Figure },
): IntervalSet {
  const isBad = badRule(badWhen)
  const bad = slices.filter((slice) => isBad(failedShare(slice, figure)))
  return normalise(bad.map(({ startMs }) => ({ startMs, endMs: startMs + sliceMs })))
}

function badRule(badWhen: BadWhen): (share: Fraction) => boolean {
  if (badWhen === 'all-failed') return ({ n, d }) => n === d
  const limit = percent(decimal(badWhen.overPercent))
  return (share) => compare(share, limit) > 0
}

/** Sum of the error rates of all slices, by figure: their mean is this over how many there are. */
export function errorSum(slices: readonly Slice[]): Record<Figure, Fraction> {
  const sums = FIGURES.map(
    (figure) => [figure, sumOf(slices.map((slice) => failedShare(slice, figure)))] as const,
  )
  // The entries are one for each figure.
  return Object.fromEntries(sums) as Record<Figure, Fraction>
}

/** By denominator first: a month of slices has few of them, and a running sum would grow with each. */
function sumOf(shares: readonly Fraction[]): Fraction {
  const byDenominator = new Map<bigint, bigint>()
  for (const { n, d } of shares) byDenominator.set(d, (byDenominator.get(d) ?? 0n) + n)
  return sum(...[...byDenominator].map(([d, n]) => fraction(n, d)))
}

/** Committed time of the slices of which anything is known. */
export function knownMs(slices: readonly Slice[]): number {
  return slices.reduce((ms, { known, weightMs }) => ms + (known > 0 ? weightMs : 0), 0)
}

/** The slices of which nothing is known, whole. */
export function unknownSpans(slices: readonly Slice[], { sliceMs }: { sliceMs: number }): IntervalSet {
  const unknown = slices.filter(({ known }) => known === 0)
  return normalise(unknown.map(({ startMs }) => ({ startMs, endMs: startMs + sliceMs })))
}

/** How many slices a window has committed time in. */
export function sliceCount({ window, sliceMs, committed }: Omit<Slicing, 'excused'>): number {
  const clipped = clip(committed, window)
  if (totalMs(clipped) === 0) return 0
  return gridOf({ window, sliceMs, committed }).slices.length
}
