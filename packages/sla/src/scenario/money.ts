/**
 * The money of a scenario: the provider's statement held against the measurement, credits line by line, losses
 * beside them. Pure but for the host's zone rules.
 */
import type { Interval } from '@constat/shared/time'
import type { ExpandedContract } from '../contract/expanded.ts'
import { DEFAULT_ZONE_SPAN } from '../contract/expand.ts'
import { claimClock, nextDeadline } from '../credit/claim.ts'
import { lossStatement } from '../credit/loss-statement.ts'
import { creditStatement, type CreditQuestion } from '../credit/statement.ts'
import { incidentsOf } from '../incident.ts'
import type { Judged, ServiceFacts } from '../judgement/judge-guarantee.ts'
import { outageRulesOf } from '../metric/base.ts'
import { deadlineAnswer, reconciliationAnswer, type Reconciliation } from '../reconciliation/answer.ts'
import { fourCredits } from '../reconciliation/credits.ts'
import { absentOutagesMs, reconcileGuarantee } from '../reconciliation/of-guarantee.ts'
import type { Timeline } from '../timeline.ts'
import { hostZone } from '../zone.ts'
import { claimAnswer, lossAnswer, type ScenarioAnswer } from './answer.ts'
import type { Inputs } from './inputs.ts'
import type { Span } from './read.ts'

export type AllQuestion = Inputs & {
  terms: ExpandedContract
  span: Span
  services: ReadonlyMap<string, ServiceFacts>
}

export type Reconciled = { guarantee: string; service: string; result: Reconciliation }

/** Each availability guarantee against the statement, where there is one. */
export function reconcileAll(given: AllQuestion & { judged: readonly Judged[] }): Reconciled[] {
  const { statement, terms, span, services, judged } = given
  if (!statement) return []
  return judged.flatMap((one) => {
    const { guarantee, service } = one.result
    const timeline = services.get(service)?.timeline
    const result = timeline && reconcileGuarantee({ terms, judged: one, timeline, statement, ...span })
    return result ? [{ guarantee, service, result }] : []
  })
}

type MoneyQuestion = Pick<Inputs, 'documents' | 'history' | 'statement'> & {
  span: Span
  services: ReadonlyMap<string, ServiceFacts>
  judged: readonly Judged[]
  reconciled: readonly Reconciled[]
}

/** Credits and losses, each told beside the other and never added to it. */
export function moneyOf(
  question: MoneyQuestion,
): Pick<ScenarioAnswer, 'credits' | 'losses' | 'reconciliation'> {
  const { documents, history, statement, span, services, judged, reconciled } = question
  const { terms, lossModels } = documents
  if (!terms) return { credits: null, losses: [], reconciliation: [] }
  const absent = reconciled.map(({ service, result }) => [service, absentOutagesMs(result)] as const)
  const absentMs = statement && new Map(absent)
  const credit: CreditQuestion = { terms, judged, history, absentMs, earlier: new Map() }
  const credits = creditStatement(credit)
  const endMs = span.window.endMs
  const zoneSpanMs = zoneSpan(span.window)
  const timeZone = terms.guarantees[0]?.window.timeZone ?? 'UTC'
  const closing = { endMs, finalMs: endMs + terms.finalisation.graceMs, timeZone }
  const clock = claimClock(terms, closing)
  // Nobody has notified anything in a scenario.
  const next = nextDeadline(terms, { ...closing, notifiedMs: null, asOfMs: span.asOfMs })
  const priced = new Map(
    [...services].map(([name, { timeline, sites }]) => {
      const incidents = outagesTouching(timeline, terms, span)
      return [name, { timeline, vantages: sites.map((site) => site.timeline), incidents }]
    }),
  )
  return {
    credits: credits && { ...credits, claim: clock && claimAnswer(clock) },
    reconciliation: reconciled.map(({ guarantee, result }) => ({
      ...reconciliationAnswer(result, { guarantee, credits: fourCredits(guarantee, result, credit) }),
      nextDeadline: deadlineAnswer(next),
    })),
    losses: lossModels.map(({ name, model }) =>
      lossAnswer(
        lossStatement({
          name,
          model,
          zone: (zone) => hostZone(zone, zoneSpanMs),
          services: priced,
          window: span.window,
          asOfMs: span.asOfMs,
        }),
      ),
    ),
  }
}

function outagesTouching(timeline: Timeline, terms: ExpandedContract, { window, asOfMs }: Span) {
  return incidentsOf(timeline, outageRulesOf(terms), asOfMs)
    .filter(({ startMs, endMs, downMs }) => {
      return downMs.point > 0 && startMs < window.endMs && (endMs ?? asOfMs) > window.startMs
    })
    .map(({ startMs, endMs }) => ({ onsetMs: startMs, endMs }))
}

const DAY_MS = 86_400_000

/** Zone rules around a window, for documents that carry none. */
export function zoneSpan({ startMs, endMs }: Interval): Interval {
  return {
    startMs: Math.min(DEFAULT_ZONE_SPAN.startMs, startMs - 366 * DAY_MS),
    endMs: Math.max(DEFAULT_ZONE_SPAN.endMs, endMs + 366 * DAY_MS),
  }
}
