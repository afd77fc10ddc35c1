/**
 * Tracks by log, check and agent: made when an agent first speaks of a check, one for each set of rules
 * that some revision folds it under. Also their form in the database.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import type { Interval, UnixMs } from '@constat/shared/time'
import type { CheckRules } from '../assembly/rules.ts'
import type { Reference } from '../isolation.ts'
import type { ContractState } from '../state/contract-state.ts'
import { Isolation } from './isolation.ts'
import { rulesOf } from './rules.ts'
import { isolationText, rulesText, standingRules, Track } from './track.ts'
import type { Chunk, Moves, TrackKey } from './track.ts'

/** The state of the contract whose log it is; null: nothing was read of it. */
export type StatesByLog = { ofLog(log: number): ContractState | null }

/** A chunk as it is stored; `body` is RFC 8785 JSON. */
export type ChunkRow = {
  log: number
  check: string
  agent: string
  rules: string
  startMs: UnixMs
  body: string
}

/** A chunk with the count of readings that tells whether what was made of it is up to date. */
export type ChunkSize = Pick<Chunk, 'startMs' | 'samples'>

export type Place = { log: number; check: string; agent: string }

export class Tracks {
  readonly #contracts: StatesByLog
  readonly #byPlace = new Map<string, Track[]>()
  readonly #byAgent = new Map<string, Track[]>()
  readonly #byCheck = new Map<string, Track[]>()
  /** `log/check` → changes of its tracks. */
  readonly #moves = new Map<string, Moves>()
  /** The same by log. */
  readonly #movesIn = new Map<number, Moves>()
  /** `log/agent` → isolations, one for each set of references. */
  readonly #isolations = new Map<string, Isolation[]>()
  readonly #standing = new Map<Track, Isolation[]>()
  /** Revisions known when the tracks of a place were made. */
  readonly #madeAt = new Map<string, number>()

  constructor(contracts: StatesByLog) {
    this.#contracts = contracts
  }

  /** Tracks of a place, made where they are missing. Empty when no revision has the check. */
  get(place: Place): readonly Track[] {
    const key = placeKey(place)
    const state = this.#contracts.ofLog(place.log)
    const revisions = state?.life.revisions.length ?? 0
    const known = this.#byPlace.get(key)
    if (known && this.#madeAt.get(key) === revisions) return known
    this.#madeAt.set(key, revisions)
    for (const { rules, fromIndex } of state ? rulesOf(state.life, place.check) : []) {
      const text = rulesText(rules)
      const has = this.#byPlace.get(key)?.some((track) => rulesText(track.key.rules) === text)
      if (!has) this.#add({ ...place, rules }, { fromIndex, chunks: [] })
    }
    return this.#byPlace.get(key) ?? []
  }

  ofAgent(log: number, agent: string): readonly Track[] {
    return this.#byAgent.get(`${log}/${agent}`) ?? []
  }

  /** Isolations that a track is a reference of. Such a track is folded before all others of its agent. */
  isolationsOn(track: Track): readonly Isolation[] {
    return this.#standing.get(track) ?? []
  }

  /** The isolation of an agent by these references, in order of name; null while none of its tracks asks. */
  isolationOf(
    { log, agent }: { log: number; agent: string },
    isolation: readonly Reference[],
  ): Isolation | null {
    const text = isolationText(isolation)
    const own = this.#isolations.get(`${log}/${agent}`) ?? []
    return own.find(({ references }) => isolationText(references) === text) ?? null
  }

  /** Tracks of a check under `rules`, one for each agent that ever spoke of it. */
  ofCheck({ log, check }: { log: number; check: string }, rules: CheckRules): Track[] {
    const text = rulesText(rules)
    return (this.#byCheck.get(`${log}/${check}`) ?? []).filter(({ key }) => rulesText(key.rules) === text)
  }

  /** Grows whenever any track of the check has changed: what was worked out of them before is out of date. */
  movedOf(log: number, check: string): number {
    return this.#moves.get(`${log}/${check}`)?.count ?? 0
  }

  /** The same over all checks of a log. */
  movedIn(log: number): number {
    return this.#movesIn.get(log)?.count ?? 0
  }

  /** Every place that somebody ever spoke of. */
  places(): Place[] {
    return [...this.#byPlace.values()].flatMap(([first]) => (first ? [first.key] : []))
  }

  /** Readings of a place over all of its tracks, by the chunks that reach into `span`, in order. They only ever grow. */
  sizesOf(place: Place, span: Interval): ChunkSize[] {
    const sizes = new Map<UnixMs, number>()
    for (const track of this.#byPlace.get(placeKey(place)) ?? []) {
      for (const { startMs, samples } of track.within(span)) {
        sizes.set(startMs, (sizes.get(startMs) ?? 0) + samples)
      }
    }
    return [...sizes]
      .map(([startMs, samples]) => ({ startMs, samples }))
      .sort((a, b) => a.startMs - b.startMs)
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

  /** Chunks of these logs that changed since the last call, as rows. */
  takeDirty(isWanted: (log: number) => boolean): ChunkRow[] {
    const rows: ChunkRow[] = []
    for (const tracks of this.#byPlace.values()) {
      for (const track of tracks)
        if (isWanted(track.key.log)) rows.push(...track.takeDirty().map((chunk) => rowOf(track, chunk)))
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
    const state = this.#contracts.ofLog(log)
    const known = (state ? rulesOf(state.life, check) : []).find((one) => rulesText(one.rules) === rules)
    // Rules that no revision has: chunks of a program that wrote them otherwise. They are folded anew.
    if (known) this.#add({ log, check, agent, rules: known.rules }, { fromIndex: known.fromIndex, chunks })
  }

  #add(key: TrackKey, { fromIndex, chunks }: { fromIndex: number; chunks: readonly Chunk[] }): void {
    const { log, check, agent } = key
    const isolation = this.#isolationFor(key)
    const isolatedIn = isolation ? isolation.within.bind(isolation) : undefined
    const moves = this.#movesOf(key)
    for (const one of moves) one.count += 1
    const track = new Track(key, fromIndex, { chunks, isolatedIn, moves })
    isolation?.blinded.push(track)
    for (const own of this.#isolations.get(`${log}/${agent}`) ?? []) {
      for (const reference of own.references) this.#watch(own, { track, reference })
    }
    push(this.#byPlace, placeKey(track.key), track)
    push(this.#byAgent, `${log}/${agent}`, track)
    push(this.#byCheck, `${log}/${check}`, track)
  }

  #movesOf({ log, check }: TrackKey): readonly Moves[] {
    const key = `${log}/${check}`
    const own = this.#moves.get(key) ?? { count: 0 }
    const all = this.#movesIn.get(log) ?? { count: 0 }
    this.#moves.set(key, own)
    this.#movesIn.set(log, all)
    return [own, all]
  }

  /** The isolation of a track whose rules name references, made when its first track is. */
  #isolationFor({ log, agent, rules }: TrackKey): Isolation | null {
    const { isolation = [] } = rules
    if (isolation.length === 0) return null
    const known = this.isolationOf({ log, agent }, isolation)
    if (known) return known
    const made = new Isolation(isolation)
    push(this.#isolations, `${log}/${agent}`, made)
    for (const reference of isolation) {
      const tracks = this.#byPlace.get(placeKey({ log, agent, check: reference.check })) ?? []
      for (const track of tracks) this.#watch(made, { track, reference })
    }
    return made
  }

  #watch(isolation: Isolation, { track, reference }: { track: Track; reference: Reference }): void {
    const { check, rules } = track.key
    if (check !== reference.check || rulesText(rules) !== rulesText(standingRules(reference.holdMs))) return
    isolation.watch(track)
    push(this.#standing, track, isolation)
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

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
