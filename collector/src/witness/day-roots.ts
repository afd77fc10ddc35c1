/**
 * The day's root: the last head that each log signed on a day, sent to the mailboxes of its Alerting documents the day
 * after, those of the provider too. Whoever keeps the letter holds the log to it. Once for a day and document, over
 * restarts; beside the line.
 */
import { parseCheckpoint } from '@constat/evidence/checkpoint'
import { parseNote } from '@constat/evidence/note'
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { mailsRoot } from '@constat/sla/alerting/documents'
import type { EventBus } from '../alert/bus.ts'
import { allAlerting, type AlertingRow } from '../db/alerting.ts'
import { lastCheckpointWithin } from '../db/bundle-rows.ts'
import { remind } from '../db/reminders.ts'
import type { Database } from '../db/tx.ts'
import type { Shell } from '../shell.ts'
import { rootFact } from './root-fact.ts'

const LOOK_EVERY_MS = 60_000
const DAY_MS = 86_400_000

export type DayRootsDeps = {
  db: Database
  shell: Pick<Shell, 'clock' | 'log'>
  publicUrl: string
  bus: Pick<EventBus, 'publish'>
}

export class DayRoots {
  readonly #deps: DayRootsDeps
  /** Contract and document → the day that was seen to: the database has the last word. */
  readonly #seen = new Map<string, UnixMs>()
  #looking: Promise<void> | null = null

  constructor(deps: DayRootsDeps) {
    this.#deps = deps
  }

  /** The answer is how to stop. */
  start(): () => Promise<void> {
    const timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
    return async () => {
      clearInterval(timer)
      await this.#looking
    }
  }

  /** Sends the roots of yesterday, UTC, that were not sent. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        this.#deps.shell.log.warn('the roots of yesterday were not sent; tried again', {
          reason: messageOf(error),
        })
      })
      .finally(() => (this.#looking = null))
    return this.#looking
  }

  async #look(): Promise<void> {
    const nowMs = this.#deps.shell.clock.nowMs()
    const dayMs = Math.floor(nowMs / DAY_MS) * DAY_MS - DAY_MS
    for (const row of await allAlerting(this.#deps.db)) await this.#tell(row, { dayMs, nowMs })
  }

  async #tell(
    { contract, documents }: AlertingRow,
    { dayMs, nowMs }: { dayMs: UnixMs; nowMs: UnixMs },
  ): Promise<void> {
    const { db, publicUrl, bus } = this.#deps
    for (const document of documents) {
      const endpoints = mailsRoot(document)
      const subject = `root/${contract}/${document.name}`
      if (endpoints.length === 0 || this.#seen.get(subject) === dayMs) continue
      const signed = await lastCheckpointWithin(db, { contract, fromMs: dayMs, toMs: dayMs + DAY_MS })
      const head = signed && parseCheckpoint(parseNote(signed)?.text ?? '')
      if (signed && head) {
        const day = new Date(dayMs).toISOString().slice(0, 10)
        const fact = rootFact({ contract, day, head, note: signed, atMs: nowMs, publicUrl })
        const to = { contract, document: document.name, endpoints }
        if (await remind(db, { subject, step: day, fact, to })) bus.publish()
      }
      this.#seen.set(subject, dayMs)
    }
  }
}
