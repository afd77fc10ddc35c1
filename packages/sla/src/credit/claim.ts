/** The clock of a claim: until when it can be made, and until when the provider has to answer. Pure. */
import type { UnixMs } from '@constat/shared/time'
import { ALWAYS, tableOf } from '../calendar.ts'
import { firstOfMonth, monthOf, yearOf } from '../civil.ts'
import type { DayCount, ExpandedContract } from '../contract/expanded.ts'
import { deadline } from '../dayrule.ts'
import { instantOf, localAt } from '../zone.ts'
import type { ZoneTable } from '../zone-table.ts'

export type ClaimClock = {
  /** First instant after the time to claim. */
  deadlineMs: UnixMs
  formalNotice: 'required' | 'not-required'
  silence: 'none' | 'acceptance' | 'rejection'
}

/** Null where the contract sets no deadline. `finalMs`: when the window became final. */
export function claimClock(
  terms: ExpandedContract,
  { endMs, finalMs, timeZone }: { endMs: UnixMs; finalMs: UnixMs; timeZone: string },
): ClaimClock | null {
  const claim = terms.credits?.claim
  if (!claim) return null
  const fromMs = claim.deadline.after === 'window-end' ? endMs : finalMs
  const { formalNotice, silence } = claim
  const { deadline: limit } = claim
  const deadlineMs =
    'endOfMonth' in limit
      ? monthEnd(tableOf(terms.zoneTables, timeZone), { fromMs, months: limit.endOfMonth })
      : dayEnd(terms, limit, { fromMs, timeZone })
  return { deadlineMs, formalNotice, silence }
}

/** Until when the provider answers a claim notified at `fromMs`; null where the contract says nothing. */
export function answerDeadlineMs(
  terms: ExpandedContract,
  { fromMs, timeZone }: { fromMs: UnixMs; timeZone: string },
): UnixMs | null {
  const answer = terms.credits?.claim?.providerAnswer
  return answer ? dayEnd(terms, answer, { fromMs, timeZone }) : null
}

export type NextDeadline = { what: 'claim' | 'provider-answer'; atMs: UnixMs }

export type DeadlineQuestion = {
  endMs: UnixMs
  finalMs: UnixMs
  timeZone: string
  /** When the claim was notified; null: not yet. */
  notifiedMs: UnixMs | null
  asOfMs: UnixMs
}

/** What has to happen next, and until when; null where nothing has, or the contract sets no term. */
export function nextDeadline(terms: ExpandedContract, question: DeadlineQuestion): NextDeadline | null {
  const { notifiedMs, asOfMs, timeZone } = question
  const atMs =
    notifiedMs === null
      ? claimClock(terms, question)?.deadlineMs
      : answerDeadlineMs(terms, { fromMs: notifiedMs, timeZone })
  if (atMs === undefined || atMs === null || atMs <= asOfMs) return null
  return { what: notifiedMs === null ? 'claim' : 'provider-answer', atMs }
}

/** The month that ended with `fromMs` is the one that is counted from, not the one that begins there. */
function monthEnd(table: ZoneTable, { fromMs, months }: { fromMs: UnixMs; months: number }): UnixMs {
  const local = localAt(table, fromMs - 1)
  return instantOf(table, firstOfMonth({ year: yearOf(local), month: monthOf(local) + months + 1 }))
}

/** First instant after so many days of a kind from `fromMs` on. */
export function dayEnd(
  terms: ExpandedContract,
  { days, dayKind, calendar: name }: DayCount,
  { fromMs, timeZone }: { fromMs: UnixMs; timeZone: string },
): UnixMs {
  const calendar = terms.calendars[name] ?? ALWAYS
  const zone = calendar.kind === 'weekly' ? calendar.timeZone : timeZone
  return deadline({ kind: dayKind, calendar, days }, { fromMs, table: tableOf(terms.zoneTables, zone) })
}
