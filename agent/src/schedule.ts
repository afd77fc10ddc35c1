/**
 * Schedule: which probe runs when. One deadline heap over the monotonic clock; slots lie at
 * epoch + phase + k × interval and never drift, however late a probe was or however long it took. A slot
 * that passes without its probe is reported as missed, never made up for in a burst. Pure: the clock is
 * an argument, what comes out are instructions.
 *
 * A check waits in the heap, or is ready (due, no room yet), or runs; only one that is failing in brackets waits for its
 * next try while others of it still run, so that one that hangs does not hide that the target is back.
 */
import { createHash } from 'node:crypto'
import { invariant } from '@constat/shared/fault'
import { DueHeap } from './heap.ts'
import { Rate } from './rate.ts'
import { afterTry, isFailing, isOpen, NOTHING_SEEN } from './reprobe.ts'
import type { Confirm, Seen, Standing } from './reprobe.ts'

export type Plan = {
  key: string
  /** µs, as all that ends in Us. */
  intervalUs: number
  /** From the start of a try to the next one at least. */
  reprobeUs: number
  confirm: Confirm
  /** While it fails it is tried every BRACKET_US, and a first try that hangs gets a second one beside it. */
  brackets: boolean
  /** What one try of it takes of the rate: its requests or packets, 1 at least. */
  cost: number
  /** Place in the interval, 0 … intervalUs − 1. */
  phaseUs: number
}

/**
 * Run this check now. `slotUs` is null for a re-probe, which is then the `attempt`-th. A try that has run for
 * `lateUs` takes longer than usual; one that has run for `hangsUs` hangs, and may be due a second one beside it.
 */
export type Start = {
  ticket: number
  key: string
  attempt: number
  slotUs: number | null
  lateUs: number
  hangsUs: number
}
/** Slots that passed: `count` of them, the first at `firstUs`. `paced`: the rate of this host had no room for them. */
export type Missed = { key: string; firstUs: number; intervalUs: number; count: number; paced: boolean }
/** How often tries may begin: of one check, and together. */
export type Bounds = { leastUs: number; perSecond: number }
/** `settles`: the try came while a change was unconfirmed, so it confirms or withdraws it. */
export type Finish = { settles: boolean }
export type Instructions = { starts: Start[]; missed: Missed[] }

type Entry = {
  plan: Plan
  /** Slot 0. Slots from 1 on lie on the grid. */
  firstUs: number
  gridUs: number
  /** Index of the first slot not yet accounted for. */
  next: number
  attempt: number
  startedUs: number
  /** Where its next try is: due some time, due and without room, or told when a try that runs has ended. */
  place: 'waiting' | 'ready' | 'none'
  /** Tries that run: one, a second beside one that hangs, or in brackets up to MAX_AT_ONCE. */
  running: number
  /** Start of the first failed try of the run that goes on. */
  failingSinceUs: number | null
  /** Of the good tries, the slowest of late: a check that is always slow does not hang. */
  slowestUs: number
  /** Start of the last look that somebody asked for. */
  lookedUs: number
  /** Until when the tries so far are worth, each BRACKET_US. */
  spentUs: number
  standing: Standing
  /** Due, and held since the rate had no room. */
  paced: boolean
  removed: boolean
}

/** The signed attempt is one byte. */
const MAX_ATTEMPT = 255
/** A new check is first probed within this, so that nobody waits an interval to see it work. */
export const FIRST_WITHIN_US = 1_000_000
/** Between two tries of a check that is failing, and how long it is tried so often. */
export const BRACKET_US = 2_000_000
const BRACKETS_FOR_US = 300_000_000
/** Tries of one check that hang beside each other, while it fails. */
export const MAX_AT_ONCE = 5
/** An answer is late after this, or twice the slowest good one of late. */
const LATE_US = 500_000
/** What is left of the slowest good try with each further one: a single slow one is soon none of late. */
const FORGETTING = 0.5

export class Schedule {
  readonly #epochUs: number
  readonly #maxInFlight: number
  readonly #entries = new Map<string, Entry>()
  readonly #waiting = new DueHeap<Entry>()
  readonly #running = new Map<number, { entry: Entry; startedUs: number }>()
  readonly #rate = new Rate()
  #leastUs = 0
  #ready: Entry[] = []
  #tickets = 0

  /** `epochUs`: the instant on the monotonic clock from which phases count. */
  constructor({ epochUs, maxInFlight }: { epochUs: number; maxInFlight: number }) {
    this.#epochUs = epochUs
    this.#maxInFlight = maxInFlight
  }

  /** From now on; without it there are none. */
  keepTo({ leastUs, perSecond }: Bounds, nowUs: number): void {
    this.#leastUs = leastUs
    this.#rate.set(perSecond, nowUs)
  }

  /** Takes the cost of a try that is no check's; false where the rate has no room for it. */
  spend(cost: number, nowUs: number): boolean {
    const hasRoom = this.#rate.hasRoom(nowUs)
    if (hasRoom) this.#rate.take(cost)
    return hasRoom
  }

  get inFlight(): number {
    return this.#running.size
  }

  add(plan: Plan, nowUs: number): void {
    invariant(!this.#entries.has(plan.key), `check ${plan.key} is scheduled twice`)
    const firstUs = nowUs + (plan.phaseUs % FIRST_WITHIN_US)
    const entry: Entry = {
      plan,
      firstUs,
      gridUs: this.#gridAfter(firstUs + plan.intervalUs / 2, plan),
      next: 0,
      attempt: 0,
      startedUs: 0,
      place: 'none',
      running: 0,
      failingSinceUs: null,
      slowestUs: 0,
      lookedUs: -Infinity,
      spentUs: -Infinity,
      standing: NOTHING_SEEN,
      paced: false,
      removed: false,
    }
    this.#entries.set(plan.key, entry)
    this.#wait(entry, firstUs)
  }

  /** A probe of it that runs may still finish; its end is then of no account. */
  remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry) entry.removed = true
    this.#entries.delete(key)
  }

  /** When `advance` has something to do next; null with nothing waiting. May be in the past. */
  nextDueUs(): number | null {
    const dueUs = this.#waiting.nextDueUs()
    // What waits for a probe to end is looked at when it does.
    const isPaced = this.#ready.length > 0 && this.#running.size < this.#maxInFlight
    return isPaced ? Math.min(dueUs ?? Infinity, this.#rate.roomAtUs()) : dueUs
  }

  advance(nowUs: number): Instructions {
    const nextUs = (): number => this.#waiting.nextDueUs() ?? Infinity
    for (let dueUs = nextUs(); dueUs <= nowUs; dueUs = nextUs()) {
      const entry = this.#waiting.pop()!
      entry.place = 'ready'
      this.#ready.push(entry)
    }
    const instructions: Instructions = { starts: [], missed: [] }
    const held: Entry[] = []
    for (const entry of this.#ready) {
      if (entry.removed) continue
      if (this.#mayStart(nowUs)) this.#begin(entry, nowUs, instructions)
      else {
        entry.paced ||= !this.#rate.hasRoom(nowUs)
        held.push(entry)
      }
    }
    this.#ready = held
    return instructions
  }

  /** The probe of `ticket` is over. Call `advance` after it. Null when its check is gone. */
  finish(ticket: number, seen: Seen, nowUs: number): Finish | null {
    const running = this.#running.get(ticket)
    invariant(running, `ticket ${ticket} is not running`)
    const { entry, startedUs } = running
    this.#running.delete(ticket)
    if (entry.removed) return null
    const settles = isOpen(entry.standing)
    const { standing, again } = afterTry(entry.standing, { seen, confirm: entry.plan.confirm })
    entry.standing = standing
    if (seen === 'bad') entry.failingSinceUs ??= startedUs
    if (seen === 'good') {
      entry.failingSinceUs = null
      entry.slowestUs = Math.max(nowUs - startedUs, entry.slowestUs * FORGETTING)
    }
    entry.running -= 1
    // The last of them decides when to look again, but for what looks on beside them.
    if (entry.running > 0 && entry.place === 'none' && !this.#looksOn(entry)) return { settles }
    // One that is ready only lacks room.
    if (entry.place === 'ready') return { settles }
    if (entry.place === 'waiting') this.#waiting.remove(entry)
    const confirmsUs = again ? Math.max(entry.startedUs + entry.plan.reprobeUs, nowUs) : Infinity
    this.#wait(entry, this.#nextUs(entry, Math.min(confirmsUs, bracketUs(entry, nowUs))))
    return { settles }
  }

  #wait(entry: Entry, dueUs: number): void {
    entry.place = 'waiting'
    this.#waiting.push(dueUs, entry)
  }

  /** Whether its next try need not wait for those that run. What hangs leaves half the room to what does not. */
  #looksOn({ plan, standing, running }: Entry): boolean {
    const hasRoom = running < MAX_AT_ONCE && this.#running.size <= this.#maxInFlight / 2
    return hasRoom && plan.brackets && isFailing(standing)
  }

  /** The next slot, or a try at `againUs` before it where one may be. */
  #nextUs(entry: Entry, againUs: number): number {
    const mayUs = entry.attempt < MAX_ATTEMPT && this.#isClear(entry, againUs) ? againUs : Infinity
    return Math.min(slotUs(entry, entry.next), mayUs)
  }

  /**
   * A second try beside the one of `ticket`, which hangs: were it to wait for the first, a target that hangs
   * would be known to be down after two timeouts. Null where none is due.
   */
  beside(ticket: number, nowUs: number): Start | null {
    const entry = this.#running.get(ticket)?.entry
    if (!entry || entry.removed || entry.running > 1 || !entry.plan.brackets) return null
    if (entry.standing.confirmed === 'down' || entry.attempt >= MAX_ATTEMPT) return null
    if (!this.#mayStart(nowUs) || nowUs - entry.startedUs < this.#leastUs) return null
    entry.attempt += 1
    return this.#start(entry, nowUs, null)
  }

  /** Whether the try of `ticket`, which is late, is the first sign that something may be wrong. */
  isFirstSign(ticket: number): boolean {
    const entry = this.#running.get(ticket)?.entry
    return entry !== undefined && entry.plan.brackets && !entry.removed && entry.standing.run !== 'bad'
  }

  /**
   * A try out of turn, since another vantage sees the check fail. Null where none is due: it goes without, it runs
   * or looks at a change already, or it was tried so often of late that one more would be above one in BRACKET_US.
   */
  look(key: string, nowUs: number): Start | null {
    const entry = this.#entries.get(key)
    if (!entry?.plan.brackets || entry.attempt >= MAX_ATTEMPT) return null
    const { standing, lookedUs, spentUs, plan } = entry
    if (standing.run === 'bad' || isOpen(standing) || !this.#mayStart(nowUs)) return null
    const isSoon = nowUs - lookedUs < Math.max(BRACKET_US, plan.reprobeUs) || !this.#isClear(entry, nowUs)
    if (isSoon || spentUs > nowUs + BRACKET_US || !this.#waiting.remove(entry)) return null
    entry.place = 'none'
    entry.attempt += 1
    entry.lookedUs = nowUs
    return this.#start(entry, nowUs, null)
  }

  #mayStart(nowUs: number): boolean {
    return this.#running.size < this.#maxInFlight && this.#rate.hasRoom(nowUs)
  }

  /** Whether a try between two slots keeps its distance from the try before it and from the next slot. */
  #isClear(entry: Entry, atUs: number): boolean {
    return atUs - entry.startedUs >= this.#leastUs && slotUs(entry, entry.next) - atUs >= this.#leastUs
  }

  #begin(entry: Entry, nowUs: number, { starts, missed }: Instructions): void {
    const latest = latestSlot(entry, nowUs)
    const isSlot = latest >= entry.next
    if (isSlot) {
      missed.push(...missedSlots(entry, latest))
      entry.next = latest + 1
    }
    entry.paced = false
    entry.place = 'none'
    entry.attempt = isSlot ? 0 : entry.attempt + 1
    starts.push(this.#start(entry, nowUs, isSlot ? slotUs(entry, latest) : null))
    if (this.#looksOn(entry)) this.#wait(entry, this.#nextUs(entry, bracketUs(entry, nowUs)))
  }

  #start(entry: Entry, nowUs: number, ofSlotUs: number | null): Start {
    entry.startedUs = nowUs
    entry.spentUs = Math.max(entry.spentUs, nowUs) + BRACKET_US
    entry.running += 1
    this.#tickets += 1
    this.#running.set(this.#tickets, { entry, startedUs: nowUs })
    const { key, reprobeUs, cost } = entry.plan
    this.#rate.take(cost)
    const lateUs = Math.max(LATE_US, 2 * entry.slowestUs)
    // What is spent so far puts the second try off, so that in the long run there is one in BRACKET_US.
    const hangsUs = Math.max(reprobeUs / 2, lateUs, entry.spentUs - BRACKET_US - nowUs)
    return { ticket: this.#tickets, key, attempt: entry.attempt, slotUs: ofSlotUs, lateUs, hangsUs }
  }

  #gridAfter(fromUs: number, { phaseUs, intervalUs }: Plan): number {
    const originUs = this.#epochUs + phaseUs
    return originUs + Math.ceil((fromUs - originUs) / intervalUs) * intervalUs
  }
}

/** 0 … intervalUs − 1, the same for one agent and check at every start: agents spread over the interval. */
export function phaseOf(agent: Uint8Array, name: string, intervalUs: number): number {
  const hash = createHash('sha256').update(agent).update(name).digest()
  return Number((hash.readBigUInt64BE(0) * BigInt(intervalUs)) >> 64n)
}

/**
 * The next try of a check that is failing, counted from its last slot so that nothing drifts; the next slot
 * stands for one that would come just before it. Infinity where none is due.
 */
function bracketUs(entry: Entry, nowUs: number): number {
  const { plan, standing, failingSinceUs, startedUs } = entry
  if (!plan.brackets || !isFailing(standing)) return Infinity
  const fromUs = slotUs(entry, entry.next - 1)
  const soonestUs = Math.max(nowUs, startedUs + BRACKET_US / 2)
  const atUs = fromUs + Math.ceil((soonestUs - fromUs) / BRACKET_US) * BRACKET_US
  const isOver = failingSinceUs !== null && atUs - failingSinceUs > BRACKETS_FOR_US
  return isOver || atUs + BRACKET_US > slotUs(entry, entry.next) ? Infinity : atUs
}

function slotUs(entry: Entry, index: number): number {
  return index === 0 ? entry.firstUs : entry.gridUs + (index - 1) * entry.plan.intervalUs
}

/** Index of the last slot that is due; −1 before the first. */
function latestSlot(entry: Entry, nowUs: number): number {
  if (nowUs < entry.firstUs) return -1
  if (nowUs < entry.gridUs) return 0
  return 1 + Math.floor((nowUs - entry.gridUs) / entry.plan.intervalUs)
}

/** Slots from `entry.next` up to, not including, `latest`. Slot 0 stands off the grid, so by itself. */
function missedSlots(entry: Entry, latest: number): Missed[] {
  const { paced } = entry
  const { key, intervalUs } = entry.plan
  const missed: Missed[] = []
  const run = (firstUs: number, count: number) => missed.push({ key, firstUs, intervalUs, count, paced })
  if (entry.next === 0 && latest > 0) run(entry.firstUs, 1)
  const from = Math.max(entry.next, 1)
  if (latest > from) run(slotUs(entry, from), latest - from)
  return missed
}
