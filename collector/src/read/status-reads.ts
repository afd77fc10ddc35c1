/** What the customer's own users are told of each service: a state, planned work, and how many say that it fails. */
import { incidentsIn, newest, type ContractState } from '@constat/sla/state/contract-state'
import { formatInstant, type UnixMs } from '@constat/shared/time'
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
        acknowledged: open !== undefined && open.acknowledgedMs !== null,
        planned: plannedOf(state, service, atMs),
        reports: reportsOf(state, service, atMs - HOUR_MS).length,
      }
    })
  })
}

function nameOf(state: ContractState, service: string): string {
  return newest(state).terms.services.find(({ name }) => name === service)?.displayName ?? service
}

/** The next work that was declared before it began. */
function plannedOf({ exclusions }: ContractState, service: string, nowMs: UnixMs): ServiceStatus['planned'] {
  const [next] = exclusions
    .map(({ declared }) => declared)
    .filter((one) => one.service === null || one.service === service)
    .filter(
      ({ declaredMs, startMs, endMs }) =>
        declaredMs <= startMs && endMs > nowMs && startMs < nowMs + AHEAD_MS,
    )
    .toSorted((a, b) => a.startMs - b.startMs)
  return next ? { start: formatInstant(next.startMs), end: formatInstant(next.endMs) } : null
}
