/**
 * Timestamps: an authority outside says when a checkpoint was there (RFC 3161), of each log once a day as it grows, and
 * of the checkpoint that the bundle of a closed window stands under. Beside the line: nothing waits for it, and what it
 * does not answer is asked again.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readAnchors, type Certificate } from '@constat/evidence/certificate'
import {
  MAX_TOKEN_BYTES,
  nonceOf,
  openTimestamp,
  openTimestampAnswer,
  timestampRequest,
  type Timestamp,
} from '@constat/evidence/timestamp'
import { Fault, messageOf } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { closedWindows, type ContractState } from '@constat/sla/state/contract-state'
import { coveringCheckpoint } from '../bundle/cosigned.ts'
import { checkpointOver, type SignedNote } from '../db/bundle-rows.ts'
import { newestCheckpoint } from '../db/ledger-rows.ts'
import { keepToken, newestTokens, tokenOf, type TimestampRow } from '../db/timestamp-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Shell } from '../shell.ts'
import type { Timestamping, TimestampProblem, TimestampsView } from '../view/timestamp.ts'
import { limited, reasonOf } from './ask.ts'
import type { Witnesses } from './witnesses.ts'

const LOOK_EVERY_MS = 15_000
const WITHIN_MS = 15_000
/** A log that grows is dated so often. */
export const STAMP_EVERY_MS = 86_400_000
/** Its newest date counts so long: a day, and what the authority may be away. */
const FRESH_MS = 2 * STAMP_EVERY_MS
/** Closings of longer ago are not dated any more. */
const CLOSED_WITHIN_MS = 7 * 86_400_000
/** The first checkpoint over a closing that witnesses have cosigned is waited for. */
const COSIGNED_WITHIN_MS = 10 * 60_000
/** After a failure, doubled with each. */
const RETRY_MS = 60_000
const MAX_RETRY_MS = 3_600_000

export type TimestampsDeps = {
  db: Database
  shell: Pick<Shell, 'clock' | 'random' | 'log'>
  witnesses: Pick<Witnesses, 'policy' | 'witnessedSize'>
}

/** Its address, and the PEM file of whom its word rests on. */
type Named = { url: string; anchors: string }
type Known = { all(): readonly ContractState[] }
type Authority = { url: URL; anchors: readonly Certificate[] }
/** `sinceMs`: when it came, by the collector's clock; after a start as the authority says, and never ahead. */
type Stamp = { size: number; timestamp: Timestamp; sinceMs: UnixMs }

export class Timestamps implements Timestamping {
  readonly #deps: TimestampsDeps
  readonly #authority: Authority | null
  /** Log → its newest. */
  readonly #stamps = new Map<number, Stamp>()
  /** Log → the last closing that needs no other. */
  readonly #closed = new Map<number, number>()
  #problem: TimestampProblem | null = null
  #failures = 0
  #notBeforeMs: UnixMs = 0
  #looking: Promise<void> | null = null

  private constructor(deps: TimestampsDeps, authority: Authority | null) {
    this.#deps = deps
    this.#authority = authority
  }

  /** Null: nobody is asked, and what was said before stays. Fault `bad-config`. */
  static async open(config: Named | null, deps: TimestampsDeps): Promise<Timestamps> {
    const timestamps = new Timestamps(deps, config && authorityOf(config))
    for (const row of await newestTokens(deps.db)) timestamps.#load(row)
    return timestamps
  }

  #load({ log, size, note, token }: TimestampRow): void {
    const anchors = this.#authority?.anchors ?? []
    const opening = openTimestamp(token, { digest: digestOf({ note }), anchors })
    if (opening.kind === 'refused') return
    const { timestamp } = opening
    // Anchors may be others now: what does not lead to one of them dates nothing.
    if (this.#authority === null || timestamp.isAnchored)
      this.#stamps.set(log, { size, timestamp, sinceMs: Math.min(timestamp.atMs, this.#nowMs()) })
  }

  /** The answer is how to stop. */
  start(contracts: Known): () => Promise<void> {
    const timer = this.#authority ? setInterval(() => void this.look(contracts), LOOK_EVERY_MS) : null
    if (timer) void this.look(contracts)
    return async () => {
      if (timer) clearInterval(timer)
      await this.#looking
    }
  }

  /** Asks about every checkpoint that is due. Never rejects. */
  look(contracts: Known): Promise<void> {
    this.#looking ??= this.#look(contracts)
      .catch((error: unknown) => {
        this.#deps.shell.log.warn('checkpoints could not be dated; tried again', { reason: messageOf(error) })
      })
      .finally(() => (this.#looking = null))
    return this.#looking
  }

  isStamped(log: number): boolean {
    const stamp = this.#stamps.get(log)
    return stamp !== undefined && Math.abs(this.#nowMs() - stamp.timestamp.atMs) <= FRESH_MS
  }

  of(log: number): TimestampsView | null {
    const stamp = this.#stamps.get(log)
    if (!this.#authority && !stamp) return null
    const { size = 0, timestamp } = stamp ?? {}
    const at = timestamp ? formatInstant(timestamp.atMs) : null
    return { size, at, authority: timestamp?.authority ?? null, problem: this.#problem }
  }

  async #look(contracts: Known): Promise<void> {
    if (!this.#authority || this.#nowMs() < this.#notBeforeMs) return
    for (const state of contracts.all()) {
      if (!(await this.#closings(state)) || !(await this.#daily(state))) return
    }
  }

  /** False: the authority does not answer. */
  async #closings(state: ContractState): Promise<boolean> {
    const { db, witnesses } = this.#deps
    const { log } = state
    const nowMs = this.#nowMs()
    const settled = this.#closed.get(log) ?? -1
    const due = closedWindows(state).filter(
      ({ leaf, atMs }) => leaf > settled && nowMs - atMs < CLOSED_WITHIN_MS,
    )
    for (const { leaf, atMs } of due.toSorted((a, b) => a.leaf - b.leaf)) {
      const signed = await coveringCheckpoint(db, witnesses.policy, { log, size: leaf + 1 })
      if (!signed) return true
      const isCosigned = witnesses.policy === null || witnesses.witnessedSize(log) >= signed.size
      if (!isCosigned && nowMs - atMs < COSIGNED_WITHIN_MS) return true
      if ((await tokenOf(db, { log, size: signed.size })) === null && !(await this.#stamp(log, signed)))
        return false
      this.#closed.set(log, leaf)
    }
    return true
  }

  /** False: the authority does not answer. */
  async #daily({ log }: ContractState): Promise<boolean> {
    const { db, witnesses } = this.#deps
    const stamp = this.#stamps.get(log)
    if (stamp && Math.abs(this.#nowMs() - stamp.sinceMs) < STAMP_EVERY_MS) return true
    const newest = await newestCheckpoint(db, log)
    const known = stamp?.size ?? 0
    if (!newest || newest.size <= known) return true
    const cosigned = witnesses.witnessedSize(log)
    const signed = cosigned > known ? await checkpointOver(db, { log, size: cosigned }) : newest
    return this.#stamp(log, signed ?? newest)
  }

  /** Whether it was dated. */
  async #stamp(log: number, signed: SignedNote): Promise<boolean> {
    const { db, shell } = this.#deps
    const { url, anchors } = this.#authority!
    const asked = { digest: digestOf(signed), nonce: nonceOf(shell.random.bytes(8)), anchors }
    let answer: Buffer
    try {
      answer = await post(url, timestampRequest(asked))
    } catch (error) {
      return this.#failed('unreachable', reasonOf(error))
    }
    const opening = openTimestampAnswer(answer, asked)
    if (opening.kind === 'refused') return this.#failed(opening.reason, null)
    const { token, timestamp } = opening
    const { size } = signed
    await keepToken(db, { log, size, token })
    if (size >= (this.#stamps.get(log)?.size ?? 0))
      this.#stamps.set(log, { size, timestamp, sinceMs: this.#nowMs() })
    this.#problem = null
    this.#failures = 0
    return true
  }

  #failed(problem: TimestampProblem, reason: string | null): false {
    const { shell } = this.#deps
    if (this.#problem !== problem) {
      shell.log.warn('the timestamp authority does not date', { problem, ...(reason !== null && { reason }) })
    }
    this.#problem = problem
    this.#notBeforeMs = this.#nowMs() + Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures)
    this.#failures += 1
    return false
  }

  #nowMs(): UnixMs {
    return this.#deps.shell.clock.nowMs()
  }
}

/** Of the note as the log has signed it: what witnesses sign below it may come later. */
function digestOf({ note }: Pick<SignedNote, 'note'>): Buffer {
  return createHash('sha256').update(note).digest()
}

function authorityOf({ url, anchors: path }: Named): Authority {
  let pem: string
  try {
    pem = readFileSync(path, 'utf8')
  } catch (error) {
    throw wrong(`CONSTAT_TSA_CA cannot be read: ${messageOf(error)}`)
  }
  const anchors = readAnchors(pem)
  if (!anchors) throw wrong(`${path}: it is no file of certificates in PEM that can be used`)
  return { url: new URL(url), anchors }
}

function wrong(problem: string): Fault {
  return new Fault('bad-config', 'the timestamp authority cannot be used', { problems: [problem] })
}

/** RFC 3161 §3.4. A name and password in the address are sent as RFC 7617 has it. Rejects. */
async function post(url: URL, body: Buffer): Promise<Buffer> {
  const { username, password } = url
  const place = new URL(url)
  place.username = ''
  place.password = ''
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const response = await fetch(place, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: {
      'content-type': 'application/timestamp-query',
      ...(username !== '' && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
    },
    redirect: 'error',
    signal: AbortSignal.timeout(WITHIN_MS),
  })
  const answer = await limited(response, MAX_TOKEN_BYTES)
  if (response.status !== 200) throw new Error(`it answered ${response.status}`)
  return answer
}
