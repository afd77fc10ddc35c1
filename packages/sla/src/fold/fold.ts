/**
 * Fold: ledger → tracks. Frames that come in order only extend their tracks; late ones have the chunks
 * they fall into folded again from the ledger, and so have samples that a reference isolates afterwards.
 * Whatever the order in which frames arrive, a track ends as that of all its samples sorted by instant,
 * session, number, position: `constat rebuild` reproduces it byte for byte. Derived.
 */
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { configurationNamed } from '../state/contract-state.ts'
import { Shifts } from './isolation.ts'
import { LateWork, type FrameSource } from './late.ts'
import {
  readPage,
  type ConfigOf,
  type Frame,
  type Gap,
  type Page,
  type Report,
  type Unfolded,
} from './page.ts'
import { orderOf, type Readings } from './readings.ts'
import { Tracks, type ChunkRow, type StatesByLog } from './tracks.ts'
import { chunkStart, type Track } from './track.ts'

/** Names of the checks whose tracks moved, by log. */
export type Touched = {
  /** A state changed, or may have: there is something to judge. */
  changed: Map<number, Set<string>>
  /** Of each check, the earliest instant that anything new was told of. */
  since: Map<number, Map<string, UnixMs>>
}

export function nothingTouched(): Touched {
  return { changed: new Map(), since: new Map() }
}

/** One page on its way into the tracks. */
type Work = {
  log: number
  touched: Touched
  /** Chunks to fold again: of references, and of everything else after them. */
  references: LateWork
  late: LateWork
  /** References that were extended, and those that late samples move. */
  shifts: Shifts
  lateShifts: Shifts
  /** Tracks that this page has extended: a second report of it may lie between. */
  seen: Set<Track>
}

export type FoldDeps = {
  /** Frames that were folded before, to fold a chunk of theirs again. */
  frames: FrameSource
  contracts: StatesByLog
  /** Hears of each frame that cannot be folded. */
  setAside?: (log: number, unfolded: Unfolded) => void
}

export class Fold {
  readonly #frames: FrameSource
  readonly #contracts: StatesByLog
  readonly #next = new Map<number, number>()
  /** log → what a read that failed left to fold again. Until that is done, nothing of the log is saved. */
  readonly #owed = new Map<number, Work>()
  /** Session of the newest sample: ties within one session are in order as they come. */
  readonly #lastSession = new WeakMap<Track, Buffer>()
  readonly tracks: Tracks
  readonly #setAside: (log: number, unfolded: Unfolded) => void

  constructor({ frames, contracts, setAside = () => undefined }: FoldDeps) {
    this.#frames = frames
    this.#contracts = contracts
    this.#setAside = setAside
    this.tracks = new Tracks(contracts)
  }

  /** Goes on from what was folded before. */
  restore({ chunks, next }: { chunks: readonly ChunkRow[]; next: ReadonlyMap<number, number> }): void {
    for (const [log, index] of next) this.#next.set(log, index)
    this.tracks.restore(chunks)
  }

  /** First leaf of a log that is not folded yet. */
  next(log: number): number {
    return this.#next.get(log) ?? 0
  }

  /** Chunks that changed since the last call, and how far each log is folded. */
  takeChanged(): { chunks: ChunkRow[]; next: Map<number, number> } {
    const isWhole = (log: number): boolean => !this.#owed.has(log)
    return {
      chunks: this.tracks.takeDirty(isWhole),
      next: new Map([...this.#next].filter(([log]) => isWhole(log))),
    }
  }

  /** Folds frames of one log in order; `next` is the first leaf after them. */
  async foldFrames(
    log: number,
    { frames, next }: { frames: readonly Frame[]; next: number },
    touched: Touched,
  ): Promise<void> {
    await this.settle(log)
    let from = 0
    do {
      const page = readPage(frames, this.#configOf(log), { from })
      for (const one of page.unfolded) this.#setAside(log, one)
      from = page.end
      await this.#foldPage(log, { page, next: frames[from]?.index ?? next }, touched)
    } while (from < frames.length)
  }

  async #foldPage(
    log: number,
    { page, next }: { page: Page; next: number },
    touched: Touched,
  ): Promise<void> {
    const work = this.#workOn(log, touched)
    for (const report of page.reports) this.#extendAll(report, work)
    this.#takeGaps(page.gaps, work)
    this.#next.set(log, next)
    this.#owed.set(log, work)
    await this.settle(log)
  }

  /** Folds again what late samples have changed. Where a read of the ledger fails, the rest stays owed. */
  async settle(log: number): Promise<void> {
    const work = this.#owed.get(log)
    if (!work) return
    const deps = { frames: this.#frames, below: this.next(log), configOf: this.#configOf(log) }
    // References first: what they isolate is folded once they stand.
    await work.references.run(deps)
    foldAgain(work.lateShifts, work)
    await work.late.run(deps)
    this.#owed.delete(log)
  }

  #workOn(log: number, touched: Touched): Work {
    const late = { references: new LateWork(log), late: new LateWork(log) }
    const shifts = { shifts: new Shifts(), lateShifts: new Shifts() }
    return { log, touched, ...late, ...shifts, seen: new Set() }
  }

  /** Extends the tracks whose readings continue them, references first; the others are work for later. */
  #extendAll(report: Report, work: Work): void {
    const others: { track: Track; readings: Readings }[] = []
    for (const [index, readings] of report.readings.entries()) {
      // A hole of the array: the agent said nothing of this check.
      if (!readings) continue
      const check = report.config.checks[index]!.name
      for (const track of this.tracks.get({ log: work.log, check, agent: report.agent })) {
        if (this.tracks.isolationsOn(track).length === 0) others.push({ track, readings })
        else this.#extend(track, { report, readings }, work)
      }
      touchFrom(work, check, readings.atMs)
    }
    foldAgain(work.shifts, work)
    for (const { track, readings } of others) this.#extend(track, { report, readings }, work)
  }

  #extend(track: Track, { report, readings }: { report: Report; readings: Readings }, work: Work): void {
    const isolations = this.tracks.isolationsOn(track)
    const isFirst = !work.seen.has(track) && track.fromIndex <= report.firstIndex
    work.seen.add(track)
    if (isFirst && this.#continues(track, report, readings)) {
      // What stood until its newest sample stands: only what follows can be told otherwise.
      work.shifts.add(isolations, Number.isFinite(track.lastMs) ? track.lastMs : readings.atMs[0]!)
      if (track.extend(readings)) touch(work.touched.changed, work.log, track.key.check)
      this.#lastSession.set(track, report.session)
    } else {
      for (const atMs of readings.atMs) this.#addLate(track, atMs, work)
      touch(work.touched.changed, work.log, track.key.check)
    }
  }

  #addLate(track: Track, atMs: UnixMs, { references, late, lateShifts }: Work): void {
    const startMs = chunkStart(atMs)
    const isolations = this.tracks.isolationsOn(track)
    const before = track.lastMs
    lateShifts.add(isolations, Number.isFinite(before) ? Math.min(startMs, before) : startMs)
    if (isolations.length > 0) references.add(track, startMs)
    else late.add(track, startMs)
  }

  #takeGaps(gaps: readonly Gap[], work: Work): void {
    for (const { agent, atMs } of gaps) {
      for (const track of this.tracks.ofAgent(work.log, agent)) {
        this.#addLate(track, atMs, work)
        touchFrom(work, track.key.check, [atMs])
        touch(work.touched.changed, work.log, track.key.check)
      }
    }
  }

  #continues(track: Track, { session, isMixed }: Report, readings: Readings): boolean {
    const order = orderOf(readings)
    if (order === 'mixed' || (order === 'level' && isMixed)) return false
    const firstMs = readings.atMs[0]!
    if (firstMs > track.lastMs) return true
    return firstMs === track.lastMs && !isMixed && this.#lastSession.get(track)?.equals(session) === true
  }

  #configOf(log: number): ConfigOf {
    const state = this.#contracts.ofLog(log)
    return (digest) => {
      const known = state && configurationNamed(state, digest)
      invariant(known, `configuration ${Buffer.from(digest).toString('hex')} is not in log ${log}`)
      return known.config
    }
  }
}

/** References have moved: samples that they isolate now, or no longer, are folded again. */
function foldAgain(shifts: Shifts, work: Work): void {
  for (const { track, startMs } of shifts.take()) {
    work.late.add(track, startMs)
    touchFrom(work, track.key.check, [startMs])
    touch(work.touched.changed, work.log, track.key.check)
  }
}

/** There is something newer of a check, from the earliest of these instants on. */
function touchFrom({ log, touched }: Work, check: string, atMs: readonly UnixMs[]): void {
  const since = touched.since.get(log) ?? new Map<string, UnixMs>()
  touched.since.set(log, since)
  let firstMs = since.get(check) ?? Infinity
  for (const one of atMs) if (one < firstMs) firstMs = one
  since.set(check, firstMs)
}

function touch(touched: Map<number, Set<string>>, log: number, check: string): void {
  const names = touched.get(log)
  if (names) names.add(check)
  else touched.set(log, new Set([check]))
}
