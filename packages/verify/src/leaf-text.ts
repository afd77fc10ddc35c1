/** What the leaves say that are no frames: their text, also where it stands beside the log. */
import { createHash } from 'node:crypto'
import { besidePath } from '@constat/evidence/bundle'
import { sealedDigest } from '@constat/evidence/leaf'
import type { StateLeaf } from '@constat/sla/state/leaf'
import { readStatement } from '@constat/sla/state/statement-record'
import type { Entry } from './entries.ts'
import type { Failures } from './failure.ts'

export class LeafTexts {
  readonly #files: ReadonlyMap<string, Buffer>
  readonly #failures: Failures
  readonly #used = new Set<string>()

  constructor(files: ReadonlyMap<string, Buffer>, failures: Failures) {
    this.#files = files
    this.#failures = failures
  }

  /** Null where what stands beside is not there, or is something else. */
  stateLeaf(entry: Entry): StateLeaf | null {
    const { type, index, receivedMs, body } = entry
    const digest = sealedDigest(body)
    const bytes = digest ? this.beside(digest.toString('hex'), index) : body
    if (!bytes) return null
    const text = bytes.toString('utf8')
    if (type === 'statement') this.#readStatement(text, index)
    return { type, index, receivedMs, text, agent: agentIn(type, text) }
  }

  /** Bytes that stand beside the log; null after a failure. */
  beside(digest: string, entry?: number): Buffer | null {
    const file = besidePath(digest)
    this.#used.add(file)
    const bytes = this.#files.get(file)
    const place = { step: 'entries and tree' as const, file, ...(entry !== undefined && { entry }) }
    if (!bytes) {
      const detail = 'the entry names it by its digest, and the bundle does not have it'
      this.#failures.add({ ...place, reason: 'missing-file', detail })
      return null
    }
    if (createHash('sha256').update(bytes).digest('hex') === digest) return bytes
    const detail = 'its SHA-256 is not the one that the entry names'
    this.#failures.add({ ...place, reason: 'changed-body', detail })
    return null
  }

  /** Files beside the log that no entry names. */
  unused(): string[] {
    return [...this.#files.keys()].filter((path) => path.startsWith('beside/') && !this.#used.has(path))
  }

  #readStatement(text: string, index: number): void {
    const { sha256 } = readStatement(JSON.parse(text) as object)
    if (typeof sha256 === 'string') this.beside(sha256, index)
  }
}

/** The SHA-256 in hex of what stands beside the log for a leaf; null where nothing does. */
export function besideOf({ type, body }: Pick<Entry, 'type' | 'body'>): string | null {
  const sealed = sealedDigest(body)
  if (sealed || type !== 'statement') return sealed?.toString('hex') ?? null
  const { sha256 } = readStatement(JSON.parse(body.toString('utf8')) as object)
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null
}

function agentIn(type: string, text: string): string | null {
  if (type !== 'enrolment' && type !== 'revocation') return null
  if (text === '') return null
  const { agent } = JSON.parse(text) as { agent?: unknown }
  return typeof agent === 'string' ? agent : null
}
