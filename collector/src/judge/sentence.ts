/** The one sentence of a contract, in plain English: state, since when, what is left, what is lacking. Pure. */
import type { AvailabilityView, GuaranteeView, State } from './view.ts'

const WORDS: Record<State, string> = {
  up: 'Up',
  degraded: 'Up, but slow',
  partial: 'Down for part of the vantages',
  down: 'Down',
  unknown: 'Unknown',
}
const RANK: readonly State[] = ['down', 'partial', 'unknown', 'degraded', 'up']

export function worstState(states: readonly State[]): State {
  return RANK.find((state) => states.includes(state)) ?? 'unknown'
}

export function contractSentence(given: {
  state: State
  guarantees: readonly GuaranteeView[]
  readiness: string
}): string {
  const { state, guarantees, readiness } = given
  const tightest = guarantees
    .filter((one) => one.metric === 'interval-availability')
    .toSorted((a, b) => a.budget.leftMs - b.budget.leftMs)[0]
  const since = guarantees.map(({ measuredFrom }) => measuredFrom).find((at) => at !== null)
  const parts = [`${WORDS[state]}.`]
  if (since) parts.push(`Measured since ${since.slice(0, 16).replace('T', ' ')} UTC.`)
  if (tightest) parts.push(budgetText(tightest))
  return [...parts, readiness].join(' ')
}

function budgetText({ budget }: AvailabilityView): string {
  const { leftMs } = budget
  if (leftMs < 0) return `Target not met on measured data: ${lengthText(-leftMs)} over the allowance.`
  return `${lengthText(leftMs)} of budget left.`
}

/** `48 min 12 s`, `2 h 3 min`, `3 d 4 h`: two units, rounded down. */
export function lengthText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const units: [string, number][] = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ]
  const first = units.findIndex(([, count]) => count > 0)
  if (first < 0) return '0 s'
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ')
}
