/**
 * Quotas: what each side may write on one contract, by count, by bytes and in a day. Nothing that is written in
 * a ledger is ever taken out, so whoever floods it fills their own share and nobody else's. Pure.
 */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'

export type Quota = { what: string; perDay: number; count: number; bytes: number }

/** Maintenance of every week for ten years, with as much again for what nobody planned. */
export const EXCLUSION_QUOTA: Quota = { what: 'declarations', perDay: 200, count: 2_000, bytes: 1024 * 1024 }
/** Two words to every declaration of the other side. */
export const ANSWER_QUOTA: Quota = { what: 'answers', perDay: 400, count: 4_000, bytes: 2 * 1024 * 1024 }
/** A statement a month for ten years and three corrections of each. */
export const STATEMENT_QUOTA: Quota = { what: 'statements', perDay: 20, count: 480, bytes: 32 * 1024 * 1024 }
/** Words to every revision of ten years; how long each may be is bounded where it comes in. */
export const TERMS_QUOTA: Quota = { what: 'answers to terms', perDay: 20, count: 400, bytes: 2 * 1024 * 1024 }
/** Ten steps a month for ten years. */
export const PENALTY_QUOTA: Quota = {
  what: 'steps of penalties',
  perDay: 60,
  count: 1_200,
  bytes: 4 * 1024 * 1024,
}

/** Notes and disputes: a hundred a day in the worst weeks. */
export const REMARK_QUOTA: Quota = { what: 'remarks', perDay: 200, count: 4_000, bytes: 4 * 1024 * 1024 }
/** "It fails for me": a hundred users in each of a hundred outages. */
export const REPORT_QUOTA: Quota = {
  what: 'reports of trouble',
  perDay: 500,
  count: 10_000,
  bytes: 2 * 1024 * 1024,
}

const DAY_MS = 86_400_000

export type Written = { atMs: UnixMs; bytes: number }

/** Fault `rate-limited` within a day, `conflict` for good. `written`: by this side, in order. */
export function requireRoom(
  written: readonly Written[],
  { bytes, atMs }: Written,
  { what, perDay, ...most }: Quota,
): void {
  const first = written.at(-perDay)
  if (first && atMs - first.atMs < DAY_MS) {
    throw new Fault(
      'rate-limited',
      `Your side has written ${perDay} ${what} on this contract within a day.`,
      {
        hint: 'Write the next one later.',
        retryAfterS: Math.ceil((first.atMs + DAY_MS - atMs) / 1_000),
      },
    )
  }
  const used = written.reduce((sum, one) => sum + one.bytes, 0)
  const limit =
    written.length >= most.count
      ? `${most.count} ${what}`
      : used + bytes > most.bytes
        ? `${most.bytes} bytes of ${what}`
        : null
  if (limit === null) return
  throw new Fault('conflict', `A side writes ${limit} on a contract at most, and yours has done so.`, {
    hint: 'They stay for good: go on in a contract that replaces this one.',
  })
}
