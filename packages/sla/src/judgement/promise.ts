/**
 * Judgement: one guarantee of a contract in one window, by the whole engine. Live views, closings and
 * rebuilds end here: the same facts, the same declarations and the same instant give the same bytes. Pure.
 */
import type { Interval, UnixMs } from '@constat/shared/time'
import { tableOf } from '../calendar.ts'
import { judgeGuarantee, type Judged, type ServiceFacts } from './judge-guarantee.ts'
import { windowAt } from '../period.ts'
import { NEWEST_RULES, type Rules } from '../semantics.ts'
import type { ContractState } from '../state/contract-state.ts'
import { declarationsOf } from '../state/declarations.ts'
import type { Promised } from '../state/in-force.ts'

export type WindowJudging = Promised & {
  /** Its declarations are those that count. */
  state: ContractState
  /** Of a window that has ended this may lie after its end: incidents are followed to theirs. */
  asOfMs: UnixMs
  phase: 'open' | 'closed'
  facts: ServiceFacts
  /** Absent: the newest. */
  rules?: Rules
}

export function judgeWindowOf({
  state,
  revision,
  guarantee,
  window,
  inForce,
  ...rest
}: WindowJudging): Judged {
  const { asOfMs, phase, facts, rules = NEWEST_RULES } = rest
  const all = declarationsOf(state)
  const reach = reachOf({ state, revision, guarantee, window, inForce, ...rest })
  const touching = all.filter(
    ({ interval }) => interval.startMs < reach.endMs && reach.startMs < interval.endMs,
  )
  const declarations = rules.declared === 'every' ? all : touching
  return judgeGuarantee({
    terms: revision.terms,
    guarantee,
    window,
    inForce,
    declarations,
    asOfMs,
    phase,
    facts,
    rules,
  })
}

/**
 * Whence and whither a declaration can touch a window: from the first of the month where a cap is spent by the
 * month, and as far as the incidents go that run over its ends. What is said of other time is not part of it.
 */
function reachOf({ revision, guarantee, window, asOfMs, facts }: WindowJudging): Interval {
  const { exclusions, zoneTables } = revision.terms
  const table = tableOf(zoneTables, guarantee.window.timeZone)
  const month =
    exclusions.capPerMonthMs === null ? window : windowAt({ period: 'P1M', table }, window.startMs)
  const incidents = [facts, ...facts.sites].flatMap((seen) => seen.incidents ?? [])
  const running = incidents
    .map(({ onsetMs, endMs }) => ({ startMs: onsetMs, endMs: endMs ?? asOfMs }))
    .filter(({ startMs, endMs }) => startMs < window.endMs && window.startMs < endMs)
  return {
    startMs: Math.min(window.startMs, month.startMs, ...running.map(({ startMs }) => startMs)),
    endMs: Math.max(window.endMs, ...running.map(({ endMs }) => endMs)),
  }
}
