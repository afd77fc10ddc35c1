/**
 * A guarantee for each site: one result a site. It is not met where any site's is not, met only where all
 * are, and the figures beside it are those of the worst site: no average hides a branch. Pure.
 */
import type { Timeline } from '@constat/sla/timeline'
import type { SiteVantages } from './sites.ts'
import type { AvailabilityView, SiteGuaranteeView, Verdict } from './view.ts'
import { availabilityView, type AvailabilityGuarantee, type WindowQuestion } from './windows.ts'

export type SiteTimeline = { site: SiteVantages; timeline: Timeline }

/** `question.timeline` is the service's own, for a contract under which no agent has enrolled yet. */
export function eachSiteView(
  question: WindowQuestion<AvailabilityGuarantee>,
  sites: readonly SiteTimeline[],
): AvailabilityView {
  const found = sites.map(({ site, timeline }) => ({
    site,
    view: availabilityView({ ...question, timeline }),
  }))
  const views = found.map(({ view }) => view)
  const worst = views.toSorted(compareWorst)[0]
  if (!worst) return { ...availabilityView(question), sites: [] }
  return {
    ...worst,
    verdict: worstVerdict(views.map(({ verdict }) => verdict)),
    insufficientEvidence: views.some(({ insufficientEvidence }) => insufficientEvidence),
    sites: found.map(({ site, view }) => siteResult(site, view)),
  }
}

/** The worst first. */
export const VERDICTS: readonly Verdict[] = ['not_met', 'indeterminate', 'met']

export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return VERDICTS.find((verdict) => verdicts.includes(verdict)) ?? 'indeterminate'
}

/** By verdict, then by what is left of the budget, then by what may have been down. */
function compareWorst(a: AvailabilityView, b: AvailabilityView): number {
  return (
    VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) ||
    a.budget.leftMs - b.budget.leftMs ||
    b.downMs.pessimistic - a.downMs.pessimistic
  )
}

function siteResult(
  { id, displayName, administeredBy }: SiteVantages,
  view: AvailabilityView,
): SiteGuaranteeView {
  const { verdict, outlook, insufficientEvidence, coverage, knownMs } = view
  const { downMs, availability, budget, measuredFrom } = view
  return {
    site: id,
    displayName,
    administeredBy,
    verdict,
    outlook,
    insufficientEvidence,
    coverage,
    knownMs,
    downMs,
    availability,
    budget,
    measuredFrom,
  }
}
