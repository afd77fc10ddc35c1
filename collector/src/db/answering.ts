/** Answering: receivers that tell who has an incident in hand, and what was heard from them. */
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { ShapeName } from '../alert/shapes/table.ts'
import type { Database, Tx } from './tx.ts'

/** Fault `conflict` for a shape whose receivers tell nothing. */
export async function putAnswerSecret(
  tx: Tx,
  { id, shape, secret }: { id: string; shape: ShapeName; secret: string | null },
): Promise<void> {
  if (shape !== 'pagerduty' && secret !== null) {
    throw new Fault('conflict', 'Only PagerDuty tells who has an incident in hand.', {
      hint: 'Leave answerSecret out for a webhook of another shape.',
    })
  }
  await tx`update webhook set answer_secret = ${secret} where id = ${id}`
}

export type Answering = { secret: string; operatedBy: string | null }

/** Null: there is none of that id, it has ended, or it has no secret. */
export async function answeringOf(db: Database, webhook: string): Promise<Answering | null> {
  const [row] = await db<Answering[]>`
    select answer_secret as secret, operated_by as "operatedBy" from webhook
    where id = ${webhook} and answer_secret is not null and ended_ms is null`
  return row ?? null
}

/** Whether a webhook was sent anything about an incident. */
export async function wasSent(
  db: Database,
  { webhook, incident }: { webhook: string; incident: string },
): Promise<boolean> {
  const rows = await db`
    select from delivery where type like 'incident.%' and payload::jsonb #>> '{data,id}' = ${incident}
      and webhook = ${webhook} limit 1`
  return rows.length > 0
}

type Answer = { webhook: string; answer: string }

/** Whether this answer of a receiver was taken before. */
export async function wasHeard(db: Database, { webhook, answer }: Answer): Promise<boolean> {
  const rows = await db`select from reminder where subject = ${`answer/${webhook}`} and step = ${answer}`
  return rows.length > 0
}

export async function noteHeard(
  db: Database,
  { webhook, answer, atMs }: Answer & { atMs: UnixMs },
): Promise<void> {
  await db`insert into reminder (subject, step, at_ms) values (${`answer/${webhook}`}, ${answer}, ${atMs})
    on conflict do nothing`
}
