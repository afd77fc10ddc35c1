/**
 * Burn: whether a budget goes too fast to last. The field's standard look-backs, each with the share of the
 * whole budget that may go in it: 2 % in an hour, 5 % in six, 10 % in three days, and still burning in the
 * last twelfth. Their thresholds scale with the committed hours of the window; one that would warn of a
 * budget that lasts is left out. Beside them, half a budget gone and the rest not enough at the rate so far.
 * Pure.
 */
import { burnThreshold, isBurning, SHORT_WINDOW_DIVISOR } from '@constat/sla/budget'
import { compare, decimal, fraction, ONE } from '@constat/sla/fraction'
import { outageRulesOf } from '@constat/sla/metric/base'
import type { Downtime } from '@constat/sla/metric/availability'
import { countedTimeline } from '@constat/sla/outage'
import { isDown, where } from '@constat/sla/timeline'
import { intersect, totalMs } from '@constat/shared/time'
import type { LiveJudgement } from './live.ts'

const HOUR_MS = 3_600_000
export const LOOK_BACKS = [
  { budgetShare: '0.02', longMs: HOUR_MS },
  { budgetShare: '0.05', longMs: 6 * HOUR_MS },
  { budgetShare: '0.1', longMs: 72 * HOUR_MS },
] as const

export function isBurningNow(live: LiveJudgement): boolean {
  const { measure } = live.judged.result
  if (measure.kind !== 'downtime' || live.asked.nowMs >= live.asked.window.endMs) return false
  return isHalfGone(measure) || (live.asked.guarantee.metric === 'interval-availability' && burnsBack(live))
}

function isHalfGone({ budget, exhaustion }: Downtime): boolean {
  return exhaustion.projectedAt !== null && budget.allowedMs > 0 && 2 * budget.spentMs >= budget.allowedMs
}

function burnsBack({ asked, judged, facts }: LiveJudgement): boolean {
  const { revision, nowMs, window } = asked
  const { result, commitment } = judged
  const worst = facts.sites.find(({ site }) => site === result.sites[0]?.site) ?? facts
  const counted = countedTimeline(worst.timeline, outageRulesOf(revision.terms), nowMs)
  const downMs = (backMs: number): number => {
    const span = { startMs: Math.max(window.startMs, nowMs - backMs), endMs: nowMs }
    return totalMs(intersect(where(counted, span, isDown), commitment.committed))
  }
  const { committedMs, target } = result
  return LOOK_BACKS.filter((rule) => warnsOfLoss(rule, committedMs)).some(({ budgetShare, longMs }) =>
    isBurning({
      target,
      committedMs,
      budgetShare,
      longDownMs: downMs(longMs),
      shortDownMs: downMs(longMs / SHORT_WINDOW_DIVISOR),
    }),
  )
}

/** A threshold below 1 is met by a budget that lasts to the end of its window. */
export function warnsOfLoss(
  { budgetShare, longMs }: { budgetShare: string; longMs: number },
  committedMs: number,
): boolean {
  const threshold = burnThreshold({
    budgetShare: decimal(budgetShare),
    committed: fraction(committedMs),
    longWindow: fraction(longMs),
  })
  return compare(threshold, ONE) >= 0
}
