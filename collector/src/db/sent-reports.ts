/**
 * Reports that were sent: what a schedule made, for whom, and the bytes of it. A report, its files, its event and its
 * deliveries are one transaction, so that none is left out or sent twice, wherever the collector dies.
 */
import type { UnixMs } from '@constat/shared/time'
import type { Fact } from '../alert/types.ts'
import { wrongCursor } from '../view/paging.ts'
import { writeEvent } from './events.ts'
import type { Addressed } from './recipients.ts'
import type { Database } from './tx.ts'

export type Side = 'customer' | 'provider'
export type SentForm = 'pdf' | 'html' | 'csv'
export type Lang = 'en' | 'fr'

export type SentReport = {
  id: string
  contract: string
  document: string
  schedule: string
  occasion: string
  side: Side
  window: string
  version: number | null
  madeMs: UnixMs
  /** Hex, SHA-256 of `result.json`. */
  digest: string
  termsRevision: number
  product: string
  /** Endpoints of the document. */
  sentTo: { endpoint: string; mailbox: string | null; lang: Lang }[]
}

export type SentFile = { form: SentForm; lang: Lang; digest: string; body: Uint8Array }

export type Sending = {
  report: SentReport
  /** `result.json`. */
  facts: string
  files: readonly SentFile[]
  fact: Fact
  to: Addressed
}

/** False: it had been sent. */
export function sendReport(db: Database, { report, facts, files, fact, to }: Sending): Promise<boolean> {
  const { sentTo, ...row } = report
  return db.begin(async (tx) => {
    const added = await tx`
      insert into sent_report (id, contract, document, schedule, occasion, side, "window", version, made_ms, facts,
        digest, terms_revision, product, sent_to)
      values (${row.id}, ${row.contract}, ${row.document}, ${row.schedule}, ${row.occasion}, ${row.side},
        ${row.window}, ${row.version}, ${row.madeMs}, ${facts}, ${row.digest}, ${row.termsRevision},
        ${row.product}, ${tx.json(sentTo)})
      on conflict do nothing`
    if (added.count === 0) return false
    for (const { form, lang, digest, body } of files) {
      await tx`insert into sent_file (report, form, lang, digest, body)
        values (${row.id}, ${form}, ${lang}, ${digest}, ${Buffer.from(body)})`
    }
    await writeEvent(tx, fact, to)
    return true
  })
}

/** Of one schedule, for one side. */
export async function occasionsSent(
  db: Database,
  of: Pick<SentReport, 'contract' | 'document' | 'schedule' | 'side'>,
): Promise<Set<string>> {
  const rows = await db<{ occasion: string }[]>`
    select occasion from sent_report where contract = ${of.contract} and document = ${of.document}
      and schedule = ${of.schedule} and side = ${of.side}`
  return new Set(rows.map(({ occasion }) => occasion))
}

const COLUMNS = `id, contract, document, schedule, occasion, side, "window", version, made_ms as "madeMs", digest,
  terms_revision as "termsRevision", product, sent_to as "sentTo"`

export type SentPage = {
  contract: string
  side?: Side | undefined
  before?: string | undefined
  limit: number
}

/** Newest first. `before`: the id of the last one of the page before; `bad-request` when there is none of it. */
export async function listSentReports(
  db: Database,
  { contract, side, before, limit }: SentPage,
): Promise<SentReport[]> {
  const ofSide = side === undefined ? db`` : db`and side = ${side}`
  const last = before === undefined ? null : await sentReport(db, { contract, id: before, side })
  if (before !== undefined && !last) throw wrongCursor()
  return db<SentReport[]>`
    select ${db.unsafe(COLUMNS)} from sent_report where contract = ${contract} ${ofSide}
      ${last ? db`and (made_ms, id) < (${last.madeMs}, ${last.id})` : db``}
    order by made_ms desc, id desc limit ${limit}`
}

type One = { contract: string; id: string; side?: Side | undefined }

export async function sentReport(
  db: Database,
  { contract, id, side }: One,
): Promise<(SentReport & { facts: string }) | null> {
  const [row] = await db<(SentReport & { facts: string })[]>`
    select ${db.unsafe(COLUMNS)}, facts from sent_report
    where id = ${id} and contract = ${contract} ${side === undefined ? db`` : db`and side = ${side}`}`
  return row ?? null
}

/** What is known of the files of these, without their bytes. */
export function sentFiles(
  db: Database,
  reports: readonly string[],
): Promise<(Omit<SentFile, 'body'> & { report: string; bytes: number })[]> {
  return db<(Omit<SentFile, 'body'> & { report: string; bytes: number })[]>`
    select report, form, lang, digest, length(body) as bytes from sent_file
    where report = any(${[...reports]}::text[]) order by report, lang, form desc`
}

/** Files of one report in one language, with their bytes. */
export function sentBodies(
  db: Database,
  { report, lang }: { report: string; lang: Lang },
): Promise<SentFile[]> {
  return db<SentFile[]>`
    select form, lang, digest, body from sent_file where report = ${report} and lang = ${lang} order by form desc`
}

export type SentState = {
  report: string
  endpoint: string
  state: 'pending' | 'delivered' | 'failed' | 'disabled'
  deliveredMs: UnixMs | null
}

/** How far they have come, as long as deliveries are kept. A message that was sent again counts by its best. */
export function sentStates(db: Database, reports: readonly string[]): Promise<SentState[]> {
  return db<SentState[]>`
    select distinct on (report, endpoint) d.payload::jsonb #>> '{data,id}' as report, w.endpoint, d.state,
      d.delivered_ms as "deliveredMs"
    from delivery d join webhook w on w.id = d.webhook
    where d.type = 'report.ready' and d.payload::jsonb #>> '{data,id}' = any(${[...reports]}::text[])
      and w.endpoint is not null
    order by report, endpoint, d.delivered_ms nulls last, d.created_ms desc`
}
