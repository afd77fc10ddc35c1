/**
 * Answers about a window that need it judged whole: held against the provider's statement, scored as other
 * tools would, and judged under other terms. Pure over the state of the ledger that they are handed.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { contractDigest } from '@constat/sla/contract/digest'
import { stretchesOf } from '@constat/sla/policy/stretch'
import { POLICIES, policyNamed, replay } from '@constat/sla/policy/table'
import { fourCredits } from '@constat/sla/reconciliation/credits'
import { absentOutagesMs, type Reconciling } from '@constat/sla/reconciliation/of-guarantee'
import { reconciliationAnswer, type Reconciliation } from '@constat/sla/reconciliation/answer'
import type {
  PreviewVerdict,
  PreviewView,
  ReconciliationView,
  ReplayView,
  StatementView,
} from '../view/window.ts'
import { NEWEST_RULES, rulesOf, type Rules } from '@constat/sla/semantics'
import type { ClosingHead } from '@constat/sla/state/closing'
import { newest, type Life, type Revision } from '@constat/sla/state/contract-state'
import { windowGroup, type WindowGroup } from '@constat/sla/state/in-force'
import type { KeptStatement } from '@constat/sla/state/statement-record'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import { creditQuestion, judgedPromises, judgeWindow } from '@constat/sla/judgement/window-judgement'

export type WindowLooked = {
  group: WindowGroup
  /** Null: not closed yet. */
  closing: ClosingHead | null
  nowMs: UnixMs
}

/** A closed window is followed as far as its closing did, any other one up to now. */
function askedOf({ group, closing, nowMs }: WindowLooked) {
  const phase = closing ? ('closed' as const) : ('open' as const)
  return { group, asOfMs: closing?.asOfMs ?? nowMs, phase, rules: rulesBy(closing) }
}

/** Those that it was closed by, as far as this program has them. */
function rulesBy(closing: ClosingHead | null): Rules {
  return (closing && rulesOf(closing.semantics)) ?? NEWEST_RULES
}

export function statementView({ receivedMs, reader: _reader, ...rest }: KeptStatement): StatementView {
  return { ...rest, receivedAt: formatInstant(receivedMs) }
}

/** A statement against each of these, wherever that is worked out. */
export type Reconcile = (
  guarantees: readonly Omit<Reconciling, 'statement'>[],
) => Promise<readonly (Reconciliation | null)[]>

/** Fault `bad-request` where the terms of the window cannot read the statement. */
export async function reconciliationOf(
  state: LedgerState,
  { kept, looked }: { kept: KeptStatement | null; looked: WindowLooked },
  reconciled: Reconcile,
): Promise<Omit<ReconciliationView, 'reading'>> {
  const asked = askedOf(looked)
  const judged = await judgedPromises(state, asked)
  const results = await reconciled(
    judged.map(({ revision, judged: own, facts, window }) => {
      const { terms } = revision
      return { terms, judged: own, timeline: facts.timeline, window, asOfMs: asked.asOfMs }
    }),
  )
  const found = judged.flatMap((one, i) => {
    const result = results[i]
    return result ? [{ one, result }] : []
  })
  const absentMs = new Map(found.map(({ one, result }) => [one.guarantee.service, absentOutagesMs(result)]))
  const question = creditQuestion(state, { ...asked, judged: judged.map((one) => one.judged), absentMs })
  const held = new Set(found.map(({ one }) => one.guarantee.id))
  return {
    statement: kept && statementView(kept),
    window: looked.group.key,
    asOf: formatInstant(asked.asOfMs),
    version: looked.closing?.version ?? null,
    guarantees: found.map(({ one: { guarantee, revision }, result }) => ({
      ...reconciliationAnswer(result, {
        guarantee: guarantee.id,
        credits: question && fourCredits(guarantee.id, result, question),
      }),
      service: guarantee.service,
      agrees: agrees(result, revision),
    })),
    leftOut: judged.flatMap(({ guarantee }) => (held.has(guarantee.id) ? [] : [guarantee.id])),
  }
}

/**
 * Nothing differs beyond the tolerance, outage by outage. A percentage alone lists none: it agrees where it means what
 * was measured, and says that something failed exactly where something did.
 */
function agrees({ matches, isItemised, downMs }: Reconciliation, { terms }: Revision): boolean {
  const { toleranceMs } = terms.reconciliation
  const { reported, stated, measured } = downMs
  if (!isItemised) {
    const isSameSize = reported !== null && Math.abs(reported - measured) <= 2 * toleranceMs
    return isSameSize && (reported === 0) === (measured === 0)
  }
  if (matches.some((match) => match.class !== 'agreed')) return false
  const allowedMs = toleranceMs * Math.max(1, matches.length) * 2
  return reported === null || Math.abs(reported - stated) <= allowedMs
}

/** What other tools would have said of the same window. Fault `bad-request` for a policy nobody knows. */
export async function replayOf(
  state: LedgerState,
  looked: WindowLooked,
  policy: string | undefined,
): Promise<ReplayView> {
  const chosen = policy === undefined ? POLICIES : [policyNamed(policy)]
  const asked = askedOf(looked)
  const judged = await judgedPromises(state, asked)
  const results = judged
    .filter(({ guarantee }) => guarantee.metric === 'interval-availability')
    .flatMap(({ guarantee, window, facts: { timeline }, judged: { commitment } }) => {
      const { inHours, excluded } = commitment
      const interval = { startMs: window.startMs, endMs: Math.min(window.endMs, asked.asOfMs) }
      const stretches = stretchesOf({ timeline, inHours, excluded, interval })
      const base = { guarantee: guarantee.id, service: guarantee.service }
      return chosen.map((one) => ({ ...base, ...replay(one, stretches) }))
    })
  return {
    contract: state.state.contract,
    window: looked.group.key,
    asOf: formatInstant(asked.asOfMs),
    results,
  }
}

/** A closed window under other terms, on the same measurements: `level` has them folded by those terms too. */
export async function previewOf(
  level: LedgerState,
  { closing, proposed: revision }: { closing: ClosingHead; proposed: Revision },
): Promise<PreviewView> {
  const life: Life = { revisions: [revision], archivedMs: [] }
  const before = { ...level, state: { ...level.state, life } }
  const group = windowGroup(life, closing.window, closing.asOfMs)
  const rules = rulesBy(closing)
  const asked = group && { group, asOfMs: closing.asOfMs, phase: 'closed' as const, rules }
  const results = asked && (await judgeWindow(before, asked)).results
  const inForce = new Map(closing.guarantees.map((one) => [one.guarantee, one]))
  const proposed = new Map(results?.guarantees.map(({ result }) => [result.guarantee, result]))
  const credit = results?.credit ?? null
  return {
    contract: closing.contract,
    window: closing.window,
    version: closing.version,
    guarantees: [...new Set([...inForce.keys(), ...proposed.keys()])].map((guarantee): PreviewVerdict => {
      const was = inForce.get(guarantee)
      const is = proposed.get(guarantee)
      return {
        guarantee,
        inForce: was ? { verdict: was.verdict, coverage: was.coverage, credit: was.credit } : null,
        proposed: is
          ? { verdict: is.verdict, coverage: is.coverage, credit: credit?.byGuarantee[guarantee] ?? null }
          : null,
      }
    }),
    credit: {
      inForce: closing.credit?.total ?? null,
      proposed: credit?.total ?? null,
      currency: credit?.currency ?? closing.credit?.currency ?? null,
    },
  }
}

/** What of the terms in force goes over to those that are proposed. */
export type Precedent = { revision: number; appliedMs: UnixMs; fromMs: UnixMs | null }

export function precedentOf(life: Life): Precedent {
  const first = life.revisions[0]
  return {
    revision: newest({ life }).revision,
    appliedMs: first?.appliedMs ?? 0,
    fromMs: first?.terms.effective.fromMs ?? null,
  }
}

/** The terms as if they had been in force from the first day on. */
export function proposedRevision(precedent: Precedent, proposed: ExpandedContract): Revision {
  return {
    revision: precedent.revision + 1,
    digest: contractDigest(proposed).toString('hex'),
    appliedMs: precedent.appliedMs,
    leaf: 0,
    stopProbing: false,
    // The first window is judged on what it holds, as it was.
    terms: { ...proposed, effective: { ...proposed.effective, fromMs: precedent.fromMs } },
  }
}
