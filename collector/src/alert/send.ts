/**
 * Send: one attempt at one delivery, and its record. At least once: a process that dies between the
 * two sends again, under the same message id. Safe to run twice.
 */
import { sign } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '@constat/shared/fault'
import { privateKeyOf } from '@constat/shared/signature'
import type { Clock } from '@constat/shared/time'
import { Webhook } from 'standardwebhooks'
import { dropDelivery, findDelivery, isIncidentOver, recordAttempt } from '../db/deliveries.ts'
import type { Attempted, DueDelivery } from '../db/deliveries.ts'
import type { Database } from '../db/tx.ts'
import type { Log, Random } from '../shell.ts'
import type { Headline } from './headline.ts'
import { post, type Reach } from './post.ts'
import { isSuccess, outcomeOf, type Answer } from './retry.ts'
import { bodiesOf, shapeNamed, type ShapeName } from './shapes/table.ts'
import type { Envelope, MessageType } from './types.ts'

export type Sending = {
  sql: Database
  clock: Clock
  random: Random
  log: Log
  reach: Reach
  retryDelaysMs: readonly number[]
  timeoutMs: number
  /** What a message says to people; the language is that of its endpoint, null: of the collector. */
  say: Sayer
  letters: Letters
  /** Called after a delivery that the receiver accepted was written down. Must not throw. */
  delivered: (type: MessageType) => void
  /** Aborted when the collector stops and requests in flight have had their grace. */
  signal: AbortSignal
}

export type Sayer = (envelope: Envelope, language: 'en' | 'fr' | null) => Headline

/** What goes out as e-mail. */
export type Letters = {
  send(letter: {
    url: URL
    envelope: Envelope
    language: 'en' | 'fr' | null
    operatedBy: string | null
    messageId: string
    /** What it is about is over by now. */
    isOver: boolean
    signal: AbortSignal
  }): Promise<Answer>
}

/** An answer that cannot be written down for this long is lost, and the message sent again. */
const RECORD_TRIES_MAX = 120
const RECORD_PAUSE_MS = 500
const USER_AGENT = 'Constat-Webhook/1'

type Sendable = DueDelivery & { url: string; shape: ShapeName; secret: string }

export async function sendDelivery(id: string, sending: Sending): Promise<void> {
  const { sql, clock, signal } = sending
  const due = await findDelivery(sql, id)
  const atMs = clock.nowMs()
  // Read a moment ago: it may have been sent, dropped, paused or put off since.
  if (due === null || due.state !== 'pending' || due.pausedMs !== null) return
  if (due.nextMs !== null && due.nextMs > atMs) return
  if (!isSendable(due)) return dropDelivery(sql, due.id)
  const startUs = clock.monotonicUs()
  const answer = await attempt(due, sending)
  const tookMs = Math.round((clock.monotonicUs() - startUs) / 1_000)
  // Cut short by a stop: it goes on to wait.
  if (signal.aborted && answer.status === null) return
  const next = outcomeOf({
    answer,
    attemptsBefore: due.attempts,
    delaysMs: sending.retryDelaysMs,
    nowMs: atMs + tookMs,
    chance: sending.random.bytes(4).readUInt32BE() / 2 ** 32,
  })
  const made = { atMs, status: answer.status, error: answer.error, tookMs }
  const attempted = { id: due.id, attemptsBefore: due.attempts, made, body: answer.body, next }
  await record(attempted, sending)
  report({ due, attempted, log: sending.log })
  if (next.state === 'delivered') sending.delivered(due.type)
}

function isSendable(due: DueDelivery): due is Sendable {
  return due.url !== null && due.shape !== null && due.secret !== null && due.disabledMs === null
}

async function attempt(due: Sendable, sending: Sending): Promise<Answer> {
  try {
    const shape = shapeNamed(due.shape)
    const url = new URL(due.url)
    // Written by `envelopeText`, and only there.
    const envelope = JSON.parse(due.payload) as Envelope
    const { language, operatedBy, messageId } = due
    // A try may come hours after the message was written.
    const asksOver = shape.holdsAlerts === true || shape.protocol !== undefined
    const isOver = asksOver && (await isIncidentOver(sending.sql, due.id))
    if (shape.protocol !== undefined) {
      return await sending.letters.send({
        url,
        envelope,
        language,
        operatedBy,
        messageId,
        isOver,
        signal: sending.signal,
      })
    }
    const headline = sending.say(envelope, language)
    const bodies = bodiesOf(due.shape, { envelope, headline, text: due.payload, url, isOver })
    return await postAll(bodies, { due, url: shape.target?.(url) ?? url, sending })
  } catch (error) {
    return { status: null, error: `could not be written: ${messageOf(error)}`, body: null, retryAfter: null }
  }
}

/** One after the other, as far as they are accepted. The answer to the last that was sent. */
async function postAll(
  [body = '', ...rest]: readonly string[],
  to: { due: Sendable; url: URL; sending: Sending },
): Promise<Answer> {
  const { due, url, sending } = to
  const { clock, reach, timeoutMs, signal } = sending
  const headers = signedHeaders({ due, body, atMs: clock.nowMs() })
  const answer = await post({ url, headers, body, reach, timeoutMs, signal })
  return rest.length > 0 && isSuccess(answer.status) ? postAll(rest, to) : answer
}

type Signing = { due: Sendable; body: string; atMs: number }

/**
 * Standard Webhooks: id and time are under the signature together with the body. A secret and the one before it, and
 * the Ed25519 key where there is one.
 */
function signedHeaders({ due, body, atMs }: Signing): Record<string, string> {
  const timestamp = new Date(atMs)
  const { secret, lastSecret, lastSecretUntilMs } = due
  const isTwo = lastSecret !== null && lastSecretUntilMs !== null && atMs < lastSecretUntilMs
  const secrets = isTwo ? [secret, lastSecret] : [secret]
  return {
    'content-type': 'application/json',
    'user-agent': USER_AGENT,
    'webhook-id': due.messageId,
    'webhook-timestamp': String(Math.floor(atMs / 1_000)),
    'webhook-signature': [
      ...secrets.map((one) => new Webhook(one).sign(due.messageId, timestamp, body)),
      ...(due.signingSeed ? [keySignature(due.signingSeed, { messageId: due.messageId, atMs, body })] : []),
    ].join(' '),
  }
}

/** `v1a`: what anybody can check who has the public key. */
function keySignature(
  seed: Buffer,
  { messageId, atMs, body }: { messageId: string; atMs: number; body: string },
) {
  const signed = Buffer.from(`${messageId}.${Math.floor(atMs / 1_000)}.${body}`)
  return `v1a,${sign(null, signed, privateKeyOf(seed)).toString('base64')}`
}

/** The request cannot be taken back: a database that restarts meanwhile is waited for. */
async function record(attempted: Attempted, { sql, log }: Sending): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await recordAttempt(sql, attempted)
      return
    } catch (error) {
      if (tries >= RECORD_TRIES_MAX) throw error
      if (tries === 1) log.warn('a delivery could not be recorded yet', { error: messageOf(error) })
      await sleep(RECORD_PAUSE_MS)
    }
  }
}

function report({ due, attempted, log }: { due: Sendable; attempted: Attempted; log: Log }): void {
  const { made, next } = attempted
  const facts = {
    delivery: due.id,
    webhook: due.webhook,
    type: due.type,
    status: made.status,
    error: made.error,
  }
  if (next.state === 'delivered') log.info('delivered', facts)
  else if (next.state === 'pending')
    log.warn('delivery will be tried again', { ...facts, inMs: next.delayMs })
  else if (next.state === 'disabled') log.warn('the receiver is gone: webhook disabled', facts)
  else log.error('delivery failed for good', facts)
}
