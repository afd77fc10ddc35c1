/**
 * Schema of what left, and cannot be taken back: events, deliveries, what was told once, reports that were sent. Written in
 * the transaction of the fact that it tells. Instants are integer ms UTC.
 */
import { sql } from 'drizzle-orm'
import {
  bigint,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  type AnyPgColumn,
} from 'drizzle-orm/pg-core'
import type { Gathering } from '@constat/sla/alerting/gathered'
import { bytes, ms } from './columns.ts'
import { webhook } from './schema.ts'
import type { SentReport } from './sent-reports.ts'

/** Events in the order of their commits: the SSE stream replays from here. */
export const event = pgTable(
  'event',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    type: text('type').notNull(),
    contract: text('contract'),
    atMs: ms('at_ms').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>().notNull(),
  },
  (t) => [index('event_contract').on(t.contract, t.id)],
)

/** Told once: a step of an escalation, a certificate, a deadline. Written with its event. */
export const reminder = pgTable(
  'reminder',
  {
    /** Of what it is: an incident, a check, a window. */
    subject: text('subject').notNull(),
    step: text('step').notNull(),
    atMs: ms('at_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.subject, t.step] })],
)

/** Reports that were sent by a schedule: the facts that each was made from. Written with its event. */
export const sentReport = pgTable(
  'sent_report',
  {
    id: text('id').primaryKey(),
    contract: text('contract').notNull(),
    /** Of the Alerting document that asks for it. */
    document: text('document').notNull(),
    schedule: text('schedule').notNull(),
    /** What makes it once only: a version of a window, or the hour that it was due at. */
    occasion: text('occasion').notNull(),
    /** Whose eyes it was made for. */
    side: text('side', { enum: ['customer', 'provider'] }).notNull(),
    window: text('window').notNull(),
    version: integer('version'),
    madeMs: ms('made_ms').notNull(),
    /** `result.json`, to the byte, and its SHA-256 in hex. */
    facts: text('facts').notNull(),
    digest: text('digest').notNull(),
    /** Whose names it was set with, and by which version of the program. */
    termsRevision: integer('terms_revision').notNull(),
    product: text('product').notNull(),
    sentTo: jsonb('sent_to').$type<SentReport['sentTo']>().notNull(),
  },
  (t) => [
    uniqueIndex('sent_report_once').on(t.contract, t.document, t.schedule, t.occasion, t.side),
    index('sent_report_made').on(t.contract, t.madeMs, t.id),
  ],
)

/** What was sent of them, to the byte. */
export const sentFile = pgTable(
  'sent_file',
  {
    report: text('report')
      .notNull()
      .references((): AnyPgColumn => sentReport.id, { onDelete: 'cascade' }),
    form: text('form', { enum: ['pdf', 'html', 'csv'] }).notNull(),
    lang: text('lang', { enum: ['en', 'fr'] }).notNull(),
    digest: text('digest').notNull(),
    body: bytes('body').notNull(),
  },
  (t) => [primaryKey({ columns: [t.report, t.form, t.lang] })],
)

export const delivery = pgTable(
  'delivery',
  {
    id: text('id').primaryKey(),
    webhook: text('webhook').notNull(),
    /** Same on every retry: the `webhook-id` header. */
    messageId: text('message_id').notNull(),
    type: text('type').notNull(),
    payload: text('payload').notNull(),
    /** `gathered`: waits for what has the same cause, then for the message that carries it. */
    state: text('state', { enum: ['pending', 'gathered', 'delivered', 'failed', 'disabled'] }).notNull(),
    /** The delivery that tells it, and takes it to its end; null: none but itself. */
    carrier: text('carrier'),
    attempts: integer('attempts').notNull().default(0),
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    /** The first 4 kB of the last answer. */
    lastBody: text('last_body'),
    /** Every attempt, oldest first. */
    tries: jsonb('tries')
      .$type<{ atMs: number; status: number | null; error: string | null; tookMs: number }[]>()
      .notNull()
      .default([]),
    createdMs: ms('created_ms').notNull(),
    /** Of a pending one: not sent before. */
    nextMs: ms('next_ms'),
    deliveredMs: ms('delivered_ms'),
    /** In the order in which they were written. */
    place: bigint('place', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
  },
  (t) => [
    index('delivery_webhook').on(t.webhook, t.createdMs, t.place),
    // What is to be sent, in its order.
    index('delivery_pending')
      .on(t.webhook, sql`(type not like 'incident.%' and type <> 'site.unreachable')`, t.nextMs, t.place)
      .where(sql`state = 'pending'`),
    // What was sent about an incident: asked for after each delivery that is accepted.
    index('delivery_incident')
      .on(sql`(payload::jsonb #>> '{data,id}')`)
      .where(sql`type like 'incident.%'`),
    index('delivery_gathered')
      .on(t.webhook, t.nextMs)
      .where(sql`state = 'gathered'`),
    index('delivery_carrier')
      .on(t.carrier)
      .where(sql`carrier is not null`),
    index('delivery_report')
      .on(sql`(payload::jsonb #>> '{data,id}')`)
      .where(sql`type = 'report.ready'`),
  ],
)

/** What an endpoint was told and waits for, where that is gathered. Written with the messages that follow from it. */
export const gathering = pgTable('gathering', {
  webhook: text('webhook')
    .primaryKey()
    .references((): AnyPgColumn => webhook.id, { onDelete: 'cascade' }),
  state: jsonb('state').$type<Gathering>().notNull(),
  /** When there is something to tell; null: not before another event. */
  dueMs: ms('due_ms'),
})
