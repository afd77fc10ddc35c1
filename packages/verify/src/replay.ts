/**
 * Replay: the leaves of a bundle folded into what the ledger says at a size, as a collector folds them. The state
 * of the contract, the tracks and the slot samples come from the entries and from nothing else.
 */
import { Fold, nothingTouched } from '@constat/sla/fold/fold'
import { addTimings, SlotBuilder } from '@constat/sla/fold/columns'
import type { Frame } from '@constat/sla/fold/page'
import { closedTimelines } from '@constat/sla/fold/timelines'
import { CHUNK_MS, chunkStart } from '@constat/sla/fold/track'
import type { Place } from '@constat/sla/fold/tracks'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import type { SlotColumns } from '@constat/sla/latency'
import { configurationNamed, emptyState, take, type ContractState } from '@constat/sla/state/contract-state'
import type { StateLeaf } from '@constat/sla/state/leaf'
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { PlacedFrame } from './frames.ts'

const LOG = 1
/** Frames folded at once. */
const PAGE_FRAMES = 1_000
/** A frame that reaches over more chunks than this is looked at for each of them. */
const MAX_CHUNKS = 8

type Timings = { next: number; builders: Map<string, SlotBuilder> }
type Spanned = { frame: Frame; fromMs: UnixMs; toMs: UnixMs }

export class Replay {
  readonly fold: Fold
  #state: ContractState
  #pending: Frame[] = []
  #next = 0
  /** `agent/chunk` → frames with samples in it. */
  readonly #byChunk = new Map<string, Spanned[]>()
  /** agent → frames that span many chunks. */
  readonly #wide = new Map<string, Spanned[]>()
  readonly #timed = new Map<string, Timings>()
  readonly #beside: (digest: string) => Buffer

  /** `beside`: bytes that stand beside the log, by their digest. */
  constructor(contract: string, beside: (digest: string) => Buffer) {
    this.#state = emptyState({ id: LOG, contract })
    this.#beside = beside
    this.fold = new Fold({
      contracts: { ofLog: () => this.#state },
      frames: ({ agent, from, ...span }) => [
        this.#within(agent, span)
          .map(({ frame }) => frame)
          .filter(({ index }) => index >= from)
          .sort(bySessionAndSeq),
      ],
    })
  }

  get state(): ContractState {
    return this.#state
  }

  /** The next leaf that is no frame. */
  async take(leaf: StateLeaf): Promise<void> {
    // Frames before a revision are folded without its rules.
    if (leaf.type === 'revision') await this.#foldPending()
    this.#state = take(this.#state, leaf)
    this.#next = leaf.index + 1
  }

  /** The next leaf, a frame that holds. */
  async frame({ entry, agent, batch, span }: PlacedFrame): Promise<void> {
    const { index, body } = entry
    const own = Buffer.from(agent.id, 'hex')
    const frame = { index, body, agent: own, session: Buffer.from(batch.session), seq: batch.seq }
    this.#pending.push(frame)
    this.#next = index + 1
    if (span) this.#keep(agent.id, { frame, ...span })
    if (this.#pending.length >= PAGE_FRAMES) await this.#foldPending()
  }

  /** What the leaves so far say; `size` of them, under this root. */
  async level({ size, root }: { size: number; root: string }): Promise<LedgerState> {
    await this.#foldPending()
    return {
      size,
      root,
      state: this.#state,
      timelines: closedTimelines(this.fold.tracks),
      bytesOf: ({ sha256 }) => Promise.resolve(this.#beside(sha256)),
      latencies: { read: (place, span) => Promise.resolve(this.#slots(place, span)) },
    }
  }

  async #foldPending(): Promise<void> {
    const frames = this.#pending
    this.#pending = []
    await this.fold.foldFrames(LOG, { frames, next: this.#next }, nothingTouched())
  }

  #keep(agent: string, spanned: Spanned): void {
    const first = chunkStart(spanned.fromMs)
    const last = chunkStart(spanned.toMs)
    if ((last - first) / CHUNK_MS >= MAX_CHUNKS) return push(this.#wide, agent, spanned)
    for (let at = first; at <= last; at += CHUNK_MS) push(this.#byChunk, `${agent}/${at}`, spanned)
  }

  #within(
    agent: string,
    { fromMs, untilMs, below }: { fromMs: UnixMs; untilMs: UnixMs; below: number },
  ): Spanned[] {
    const found = [...(this.#wide.get(agent) ?? [])]
    for (let at = chunkStart(fromMs); at < untilMs; at += CHUNK_MS) {
      // One that reaches over a border is in both, and is told of once.
      const own = this.#byChunk.get(`${agent}/${at}`) ?? []
      found.push(...own.filter((one) => one.fromMs >= at || at <= fromMs))
    }
    return found.filter((one) => one.toMs >= fromMs && one.fromMs < untilMs && one.frame.index < below)
  }

  /** Slot samples of a place, chunk by chunk, as the collector packs them. */
  #slots(place: Place, { fromMs, toMs }: { fromMs: UnixMs; toMs: UnixMs }): SlotColumns[] {
    return this.fold.tracks.sizesOf(place, { startMs: fromMs, endMs: toMs }).map(({ startMs }) => {
      const { builders } = this.#timings(place.agent, startMs)
      return (builders.get(place.check) ?? new SlotBuilder(startMs)).columns()
    })
  }

  /** Of every check of one agent in one chunk; kept as long as no leaf has come since. */
  #timings(agent: string, startMs: UnixMs): Timings {
    const key = `${agent}/${startMs}`
    const known = this.#timed.get(key)
    if (known?.next === this.#next) return known
    const builders = new Map<string, SlotBuilder>()
    const span = { fromMs: startMs, untilMs: startMs + CHUNK_MS, below: this.#next }
    for (const { frame } of this.#within(agent, span)) {
      addTimings(builders, frame.body, { startMs, namesOf: (digest) => this.#names(digest) })
    }
    const made = { next: this.#next, builders }
    this.#timed.set(key, made)
    return made
  }

  #names(digest: Uint8Array): readonly string[] {
    const known = configurationNamed(this.#state, digest)
    invariant(known, 'a frame that holds is of a configuration that is known')
    return known.names
  }
}

function push(map: Map<string, Spanned[]>, key: string, value: Spanned): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

function bySessionAndSeq(a: Frame, b: Frame): number {
  return Buffer.compare(a.session, b.session) || a.seq - b.seq
}
