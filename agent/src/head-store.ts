/**
 * Head store: the newest head of each log that was held against the one before, so that a restart forgets none; and
 * what contradicted one, for whoever is to judge it. Nothing waits for it: a disk that cannot be written costs the
 * memory of a restart, and that is said.
 */
import { join } from 'node:path'
import { messageOf } from '@constat/shared/fault'
import type { Taken } from './log-proofs.ts'
import type { Log } from './shell.ts'
import type { SpoolFs } from './spool-fs.ts'
import { parseObject } from './state.ts'

const HEADS_FILE = 'heads.json'
const CONTRADICTIONS_FOLDER = 'contradictions'
/** Contradictions that are kept: more prove nothing more. */
const MAX_CONTRADICTIONS = 100

export type HeadStoreDeps = { dir: string; fs: SpoolFs; log: Log }

export class HeadStore {
  readonly #deps: HeadStoreDeps
  #contradictions = 0
  #lastWarning = ''
  #keeping: Promise<void> = Promise.resolve()

  constructor(deps: HeadStoreDeps) {
    this.#deps = deps
  }

  /** Heads that cannot both be true with one that was seen, in this folder. */
  get contradictions(): number {
    return this.#contradictions
  }

  /** Notes, as they were kept. A file that does not read as such is said and left alone. */
  async load(): Promise<string[]> {
    const { dir, fs, log } = this.#deps
    const kept = await fs.list(join(dir, CONTRADICTIONS_FOLDER)).catch(() => [])
    this.#contradictions = kept.length
    const text = await fs.read(join(dir, HEADS_FILE)).then(String, () => '{}')
    const { heads } = parseObject(text)
    if (Array.isArray(heads)) return heads.filter((note) => typeof note === 'string')
    if (text !== '{}') log.warn('the heads that were kept cannot be read', { file: HEADS_FILE })
    return []
  }

  /** One after the other. Never rejects. */
  keep(taken: Taken, heads: readonly string[]): Promise<void> {
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
    this.#keeping = this.#keeping
      .then(() => this.#write(taken, heads))
      .catch((error: unknown) => log.warn('heads of logs cannot be kept', { reason: messageOf(error) }))
    return this.#keeping
  }

  /** Ends when everything so far is on disk, or was said not to be. */
  kept(): Promise<void> {
    return this.#keeping
  }

  async #write(taken: Taken, heads: readonly string[]): Promise<void> {
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
    await fs.publish(join(dir, HEADS_FILE), Buffer.from(`${JSON.stringify({ heads }, null, 2)}\n`))
  }
}
