/**
 * Vantage fold: the samples of one check seen by one agent, as a timeline.
 * Pure. Samples enter in order of instant, ties in the caller's order. Emitted pieces are final for that
 * order; whatever a later sample could still back-date stays in the state. The state is normalised: two
 * histories that no future can tell apart have deep-equal states. (spec: vantage timeline)
 */
import { invariant } from '@constat/shared/fault'
import { OUTCOMES, outcomeCode, type Outcome } from '@constat/shared/sample'
import type { UnixMs } from '@constat/shared/time'
import { MARK, append, concatenate, type Pieces, type Timeline } from './timeline.ts'

export type FoldRules = {
  /** A sample stands at most this long, ms. */
  holdMs: number
  /** N: consecutive failures that confirm down. ≥ 1. */
  down: number
  /** M: consecutive good samples that confirm up. ≥ 1. */
  up: number
  /** What a blocked sample folds as. Absent: `unknown`. */
  blockedIs?: 'unknown' | 'fail'
}

/** Columns of equal length, in order of instant. `outcome` holds the codes of shared/sample. */
export type SampleColumns = { readonly atMs: ArrayLike<UnixMs>; readonly outcome: ArrayLike<number> }

/** Plain JSON. */
export type VantageState = {
  /** The confirmed label; `up` reads "not down" before anything is confirmed. */
  readonly label: 'up' | 'down'
  /** Consecutive known samples against the label so far. */
  readonly against: number
  /** The sample that stands. */
  readonly last: Outcome
  /** Its instant; null when it is unknown, for then nothing depends on it. */
  readonly lastAtMs: UnixMs | null
  /** How many more adjacent samples of its kind prove its run. 0 for unknown and blocked. */
  readonly left: number
  /** Pieces that are not emitted yet, with their undecided bits. The first one is always undecided. */
  readonly open: Timeline
}

export const INITIAL_STATE: VantageState = Object.freeze({
  label: 'up',
  against: 0,
  last: 'unknown',
  lastAtMs: null,
  left: 0,
  open: Object.freeze({ at: [], mark: [] }),
})

export type FoldedChunk = { pieces: Timeline; closing: VantageState }

/** One chunk: pieces continue those of the chunk that closed with `opening`. */
export function foldChunk(rules: FoldRules, opening: VantageState, columns: SampleColumns): FoldedChunk {
  const machine = new VantageMachine(rules, opening)
  machine.take(columns)
  return { pieces: machine.pieces, closing: machine.state() }
}

/** What stands after the emitted pieces if no further sample comes: tentative, without end. */
export function tailOf(rules: FoldRules, state: VantageState): Timeline {
  return new VantageMachine(rules, state).tail()
}

/** The whole fold of samples that are all at hand. */
export function foldSamples(rules: FoldRules, columns: SampleColumns): Timeline {
  const machine = new VantageMachine(rules, INITIAL_STATE)
  machine.take(columns)
  return concatenate([machine.pieces, machine.tail()])
}

/** Most undecided pieces; past it an alternation of blocked and unknown is told as plain unknown. */
export const MAX_OPEN_PIECES = 1024

/** Undecided bits, beside the marks while a piece is open. */
const OPEN_LABEL = 1 << 8
const OPEN_PROOF = 1 << 9

const OK = outcomeCode('ok')
const DEGRADED = outcomeCode('degraded')
const FAIL = outcomeCode('fail')
const UNKNOWN = outcomeCode('unknown')
const BLOCKED = outcomeCode('blocked')

const KIND_GOOD = 0
const KIND_FAIL = 1
const KIND_NONE = 2

/** Streams samples in, pieces out; one instance per chunk. */
class VantageMachine {
  readonly pieces: Pieces = { at: [], mark: [] }
  readonly #rules: FoldRules
  readonly #open: Pieces
  #isDown: boolean
  #against: number
  #last: number
  #lastAtMs: UnixMs
  #left: number
  /** The outcome that changes nothing but the instant of the last sample; −1 when there is none. */
  #steady = -1

  constructor(rules: FoldRules, { label, against, last, lastAtMs, left, open }: VantageState) {
    invariant(rules.down >= 1 && rules.up >= 1 && rules.holdMs >= 0, 'fold rules within their ranges')
    this.#rules = rules
    this.#open = { at: [...open.at], mark: [...open.mark] }
    this.#isDown = label === 'down'
    this.#against = against
    this.#last = outcomeCode(last)
    this.#lastAtMs = lastAtMs ?? -Infinity
    this.#left = left
  }

  take({ atMs, outcome }: SampleColumns): void {
    const { holdMs } = this.#rules
    const count = atMs.length
    for (let i = 0; i < count; i += 1) {
      const at = atMs[i]!
      const code = outcome[i]!
      const silentMs = at - this.#lastAtMs
      // Nearly every sample repeats the one before it: this line is the whole cost of those.
      if (code === this.#steady && silentMs >= 0 && silentMs <= holdMs) this.#lastAtMs = at
      else this.#step(at, code)
    }
  }

  state(): VantageState {
    const { down, up } = this.#rules
    const { last, label, against } = this
    const told = last === 'unknown' ? null : this.#lastAtMs
    const state = { last, lastAtMs: told, left: this.#left, open: copyOf(this.#open) }
    const isBlind = kindOf(this.#last) === KIND_NONE && this.#open.at.length === 0
    // With no time in doubt a label that one sample confirms either way cannot be told from its opposite.
    if (isBlind && label === 'down' && down === 1 && against === up - 1) {
      return { label: 'up', against: 0, ...state }
    }
    if (isBlind && label === 'up' && down > 1 && up === 1 && against === down - 1) {
      return { label: 'down', against: 0, ...state }
    }
    return { label, against, ...state }
  }

  /** The undecided pieces as they stand, then the last sample until its hold. */
  tail(): Timeline {
    const tail = copyOf(this.#open)
    if (this.#last !== UNKNOWN) {
      const mark = this.#last === BLOCKED ? MARK.blocked : this.#standingMark()
      append(tail, this.#lastAtMs, mark)
      append(tail, this.#lastAtMs + this.#rules.holdMs, 0)
    }
    tail.mark = tail.mark.map((mark) => decide(mark, { bit: OPEN_LABEL, as: this.#labelMark() }))
    return { at: tail.at, mark: tail.mark.map((mark) => decide(mark, { bit: OPEN_PROOF, as: 0 })) }
  }

  get label(): 'up' | 'down' {
    return this.#isDown ? 'down' : 'up'
  }

  get against(): number {
    return this.#against
  }

  get last(): Outcome {
    return OUTCOMES[this.#last]!
  }

  #step(atMs: UnixMs, given: number): void {
    invariant(atMs >= this.#lastAtMs, 'samples come in order of instant')
    const code = given === BLOCKED && this.#rules.blockedIs === 'fail' ? FAIL : given
    const kind = kindOf(code)
    const carriesOn = this.#closeSpan(atMs, kind)
    if (kind === KIND_NONE) this.#push(atMs, code === BLOCKED ? MARK.blocked : 0)
    else {
      this.#forgetFrom(atMs)
      this.#confirm(kind)
    }
    if (!carriesOn) this.#left = kind === KIND_NONE ? 0 : Math.max(1, this.#runLength(kind) - 1)
    this.#last = code
    this.#lastAtMs = atMs
    this.#flush()
    this.#steady = this.#isSteady(kind) ? code : -1
  }

  /** Ends the span of the standing sample at `atMs`; true when the new sample carries its run on. */
  #closeSpan(atMs: UnixMs, kind: number): boolean {
    const standing = kindOf(this.#last)
    const { holdMs } = this.#rules
    const isSilent = atMs - this.#lastAtMs > holdMs
    const isAdjacent = standing !== KIND_NONE && standing === kind && !isSilent
    if (standing !== KIND_NONE) {
      const proof = isAdjacent ? OPEN_PROOF : 0
      if (!isAdjacent) this.#resolve({ bit: OPEN_PROOF, as: 0 })
      if (atMs > this.#lastAtMs && holdMs > 0) this.#push(this.#lastAtMs, this.#standingMark() | proof)
    }
    if (isSilent && this.#last !== UNKNOWN) this.#push(this.#lastAtMs + holdMs, 0)
    if (!isAdjacent) return false
    if (this.#left > 1) this.#left -= 1
    else this.#resolve({ bit: OPEN_PROOF, as: kind === KIND_FAIL ? MARK.provenDown : MARK.provenUp })
    return true
  }

  #confirm(kind: number): void {
    const opposes = (kind === KIND_FAIL) !== this.#isDown
    if (opposes) {
      this.#against += 1
      if (this.#against < this.#runLength(kind)) return
      this.#isDown = !this.#isDown
    }
    if (this.#against > 0) this.#resolve({ bit: OPEN_LABEL, as: this.#labelMark() })
    this.#against = 0
  }

  #runLength(kind: number): number {
    return kind === KIND_FAIL ? this.#rules.down : this.#rules.up
  }

  #labelMark(): number {
    return this.#isDown ? MARK.down : 0
  }

  /** Marks of a known last sample. While it is against the label, the label is undecided. */
  #standingMark(): number {
    const label = this.#against > 0 ? OPEN_LABEL : this.#labelMark()
    const degraded = this.#last === DEGRADED && !(label & MARK.down) ? MARK.degraded : 0
    return MARK.known | label | degraded
  }

  #push(atMs: UnixMs, mark: number): void {
    const isFull = this.#open.at.length >= MAX_OPEN_PIECES
    append(this.#open, atMs, isFull && mark === MARK.blocked ? 0 : mark)
  }

  /** A blind sample superseded at its own instant stood for no time. */
  #forgetFrom(atMs: UnixMs): void {
    if (this.#open.at.at(-1) !== atMs) return
    this.#open.at.pop()
    this.#open.mark.pop()
  }

  #resolve(decision: Decision): void {
    const { mark } = this.#open
    for (let i = 0; i < mark.length; i += 1) mark[i] = decide(mark[i]!, decision)
  }

  /** Emits what is decided, up to the first piece that is not. */
  #flush(): void {
    const { at, mark } = this.#open
    let decided = 0
    while (decided < at.length && !(mark[decided]! & (OPEN_LABEL | OPEN_PROOF))) {
      append(this.pieces, at[decided]!, mark[decided]!)
      decided += 1
    }
    if (decided === 0) return
    at.splice(0, decided)
    mark.splice(0, decided)
  }

  #isSteady(kind: number): boolean {
    if (this.#open.at.length > 0) return false
    // Its own mark has just been emitted.
    if (kind === KIND_NONE) return true
    const told = this.pieces.mark.at(-1)
    const proof = kind === KIND_FAIL ? MARK.provenDown : MARK.provenUp
    // An undecided label shows in the standing mark, and nothing emitted carries that bit.
    return this.#left === 1 && told === (this.#standingMark() | proof)
  }
}

type Decision = { bit: number; as: number }

function decide(mark: number, { bit, as }: Decision): number {
  if (!(mark & bit)) return mark
  const decided = (mark & ~bit) | as
  return decided & MARK.down ? decided & ~MARK.degraded : decided
}

function kindOf(code: number): number {
  if (code === OK || code === DEGRADED) return KIND_GOOD
  return code === FAIL ? KIND_FAIL : KIND_NONE
}

function copyOf({ at, mark }: Pieces): Pieces {
  return { at: [...at], mark: [...mark] }
}
