/**
 * Reminders: what is told once of a subject, a step at a time. A step, its event and its deliveries are one
 * transaction, so that none is left out or told twice, wherever the collector dies.
 */
import type { UnixMs } from '@constat/shared/time'
import type { Fact } from '../alert/types.ts'
import { writeEvent } from './events.ts'
import type { Addressed } from './recipients.ts'
import type { Database } from './tx.ts'

/** What was told of is over by then: nothing waits for an answer for so long. */
const REMINDERS_KEPT_MS = 400 * 86_400_000

export async function cleanReminders(db: Database, nowMs: UnixMs): Promise<void> {
  await db`delete from reminder where at_ms < ${nowMs - REMINDERS_KEPT_MS}`
}

export type Reminder = {
  subject: string
  step: string
  fact: Fact
  to?: Addressed
  /** A step that was told longer ago than this is told again; absent: never. */
  againAfterMs?: number
}

/** False: this step had been told already. */
export function remind(
  db: Database,
  { subject, step, fact, to, againAfterMs = Infinity }: Reminder,
): Promise<boolean> {
  const againMs = Number.isFinite(againAfterMs) ? fact.atMs - againAfterMs : 0
  return db.begin(async (tx) => {
    const taken =
      await tx`insert into reminder (subject, step, at_ms) values (${subject}, ${step}, ${fact.atMs})
      on conflict (subject, step) do update set at_ms = excluded.at_ms where reminder.at_ms < ${againMs}`
    if (taken.count === 0) return false
    await writeEvent(tx, fact, to ?? null)
    return true
  })
}

/** Steps of these subjects that were told, and when. */
export function remindersOf(
  db: Database,
  subjects: readonly string[],
): Promise<{ subject: string; step: string; atMs: UnixMs }[]> {
  return db<{ subject: string; step: string; atMs: UnixMs }[]>`
    select subject, step, at_ms as "atMs" from reminder where subject = any(${[...subjects]}::text[])`
}
