/**
 * Spool marks: how far the collector has each session, persisted. For a session with announced gaps
 * also what its chain goes on from, because its frames are signed anew when they are sent.
 */
import type { SpoolFs } from './spool-fs.ts'

export type SessionMark = {
  /** Last number that was acknowledged; −1 before the first. */
  acked: number
  /** Number of a frame → frames lost for ever before it. */
  gaps?: Record<string, number>
  /** Hex of the digest of the frame `acked`, where its chain was signed anew. */
  digest?: string
}

export class SpoolMarks {
  readonly #path: string
  readonly #fs: SpoolFs
  readonly #marks = new Map<string, SessionMark>()
  #dirty = false

  constructor(path: string, fs: SpoolFs) {
    this.#path = path
    this.#fs = fs
  }

  get(session: string): SessionMark | undefined {
    return this.#marks.get(session)
  }

  set(session: string, mark: SessionMark): void {
    this.#marks.set(session, mark)
    this.#dirty = true
  }

  /** What cannot be read is nothing: frames are then sent again, and the collector knows them. */
  async load(): Promise<'read' | 'damaged'> {
    const text = await this.#fs.read(this.#path).then(String, () => '{}')
    try {
      const marks: unknown = JSON.parse(text)
      if (typeof marks !== 'object' || marks === null) return 'damaged'
      for (const [session, mark] of Object.entries(marks)) if (isMark(mark)) this.#marks.set(session, mark)
      return 'read'
    } catch {
      return 'damaged'
    }
  }

  /** Keeps the marks of sessions that still have frames, and of none other. */
  async save(waiting: ReadonlySet<string>): Promise<void> {
    if (!this.#dirty) return
    this.#dirty = false
    for (const session of this.#marks.keys()) if (!waiting.has(session)) this.#marks.delete(session)
    try {
      await this.#fs.replace(this.#path, Buffer.from(JSON.stringify(Object.fromEntries(this.#marks))))
    } catch (error) {
      this.#dirty = true
      throw error
    }
  }
}

function isMark(value: unknown): value is SessionMark {
  return typeof value === 'object' && value !== null && 'acked' in value && Number.isInteger(value.acked)
}
