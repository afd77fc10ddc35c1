/**
 * This collector as a witness of others: the logs of its policy, each cosigned only where it extends what was cosigned
 * before. C2SP tlog-witness. The key is made of the collector's own, and is another one: what a log signs and what a
 * witness signs are never under one key.
 */
import { hkdfSync } from 'node:crypto'
import { parseCheckpoint } from '@constat/evidence/checkpoint'
import { cosigner } from '@constat/evidence/cosignature'
import { formatSignature, parseNote } from '@constat/evidence/note'
import { COSIGNATURE_TYPE, formatVkey, skeyOf, type Skey, type Vkey } from '@constat/evidence/vkey'
import { answerSubmission, parseSubmission, TREE_SIZE_TYPE, type Witnessed } from '@constat/evidence/witness'
import { rawPublicKey } from '@constat/shared/signature'
import { keepWitnessed, witnessedNote } from '../db/cosignature-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Shell } from '../shell.ts'

export type Answer = { status: 200 | 400 | 403 | 404 | 409 | 422; type: string; text: string }

const PLAIN = 'text/plain; charset=utf-8'

export class Cosigner {
  readonly #deps: { db: Database; shell: Shell; logs: readonly Vkey[] }
  readonly #key: Skey
  /** Looked up, kept and signed one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: { db: Database; shell: Shell; logs: readonly Vkey[] }) {
    this.#deps = deps
    this.#key = keyOf(deps.shell)
  }

  /** What others put into their policy. */
  get vkey(): string {
    const { name, keyId, type, key } = this.#key
    return formatVkey({ name, keyId, type, publicKey: rawPublicKey(key) })
  }

  /** `add-checkpoint`. Rejects where the database is away: then nothing is signed. */
  answer(body: string): Promise<Answer> {
    const own = this.#last.then(() => this.#answer(body))
    this.#last = own.catch(() => undefined)
    return own
  }

  async #answer(body: string): Promise<Answer> {
    const { db, shell, logs } = this.#deps
    const origin = parseCheckpoint(parseNote(parseSubmission(body)?.note ?? '')?.text ?? '')?.origin
    const isKnown = logs.some(({ name }) => name === origin)
    const latest = origin !== undefined && isKnown ? seenIn(await witnessedNote(db, origin)) : null
    const answer = answerSubmission(body, { logs, latest: () => latest })
    if (answer.kind === 'refused') {
      const { status, reason, size } = answer
      if (reason === 'other-old-size') return { status, type: TREE_SIZE_TYPE, text: `${size}\n` }
      if (isKnown) shell.log.warn('a checkpoint was not cosigned', { origin: origin ?? '', reason })
      return { status, type: PLAIN, text: `${reason}\n` }
    }
    const atMs = shell.clock.nowMs()
    await keepWitnessed(db, { origin: answer.origin, note: answer.note, atMs })
    const { name, key } = this.#key
    const { keyId, sign } = cosigner({ name, key, atMs })
    return { status: 200, type: PLAIN, text: formatSignature({ name, keyId, signature: sign(answer.text) }) }
  }
}

function seenIn(note: string | null): Witnessed | null {
  return (note !== null && parseCheckpoint(parseNote(note)?.text ?? '')) || null
}

/** RFC 5869. Named like the logs of this collector, which have a contract behind it. */
function keyOf({ identity }: Shell): Skey {
  const seed = identity.key.export({ format: 'der', type: 'pkcs8' })
  const derived = Buffer.from(hkdfSync('sha256', seed, '', 'constat/witness/v1', 32))
  const name = `constat/${identity.publicKey.toString('hex').slice(0, 12)}`
  return skeyOf({ name, type: COSIGNATURE_TYPE, seed: derived })
}
