/** Delivery list: what was sent to a webhook, as it is shown. */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { DeliveryState, Try } from './deliveries.ts'
import { wrongCursor, type Within } from '../view/paging.ts'
import type { Database } from './tx.ts'

export const MAX_DELIVERIES_PER_PAGE = 501

export type DeliveryView = {
  id: string
  webhook: string
  messageId: string
  type: string
  state: DeliveryState
  attempts: number
  lastStatus: number | null
  lastError: string | null
  lastBody: string | null
  tries: { at: string; status: number | null; error: string | null; tookMs: number }[]
  createdAt: string
  /** Null: nothing is sent any more, or its webhook is paused. */
  nextAt: string | null
  deliveredAt: string | null
}

type DeliveryRow = Omit<DeliveryView, 'tries' | 'createdAt' | 'nextAt' | 'deliveredAt'> & {
  tries: Try[]
  createdMs: UnixMs
  nextMs: UnixMs | null
  deliveredMs: UnixMs | null
}

const DELIVERY_COLUMNS = `id, webhook, message_id as "messageId", type, state, attempts, last_status as "lastStatus",
  last_error as "lastError", last_body as "lastBody", tries, created_ms as "createdMs",
  case when not exists (select from webhook w where w.id = delivery.webhook and w.paused_ms is not null)
    then next_ms end as "nextMs",
  delivered_ms as "deliveredMs"`

export async function deliveryOf(sql: Database, id: string): Promise<DeliveryView | null> {
  const rows = await sql<DeliveryRow[]>`select ${sql.unsafe(DELIVERY_COLUMNS)} from delivery where id = ${id}`
  return rows[0] ? viewOf(rows[0]) : null
}

type DeliveriesAsked = {
  webhook: string
  before?: string | null | undefined
  /** Those alone that are in it. */
  state?: DeliveryState | null | undefined
  type?: string | null | undefined
  /** Made in it. */
  within?: Within
  limit: number
}

const ALWAYS: Within = { fromMs: null, toMs: null }

/** Newest first. `before`: the id of the last one of the page before; `bad-request` when it is gone. */
export async function listDeliveries(
  sql: Database,
  { webhook, before = null, state = null, type = null, within = ALWAYS, limit }: DeliveriesAsked,
): Promise<DeliveryView[]> {
  const most = Math.max(1, Math.min(limit, MAX_DELIVERIES_PER_PAGE))
  const [last] = await sql<{ createdMs: UnixMs; place: number }[]>`
    select created_ms as "createdMs", place from delivery where id = ${before} and webhook = ${webhook}`
  if (before !== null && !last) throw wrongCursor()
  const { fromMs, toMs } = within
  const rows = await sql<DeliveryRow[]>`
    select ${sql.unsafe(DELIVERY_COLUMNS)} from delivery where webhook = ${webhook}
    ${last ? sql`and (created_ms, place) < (${last.createdMs}::int8, ${last.place}::int8)` : sql``}
    ${state === null ? sql`` : sql`and state = ${state}`}
    ${type === null ? sql`` : sql`and type = ${type}`}
    ${fromMs === null ? sql`` : sql`and created_ms >= ${fromMs}::int8`}
    ${toMs === null ? sql`` : sql`and created_ms < ${toMs}::int8`}
    order by created_ms desc, place desc limit ${most}`
  return rows.map(viewOf)
}

function viewOf({ tries, createdMs, nextMs, deliveredMs, ...rest }: DeliveryRow): DeliveryView {
  return {
    ...rest,
    tries: tries.map(({ atMs, ...made }) => ({ at: formatInstant(atMs), ...made })),
    createdAt: formatInstant(createdMs),
    nextAt: nextMs === null ? null : formatInstant(nextMs),
    deliveredAt: deliveredMs === null ? null : formatInstant(deliveredMs),
  }
}
