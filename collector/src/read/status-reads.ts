/** What the customer's own users are told of each service: a state, planned work, and how many say that it fails. */
import { tableOf } from '@constat/sla/calendar'
import { occurrences } from '@constat/sla/recurrence'
import { incidentsIn, newest, type ContractState, type Revision } from '@constat/sla/state/contract-state'
import { Fault } from '@constat/shared/fault'
import { formatInstant, type Interval, type UnixMs } from '@constat/shared/time'
import type { Contracts } from '../contract/contracts.ts'
import { reportsOf } from '../judge/remarks.ts'
import type { ContractView } from '../view/contract.ts'
import type { ServiceStatus } from '../view/remark.ts'

const HOUR_MS = 3_600_000
/** How far ahead planned work is told. */
const AHEAD_MS = 7 * 24 * HOUR_MS

export type StatusDeps = {
  nowMs: () => UnixMs
  contracts: Pick<Contracts, 'of'>
  views: () => readonly ContractView[]
}

/** Of the contracts that run, in their order; the services of each in that of its terms. */
/** Of contracts that have ended nothing goes on. */
export function downIn(states: readonly ContractState[]): number {
  const open = states.flatMap((state) =>
    incidentsIn(state).flatMap(({ service, closedMs }) =>
      closedMs === null ? [`${state.contract}/${service}`] : [],
    ),
  )
  return new Set(open).size
}

export function statusOf({ nowMs, contracts, views }: StatusDeps): ServiceStatus[] {
  const atMs = nowMs()
  return views().flatMap((view) => {
    const state = contracts.of(view.name)
    if (!state || view.endedAt !== null) return []
    return view.services.map(({ service, state: seen, since }) => {
      const open = incidentsIn(state).find((one) => one.service === service && one.closedMs === null)
      return {
        contract: view.name,
        service,
        name: nameOf(state, service),
        state: seen,
        since,
        acknowledged: open !== undefined && open.acknowledgedMs !== null && open.unansweredSinceMs === null,
        planned: plannedOf(state, service, atMs),
        reports: reportsOf(state, service, atMs - HOUR_MS).length,
      }
    })
  })
}

function nameOf(state: ContractState, service: string): string {
  return newest(state).terms.services.find(({ name }) => name === service)?.displayName ?? service
}

/** The next work that was declared before it began, or that recurs by the contract itself. */
function plannedOf(state: ContractState, service: string, nowMs: UnixMs): ServiceStatus['planned'] {
  const declared = state.exclusions
    .map((one) => one.declared)
    .filter((one) => one.service === null || one.service === service)
    .filter(({ declaredMs, startMs }) => declaredMs <= startMs)
  const [next] = [...declared, ...recurringOf(newest(state), nowMs)]
    .filter(({ startMs, endMs }) => endMs > nowMs && startMs < nowMs + AHEAD_MS)
    .toSorted((a, b) => a.startMs - b.startMs)
  return next ? { start: formatInstant(next.startMs), end: formatInstant(next.endMs) } : null
}

function recurringOf({ terms }: Revision, nowMs: UnixMs): Interval[] {
  const span = { startMs: nowMs, endMs: nowMs + AHEAD_MS }
  try {
    return terms.exclusions.kinds.flatMap(({ recurrence, needs }) =>
      recurrence && needs === 'nothing'
        ? occurrences(recurrence, tableOf(terms.zoneTables, recurrence.timeZone), span)
        : [],
    )
  } catch (error) {
    // A year that the terms do not cover: nothing is known to be planned in it.
    if (error instanceof Fault) return []
    throw error
  }
}
