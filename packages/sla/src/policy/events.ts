/** Events as stretches: the time between changes of state, for policies that know time and not events. Pure. */
import { PENDING, type IcingaQuestion } from './icinga.ts'
import type { PolicyState, Stretch } from './stretch.ts'

const STATES: readonly PolicyState[] = ['ok', 'warning', 'critical', 'unknown']

/** The window of the question, all of it in service hours. */
export function stretchesBetween(question: IcingaQuestion): Stretch[] {
  const { events, downtimes, from, to } = question
  const inner = [...events.map(({ at }) => at), ...downtimes.flatMap((one) => [one.from, one.to])]
  const cuts = [...new Set([from, ...inner.filter((at) => at > from && at < to), to])].sort((a, b) => a - b)
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i]!
    const state = stateAt(question, start)
    return {
      ms: end - start,
      state,
      last: state,
      isInHours: true,
      isExcluded: downtimes.some((one) => one.from <= start && start < one.to),
    }
  })
}

function stateAt({ events, currentState, objectType }: IcingaQuestion, at: number): PolicyState {
  const before = events.findLast((event) => event.at <= at)?.state
  const number = before ?? events.find((event) => event.at > at)?.previousState ?? currentState ?? 0
  if (number === PENDING) return 'pending'
  // A host is up or down: every problem of it is one.
  if (objectType === 'host') return number === 0 ? 'ok' : 'critical'
  return STATES[number] ?? 'unknown'
}
