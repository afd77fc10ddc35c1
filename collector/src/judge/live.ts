/**
 * Live judgements: guarantees as they stand now, from the states in memory and the last answer of what is
 * counted beside the line. Cheap: readers call it as often as they like.
 */
import type { Judged, ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import { countsSlots, sitesAsked, stateFacts } from '@constat/sla/judgement/facts'
import { guaranteeView } from './guarantee-view.ts'
import { judgeWindowOf } from '@constat/sla/judgement/promise'
import type { SlotAnswer, SlotJudge } from './slot-judge.ts'
import type { Timelines } from '@constat/sla/fold/timelines'
import type { GuaranteeView } from '../view/guarantee.ts'
import type { Readiness } from '../view/parts.ts'
import { phaseOf, type WindowQuestion } from './window-question.ts'

export type LiveSources = { timelines: Timelines; slots: Pick<SlotJudge, 'last'> }

export type LiveJudgement = {
  asked: WindowQuestion
  judged: Judged
  facts: ServiceFacts
  counted: SlotAnswer | null
}

export function liveJudgement(asked: WindowQuestion, { timelines, slots }: LiveSources): LiveJudgement {
  const facts = stateFacts({ ...asked, asOfMs: asked.nowMs }, timelines.asOf(asked.nowMs))
  const counted = countsSlots(asked.guarantee) ? slots.last(asked) : null
  return { asked, judged: counted?.judged ?? judgedBare(asked, facts), facts, counted }
}

/** By the states alone, as of now: rulings and committed time rest on nothing else. */
export function bareJudgement(asked: WindowQuestion, { timelines }: LiveSources): LiveJudgement {
  const facts = stateFacts({ ...asked, asOfMs: asked.nowMs }, timelines.asOf(asked.nowMs))
  return { asked, judged: judgedBare(asked, facts), facts, counted: null }
}

function judgedBare(asked: WindowQuestion, facts: ServiceFacts): Judged {
  return judgeWindowOf({
    ...asked,
    asOfMs: asked.nowMs,
    phase: phaseOf(asked),
    facts: unread(facts, asked),
  })
}

/** Of slot samples that were not read yet nothing is known: they are missing, not told by the states. */
function unread(facts: ServiceFacts, asked: WindowQuestion): ServiceFacts {
  if (!countsSlots(asked.guarantee)) return facts
  const { window, nowMs } = asked
  const none = {
    baseMs: 0,
    offsetMs: new Uint32Array(),
    outcome: new Uint8Array(),
    latencyUs: new Uint32Array(),
  }
  const expected = { startMs: window.startMs, endMs: Math.min(window.endMs, nowMs) }
  const watch = { expected, known: [], holdMs: 0 }
  const slots = [{ columns: none, intervalMs: Math.max(1, expected.endMs - expected.startMs), watch }]
  return { ...facts, slots, sites: facts.sites.map((site) => ({ ...site, slots })) }
}

export function liveView(live: LiveJudgement, sources: LiveSources, readiness: Readiness): GuaranteeView {
  const { timelines } = sources
  return guaranteeView({ ...live, sites: sitesAsked(live.asked, timelines), timelines, readiness })
}
