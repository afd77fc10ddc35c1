/**
 * Tracks: the fold of one check by one agent under one set of rules, cut into chunks of sample time so
 * that late data is folded again only where it changes something. A chunk opens with the state the one
 * before closed with; folding again stops at the first chunk that closes as it did before. Samples taken
 * while the agent was isolated are unknown from here on (spec: vantage timeline). Pure.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import { outcomeCode } from '@constat/shared/sample'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import type { CheckRules } from '../assembly/rules.ts'
import { withIsolation, type Reference } from '../isolation.ts'
import { silencesAmong } from '../silence.ts'
import { concatenate, isDown, markAt, where, type Timeline } from '../timeline.ts'
import { blindAmong, FOLD_CAUSES, type Blind, type ToldBlind } from '../unknown.ts'
import { foldChunk, INITIAL_STATE, tailOf, type FoldRules, type VantageState } from '../vantage.ts'
import { filterReadings, sliceReadings, valueAt, type Readings } from './readings.ts'

/** Sample time of one chunk: 1,440 samples at one every 10 s. */
export const CHUNK_MS = 4 * 3_600_000
/**
 * Readings that count in one chunk, the first ones in their order: one every 72 ms. What is told beyond them is
 * unknown. A check every second that fails all the while, looked at every 2 s, has 28,800.
 */
export const MAX_CHUNK_READINGS = 200_000
/** Changes of cause kept in one chunk. */
export const MAX_FAILURES = 1_000

/**
 * Rules under which down is nothing but "the latest sample within hold failed": what a reference stands
 * at. Every sample counts, re-probes too, and nothing is confirmed; isolation does not blind it.
 */
export function standingRules(holdMs: number): CheckRules {
  return { holdMs, down: 1, up: 1, by: 'reprobes', blockedIs: 'unknown' }
}

/** When the agent of a track was isolated, within an interval. */
export type IsolatedIn = (interval: Interval) => IntervalSet

/** Where a run of failures began, or its cause changed. */
export type Failures = { atMs: UnixMs[]; cause: number[] }

export type Chunk = {
  startMs: UnixMs
  pieces: Timeline
  closing: VantageState
  failures: Failures
  lastMs: UnixMs
  lastOutcome: number
  lastCause: number
  samples: number
  /** When nothing was told, up to a sample of this chunk. Absent: never. */
  silences?: readonly Interval[]
  /** Of samples that tell nothing, why. Absent: there are none. */
  blind?: Blind
}

/** Grows with every change of the tracks that share it. */
export type Moves = { count: number }

export type TrackKey = { log: number; check: string; agent: string; rules: CheckRules }

type TrackParts = { chunks?: readonly Chunk[]; isolatedIn?: IsolatedIn | undefined; moves?: readonly Moves[] }

const FAIL = outcomeCode('fail')

export class Track {
  readonly key: TrackKey
  /** Frames below this leaf are not part of it: the rules came with a later revision. */
  readonly fromIndex: number
  #chunks: Chunk[] = []
  readonly #dirty = new Set<UnixMs>()
  readonly #isolatedIn: IsolatedIn | null
  readonly #moves: readonly Moves[]
  #timeline: Timeline | null = null

  constructor(key: TrackKey, fromIndex: number, { chunks = [], isolatedIn, moves = [] }: TrackParts = {}) {
    this.key = key
    this.fromIndex = fromIndex
    this.#chunks = [...chunks]
    this.#isolatedIn = isolatedIn ?? null
    this.#moves = moves
  }

  /** Instant of the newest sample; −Infinity before any. */
  get lastMs(): UnixMs {
    return this.#chunks.at(-1)?.lastMs ?? -Infinity
  }

  get firstMs(): UnixMs | null {
    return this.#chunks[0]?.startMs ?? null
  }

  /** Chunks that may hold samples of `interval`, in order. A frame that comes late changes the count of one. */
  within({ startMs, endMs }: Interval): readonly Chunk[] {
    return this.#chunks.slice(this.#firstFrom(startMs - CHUNK_MS + 1), this.#firstFrom(endMs))
  }

  /** Index of the first chunk that starts at `ms` or later; their number where none does. */
  #firstFrom(ms: UnixMs): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle]!.startMs < ms) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Everything known of this vantage, the tentative end included. */
  timeline(): Timeline {
    this.#timeline ??= concatenate([...this.#chunks.map(({ pieces }) => pieces), this.#tail()])
    return this.#timeline
  }

  /** When nothing was told of it, the time after the newest sample included. */
  silences(): Interval[] {
    const among = this.#chunks.flatMap(({ silences = [] }) => silences)
    const tail = { startMs: this.lastMs + this.key.rules.holdMs, endMs: Infinity }
    return this.#chunks.length === 0 ? [] : [...among, tail]
  }

  /** Why nothing is known where nothing is. */
  told(): ToldBlind {
    const blind = this.#chunks.flatMap((chunk) => chunk.blind ?? [])
    const joint = { atMs: blind.flatMap(({ atMs }) => atMs), cause: blind.flatMap(({ cause }) => cause) }
    return { blind: joint, silences: this.silences(), holdMs: this.key.rules.holdMs }
  }

  /** When anything was first known of it; null before. */
  get knownFromMs(): UnixMs | null {
    for (const { at, mark } of [...this.#chunks.map(({ pieces }) => pieces), this.#tail()]) {
      const first = mark.findIndex((one) => one !== 0)
      if (first >= 0) return at[first]!
    }
    return null
  }

  /** Where it is down, from `fromMs` on. Costs what there is after that instant. */
  downFrom(fromMs: UnixMs): IntervalSet {
    const first = this.#chunks.findLastIndex(({ pieces }) => (pieces.at[0] ?? Infinity) <= fromMs)
    const chunks = this.#chunks.slice(Math.max(0, first))
    const recent = concatenate([...chunks.map(({ pieces }) => pieces), this.#tail()])
    return where(recent, { startMs: fromMs, endMs: Infinity }, isDown)
  }

  /**
   * Up to when all evidence is in, and until when the sample that stands may still be followed by the next one;
   * null where nothing is awaited, as after a sample that could not tell.
   */
  get awaited(): { settledMs: UnixMs; untilMs: UnixMs } | null {
    const closing = this.#chunks.at(-1)?.closing
    if (!closing || closing.lastAtMs === null) return null
    const { lastAtMs, open } = closing
    return { settledMs: open.at[0] ?? lastAtMs, untilMs: lastAtMs + this.key.rules.holdMs }
  }

  /** The failure that stands at `atMs`, or the first one after it: when it began, its cause as a code. */
  failureAt(atMs: UnixMs): { atMs: UnixMs; cause: number } | null {
    let standing: { atMs: UnixMs; cause: number } | null = null
    for (const { failures } of this.#chunks) {
      for (const [i, failedMs] of failures.atMs.entries()) {
        const failure = { atMs: failedMs, cause: failures.cause[i]! }
        if (failedMs > atMs) return isDown(markAt(this.timeline(), atMs)) ? standing : failure
        standing = failure
      }
    }
    return standing
  }

  /**
   * Adds readings that all come after those it has, in order of instant. True when the vantage has
   * something new to tell; false when the same state has only gone on.
   */
  extend(readings: Readings): boolean {
    const before = this.#chunks.at(-1)
    const kept = this.#relevant(readings)
    let from = 0
    while (from < kept.atMs.length) {
      const startMs = chunkStart(kept.atMs[from]!)
      let to = from
      while (to < kept.atMs.length && kept.atMs[to]! < startMs + CHUNK_MS) to += 1
      this.#extendChunk(startMs, sliceReadings(kept, { from, to }))
      from = to
    }
    const after = this.#chunks.at(-1)
    return !before || !after || before.startMs !== after.startMs || !goesOn(before, after)
  }

  /**
   * Folds one chunk again from all of its readings, in order of instant. True when it closes as it did
   * before, so that nothing after it changes.
   */
  refold(startMs: UnixMs, readings: Readings): boolean {
    const kept = sliceReadings(this.#relevant(readings), { from: 0, to: MAX_CHUNK_READINGS })
    const index = this.#firstFrom(startMs)
    const old = this.#chunks[index]?.startMs === startMs ? this.#chunks[index] : undefined
    const opening = this.#chunks[index - 1]
    if (kept.atMs.length === 0) return true
    const folded = foldWhole(startMs, this.key.rules, { opening, readings: kept })
    this.#chunks.splice(index, old ? 1 : 0, folded)
    this.#touch(startMs)
    const before = old?.closing ?? opening?.closing ?? INITIAL_STATE
    const isSame = sameState(before, folded.closing)
    // A run of failures that goes on across the border is one run only while its cause is the same, and so is
    // a silence only from the same sample on.
    const end = old ?? opening
    if (!isSame || end?.lastOutcome !== folded.lastOutcome || end.lastCause !== folded.lastCause) return false
    return end.lastMs === folded.lastMs
  }

  /** Starts of the chunks after `startMs`. */
  startsAfter(startMs: UnixMs): UnixMs[] {
    return this.#chunks.slice(this.#firstFrom(startMs + 1)).map((chunk) => chunk.startMs)
  }

  /** Chunks changed since the last call. */
  takeDirty(): Chunk[] {
    const starts = [...this.#dirty].sort((a, b) => a - b)
    this.#dirty.clear()
    return starts.flatMap((startMs) => this.within({ startMs, endMs: startMs + 1 }))
  }

  markDirty(startMs: UnixMs): void {
    this.#dirty.add(startMs)
  }

  #extendChunk(startMs: UnixMs, told: Readings): void {
    const last = this.#chunks.at(-1)
    const has = last?.startMs === startMs ? last.samples : 0
    const readings = sliceReadings(told, { from: 0, to: MAX_CHUNK_READINGS - has })
    if (readings.atMs.length === 0) return
    if (last?.startMs === startMs) {
      this.#chunks[this.#chunks.length - 1] = foldOn(last, this.key.rules, readings)
    } else {
      this.#chunks.push(foldWhole(startMs, this.key.rules, { opening: last, readings }))
    }
    this.#touch(startMs)
  }

  #touch(startMs: UnixMs): void {
    this.#dirty.add(startMs)
    this.#timeline = null
    for (const moves of this.#moves) moves.count += 1
  }

  #tail(): Timeline {
    const last = this.#chunks.at(-1)
    return last ? tailOf(this.key.rules, last.closing) : { at: [], mark: [] }
  }

  #relevant(readings: Readings): Readings {
    const told = this.#isolatedIn ? blinded(readings, this.#isolatedIn) : readings
    if (this.key.rules.by === 'reprobes') return told
    const { attempt } = told
    return attempt ? filterReadings(told, (i) => attempt[i] === 0) : told
  }
}

export function chunkStart(atMs: UnixMs): UnixMs {
  return Math.floor(atMs / CHUNK_MS) * CHUNK_MS
}

/** One text for one set of rules: part of a track's name in the database. */
export function rulesText({ holdMs, down, up, by, blockedIs, isolation = [] }: CheckRules): string {
  const text = `hold=${holdMs} down=${down} up=${up} by=${by} blocked=${blockedIs ?? 'unknown'}`
  return isolation.length === 0 ? text : `${text} isolation=${isolationText(isolation)}`
}

export function isolationText(isolation: readonly Reference[]): string {
  return isolation.map(({ check, holdMs }) => `${check}:${holdMs}`).join(',')
}

/** The same readings, unknown where the agent was isolated. */
function blinded(readings: Readings, isolatedIn: IsolatedIn): Readings {
  const { atMs } = readings
  const lastMs = atMs.at(-1)
  if (lastMs === undefined) return readings
  const isolated = isolatedIn({ startMs: atMs[0]!, endMs: lastMs + 1 })
  if (isolated.length === 0) return readings
  const given = outcomesOf(readings)
  const outcome = Array.from(withIsolation({ atMs, outcome: given }, isolated).outcome)
  const cause = outcome.map((code, i) =>
    code === given[i] ? valueAt(readings.cause, i) : FOLD_CAUSES.isolated,
  )
  return { ...readings, outcome, cause }
}

type Opening = { opening: Chunk | undefined; readings: Readings }

function foldWhole(startMs: UnixMs, rules: FoldRules, { opening, readings }: Opening): Chunk {
  const empty: Chunk = {
    startMs,
    pieces: { at: [], mark: [] },
    closing: opening?.closing ?? INITIAL_STATE,
    failures: { atMs: [], cause: [] },
    lastMs: opening?.lastMs ?? -Infinity,
    lastOutcome: opening?.lastOutcome ?? -1,
    lastCause: opening?.lastCause ?? 0,
    samples: 0,
  }
  return foldOn(empty, rules, readings)
}

function foldOn(chunk: Chunk, rules: FoldRules, readings: Readings): Chunk {
  const { atMs, outcome, cause } = readings
  const { pieces, closing } = foldChunk(rules, chunk.closing, { atMs, outcome: outcomesOf(readings) })
  const last = atMs.length - 1
  return {
    startMs: chunk.startMs,
    pieces: joined(chunk.pieces, pieces),
    closing,
    failures: failuresAfter(chunk, readings),
    lastMs: atMs[last]!,
    lastOutcome: valueAt(outcome, last),
    lastCause: valueAt(cause, last),
    samples: chunk.samples + atMs.length,
    ...silencesAfter(chunk, rules, readings),
    ...blindAfter(chunk, readings),
  }
}

function outcomesOf({ atMs, outcome }: Readings): ArrayLike<number> {
  return outcome ?? new Uint8Array(atMs.length)
}

function silencesAfter(
  { silences, lastMs }: Chunk,
  { holdMs }: FoldRules,
  { atMs }: Readings,
): Pick<Chunk, 'silences'> {
  const added = silencesAmong({ lastMs, atMs, holdMs })
  if (added.length > 0) return { silences: [...(silences ?? []), ...added] }
  return silences ? { silences } : {}
}

function blindAfter({ blind, ...last }: Chunk, { atMs, outcome, cause }: Readings): Pick<Chunk, 'blind'> {
  const added = outcome && blindAmong(last, { atMs, outcome, causeAt: (i) => valueAt(cause, i) })
  if (!added || added.atMs.length === 0) return blind ? { blind } : {}
  if (!blind) return { blind: added }
  return { blind: { atMs: [...blind.atMs, ...added.atMs], cause: [...blind.cause, ...added.cause] } }
}

function joined(before: Timeline, after: Timeline): Timeline {
  if (after.at.length === 0) return before
  if (before.at.length === 0) return after
  const lastMark = before.mark.at(-1)
  // The usual case: what was told goes on. Nothing is copied, and `goesOn` sees that nothing changed.
  if (after.mark.every((mark) => mark === lastMark)) return before
  // A leading piece of unknown continues the chunk before, so plain joining keeps it.
  const at = [...before.at]
  const mark = [...before.mark]
  for (let i = 0; i < after.at.length; i += 1) {
    if (at.at(-1) === after.at[i]) {
      at.pop()
      mark.pop()
    }
    if (mark.at(-1) === after.mark[i] && mark.length > 0) continue
    at.push(after.at[i]!)
    mark.push(after.mark[i]!)
  }
  return { at, mark }
}

function failuresAfter(chunk: Chunk, { atMs, outcome, cause }: Readings): Failures {
  let { lastOutcome, lastCause } = chunk
  let failures = chunk.failures
  if (!outcome) return failures
  for (let i = 0; i < atMs.length; i += 1) {
    const ownCause = valueAt(cause, i)
    const isNew = outcome[i] === FAIL && (lastOutcome !== FAIL || lastCause !== ownCause)
    if (isNew && failures.atMs.length < MAX_FAILURES) {
      failures = { atMs: [...failures.atMs, atMs[i]!], cause: [...failures.cause, ownCause] }
    }
    lastOutcome = outcome[i]!
    lastCause = ownCause
  }
  return failures
}

/** Nothing was emitted and nothing is in doubt: only the instant of the last sample has moved. */
function goesOn(before: Chunk, after: Chunk): boolean {
  const { closing } = after
  return (
    before.pieces === after.pieces &&
    before.silences === after.silences &&
    before.closing.label === closing.label &&
    before.closing.against === closing.against &&
    before.closing.last === closing.last &&
    before.closing.open.at.length === 0 &&
    closing.open.at.length === 0
  )
}

/** Equal as JSON, whatever the order of keys: one of them may come from the database. */
function sameState(a: VantageState, b: VantageState): boolean {
  return canonicalJson(a) === canonicalJson(b)
}
