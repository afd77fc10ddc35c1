/**
 * Credits: what the guarantees of one window come to in money, as things stand. Theoretical until somebody
 * notifies it. The windows before it count as they were closed, or as they stand where they are not. Pure
 * over what it is handed.
 */
import { formatInstant } from '@constat/shared/time'
import type { CreditTerms } from '@constat/sla/contract/expanded'
import { outagesOf, type OutageLength } from '@constat/sla/credit/chronic-rights'
import { claimClock } from '@constat/sla/credit/claim'
import { counted } from '@constat/sla/credit/penalty'
import { creditStatement, type CreditStatement, type PastWindow } from '@constat/sla/credit/statement'
import { newestClosing } from '@constat/sla/state/contract-state'
import { windowsOf } from '@constat/sla/state/in-force'
import type { Penalty } from '../contract/penalties.ts'
import type { LiveJudgement } from './live.ts'
import type { CreditsView, GuaranteeCreditView } from '../view/credit.ts'
import type { WindowQuestion } from './window-question.ts'

/** Windows looked back at: a rule of repetition that reaches further is not met by older ones. */
export const MAX_PAST_WINDOWS = 24

/** Of one guarantee in the windows before: how each went, oldest first, and the outages of its service. */
export type Past = { windows: readonly PastWindow[]; outages: readonly OutageLength[] }
export type PastOf = (asked: WindowQuestion) => Past
const NO_PAST: Past = { windows: [], outages: [] }

/** Priced by the terms in force when the window began. Null where they have no credits. All of one key. */
export function statementOf(live: readonly LiveJudgement[], pastOf: PastOf): CreditStatement | null {
  const terms = live[0]?.asked.revision.terms
  if (!terms?.credits || !terms.charges) return null
  const needsPast = looksBack(terms.credits)
  const pasts = live.map(({ asked }) => ({ asked, past: needsPast ? pastOf(asked) : NO_PAST }))
  return creditStatement({
    terms,
    judged: live.map(({ judged }) => judged),
    history: new Map(pasts.map(({ asked, past }) => [asked.guarantee.id, past.windows])),
    absentMs: null,
    earlier: new Map(pasts.map(({ asked, past }) => [asked.guarantee.service, past.outages])),
  })
}

/** Whether any rule of the contract asks how earlier windows ended. */
export function looksBack({ repeat, earnBack, chronic, schedules }: CreditTerms): boolean {
  const isRepeated = Object.values(schedules).some(({ kind }) => kind === 'points')
  return repeat !== null || earnBack !== null || isRepeated || chronic.length > 0
}

export function creditOf(statement: CreditStatement | null, guarantee: string): GuaranteeCreditView | null {
  const amount = statement?.byGuarantee[guarantee]
  if (!statement || amount === undefined) return null
  const lines = statement.lines.filter((line) => line.guarantee === guarantee)
  return { amount, currency: statement.currency, lines }
}

/** `penalty`: of a window that is final; null: it is not, and its deadline is the earliest that it can be. */
export function creditsView(
  statement: CreditStatement | null,
  { revision, window, guarantee }: WindowQuestion,
  penalty: Penalty | null,
): CreditsView | null {
  if (!statement) return null
  const { currency, tax, total, lines, rights, exclusive } = statement
  const endMs = window.endMs
  const { timeZone } = guarantee.window
  const finalMs = penalty?.finalMs ?? endMs + revision.terms.finalisation.graceMs
  const clock = counted(() => claimClock(revision.terms, { endMs, finalMs, timeZone })).value
  const claim = clock && {
    deadlineAt: formatInstant(clock.deadlineMs),
    formalNotice: clock.formalNotice,
    silence: clock.silence,
  }
  const state = penalty?.standing.status ?? 'theoretical'
  const next = penalty?.standing.next
  const nextDeadline = next ? { what: next.what, at: formatInstant(next.atMs) } : null
  return { state, nextDeadline, currency, tax, total, lines, rights, exclusive, claim }
}

/** As closed, or as it stands: a window that nobody closed can still change. */
export function pastOf(asked: WindowQuestion, judge: (asked: WindowQuestion) => LiveJudgement): Past {
  const { state, guarantee, window, nowMs } = asked
  const before = windowsOf(state.life, guarantee.id, window.startMs).slice(-MAX_PAST_WINDOWS)
  const live = before.map((promised) => judge({ ...promised, state, nowMs }))
  return {
    windows: live.map((one) => {
      const closed = newestClosing(state, one.asked.window.key)
      const own = closed?.guarantees.find((result) => result.guarantee === guarantee.id)
      if (own) return { verdict: own.verdict, credit: own.credit }
      const alone = statementOf([one], () => NO_PAST)
      return { verdict: one.judged.result.verdict, credit: alone?.byGuarantee[guarantee.id] ?? null }
    }),
    outages: live.flatMap(({ asked: past, judged }) =>
      outagesOf(guarantee.service, { terms: past.revision.terms, judged: [judged] }),
    ),
  }
}
