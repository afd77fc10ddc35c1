/**
 * Tracks by log, check and agent: made when an agent first speaks of a check, one for each set of rules
 * that some revision folds it under. Also their form in the database.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import type { ChunkRow } from '../db/fold-rows.ts'
import { rulesOf, type Register } from '../terms/register.ts'
import { rulesText, Track, type Chunk, type TrackRules } from './track.ts'

export type Place = { log: number; check: string; agent: string }

export class Tracks {
  readonly #register: Register
  readonly #byPlace = new Map<string, Track[]>()
  readonly #byAgent = new Map<string, Track[]>()
  readonly #byCheck = new Map<string, Track[]>()
  /** Revisions known when the tracks of a place were made. */
  readonly #madeAt = new Map<string, number>()

  constructor(register: Register) {
    this.#register = register
  }

  /** Tracks of a place, made where they are missing. Empty when no revision has the check. */
  get(place: Place): readonly Track[] {
    const key = placeKey(place)
    const terms = this.#register.ofLog(place.log)
    const revisions = terms?.revisions.length ?? 0
    const known = this.#byPlace.get(key)
    if (known && this.#madeAt.get(key) === revisions) return known
    this.#madeAt.set(key, revisions)
    for (const { rules, fromIndex } of terms ? rulesOf(terms, place.check) : []) {
      const text = rulesText(rules)
      const has = this.#byPlace.get(key)?.some((track) => rulesText(track.key.rules) === text)
      if (!has) this.#add(new Track({ ...place, rules }, fromIndex))
    }
    return this.#byPlace.get(key) ?? []
  }

  ofAgent(log: number, agent: string): readonly Track[] {
    return this.#byAgent.get(`${log}/${agent}`) ?? []
  }

  /** Tracks of a check under `rules`, one for each agent that ever spoke of it. */
  ofCheck({ log, check }: { log: number; check: string }, rules: TrackRules): Track[] {
    const text = rulesText(rules)
    return (this.#byCheck.get(`${log}/${check}`) ?? []).filter(({ key }) => rulesText(key.rules) === text)
  }

  restore(rows: readonly ChunkRow[]): void {
    let from = 0
    while (from < rows.length) {
      const first = rows[from]!
      let to = from + 1
      while (to < rows.length && isSameTrack(rows[to]!, first)) to += 1
      this.#restoreTrack(first, rows.slice(from, to).map(chunkOf))
      from = to
    }
  }

  /** Chunks that changed since the last call, as rows. */
  takeDirty(): ChunkRow[] {
    const rows: ChunkRow[] = []
    for (const tracks of this.#byPlace.values()) {
      for (const track of tracks) rows.push(...track.takeDirty().map((chunk) => rowOf(track, chunk)))
    }
    return rows
  }

  /** Puts back what could not be written. */
  markDirty(rows: readonly ChunkRow[]): void {
    for (const row of rows) {
      const track = this.#byPlace.get(placeKey(row))?.find(({ key }) => rulesText(key.rules) === row.rules)
      track?.markDirty(row.startMs)
    }
  }

  #restoreTrack({ log, check, agent, rules }: ChunkRow, chunks: readonly Chunk[]): void {
    const terms = this.#register.ofLog(log)
    const known = (terms ? rulesOf(terms, check) : []).find((one) => rulesText(one.rules) === rules)
    // Rules that no revision has: chunks of a program that wrote them otherwise. They are folded anew.
    if (known) this.#add(new Track({ log, check, agent, rules: known.rules }, known.fromIndex, chunks))
  }

  #add(track: Track): void {
    const { log, check, agent } = track.key
    push(this.#byPlace, placeKey(track.key), track)
    push(this.#byAgent, `${log}/${agent}`, track)
    push(this.#byCheck, `${log}/${check}`, track)
  }
}

function rowOf({ key }: Track, chunk: Chunk): ChunkRow {
  const { log, check, agent, rules } = key
  // The canonical form lets a rebuild be compared byte by byte.
  const body = canonicalJson(chunk)
  return { log, check, agent, rules: rulesText(rules), startMs: chunk.startMs, body }
}

function chunkOf({ body }: ChunkRow): Chunk {
  // Our own row, written by `rowOf`.
  return JSON.parse(body) as Chunk
}

function isSameTrack(a: ChunkRow, b: ChunkRow): boolean {
  return a.log === b.log && a.check === b.check && a.agent === b.agent && a.rules === b.rules
}

function placeKey({ log, check, agent }: Place): string {
  return `${log}/${check}/${agent}`
}

function push(map: Map<string, Track[]>, key: string, track: Track): void {
  const list = map.get(key)
  if (list) list.push(track)
  else map.set(key, [track])
}
