/**
 * Spool: frames that the collector has not acknowledged, kept over restarts and outages. Frames are in
 * memory at once and on the medium a moment later; one that is acknowledged before that is never
 * written. At its limit the oldest whole segment goes, and is counted. A disk that is full, read-only or
 * broken turns the spool into memory alone, which it says, and tries again; it never blocks the agent.
 */
import { join } from 'node:path'
import { messageOf } from '@constat/shared/fault'
import { encodeRecord, RECORD_HEAD_BYTES, SEGMENT_HEAD } from './segment.ts'
import type { Entry, Segment, SpoolIndex } from './spool-index.ts'
import { SpoolMarks, type SessionMark } from './spool-marks.ts'
import { scanSpool, type SpoolPlace } from './spool-scan.ts'

export type SpoolLimits = {
  diskBytes: number
  ageMs: number
  memoryBytes: number
  segmentBytes: number
  /** The disk is left alone below this much free space. */
  freeFloorBytes: number
  /** From the first unwritten frame to its writing. */
  lingerMs: number
  /** From a failure of the disk to the next try. */
  retryMs: number
}

const MIB = 1024 * 1024
export const SPOOL_LIMITS: SpoolLimits = {
  diskBytes: 64 * MIB,
  ageMs: 72 * 3_600_000,
  memoryBytes: 8 * MIB,
  segmentBytes: 2 * MIB,
  freeFloorBytes: 64 * MIB,
  lingerMs: 200,
  retryMs: 30_000,
}
/** Written with one call at most. */
const MAX_WRITE_BYTES = MIB

export type SpoolOptions = SpoolPlace & { limits: SpoolLimits }

export class Spool {
  readonly #options: SpoolOptions
  readonly #index: SpoolIndex
  readonly #marks: SpoolMarks
  #segments: Segment[]
  #active: Segment | null = null
  #nextId: number
  #unwritten: Entry[] = []
  #unwrittenBytes = 0
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #isBroken = false
  #isClosed = false
  #drops = 0
  /** Segments whose files go at the next write, after the marks are saved. */
  readonly #spent: Segment[] = []

  private constructor(
    options: SpoolOptions,
    found: { index: SpoolIndex; segments: Segment[]; nextId: number; marks: SpoolMarks },
  ) {
    this.#options = options
    this.#index = found.index
    this.#segments = found.segments
    this.#nextId = found.nextId
    this.#marks = found.marks
  }

  /** Never rejects: what cannot be read is set aside or left alone, and said. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const marks = new SpoolMarks(join(options.dir, 'acked.json'), options.fs)
    const { segments, index, nextId, problem } = await scanSpool(options, marks)
    const spool = new Spool(options, { index, segments, nextId, marks })
    if (problem !== null) spool.#fail(problem)
    return spool
  }

  /** Frames lost for ever since this process started. */
  get drops(): number {
    return this.#drops
  }

  get mode(): 'disk' | 'memory' {
    return this.#isBroken ? 'memory' : 'disk'
  }

  get frames(): number {
    return this.#index.frames
  }

  get bytes(): number {
    return this.#diskBytes() + this.#unwrittenBytes
  }

  sessions(): string[] {
    return this.#index.sessions()
  }

  countOf(session: string): number {
    return this.#index.countOf(session)
  }

  /** Number and length of the first waiting frame of `session` from `seq` on. */
  from(session: string, seq: number): { seq: number; length: number } | undefined {
    return this.#index.from(session, seq)
  }

  append({ session, seq, bytes }: { session: string; seq: number; bytes: Buffer }): void {
    const entry: Entry = { session, seq, length: bytes.length, bytes, place: null, gone: false }
    this.#index.put(entry)
    this.#unwritten.push(entry)
    this.#unwrittenBytes += bytes.length
    this.#evictMemory()
    this.#writeSoon()
  }

  /** The bytes of a waiting frame; null when it is gone or can no longer be read. */
  async read(session: string, seq: number): Promise<Buffer | null> {
    const entry = this.#index.get(session, seq)
    if (!entry) return null
    if (entry.bytes) return entry.bytes
    if (!entry.place) return null
    const { segment, offset } = entry.place
    try {
      const bytes = await this.#options.fs.readAt(segment.path, { offset, length: entry.length })
      if (bytes.length === entry.length) return bytes
      this.#options.log.error('a frame of the spool is cut short', { segment: segment.path, seq })
    } catch (error) {
      this.#options.log.error('the spool cannot be read', { segment: segment.path, reason: messageOf(error) })
    }
    this.#lose([entry])
    return null
  }

  /** The collector has this frame and all before it in the session. */
  acknowledge(session: string, seq: number, mark: Omit<SessionMark, 'acked'> = {}): void {
    for (const entry of this.#index.upTo(session, seq)) this.#index.drop(entry)
    this.#tidy()
    // A session that was never written needs no mark: it cannot come back at the next start.
    const isStored = [...this.#segments, ...this.#spent].some(({ sessions }) => sessions.has(session))
    if (isStored || mark.gaps) this.#marks.set(session, { ...mark, acked: seq })
    if (isStored) this.#writeSoon()
  }

  /** The frame will not be sent again. */
  discard(session: string, seq: number): void {
    const entry = this.#index.get(session, seq)
    if (entry) this.#index.drop(entry)
    this.#tidy()
  }

  markOf(session: string): SessionMark | undefined {
    return this.#marks.get(session)
  }

  /** Returns when the mark is on the medium, or the medium cannot take it. */
  async saveMark(session: string, mark: SessionMark): Promise<void> {
    this.#marks.set(session, mark)
    await this.flush()
  }

  /** Writes what is in memory alone, and the marks. Never rejects. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    while (this.#writing) await this.#writing
    this.#writing = this.#write().finally(() => (this.#writing = null))
    await this.#writing
  }

  /** Writes a last time; nothing happens by itself after it. */
  async close(): Promise<void> {
    await this.flush()
    this.#isClosed = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  #writeSoon(): void {
    if (this.#timer || this.#writing || this.#isClosed) return
    const waitMs = this.#isBroken ? this.#options.limits.retryMs : this.#options.limits.lingerMs
    this.#timer = setTimeout(() => void this.flush(), waitMs)
    this.#timer.unref()
  }

  async #write(): Promise<void> {
    const { limits, fs, dir } = this.#options
    try {
      if ((await fs.freeBytes(dir)) < limits.freeFloorBytes) throw new Error('the disk is nearly full')
      for (let chunk = this.#takeChunk(); chunk.length > 0; chunk = this.#takeChunk())
        await this.#store(chunk)
      this.#evictDisk()
      await this.#marks.save(this.#knownSessions())
      await this.#removeSpent()
      if (this.#isBroken) this.#options.log.info('the spool is on disk again', { dir })
      this.#isBroken = false
    } catch (error) {
      this.#fail(messageOf(error))
    }
    if (this.#unwritten.length > 0) setImmediate(() => this.#writeSoon())
  }

  /** Entries to write next, still in the list: they leave it once they are stored. */
  #takeChunk(): Entry[] {
    this.#forgetGone()
    const chunk: Entry[] = []
    let bytes = 0
    for (const entry of this.#unwritten) {
      if (bytes > 0 && bytes + entry.length > MAX_WRITE_BYTES) break
      chunk.push(entry)
      bytes += entry.length
    }
    return chunk
  }

  /** Acknowledged frames that were never written leave the list of those to write. */
  #forgetGone(): void {
    this.#unwritten = this.#unwritten.filter((entry) => !entry.gone)
    this.#unwrittenBytes = this.#unwritten.reduce((sum, { length }) => sum + length, 0)
  }

  async #store(chunk: readonly Entry[]): Promise<void> {
    const segment = this.#active ?? this.#startSegment()
    const parts: Buffer[] = segment.sizeBytes === 0 ? [SEGMENT_HEAD] : []
    let at = segment.sizeBytes + (parts[0]?.length ?? 0)
    const places: { entry: Entry; offset: number }[] = []
    for (const entry of chunk) {
      if (!entry.bytes) continue
      const record = encodeRecord({ session: entry.session, seq: entry.seq, bytes: entry.bytes })
      places.push({ entry, offset: at + RECORD_HEAD_BYTES })
      parts.push(record)
      at += record.length
    }
    await this.#options.fs.append(segment.path, Buffer.concat(parts))
    segment.sizeBytes = at
    segment.writtenMs = this.#options.nowMs()
    for (const { entry, offset } of places) this.#index.placed(entry, { segment, offset })
    const stored = new Set(chunk)
    this.#unwritten = this.#unwritten.filter((entry) => !stored.has(entry))
    if (segment.sizeBytes >= this.#options.limits.segmentBytes) this.#active = null
  }

  #startSegment(): Segment {
    const id = this.#nextId
    this.#nextId += 1
    const path = join(this.#options.dir, `${String(id).padStart(10, '0')}.seg`)
    this.#active = { path, sizeBytes: 0, live: 0, writtenMs: 0, sessions: new Set() }
    this.#segments.push(this.#active)
    return this.#active
  }

  #fail(reason: string): void {
    // What a failed write left behind is a torn tail: the next segment starts clean.
    this.#active = null
    if (this.#isBroken) return
    this.#isBroken = true
    this.#options.log.error('the spool cannot be written; frames are kept in memory alone', {
      dir: this.#options.dir,
      reason,
      keptBytes: this.#options.limits.memoryBytes,
    })
  }

  /** Sessions with a frame that waits, or with any in a file that is still there. */
  #knownSessions(): Set<string> {
    const known = new Set(this.#index.sessions())
    for (const { sessions } of [...this.#segments, ...this.#spent]) for (const one of sessions) known.add(one)
    return known
  }

  #diskBytes(): number {
    return this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /** Whole segments, the oldest first, until the rest is within size and age. */
  #evictDisk(): void {
    const { diskBytes, ageMs } = this.#options.limits
    const oldestMs = this.#options.nowMs() - ageMs
    for (const segment of this.#segments) {
      if (segment === this.#active && this.#segments.length > 1) break
      const old = segment.writtenMs > 0 && segment.writtenMs < oldestMs
      if (!old && this.#diskBytes() <= diskBytes) break
      const lost = this.#index.inSegment(segment)
      this.#lose(lost)
      this.#segments = this.#segments.filter((one) => one !== segment)
      if (segment === this.#active) this.#active = null
      this.#spent.push(segment)
      if (lost.length > 0) {
        this.#options.log.warn('the spool is at its limit; its oldest frames are lost', {
          frames: lost.length,
        })
      }
    }
  }

  #evictMemory(): void {
    if (this.#unwrittenBytes <= this.#options.limits.memoryBytes) return
    this.#forgetGone()
    const lost: Entry[] = []
    for (const entry of this.#unwritten) {
      if (this.#unwrittenBytes <= this.#options.limits.memoryBytes) break
      this.#unwrittenBytes -= entry.length
      lost.push(entry)
    }
    if (lost.length === 0) return
    this.#lose(lost)
    this.#unwritten = this.#unwritten.filter((entry) => !entry.gone)
  }

  #lose(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.gone) continue
      this.#drops += 1
      this.#index.drop(entry)
    }
  }

  /** A closed segment of which nothing waits is spent. */
  #tidy(): void {
    for (const segment of this.#segments) {
      if (segment.live === 0 && (segment !== this.#active || this.#index.frames === 0)) {
        if (segment === this.#active) this.#active = null
        this.#spent.push(segment)
      }
    }
    this.#segments = this.#segments.filter((segment) => !this.#spent.includes(segment))
  }

  async #removeSpent(): Promise<void> {
    for (const segment of this.#spent.splice(0)) await this.#options.fs.remove(segment.path)
  }
}
