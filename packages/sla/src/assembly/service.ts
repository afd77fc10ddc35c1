/**
 * Services assembled: the vantages of each check joined by the quorum, span by span while the set of
 * vantages changes, and the checks by the service tree; for the whole service, or as one site sees it. Pure.
 */
import { invariant } from '@constat/shared/fault'
import { contains, type IntervalSet } from '@constat/shared/time'
import { quorumFor, type CheckTerms, type ExpandedContract, type QuorumRule } from '../contract/expanded.ts'
import { quorum } from '../quorum.ts'
import { serviceTimeline } from '../service-tree.ts'
import { NOTHING_KNOWN, splice, type Timeline } from '../timeline.ts'
import { seenBy, type Observed } from './observed.ts'
import type { SiteVantages } from './sites.ts'

/** `site` null: all vantages under the contract's quorum; else those of the site, by the default one. */
export function assembled(observed: Observed, service: string, site: SiteVantages | null): Timeline {
  const { terms } = observed
  const rule = quorumRuleOf(observed, site)
  return serviceTimeline(terms, service, (name) => {
    const vantages = observed.vantagesOf(checkOf(terms, name))
    const own = site === null ? vantages : vantages.filter(({ agent }) => site.agents.includes(agent.id))
    return joined(
      // One that never spoke is a vantage all the same: it is unknown.
      own.map((vantage) => ({ spans: vantage.spans, timeline: seenBy(observed, vantage) })),
      rule,
    )
  })
}

/** How the vantages of a check agree: as the contract says, at one site by default. */
export function quorumRuleOf({ terms }: Observed, site: SiteVantages | null): QuorumRule {
  return site === null ? terms.measurement.quorum : { kind: 'default' }
}

export type Part = { spans: IntervalSet; timeline: Timeline }

/** The quorum of those who were vantages at each instant. */
export function joined(vantages: readonly Part[], rule: QuorumRule): Timeline {
  const edges = new Set(vantages.flatMap(({ spans }) => spans.flatMap((span) => [span.startMs, span.endMs])))
  const instants = [...edges].sort((a, b) => a - b)
  return splice(
    instants.slice(0, -1).map((startMs, i) => {
      const own = vantages
        .filter((one) => one.spans.some((span) => contains(span, startMs)))
        .map(({ timeline }) => timeline)
      const interval = { startMs, endMs: instants[i + 1] ?? startMs }
      return {
        timeline: own.length === 0 ? NOTHING_KNOWN : quorum(own, quorumFor(rule, own.length)),
        interval,
      }
    }),
  )
}

/** A check that the terms have. */
export function checkOf({ checks }: ExpandedContract, name: string): CheckTerms {
  const check = checks.find((one) => one.name === name)
  invariant(check, `the terms have the check ${name}`)
  return check
}
