/**
 * Answers: a receiver tells who has an incident in hand. Whoever holds its secret speaks for the customer, as whoever has
 * the link of a letter does; what the provider runs has a seat of its own, and is not heard here. Not pure.
 */
import { messageOf } from '@constat/shared/fault'
import { answeredByProvider, type ExpandedContract } from '@constat/sla/contract/expanded'
import { acknowledgedIn, isSigned } from './pagerduty-answer.ts'
import { answeringOf, noteHeard, wasHeard, wasSent } from '../db/answering.ts'
import type { Database } from '../db/tx.ts'
import type { Actions, AnswerHeard } from './actions.ts'
import type { IncidentView } from '../view/timeline.ts'
import type { Log } from '../shell.ts'

export type AnswersDeps = {
  db: Database
  nowMs: () => number
  log: Log
  read: {
    incident(id: string): Promise<IncidentView | null>
    terms(contract: string): ExpandedContract | null
  }
  actions: Pick<Actions, 'acknowledge' | 'remark'>
}

/** Safe to run twice: an answer is taken once, and the first acknowledgement stands. */
export async function hearAnswer(
  { webhook, signature, body }: { webhook: string; signature: string; body: Buffer },
  { db, nowMs, log, read, actions }: AnswersDeps,
): Promise<AnswerHeard> {
  const own = await answeringOf(db, webhook)
  if (!own) return 'unknown'
  if (!isSigned(body, { header: signature, secret: own.secret })) return 'unsigned'
  const said = acknowledgedIn(body)
  if (!said) return 'ignored'
  const { incident: id, answer, who } = said
  const incident = (await wasSent(db, { webhook, incident: id })) ? await read.incident(id) : null
  if (incident === null || incident.closedAt !== null) return 'ignored'
  const { contract } = incident
  const terms = read.terms(contract)
  if (terms && own.operatedBy !== null && answeredByProvider(terms).has(own.operatedBy)) {
    log.warn('an answer was not taken: the provider runs that receiver, and has a seat of its own', {
      webhook,
    })
    return 'ignored'
  }
  if (await wasHeard(db, { webhook, answer })) return 'ignored'
  const by = { role: 'owner', token: webhook, as: 'api', contracts: [contract] } as const
  await actions.acknowledge({ incident: id, by })
  const text = `PagerDuty${who === null ? '' : `: ${who}`}${said.at === null ? '' : `, ${said.at}`}`
  try {
    await actions.remark({ contract, kind: 'note', incident: id, service: null, text, sinceMs: null, by })
  } catch (error) {
    // There are as many notes as there may be: it is in hand all the same.
    log.warn('who has an incident in hand could not be noted', { incident: id, reason: messageOf(error) })
  }
  await noteHeard(db, { webhook, answer, atMs: nowMs() })
  return 'taken'
}
