/**
 * Guarantee views: a judgement as it is published, with the sites it is promised for. Pure: what was measured
 * passes through as it was judged, and nothing here decides anything.
 */
import { formatInstant } from '@constat/shared/time'
import type { Judged, ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import type { Scored } from '@constat/sla/judgement/result'
import type { Measure } from '@constat/sla/metric/table'
import { isUnknown, where, type Timeline } from '@constat/sla/timeline'
import type { GuaranteeView, SideView, SiteHead } from '../view/guarantee.ts'
import type { Readiness } from '../view/parts.ts'
import type { SiteVantages } from '@constat/sla/assembly/sites'
import type { Timelines } from '@constat/sla/fold/timelines'
import { unknownShares, whyUnder } from './why.ts'
import { asOfOf, stateOfWindow, type WindowQuestion } from './window-question.ts'

export type ViewQuestion = {
  asked: WindowQuestion
  judged: Judged
  facts: ServiceFacts
  /** Those of the contract, in its order; empty where the service is judged as a whole. */
  sites: readonly SiteVantages[]
  timelines: Timelines
  readiness: Readiness
  /** Of what is counted beside the line: when it was. */
  counted: { asOfMs: number } | null
}

export function guaranteeView(question: ViewQuestion): GuaranteeView {
  const { asked, judged, facts, sites, readiness, counted } = question
  const { state, revision, guarantee, window, length, nowMs } = asked
  const { result } = judged
  const { contested } = result
  const worst = facts.sites.find(({ site }) => site === result.sites[0]?.site)
  const place = sites.find(({ id }) => id === worst?.site) ?? null
  const view = {
    guarantee: guarantee.id,
    service: guarantee.service,
    clause: guarantee.clause,
    contract: state.contract,
    metric: guarantee.metric,
    state: stateOfWindow(window, nowMs),
    revision: revision.revision,
    window: {
      key: window.key,
      start: formatInstant(window.startMs),
      end: formatInstant(window.endMs),
      timeZone: guarantee.window.timeZone,
      length,
    },
    committedMs: result.committedMs,
    elapsedCommittedMs: result.elapsedMs,
    excludedMs: result.excludedMs,
    target: result.target,
    ...standingOf(result, { timeline: (worst ?? facts).timeline, site: place }, question),
    readiness,
    asOf: formatInstant(counted?.asOfMs ?? asOfOf(asked)),
    credit: null,
    contested: contested && { accepted: sideOf(contested.accepted), refused: sideOf(contested.refused) },
    ...result.measure,
    ...(guarantee.scope === 'each-site' && { sites: sitesOf(question) }),
  }
  // The measure is that of the guarantee's metric: it was scored by the entry of that name.
  return view as GuaranteeView
}

function standingOf(
  { verdict, outlook, insufficientEvidence, coverage, knownMs, ...rest }: Scored,
  { timeline, site }: { timeline: Timeline; site: SiteVantages | null },
  { asked, judged, timelines }: ViewQuestion,
) {
  const { state, revision, guarantee, window } = asked
  const { committed } = judged.commitment
  const soFar = { startMs: window.startMs, endMs: Math.max(window.startMs, asOfOf(asked)) }
  const reasons = whyUnder(timelines, { state, revision, service: guarantee.service, site }, soFar)
  const known = where(timeline, window, (mark) => !isUnknown(mark))
  // Also outside of committed time: what was measured all night did not begin in the morning.
  const [first] = known
  const measuredFrom = first ? formatInstant(first.startMs) : null
  // Nothing committed yet: nothing was covered, and the verdict says that it is indeterminate.
  // Closings of the second semantics version have none.
  const blockedMs = (rest as { blockedMs?: number }).blockedMs ?? null
  return {
    verdict,
    outlook,
    insufficientEvidence,
    coverage: coverage ?? '0.0000',
    knownMs,
    blockedMs,
    unknown: unknownShares(reasons, committed, state),
    measuredFrom,
  }
}

function sideOf({ verdict, committedMs, measure }: Scored): SideView {
  return {
    verdict,
    committedMs,
    downMs: 'downMs' in measure ? measure.downMs : null,
    percent: percentOf(measure),
  }
}

function percentOf(measure: Measure): SideView['percent'] {
  if ('availability' in measure) return measure.availability
  if (!('share' in measure)) return null
  const { provable, point, pessimistic } = measure.share
  return { provable, point, pessimistic }
}

/** One result a site, in the order of the contract. */
function sitesOf(question: ViewQuestion): (SiteHead & Measure)[] {
  const { sites, facts, judged } = question
  return sites.flatMap((place) => {
    const { id, displayName, administeredBy } = place
    const score = judged.result.sites.find(({ site }) => site === id)
    const seen = facts.sites.find(({ site }) => site === id)
    if (!score || !seen) return []
    const standing = standingOf(score, { timeline: seen.timeline, site: place }, question)
    return [{ site: id, displayName, administeredBy, ...standing, ...score.measure }]
  })
}
