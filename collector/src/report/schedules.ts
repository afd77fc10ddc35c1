/**
 * Reports on schedule: what the Alerting documents in effect ask for, made when it is due and sent. Beside the line,
 * which never waits for it. Safe to be killed anywhere: what was sent is known by the database alone, and whatever of it
 * could not be made is tried again. What fails for one report stops no other.
 */
import { createHash } from 'node:crypto'
import { Fault, messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { reportsOf } from '@constat/sla/alerting/documents'
import { dueReports, type DueReport } from '@constat/sla/alerting/report-schedule'
import { endpointKey, type AlertingDocument } from '@constat/sla/alerting/route'
import { answeredByProvider } from '@constat/sla/contract/expanded'
import type { ScheduledReport } from '@constat/sla/contract/schema-private'
import { allAlerting, type AlertingRow } from '../db/alerting.ts'
import {
  occasionsSent,
  sendReport,
  type Lang,
  type SentFile,
  type SentForm,
  type SentReport,
  type Side,
} from '../db/sent-reports.ts'
import type { Database } from '../db/tx.ts'
import type { Log, Random } from '../shell.ts'
import { VERSION } from '../version.ts'
import type { ReadModel } from '../view/reads.ts'
import type { ReportView } from '../view/report.ts'
import { makeReport } from './make.ts'
import { reportFact } from './report-fact.ts'
import { renderView, sceneOf, type Print } from './render.ts'

export const LOOK_EVERY_MS = 5_000
/** One that could not be made is tried again after this. */
const RETRY_MS = 60_000

export type ScheduleDeps = {
  db: Database
  nowMs: () => UnixMs
  random: Random
  log: Log
  publicUrl: string
  /** Of endpoints that name none. */
  language: Lang
  /** What each side may see of a contract. */
  readFor: (side: Side, contract: string) => ReadModel
  /** Keys of the windows of a contract that go on at an instant. */
  goingOn: (contract: string, atMs: UnixMs) => string[]
  print: Print
  /** Events were written. */
  told: () => void
}

/** What one side is sent by one schedule. */
type Plan = {
  contract: string
  document: AlertingDocument
  schedule: ScheduledReport
  side: Side
  to: SentReport['sentTo']
}

export class ReportSchedules {
  readonly #deps: ScheduleDeps
  readonly #retryMs = new Map<string, UnixMs>()
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  #isStopping = false

  constructor(deps: ScheduleDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
  }

  /** Ends after the report under way. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#isStopping = true
    await this.#looking
  }

  /** Makes and sends what is due. A call during a look is that look. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null))
    return this.#looking
  }

  async #look(): Promise<void> {
    try {
      for (const row of await allAlerting(this.#deps.db)) {
        for (const document of row.documents) {
          for (const schedule of reportsOf(document)) await this.#advance(row, { document, schedule })
        }
      }
    } catch (error) {
      this.#deps.log.warn('the schedule of reports could not be read; it will be read again', {
        reason: messageOf(error),
      })
    }
  }

  async #advance(
    { contract, reportsSince }: AlertingRow,
    { document, schedule }: { document: AlertingDocument; schedule: ScheduledReport },
  ): Promise<void> {
    const { db, nowMs, readFor, goingOn, log } = this.#deps
    const sinceMs = reportsSince[endpointKey(document.name, schedule.id)]
    if (sinceMs === undefined || this.#isStopping) return
    const closed = readFor('customer', contract)
      .closedWindows(contract)
      .map(({ window, version, at }) => ({ window, version, atMs: Date.parse(at) }))
    const due = dueReports(schedule, {
      nowMs: nowMs(),
      sinceMs,
      closed,
      goingOn: (atMs) => goingOn(contract, atMs),
    })
    if (due.length === 0) return
    for (const [side, to] of this.#sides(contract, { document, schedule })) {
      const plan = { contract, document, schedule, side, to }
      const of = { contract, document: document.name, schedule: schedule.id, side }
      const sent = await occasionsSent(db, of)
      // The oldest first, as they closed.
      for (const one of due.filter(({ occasion }) => !sent.has(occasion)).toReversed()) {
        await this.#tried([contract, document.name, schedule.id, one.occasion, side].join('/'), async () => {
          await this.#send(plan, one)
          log.info('a report was sent', { ...of, window: one.window })
        })
      }
    }
  }

  async #tried(key: string, step: () => Promise<void>): Promise<void> {
    const { nowMs, log } = this.#deps
    if (this.#isStopping || nowMs() < (this.#retryMs.get(key) ?? -Infinity)) return
    try {
      await step()
      this.#retryMs.delete(key)
    } catch (error) {
      this.#retryMs.set(key, nowMs() + RETRY_MS)
      log.error('a report could not be sent; it will be tried again', {
        report: key,
        reason: messageOf(error),
      })
    }
  }

  /** Whoever an endpoint of the provider's reads for is shown what the provider may see. */
  #sides(
    contract: string,
    { document, schedule }: { document: AlertingDocument; schedule: ScheduledReport },
  ): [Side, SentReport['sentTo']][] {
    const terms = this.#deps.readFor('customer', contract).terms(contract)
    const theirs = terms ? answeredByProvider(terms) : new Set<string>()
    const to = new Map<Side, SentReport['sentTo']>()
    for (const { id, email, operatedBy, language } of document.spec.endpoints) {
      if (!schedule.to.includes(id)) continue
      const side = operatedBy !== undefined && theirs.has(operatedBy) ? 'provider' : 'customer'
      const one = { endpoint: id, mailbox: email ?? null, lang: language ?? this.#deps.language }
      to.set(side, [...(to.get(side) ?? []), one])
    }
    return [...to]
  }

  async #send(plan: Plan, { window, version, occasion }: DueReport): Promise<void> {
    const { db, nowMs, random, publicUrl, readFor, told } = this.#deps
    const { contract, document, schedule, side, to } = plan
    const madeMs = nowMs()
    const read = readFor(side, contract)
    const asked = { contract, window, ...(version !== null && { version }) }
    const made = await makeReport(read, asked, madeMs)
    if (made === null) throw new Fault('not-found', `there is no window ${window} of ${contract}`)
    const report: SentReport = {
      id: `rpt_${random.bytes(10).toString('hex')}`,
      contract,
      document: document.name,
      schedule: schedule.id,
      occasion,
      side,
      window,
      version,
      madeMs,
      digest: digestOf(JSON.stringify(made)),
      termsRevision: read.contract(contract)?.revision ?? made.revision,
      product: VERSION,
      sentTo: to,
    }
    const languages = [...new Set(to.map(({ lang }) => lang))]
    const files: SentFile[] = []
    for (const lang of languages) files.push(...(await this.#filesIn(lang, { made, report, plan })))
    const fact = reportFact({ report, view: made, files, atMs: madeMs, publicUrl })
    const endpoints = to.map(({ endpoint }) => endpoint)
    const addressed = { contract, document: document.name, endpoints }
    await sendReport(db, { report, facts: JSON.stringify(made), files, fact, to: addressed })
    told()
  }

  async #filesIn(
    lang: Lang,
    { made, report, plan }: { made: ReportView; report: SentReport; plan: Plan },
  ): Promise<SentFile[]> {
    const { readFor, print } = this.#deps
    const terms = readFor(plan.side, plan.contract)
    const scene = sceneOf(made, { lang, termsOf: (name) => terms.terms(name, report.termsRevision) })
    const files: SentFile[] = []
    for (const form of plan.schedule.forms) {
      const file = async (as: SentForm): Promise<SentFile> => {
        const body = Buffer.from(
          await renderView(made, { format: as, scene, print, product: report.product }),
        )
        return { form: as, lang, digest: digestOf(body), body }
      }
      const one = await file(form).catch((error: unknown) => {
        // What does not fit on paper is sent as the page that it is.
        if (form === 'pdf' && error instanceof Fault && error.code === 'too-large') return file('html')
        throw error
      })
      if (files.every((known) => known.form !== one.form)) files.push(one)
    }
    return files
  }
}

function digestOf(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
