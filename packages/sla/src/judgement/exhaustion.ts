/**
 * Exhaustion: when a budget was gone, or would be at the rate so far. Pure, in committed time: a budget does
 * not burn while nothing is promised. (spec: budget and burn)
 */
import { clip, totalMs, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { Budget } from '../budget.ts'

/** Where an open window is heading, by the binding figure. */
export type Exhaustion = {
  /** When the budget was gone; null while some is left. */
  exhaustedMs: UnixMs | null
  /** When it would be gone at the rate so far; null: not within the window. */
  projectedMs: UnixMs | null
}

export type ExhaustionQuestion = {
  /** Counted downtime in committed time so far. */
  down: IntervalSet
  committed: IntervalSet
  budget: Budget
  window: Interval
  asOfMs: UnixMs
  isOpen: boolean
}

export function exhaustionOf(question: ExhaustionQuestion): Exhaustion {
  const { down, budget } = question
  const exhaustedMs = budget.leftMs < 0 ? instantAfter(down, budget.allowedMs) : null
  return { exhaustedMs, projectedMs: exhaustedMs === null ? projected(question) : null }
}

/** The first instant at which more than `amountMs` of the set has passed; null where it never has. */
export function instantAfter(set: IntervalSet, amountMs: number): UnixMs | null {
  let leftMs = amountMs
  for (const { startMs, endMs } of set) {
    if (endMs - startMs > leftMs) return startMs + leftMs
    leftMs -= endMs - startMs
  }
  return null
}

/** Downtime goes on as it has: so much of each committed ms. Integers, rounded up to the ms. */
function projected({ down, committed, budget, window, asOfMs, isOpen }: ExhaustionQuestion): UnixMs | null {
  const span = { startMs: window.startMs, endMs: Math.min(window.endMs, asOfMs) }
  const elapsedMs = totalMs(clip(committed, span))
  const spentMs = totalMs(down)
  if (!isOpen || spentMs === 0 || elapsedMs === 0) return null
  const neededMs = Number((BigInt(budget.allowedMs) * BigInt(elapsedMs)) / BigInt(spentMs))
  const reached = instantAfter(clip(committed, window), neededMs)
  return reached === null ? null : Math.max(reached, span.endMs)
}
