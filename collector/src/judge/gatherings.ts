/**
 * Gatherings: people are told of what has one cause in one message, and of what flaps once. Looked at in every step of
 * the line, endpoint by endpoint, each in one transaction: what died in between is done again, and nothing twice.
 */
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { causesOf, type Failing } from '@constat/sla/alerting/cause'
import { CHANGES, type Change, type Notice } from '@constat/sla/alerting/gathered'
import { dueMs, take } from '@constat/sla/alerting/gathering'
import { gatheredMessage } from '../alert/gathered-facts.ts'
import type { EventData } from '../alert/types.ts'
import {
  gatheringsDue,
  putGathering,
  release,
  sendGathered,
  takeWaiting,
  type GatheredRow,
} from '../db/gathered-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Log } from '../shell.ts'
import type { IncidentView } from '../view/timeline.ts'

export type GatheringsDeps = { db: Database; nowMs: () => UnixMs; publicUrl: string; log: Log }

export class Gatherings {
  readonly #deps: GatheringsDeps

  constructor(deps: GatheringsDeps) {
    this.#deps = deps
  }

  async advance(): Promise<void> {
    const { db, nowMs, log } = this.#deps
    for (const webhook of await gatheringsDue(db, nowMs())) {
      try {
        await this.#look(webhook)
      } catch (error) {
        log.error('what waits to be told together could not be told; it is tried again', {
          webhook,
          reason: messageOf(error),
        })
      }
    }
  }

  async #look(webhook: string): Promise<void> {
    const { db, publicUrl } = this.#deps
    const nowMs = this.#deps.nowMs()
    await db.begin(async (tx) => {
      const { contract, before, rows, rules } = await takeWaiting(tx, { webhook, nowMs })
      const { after, told } = take(before, { notices: rows.map(noticeOf), nowMs, rules })
      for (const [n, one] of told.entries()) {
        const leaving = { carries: one.carries, nowMs, n }
        const message = gatheredMessage(one, { contract, publicUrl })
        if (message) await sendGathered(tx, webhook, { ...message, ...leaving })
        else if (one.kind === 'alone') await release(tx, one.notice, leaving)
      }
      await putGathering(tx, { webhook, after, dueMs: dueMs(after) })
    })
  }
}

function noticeOf({ id, type, atMs, data, newest }: GatheredRow): Notice {
  const change = type.slice(type.indexOf('.') + 1)
  const incident = incidentIn(newest ?? data)
  return {
    id,
    change: isChange(change) ? change : 'updated',
    atMs,
    causes: causesOf(incidentIn(data)),
    member: {
      incident: incident.id,
      service: incident.service,
      onsetMs: Date.parse(incident.onsetAt),
      endMs: incident.endAt === null ? null : Date.parse(incident.endAt),
      isOver: incident.closedAt !== null,
      isInHand: incident.acknowledgedAt !== null && incident.unansweredSince === null,
    },
  }
}

function isChange(text: string): text is Change {
  // Widening the tuple only lets `includes` take any text.
  return (CHANGES as readonly string[]).includes(text)
}

/** What is gathered is about an incident, as `incidentFact` writes it. */
function incidentIn(data: EventData): IncidentView & Failing {
  return data as unknown as IncidentView
}
