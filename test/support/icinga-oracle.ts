/**
 * Icinga's share of good time once more, unit by unit of time and from the words of its rules alone: hard
 * states, bad where worse than a warning (a host: where not up), downtime makes bad good, and a change from
 * pending takes the stretch since the last event of any kind out of the count.
 */
export type OracleQuestion = {
  events: readonly { at: number; state: number; previousState: number }[]
  downtimes: readonly { from: number; to: number }[]
  currentState: number | null
  from: number
  to: number
  objectType: 'host' | 'service'
}

const PENDING = 99

/** Good and counted units of time. */
export function countedByUnit(question: OracleQuestion): { good: number; counted: number } {
  const { downtimes, from, to } = question
  const isRemoved = removedUnits(question)
  let good = 0
  let counted = 0
  for (let unit = from; unit < to; unit += 1) {
    if (isRemoved.has(unit)) continue
    counted += 1
    const state = stateDuring(unit, question)
    const isProblem = state !== PENDING && state > (question.objectType === 'host' ? 0 : 1)
    const isShielded = downtimes.some((one) => one.from <= unit && unit < one.to)
    if (!isProblem || isShielded) good += 1
  }
  return { good, counted }
}

function stateDuring(unit: number, { events, currentState, from }: OracleQuestion): number {
  const inside = events.filter((event) => event.at > from && event.at <= unit)
  if (inside.length > 0) return inside.at(-1)!.state
  const before = events.filter((event) => event.at <= from)
  if (before.length > 0) return before.at(-1)!.state
  const after = events.find((event) => event.at > from)
  return after ? after.previousState : (currentState ?? 0)
}

function removedUnits({ events, downtimes, from, to }: OracleQuestion): Set<number> {
  const removed = new Set<number>()
  const touching = downtimes.filter((one) => one.from < to && one.to >= from)
  const edges = [
    ...touching.map((one) => Math.max(one.from, from)),
    ...touching.filter((one) => one.to < to).map((one) => one.to),
  ]
  const changes = events.filter((event) => event.at > from && event.at < to)
  for (const [i, change] of changes.entries()) {
    if (change.previousState !== PENDING) continue
    // At one instant a change of state comes before the edges of downtimes.
    const marks = [from, ...edges.filter((at) => at < change.at), ...changes.slice(0, i).map(({ at }) => at)]
    for (let unit = Math.max(...marks); unit < change.at; unit += 1) removed.add(unit)
  }
  return removed
}
