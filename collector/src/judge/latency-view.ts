/**
 * Latency guarantees in a window: what to count, from which places, and the answer as published. Time that is
 * down or outside committed time is the same as for availability. Pure over the answer it is handed.
 */
import { clip, formatInstant, intersect, type IntervalSet } from '@constat/shared/time'
import { judgeLatency, shareText } from '@constat/sla/latency'
import { isDown, isUnknown, isUp, where } from '@constat/sla/timeline'
import { foldRules } from '../terms/register.ts'
import type { Expected } from './latency-sums.ts'
import type { LatencyAnswer, LatencyWindowQuestion } from './latency-window.ts'
import { checksOf, type ExpectedVantage, type Timelines } from './timelines.ts'
import { VERDICTS, worstVerdict } from './each-site.ts'
import type { SiteVantages } from './sites.ts'
import type { LatencyGuaranteeView, SiteShareView } from './view.ts'
import {
  asOfOf,
  committedTime,
  countedIn,
  coverOf,
  headOf,
  measuredFrom,
  measuredIn,
  phaseOf,
  type LatencyGuarantee,
  type Measurable,
  type WindowQuestion,
} from './windows.ts'

/** A latency guarantee in a window; of one site where it is promised for each, under that site's timeline. */
export type LatencyPlace = Measurable<LatencyGuarantee> & { site: SiteVantages | null }

const US_PER_MS = 1000

export function latencyQuestion(question: LatencyPlace, timelines: Timelines): LatencyWindowQuestion {
  const { terms, revision, guarantee, window, site, nowMs } = question
  const asOfMs = asOfOf(question)
  const counted = countedIn(question)
  const span = { startMs: window.startMs, endMs: asOfMs }
  const committed = clip(committedTime(question), span)
  const up = intersect(where(counted, span, isUp), committed)
  const open = intersect(
    where(counted, span, (mark) => !isDown(mark)),
    committed,
  )
  const places = checksOf(revision.terms, guarantee.service).flatMap((check) =>
    timelines.expected(terms, revision, check).flatMap((vantage): Expected[] => {
      if (site && !site.agents.includes(vantage.agent)) return []
      const { holdMs } = foldRules(check, revision.terms)
      const place = { log: terms.log, check: check.name, agent: vantage.agent }
      const expected = {
        startMs: Math.max(span.startMs, vantage.startMs),
        endMs: Math.min(asOfMs, vantage.endMs),
      }
      const population = populationOf(vantage, { up, open, span: expected })
      return [{ ...place, ...population, intervalMs: check.spec.intervalMs, holdMs, expected }]
    }),
  )
  return {
    name: answerName(question),
    places: places.filter(({ expected }) => expected.startMs < expected.endMs),
    thresholdUs: guarantee.thresholdMs * US_PER_MS,
    startMs: window.startMs,
    asOfMs,
    hasEnded: nowMs >= window.endMs,
  }
}

/** What an agent said while it was cut off is unknown, also of how long it took. */
function populationOf(
  { timeline }: ExpectedVantage,
  { up, open, span }: { up: IntervalSet; open: IntervalSet; span: { startMs: number; endMs: number } },
) {
  const known = where(timeline, span, (mark) => !isUnknown(mark))
  return { up: intersect(up, known), open: clip(open, span) }
}

export function answerName({ terms, revision, guarantee, window, site }: LatencyPlace): string {
  return [terms.contract, revision.revision, guarantee.id, window.key, site?.id ?? ''].join('/')
}

/** Before the first answer nothing is counted, and nothing is claimed. */
export function latencyView(
  question: WindowQuestion<LatencyGuarantee>,
  answer: LatencyAnswer | null,
): LatencyGuaranteeView {
  const { revision, guarantee } = question
  const { measurement } = revision.terms
  const committed = committedTime(question)
  const measured = measuredIn(question, committed)
  const tally = answer?.tally ?? { n: 0, within: 0, missing: 0 }
  const judgement = judgeLatency({
    tally,
    target: guarantee.target.percent,
    bindingFigure: measurement.bindingFigure,
    minimumSamples: measurement.latency.minimumSamples,
    measured,
    minimumCoverage: measurement.minimumCoverage,
    phase: phaseOf(question),
  })
  return {
    metric: 'share-within',
    ...headOf(question),
    ...coverOf(measured),
    target: guarantee.target.percent,
    thresholdUs: guarantee.thresholdMs * US_PER_MS,
    share: {
      ...tally,
      percent: shareText(tally, 'point'),
      provable: shareText(tally, 'provable'),
      pessimistic: shareText(tally, 'pessimistic'),
    },
    percentileUs: answer?.percentileUs ?? { p50: null, p95: null, p99: null },
    percentileErrorPercent: answer?.percentileErrorPercent ?? '0',
    ...judgement,
    measuredFrom: measuredFrom(question, committed),
    asOf: formatInstant(answer?.asOfMs ?? asOfOf(question)),
  }
}

export type SiteAnswer = { site: SiteVantages; view: LatencyGuaranteeView }

/** One result a site; beside them the figures of the worst, as no average hides a branch. */
export function eachSiteLatency(
  found: readonly SiteAnswer[],
  none: LatencyGuaranteeView,
): LatencyGuaranteeView {
  const views = found.map(({ view }) => view)
  const worst = views.toSorted(compareWorst)[0]
  if (!worst) return { ...none, sites: [] }
  return {
    ...worst,
    verdict: worstVerdict(views.map(({ verdict }) => verdict)),
    insufficientEvidence: views.some(({ insufficientEvidence }) => insufficientEvidence),
    sites: found.map(siteResult),
  }
}

/** By verdict, then by the share that is proved, exactly. A site without samples is worse than any. */
function compareWorst(a: LatencyGuaranteeView, b: LatencyGuaranteeView): number {
  const verdict = VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict)
  if (verdict !== 0) return verdict
  const difference = BigInt(a.share.within) * BigInt(b.share.n) - BigInt(b.share.within) * BigInt(a.share.n)
  if (a.share.n === 0 || b.share.n === 0) return a.share.n - b.share.n
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function siteResult({ site, view }: SiteAnswer): SiteShareView {
  const { verdict, outlook, insufficientEvidence, coverage, knownMs, share, percentileUs, measuredFrom } =
    view
  const { id, displayName, administeredBy } = site
  return {
    site: id,
    displayName,
    administeredBy,
    verdict,
    outlook,
    insufficientEvidence,
    coverage,
    knownMs,
    share,
    percentileUs,
    measuredFrom,
  }
}
