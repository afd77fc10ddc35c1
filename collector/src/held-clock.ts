/**
 * Held clock: the collector's time, which a step of the host's clock does not move. A step is noticed against
 * the monotonic clock; time is then held on that, and agents of other hosts are asked whose time theirs is.
 * As long as nobody has said, it is in doubt, and no agent is told a time. The step is followed when most of
 * them have the new time (the clock had been wrong, or a virtual machine was paused), and told until then.
 */
import type { Clock, HostClock, UnixMs } from '@constat/shared/time'
import type { ClockBase, Log } from './shell.ts'

/** How far the host's clock is off the time that is held, since when, and whether agents vouch for the latter. */
export type ClockStep = { offMs: number; sinceMs: UnixMs; isDoubted: boolean }

/** A disciplined clock is slewed, by 1,000 ppm at most, or stepped by more than this (RFC 5905: 128 ms). */
const STEP_MS = 500
const SLEW_PER_US = 1_000e-6 / 1_000
/** A frame that comes so long after a step was signed after it. */
const SIGNED_SINCE_MS = 10_000
/** The clock of an agent, read on its host and heard here, is of the same time within this. */
const AGREE_MS = 1_000

/** An agent before a start: `clockOffsetMs` made its clock ours. */
type Heard = { id: string; lastSeenMs: UnixMs; clockOffsetMs: number }
/** Who asks for the time. */
type Witness = { id: string; clockBase: ClockBase | null }

/** `isStart`: the clock was set while no collector ran, so that what is held is only a least time. */
type Step = { baseMs: number; sinceMs: UnixMs; isStart: boolean; words: Map<string, 'held' | 'new'> }

export class HeldClock implements Clock {
  readonly #clock: HostClock
  readonly #log: Log
  /** agent → its own clock less ours, ms, when it last asked for the time while ours was steady. */
  readonly #before = new Map<string, { apartMs: number; clockBase: ClockBase | null }>()
  /** agent → what its own clock showed when it was last heard before a start that is in doubt. */
  readonly #shown = new Map<string, UnixMs>()
  #step: Step | null = null
  /** Wall clock less monotonic clock when it was last looked at, ms; and when that was. */
  #baseMs: number
  #seenUs: number
  #asleepMs: number

  constructor(clock: HostClock, log: Log) {
    this.#clock = clock
    this.#log = log
    this.#baseMs = this.#wallMinusMonotonic()
    this.#seenUs = clock.monotonicUs()
    this.#asleepMs = clock.asleepMs?.() ?? 0
  }

  nowMs(): UnixMs {
    this.#look()
    if (this.#step === null) return this.#clock.nowMs()
    return Math.floor(this.#step.baseMs + this.#clock.monotonicUs() / 1_000)
  }

  /** At a start: what was last heard of agents. A clock that shows less was set back since, or was wrong then. */
  startsAfter(heard: readonly Heard[]): void {
    const heardMs = Math.max(0, ...heard.map(({ lastSeenMs }) => lastSeenMs))
    if (this.nowMs() >= heardMs - STEP_MS) return
    for (const { id, lastSeenMs, clockOffsetMs } of heard) this.#shown.set(id, lastSeenMs - clockOffsetMs)
    const baseMs = heardMs - this.#seenUs / 1_000
    this.#step = { baseMs, sinceMs: heardMs, isStart: true, words: new Map() }
    this.#log.error('the clock of this host lies behind what was recorded before: it was set back', {
      byMs: Math.round(baseMs - this.#baseMs),
    })
  }

  monotonicUs(): number {
    return this.#clock.monotonicUs()
  }

  /** Null while the host's clock goes as it went. */
  get step(): ClockStep | null {
    this.#look()
    if (this.#step === null) return null
    const { baseMs, sinceMs } = this.#step
    return { offMs: Math.round(this.#baseMs - baseMs), sinceMs, isDoubted: !this.#isVouchedFor() }
  }

  /** What an agent is told whose own clock shows `theirMs`; null while that is in doubt. */
  compare(agent: Witness, theirMs: UnixMs): UnixMs | null {
    const apartMs = theirMs - this.nowMs()
    if (this.#step === null) this.#before.set(agent.id, { apartMs, clockBase: agent.clockBase })
    else this.#hear(this.#step, agent, apartMs)
    return this.#step === null || this.#isVouchedFor() ? this.nowMs() : null
  }

  #look(): void {
    const nowUs = this.#clock.monotonicUs()
    const baseMs = this.#wallMinusMonotonic()
    const movedMs = baseMs - this.#baseMs
    const isStep = Math.abs(movedMs) >= STEP_MS + (nowUs - this.#seenUs) * SLEW_PER_US
    const fromMs = this.#baseMs
    this.#baseMs = baseMs
    this.#seenUs = nowUs
    if (isStep) this.#stepped(fromMs, movedMs)
    if (this.#step !== null && this.#isBack(this.#step)) {
      this.#step = null
      this.#log.info('the clock of this host is back where it was')
    }
  }

  #isBack({ baseMs, isStart }: Step): boolean {
    const offMs = this.#baseMs - baseMs
    return isStart ? offMs > -STEP_MS : Math.abs(offMs) < STEP_MS
  }

  #stepped(fromMs: number, movedMs: number): void {
    const sleptMs = this.#sleptMs()
    if (this.#step !== null) {
      this.#step.baseMs += sleptMs
      return this.#step.words.clear()
    }
    if (Math.abs(movedMs - sleptMs) < STEP_MS) return
    const baseMs = fromMs + sleptMs
    const sinceMs = Math.floor(baseMs + this.#seenUs / 1_000)
    this.#step = { baseMs, sinceMs, isStart: false, words: new Map() }
    this.#log.error(
      'the clock of this host was set; the time from before goes on until agents have the new one',
      {
        byMs: Math.round(movedMs - sleptMs),
      },
    )
  }

  /** Since it was asked before. */
  #sleptMs(): number {
    const asleepMs = this.#clock.asleepMs?.() ?? 0
    const sleptMs = Math.max(0, asleepMs - this.#asleepMs)
    this.#asleepMs = asleepMs
    // Less is rounding of the two clocks that it is worked out from.
    return sleptMs < STEP_MS ? 0 : sleptMs
  }

  #hear(step: Step, agent: Witness, apartMs: number): void {
    if (!this.#hasWord(step, agent, apartMs)) return
    const stepMs = this.#baseMs - step.baseMs
    const [fromHeld, fromNew] = [Math.abs(apartMs), Math.abs(apartMs - stepMs)]
    if (Math.min(fromHeld, fromNew) > AGREE_MS) return
    step.words.set(agent.id, fromNew < fromHeld ? 'new' : 'held')
    const words = [...step.words.values()]
    const forNew = words.filter((word) => word === 'new').length
    if (forNew <= words.length - forNew) return
    this.#step = null
    this.#before.clear()
    this.#log.warn('the clock of this host was set right, as its agents show: its time is taken', {
      byMs: Math.round(stepMs),
    })
  }

  /**
   * A clock that moved with ours is of this host, or was set by the same hand. Where it was ours that stood still,
   * as that of a paused machine does, its frames say that nobody has set it.
   */
  #hasWord(step: Step, { id, clockBase }: Witness, apartMs: number): boolean {
    // A clock that shows less than it did was set back as well.
    if (step.isStart) return this.nowMs() + apartMs >= (this.#shown.get(id) ?? Infinity)
    const before = this.#before.get(id)
    if (!before) return false
    if (Math.abs(apartMs - before.apartMs) <= AGREE_MS) return true
    if (clockBase === null || clockBase.session !== before.clockBase?.session) return false
    const isSince = clockBase.receivedMs >= step.sinceMs + SIGNED_SINCE_MS
    return isSince && Math.abs(clockBase.ms - before.clockBase.ms) <= AGREE_MS
  }

  #isVouchedFor(): boolean {
    return this.#step === null || this.#step.words.size > 0
  }

  #wallMinusMonotonic(): number {
    return this.#clock.nowMs() - this.#clock.monotonicUs() / 1_000
  }
}
