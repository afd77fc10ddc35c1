/**
 * Judgement: one guarantee of a contract in one window, by the whole engine. Live views, closings and
 * rebuilds end here: the same facts, the same declarations and the same instant give the same bytes. Pure.
 */
import type { UnixMs } from '@constat/shared/time'
import { judgeGuarantee, type Judged, type ServiceFacts } from '@constat/sla/judgement/judge-guarantee'
import type { ContractState } from '@constat/sla/state/contract-state'
import { declarationsOf } from '@constat/sla/state/declarations'
import type { Promised } from '@constat/sla/state/in-force'

export type WindowJudging = Promised & {
  /** Its declarations are those that count. */
  state: ContractState
  /** Of a window that has ended this may lie after its end: incidents are followed to theirs. */
  asOfMs: UnixMs
  phase: 'open' | 'closed'
  facts: ServiceFacts
}

export function judgeWindowOf({
  state,
  revision,
  guarantee,
  window,
  inForce,
  ...rest
}: WindowJudging): Judged {
  const declarations = declarationsOf(state)
  const { asOfMs, phase, facts } = rest
  return judgeGuarantee({
    terms: revision.terms,
    guarantee,
    window,
    inForce,
    declarations,
    asOfMs,
    phase,
    facts,
  })
}
