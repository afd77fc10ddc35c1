/**
 * PagerDuty's answers: V3 webhooks (https://developer.pagerduty.com, Webhooks), of which one type says that somebody
 * has an incident in hand. Pure. `incident_key` is the `dedup_key` that the incident was opened under: our id of it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Fault } from '@constat/shared/fault'
import { z } from 'zod'

/** Of one answer; theirs have a few kB. */
export const MAX_ANSWER_BYTES = 256 * 1024
/** More signatures are not looked at: two secrets are good while one takes over. */
const MAX_SIGNATURES = 8

/** `X-PagerDuty-Signature`: `v1=` and HMAC-SHA256 of the body in hex, several with commas between; one must be good. */
export function isSigned(body: Buffer, { header, secret }: { header: string; secret: string }): boolean {
  const wanted = createHmac('sha256', secret).update(body).digest()
  return header
    .split(',', MAX_SIGNATURES)
    .flatMap((one) => /^\s*v1=([0-9a-f]{64})\s*$/.exec(one)?.[1] ?? [])
    .some((hex) => timingSafeEqual(Buffer.from(hex, 'hex'), wanted))
}

const text = z.string().min(1).max(300)
const answer = z.object({
  event: z.object({
    id: text,
    event_type: text,
    occurred_at: z.iso.datetime({ offset: true }).nullish(),
    agent: z.object({ summary: text.nullish() }).nullish(),
    data: z.object({ incident_key: text.nullish() }).nullish(),
  }),
})

/** `who`: as PagerDuty calls them; null where it does not say. `at`: when, by its clock. */
export type Acknowledged = { answer: string; incident: string; who: string | null; at: string | null }

/** Null: it says something else. Fault `bad-request` where it is no answer of PagerDuty's. */
export function acknowledgedIn(body: Buffer): Acknowledged | null {
  const parsed = answer.safeParse(jsonOf(body))
  if (!parsed.success) {
    throw new Fault('bad-request', 'This is no V3 webhook of PagerDuty.', {
      hint: 'Make a Generic Webhook (v3) there, with the event incident.acknowledged.',
    })
  }
  const { event } = parsed.data
  const incident = event.data?.incident_key
  if (event.event_type !== 'incident.acknowledged' || !incident) return null
  const { id, agent, occurred_at: occurredAt } = event
  return { answer: id, incident, who: agent?.summary ?? null, at: occurredAt ?? null }
}

/** Undefined: it is no JSON. */
function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
