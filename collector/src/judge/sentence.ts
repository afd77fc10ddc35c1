/** The one sentence of a contract, in plain English: state, since when, what is left, what is lacking. Pure. */
import { lengthText } from '@constat/sla/length'
import type { GuaranteeView, ViewOf } from '../view/guarantee.ts'
import type { State } from '../view/parts.ts'

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
  if (since) parts.push(`Measured since ${minuteText(since)}.`)
  if (tightest) parts.push(budgetText(tightest))
  return [...parts, readiness].join(' ')
}

/** To the minute, of an instant as it is published. */
export function minuteText(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`
}

function budgetText({ budget }: ViewOf<'interval-availability'>): string {
  const { leftMs } = budget
  if (leftMs < 0) return `Target not met on measured data: ${lengthText(-leftMs)} over the allowance.`
  return `${lengthText(leftMs)} of budget left.`
}
