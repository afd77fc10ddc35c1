/**
 * Icinga, SLA of Icinga DB: hard states, bad where worse than a warning, downtime turns bad to good and stays
 * in the denominator, pending time is removed. It works on events, so this file has both: the events
 * themselves, and a window's stretches as events. Pure.
 */
import { fraction, type Fraction } from '../fraction.ts'
import type { Policy } from './policy.ts'
import { held, type PolicyState, type Stretch } from './stretch.ts'

/** 0 … 3 as the tool numbers them, 99 for pending. Any unit of time, the same throughout. */
export type HardEvent = { at: number; state: number; previousState: number }

export type IcingaQuestion = {
  /** Of one host or service, hard states only, in order of time. */
  events: readonly HardEvent[]
  downtimes: readonly { from: number; to: number }[]
  currentState: number | null
  /** [from, to) */
  from: number
  to: number
  objectType: 'host' | 'service'
}

export const PENDING = 99
/** From this state on time is bad: a service that warns is good, a host has no warning. */
const BAD_ABOVE = { host: 0, service: 1 } as const

type Edge = { at: number; order: number; previousState: number | null; apply: (running: Running) => void }
type Running = { state: number; downtimes: number }

/** Good over counted time; null where all of it was pending. `from` before `to`. */
export function icingaShare(question: IcingaQuestion): Fraction | null {
  const { from, to, objectType } = question
  const running = { state: initialState(question), downtimes: 0 }
  let total = to - from
  let bad = 0
  let last = from
  for (const edge of edgesOf(question)) {
    const span = edge.at - last
    // Only the stretch since the last event of any kind leaves the denominator, as the tool has it.
    if (edge.previousState === PENDING) total -= span
    else if (running.state > BAD_ABOVE[objectType] && running.state !== PENDING && running.downtimes === 0)
      bad += span
    last = edge.at
    edge.apply(running)
  }
  return total === 0 ? null : fraction(total - bad, total)
}

/** The last event before, else what the next one says came before it, else the live state, else fine. */
function initialState({ events, from, currentState }: IcingaQuestion): number {
  const before = events.findLast(({ at }) => at <= from)
  if (before) return before.state
  return events.find(({ at }) => at > from)?.previousState ?? currentState ?? 0
}

/** At one instant: a change of state, then downtimes that begin, then those that end, then the end. */
function edgesOf({ events, downtimes, from, to }: IcingaQuestion): Edge[] {
  const inside = events.filter(({ at }) => at > from && at < to)
  const changes = inside.map(({ at, state, previousState }): Edge => {
    return { at, order: 0, previousState, apply: (running) => (running.state = state) }
  })
  const touching = downtimes.filter((one) => one.from < to && one.to >= from)
  const turns = touching.flatMap((one): Edge[] => {
    const start = { at: Math.max(one.from, from), order: 1, previousState: null }
    const begins: Edge = { ...start, apply: (running) => (running.downtimes += 1) }
    const ends: Edge = { ...start, at: one.to, order: 2, apply: (running) => (running.downtimes -= 1) }
    return one.to < to ? [begins, ends] : [begins]
  })
  const end: Edge = { at: to, order: 3, previousState: null, apply: () => undefined }
  return [...changes, ...turns, end].sort((a, b) => a.at - b.at || a.order - b.order)
}

export const icinga: Policy = {
  name: 'icinga',
  formula: '(counted − bad outside downtime) / counted, the last hard state held',
  digits: 4,
  mode: 'round',
  score(stretches) {
    const share = icingaShare(questionOf(held(stretches.filter(({ isInHours }) => isInHours))))
    return share === null ? { kind: 'empty', says: 'no data' } : { kind: 'share', share }
  },
}

/** A stretch that was held is never silent. */
const NUMBERS: Readonly<Record<PolicyState, number>> = {
  ok: 0,
  warning: 1,
  critical: 2,
  unknown: 3,
  silent: 0,
  pending: PENDING,
}

/** Service hours one after the other: the tool knows no calendar. */
function questionOf(stretches: readonly Stretch[]): IcingaQuestion {
  const events: HardEvent[] = []
  const downtimes: { from: number; to: number }[] = []
  let at = 0
  let previousState = PENDING
  for (const { ms, state, isExcluded } of stretches) {
    const number = NUMBERS[state]
    if (at === 0 || number !== previousState) events.push({ at, state: number, previousState })
    previousState = number
    if (isExcluded) downtimes.push({ from: at, to: at + ms })
    at += ms
  }
  return { events, downtimes, currentState: null, from: 0, to: at, objectType: 'service' }
}
