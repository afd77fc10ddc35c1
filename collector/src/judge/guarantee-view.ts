/**
 * Guarantee views: a judgement as it is published, by kind of metric, with the sites it is promised for.
 * Pure: what is shown is what was judged, and nothing here decides anything.
 */
import { invariant } from '@constat/shared/fault'
import { clip, formatInstant, intersect, type IntervalSet, type UnixMs } from '@constat/shared/time'
import type { GuaranteeTerms } from '@constat/sla/contract/expanded'
import type { Judged, ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import type { Measure, Percentages, Scored, SiteScore } from '@constat/sla/judgement/result'
import { isUnknown, where, type Timeline } from '@constat/sla/timeline'
import { stateMs } from '@constat/sla/window'
import type { SiteVantages } from './sites.ts'
import type * as View from './view.ts'
import { asOfOf, stateOfWindow, type WindowQuestion } from './window-question.ts'

export type ViewQuestion = {
  asked: WindowQuestion
  judged: Judged
  facts: ServiceFacts
  /** Those of the contract, in its order; empty where the service is judged as a whole. */
  sites: readonly SiteVantages[]
  readiness: View.Readiness
  /** Of what is counted beside the line: when it was, and how exact its percentiles are. */
  counted: { asOfMs: UnixMs; percentileErrorPercent: string } | null
}

export function guaranteeView(question: ViewQuestion): View.GuaranteeView {
  const { asked, judged, facts } = question
  const { guarantee } = asked
  const { result } = judged
  const worst = facts.sites.find(({ site }) => site === result.sites[0]?.site)
  const common = { ...commonOf(question), measuredFrom: measuredFrom((worst ?? facts).timeline, question) }
  const sites = <S extends object>(part: (measure: Measure) => S) =>
    guarantee.scope === 'service' ? {} : { sites: sitesWith(part, question) }
  const { measure } = result
  switch (guarantee.metric) {
    case 'interval-availability': {
      const own = { ...downPart(measure), ...statesIn((worst ?? facts).timeline, question) }
      return { metric: guarantee.metric, ...common, ...own, ...sites(siteDown) }
    }
    case 'error-rate-slices': {
      const { sliceMs, badWhen } = guarantee
      const badOverPercent = badWhen === 'all-failed' ? null : badWhen.overPercent
      const own = { sliceMs, badOverPercent, ...downPart(measure) }
      return { metric: guarantee.metric, ...common, ...own, ...sites(siteDown) }
    }
    case 'mean-error-rate': {
      const own = { sliceMs: guarantee.sliceMs, ...meanPart(measure) }
      const site = (one: Measure) => ({ availability: meanPart(one).availability })
      return { metric: guarantee.metric, ...common, ...own, ...sites(site) }
    }
    case 'share-within': {
      const thresholdUs = guarantee.thresholdMs * US_PER_MS
      const own = { thresholdUs, ...latencyPart(measure) }
      const percentileErrorPercent = question.counted?.percentileErrorPercent ?? '0'
      return { metric: guarantee.metric, ...common, ...own, percentileErrorPercent, ...sites(latencyPart) }
    }
    case 'request-share':
      return { metric: guarantee.metric, ...common, ...sharePart(measure), ...sites(sharePart) }
    case 'restoration-time':
    case 'response-time': {
      const { start, stop } = guarantee.clock
      const own = { eachMs: guarantee.target.eachMs, clock: { start, stop }, ...timingPart(measure) }
      return { metric: guarantee.metric, ...common, ...own, ...sites(timingPart) }
    }
    case 'incident-count':
      return { metric: guarantee.metric, ...common, ...countPart(measure), ...sites(countPart) }
  }
}

const US_PER_MS = 1000

function commonOf({ asked, judged, readiness, counted }: ViewQuestion) {
  const { state, revision, guarantee, window, length, nowMs } = asked
  const { result } = judged
  const { key, startMs, endMs } = window
  return {
    guarantee: guarantee.id,
    service: guarantee.service,
    clause: guarantee.clause,
    contract: state.contract,
    state: stateOfWindow(window, nowMs),
    revision: revision.revision,
    window: {
      key,
      start: formatInstant(startMs),
      end: formatInstant(endMs),
      timeZone: guarantee.window.timeZone,
      length,
    },
    committedMs: result.committedMs,
    elapsedCommittedMs: result.elapsedMs,
    excludedMs: result.excludedMs,
    target: targetOf(guarantee),
    ...standingOf(result),
    readiness,
    asOf: formatInstant(counted?.asOfMs ?? asOfOf(asked)),
    credit: null,
    contested: result.contested && {
      accepted: sideOf(result.contested.accepted),
      refused: sideOf(result.contested.refused),
    },
  }
}

function standingOf({ verdict, outlook, insufficientEvidence, coverage, knownMs }: Scored) {
  // Nothing committed yet: nothing was covered, and the verdict says that it is indeterminate.
  return { verdict, outlook, insufficientEvidence, coverage: coverage ?? '0.0000', knownMs }
}

/** What was promised, as the contract has it: percent, ms or a number. */
function targetOf({ target }: GuaranteeTerms): string {
  if ('percent' in target) return target.percent
  return String('eachMs' in target ? target.eachMs : target.count)
}

function sideOf({ verdict, committedMs, measure }: Scored): View.SideView {
  const downMs = measure.kind === 'downtime' ? measure.downMs : null
  return { verdict, committedMs, downMs, percent: percentOf(measure) }
}

function percentOf(measure: Measure): Percentages | null {
  switch (measure.kind) {
    case 'downtime':
    case 'mean':
      return measure.availability
    case 'share':
      return measure.share
    case 'timing':
    case 'count':
      return null
  }
}

/** One result a site, in the order of the contract. */
function sitesWith<S extends object>(
  part: (measure: Measure) => S,
  question: ViewQuestion,
): (View.SiteCommon & S)[] {
  const { sites, facts, judged } = question
  return sites.flatMap(({ id, displayName, administeredBy }) => {
    const score: SiteScore | undefined = judged.result.sites.find(({ site }) => site === id)
    const seen = facts.sites.find(({ site }) => site === id)
    if (!score || !seen) return []
    const from = measuredFrom(seen.timeline, question)
    const head = { site: id, displayName, administeredBy, ...standingOf(score), measuredFrom: from }
    return [{ ...head, ...part(score.measure) }]
  })
}

/** The first instant of committed time that anything is known of. */
function measuredFrom(timeline: Timeline, { asked, judged }: ViewQuestion): string | null {
  const known = where(timeline, asked.window, (mark) => !isUnknown(mark))
  const first = intersect(known, judged.commitment.committed)[0]
  return first ? formatInstant(first.startMs) : null
}

function statesIn(timeline: Timeline, { asked, judged }: ViewQuestion) {
  const span = { startMs: asked.window.startMs, endMs: Math.max(asked.window.startMs, asOfOf(asked)) }
  const elapsed: IntervalSet = clip(judged.commitment.committed, span)
  const { partial, degraded } = stateMs(timeline, elapsed)
  return {
    partialMs: partial,
    degradedMs: degraded,
    unknownMs: judged.result.elapsedMs - judged.result.knownMs,
  }
}

type Down = Extract<Measure, { kind: 'downtime' }>

function downOf(measure: Measure): Down {
  invariant(measure.kind === 'downtime', 'a guarantee of availability is measured in downtime')
  return measure
}

function downPart(measure: Measure) {
  const { exhaustion } = downOf(measure)
  const at = (ms: UnixMs | null): string | null => (ms === null ? null : formatInstant(ms))
  return {
    ...siteDown(measure),
    exhaustion: { exhaustedAt: at(exhaustion.exhaustedMs), projectedAt: at(exhaustion.projectedMs) },
  }
}

function siteDown(measure: Measure) {
  const { downMs, availability, budget } = downOf(measure)
  return {
    downMs,
    availability: {
      provable: availability.provable ?? '100.0000',
      point: availability.point ?? '100.0000',
      pessimistic: availability.pessimistic ?? '0.0000',
    },
    budget,
  }
}

function meanPart(measure: Measure) {
  invariant(measure.kind === 'mean', 'a mean error rate is a mean')
  const { slices, availability } = measure
  return { slices, availability }
}

type Share = Extract<Measure, { kind: 'share' }>

function shareOf(measure: Measure): Share {
  invariant(measure.kind === 'share', 'a share is measured in samples')
  return measure
}

function sharePart(measure: Measure): { share: View.ShareView } {
  const { n, within, missing, share } = shareOf(measure)
  const { provable, point, pessimistic } = share
  return { share: { n, within, missing, percent: point, provable, pessimistic } }
}

function latencyPart(measure: Measure) {
  const none = { p50: null, p95: null, p99: null }
  return { ...sharePart(measure), percentileUs: shareOf(measure).percentileUs ?? none }
}

function timingPart(measure: Measure): { perIncident: View.IncidentTimingView[] } {
  invariant(measure.kind === 'timing', 'a clock is measured incident by incident')
  return {
    perIncident: measure.perIncident.map(({ id, onsetMs, ms, isRunning, verdict }) => ({
      id,
      onsetAt: formatInstant(onsetMs),
      ms,
      isRunning,
      verdict,
    })),
  }
}

function countPart(measure: Measure): { count: View.Figures } {
  invariant(measure.kind === 'count', 'incidents are counted')
  return { count: measure.count }
}
