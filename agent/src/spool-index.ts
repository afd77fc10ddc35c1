/**
 * Spool index: which frames wait, in which session, and where their bytes are. Pure bookkeeping in
 * memory; the files are the spool's.
 */

/** A file of the spool. `live` counts the frames in it that still wait; `sessions` names all it holds. */
export type Segment = {
  path: string
  sizeBytes: number
  live: number
  writtenMs: number
  sessions: Set<string>
}

/** A frame that waits. Its bytes are in memory, or in a segment, or (just written) in both places. */
export type Entry = {
  session: string
  seq: number
  length: number
  bytes: Buffer | null
  place: { segment: Segment; offset: number } | null
  gone: boolean
}

export class SpoolIndex {
  /** In the order in which sessions were first seen; within one, by number. */
  readonly #sessions = new Map<string, Map<number, Entry>>()
  #frames = 0

  get frames(): number {
    return this.#frames
  }

  sessions(): string[] {
    return [...this.#sessions.keys()]
  }

  countOf(session: string): number {
    return this.#sessions.get(session)?.size ?? 0
  }

  get(session: string, seq: number): Entry | undefined {
    return this.#sessions.get(session)?.get(seq)
  }

  /** The waiting frame of `session` with the lowest number from `seq` on. */
  from(session: string, seq: number): Entry | undefined {
    const entries = this.#sessions.get(session)
    if (!entries) return undefined
    const exact = entries.get(seq)
    if (exact) return exact
    for (const entry of entries.values()) if (entry.seq > seq) return entry
    return undefined
  }

  /** A frame under a number that is taken replaces the one before. */
  put(entry: Entry): void {
    const entries = this.#sessions.get(entry.session) ?? new Map<number, Entry>()
    this.#sessions.set(entry.session, entries)
    const before = entries.get(entry.seq)
    if (before) this.#forget(before)
    else this.#frames += 1
    entries.set(entry.seq, entry)
    if (!entry.place) return
    entry.place.segment.live += 1
    entry.place.segment.sessions.add(entry.session)
  }

  /** The bytes now lie in a segment. */
  placed(entry: Entry, place: NonNullable<Entry['place']>): void {
    entry.place = place
    entry.bytes = null
    place.segment.sessions.add(entry.session)
    if (!entry.gone) place.segment.live += 1
  }

  drop(entry: Entry): void {
    const entries = this.#sessions.get(entry.session)
    if (entry.gone || !entries?.delete(entry.seq)) return
    if (entries.size === 0) this.#sessions.delete(entry.session)
    this.#forget(entry)
    this.#frames -= 1
  }

  /** Waiting frames of `session` up to and including `seq`. */
  upTo(session: string, seq: number): Entry[] {
    const entries = this.#sessions.get(session)
    if (!entries) return []
    const found: Entry[] = []
    for (const entry of entries.values()) {
      if (entry.seq > seq) break
      found.push(entry)
    }
    return found
  }

  inSegment(segment: Segment): Entry[] {
    const found: Entry[] = []
    for (const entries of this.#sessions.values()) {
      for (const entry of entries.values()) if (entry.place?.segment === segment) found.push(entry)
    }
    return found
  }

  #forget(entry: Entry): void {
    entry.gone = true
    entry.bytes = null
    if (entry.place) entry.place.segment.live -= 1
  }
}
