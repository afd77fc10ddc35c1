/**
 * Live judgements: guarantees as they stand now, from the states in memory and the last answer of what is
 * counted beside the line. Cheap: readers call it as often as they like.
 */
import type { Judged, ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import { declarationsOf } from '../terms/declarations.ts'
import { countsSlots, sitesAsked, stateFacts, type FactSources } from './facts.ts'
import { guaranteeView } from './guarantee-view.ts'
import { judgeWindowOf } from './judgement.ts'
import type { LatencyWatch, SlotAnswer } from './latency-watch.ts'
import type { GuaranteeView, Readiness } from './view.ts'
import { phaseOf, type Measurable } from './windows.ts'

export type LiveSources = { facts: FactSources; watch: Pick<LatencyWatch, 'last'> }

export type LiveJudgement = {
  asked: Measurable
  judged: Judged
  facts: ServiceFacts
  counted: SlotAnswer | null
}

export function liveJudgement(asked: Measurable, { facts: sources, watch }: LiveSources): LiveJudgement {
  const facts = stateFacts({ ...asked, asOfMs: asked.nowMs }, sources)
  const counted = countsSlots(asked.guarantee) ? watch.last(asked) : null
  return { asked, judged: counted?.judged ?? judgedBare(asked, facts), facts, counted }
}

/** By the states alone, as of now: rulings and committed time rest on nothing else. */
export function bareJudgement(asked: Measurable, { facts: sources }: LiveSources): LiveJudgement {
  const facts = stateFacts({ ...asked, asOfMs: asked.nowMs }, sources)
  return { asked, judged: judgedBare(asked, facts), facts, counted: null }
}

function judgedBare(asked: Measurable, facts: ServiceFacts): Judged {
  return judgeWindowOf({
    ...asked,
    asOfMs: asked.nowMs,
    phase: phaseOf(asked),
    declarations: declarationsOf(asked.terms),
    facts: unread(facts, asked),
  })
}

/** Of slot samples that were not read yet nothing is known: they are missing, not told by the states. */
function unread(facts: ServiceFacts, asked: Measurable): ServiceFacts {
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
  return guaranteeView({ ...live, sites: sitesAsked(live.asked, sources.facts), readiness })
}
