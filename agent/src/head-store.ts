/**
 * Head store: what an agent has to know of its logs over a restart or a crash: the newest head that was held against the
 * one before, the newest receipt, and the frames that were acknowledged and are not proved; and what contradicted a
 * head, for whoever is to judge it. Nothing waits for it: a disk that cannot be written costs the memory of a restart,
 * and that is said.
 */
import { join } from 'node:path'
import { messageOf } from '@constat/shared/fault'
import { formatReceipt, parseReceipt } from '@constat/shared/receipt'
import type { Kept, Taken } from './log-proofs.ts'
import type { Log } from './shell.ts'
import type { SpoolFs } from './spool-fs.ts'
import { parseObject } from './state.ts'

const HEADS_FILE = 'heads.json'
const CONTRADICTIONS_FOLDER = 'contradictions'
/** Contradictions that are kept: more prove nothing more. */
const MAX_CONTRADICTIONS = 100
/** From an acknowledgement to the writing of what it leaves to be proved. */
const KEEP_WITHIN_MS = 1_000

export type HeadStoreDeps = { dir: string; fs: SpoolFs; log: Log }

export class HeadStore {
  readonly #deps: HeadStoreDeps
  #contradictions = 0
  #lastWarning = ''
  #keeping: Promise<void> = Promise.resolve()
  #soon: { timer: NodeJS.Timeout; kept: () => Kept } | null = null

  constructor(deps: HeadStoreDeps) {
    this.#deps = deps
  }

  /** Heads that cannot both be true with one that was seen, in this folder. */
  get contradictions(): number {
    return this.#contradictions
  }

  /** As it was kept. A file that does not read as such is said and left alone. */
  async load(): Promise<Kept> {
    const { dir, fs, log } = this.#deps
    const kept = await fs.list(join(dir, CONTRADICTIONS_FOLDER)).catch(() => [])
    this.#contradictions = kept.length
    const text = await fs.read(join(dir, HEADS_FILE)).then(String, () => '{}')
    const { heads, receipts = [], held = [] } = parseObject(text)
    if (Array.isArray(heads) && Array.isArray(receipts) && Array.isArray(held)) {
      return {
        heads: heads.filter((note) => typeof note === 'string'),
        receipts: receipts.flatMap((one) => (typeof one === 'string' ? (parseReceipt(one) ?? []) : [])),
        held: held.flatMap((one) => heldIn(one) ?? []),
      }
    }
    if (text !== '{}') log.warn('the heads that were kept cannot be read', { file: HEADS_FILE })
    return { heads: [], receipts: [], held: [] }
  }

  /** One after the other. Never rejects. */
  keep(taken: Taken, kept: () => Kept): Promise<void> {
    const { log } = this.#deps
    if (taken.kind === 'useless') {
      if (taken.why !== this.#lastWarning) log.warn('a proof of the log is of no use', { reason: taken.why })
      this.#lastWarning = taken.why
      return this.#keeping
    }
    this.#lastWarning = ''
    if (taken.kind === 'contradicted') {
      const { origin, what } = taken
      log.error('the log has signed two histories: keep what the folder of contradictions holds', {
        origin,
        what,
      })
    }
    return this.#then(async () => {
      await this.#writeContradiction(taken)
      await this.#write(kept)
    })
  }

  /** Together with what comes within a moment. */
  keepSoon(kept: () => Kept): void {
    this.#soon ??= { timer: setTimeout(() => void this.kept(), KEEP_WITHIN_MS), kept }
  }

  /** Ends when everything so far is on disk, or was said not to be. */
  kept(): Promise<void> {
    const soon = this.#soon
    if (!soon) return this.#keeping
    clearTimeout(soon.timer)
    this.#soon = null
    return this.#then(() => this.#write(soon.kept))
  }

  #then(work: () => Promise<void>): Promise<void> {
    const { log } = this.#deps
    this.#keeping = this.#keeping
      .then(work)
      .catch((error: unknown) => log.warn('heads of logs cannot be kept', { reason: messageOf(error) }))
    return this.#keeping
  }

  async #writeContradiction(taken: Taken): Promise<void> {
    const { dir, fs } = this.#deps
    if (taken.kind === 'contradicted' && this.#contradictions < MAX_CONTRADICTIONS) {
      const folder = join(dir, CONTRADICTIONS_FOLDER)
      await fs.makeFolder(folder)
      const { origin, what, held, shown } = taken
      const text = `${JSON.stringify({ origin, what, held, shown }, null, 2)}\n`
      this.#contradictions += 1
      await fs.replace(
        join(folder, `${String(this.#contradictions).padStart(3, '0')}.json`),
        Buffer.from(text),
      )
    }
  }

  async #write(kept: () => Kept): Promise<void> {
    const { dir, fs } = this.#deps
    const { heads, receipts, held } = kept()
    const said = {
      heads,
      receipts: receipts.map(formatReceipt),
      held: held.map(({ session, seq, bytes, receipt }) => {
        return { session, seq, bytes: bytes.toString('base64'), receipt: formatReceipt(receipt) }
      }),
    }
    await fs.publish(join(dir, HEADS_FILE), Buffer.from(`${JSON.stringify(said, null, 2)}\n`))
  }
}

/** Null for anything that was not written so. Whether the signatures hold is for whoever takes it. */
function heldIn(value: unknown): Kept['held'][number] | null {
  type Written = Partial<Record<keyof Kept['held'][number], unknown>>
  const { session, seq, bytes, receipt: said } = (value ?? {}) as Written
  const receipt = typeof said === 'string' ? parseReceipt(said) : null
  if (typeof session !== 'string' || typeof seq !== 'number' || typeof bytes !== 'string') return null
  return receipt && { session, seq, bytes: Buffer.from(bytes, 'base64'), receipt }
}
