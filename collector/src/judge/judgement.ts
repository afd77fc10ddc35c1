/**
 * Judgement: one guarantee of a contract in one window, by the whole engine. Live views, closings and
 * rebuilds end here: the same facts, the same declarations and the same instant give the same bytes. Pure.
 */
import type { Interval, UnixMs } from '@constat/shared/time'
import type { GuaranteeTerms } from '@constat/sla/contract/expanded'
import type { Declaration } from '@constat/sla/judgement/declaration'
import { judgeGuarantee, type Judged, type ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import { promisedFromMs, type Revision, type Terms } from '../terms/register.ts'

export type WindowJudging = {
  terms: Terms
  /** In force at the window's start: `revisionFor`. */
  revision: Revision
  guarantee: GuaranteeTerms
  window: Interval
  /** Of a window that has ended this may lie after its end: incidents are followed to theirs. */
  asOfMs: UnixMs
  phase: 'open' | 'closed'
  /** `declarationsOf(terms)`, or those up to a size of the ledger. */
  declarations: readonly Declaration[]
  facts: ServiceFacts
}

export function judgeWindowOf(question: WindowJudging): Judged {
  const { terms, revision, ...rest } = question
  const inForce = {
    startMs: promisedFromMs(terms, question.guarantee.id),
    endMs: revision.terms.effective.toMs ?? Infinity,
  }
  return judgeGuarantee({ ...rest, terms: revision.terms, inForce })
}
