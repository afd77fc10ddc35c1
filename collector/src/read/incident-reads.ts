/**
 * Incidents and timelines as they are shown: each under the terms in force at its instant, also of a service
 * or a contract that is there no more.
 */
import { nameIn, incidentsIn, type ContractState } from '@constat/sla/state/contract-state'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import { promisedAt, serviceNames, serviceRevisionAt } from '@constat/sla/state/in-force'
import { get } from '@constat/sla/state/persistent-map'
import { formatInstant, type Interval, type UnixMs } from '@constat/shared/time'
import type { Contracts } from '../contract/contracts.ts'
import { bareContext, incidentView, segmentViews, type IncidentContext } from '../judge/describe.ts'
import { revisionAt, type Judge } from '../judge/judge.ts'
import { serviceTimelineOf } from '../judge/service-history.ts'
import { siteOf } from '@constat/sla/assembly/sites'
import type { Timelines } from '@constat/sla/fold/timelines'
import type { SetAside } from '../set-aside.ts'
import { NOTHING_KNOWN, type Timeline } from '@constat/sla/timeline'
import { whyOf, whyOfVantage, whySpans } from '../judge/why.ts'
import type { Why } from '@constat/sla/assembly/why'
import { remarksOf } from '@constat/sla/state/remark-record'
import type { Database } from '../db/tx.ts'
import { clocksOf, promisesTo } from './incident-room.ts'
import type { JudgedReads } from './judged.ts'
import { remarkViews } from './remark-views.ts'
import { following, touches } from '../view/paging.ts'
import { isOf, type IncidentFilter, type OfContracts } from '../view/reads.ts'
import type { IncidentRoomView, IncidentView, TimelineView } from '../view/timeline.ts'

export type IncidentReadsDeps = {
  db: Database
  nowMs: () => UnixMs
  contracts: Contracts
  timelines: Timelines
  judge: Pick<Judge, 'contextAt'>
  judged: Pick<JudgedReads, 'bare'>
  setAside: SetAside
}

export class IncidentReads {
  readonly #deps: IncidentReadsDeps

  constructor(deps: IncidentReadsDeps) {
    this.#deps = deps
  }

  /** Latest onset first. */
  incidents({ before, limit, ...filter }: IncidentFilter): IncidentView[] {
    const wanted = (record: IncidentRecord) => this.#isWanted(record, filter)
    const records = this.#deps.contracts
      .all()
      .filter((state) => isOf(filter.contract, state.contract))
      .flatMap(incidentsIn)
      // Open ones are few, and asked for by every page: the others are not sorted for them.
      .filter((record) => record.id === before || wanted(record))
      .sort((a, b) => b.onsetMs - a.onsetMs || (a.id < b.id ? -1 : 1))
    const page = following(records, { keyOf: ({ id }) => id, before, limit })
    return page.flatMap((record) => this.#view(record) ?? [])
  }

  #isWanted(record: IncidentRecord, filter: Omit<IncidentFilter, 'before' | 'limit'>): boolean {
    const { open, service, guarantee, zone, within } = filter
    const { onsetMs: startMs, endMs, closedMs } = record
    if (open !== undefined && (closedMs === null) !== open) return false
    if (service !== undefined && record.service !== service) return false
    if (zone !== undefined && record.zone !== zone) return false
    // While it is open, its last known instant is not its end.
    if (within && !touches({ startMs, endMs: closedMs === null ? null : endMs }, within)) return false
    return guarantee === undefined || this.#isPromised(record, guarantee)
  }

  #isPromised({ contract, service, onsetMs }: IncidentRecord, guarantee: string): boolean {
    const life = this.#deps.contracts.of(contract)?.life
    return life !== undefined && promisedAt(life, guarantee, onsetMs)?.guarantee.service === service
  }

  /** With all that was said of it; words that were erased are not there. */
  async incident(id: string): Promise<IncidentRoomView | null> {
    for (const state of this.#deps.contracts.all()) {
      const record = get(state.incidents, id)
      const view = record && this.#view(record)
      if (!view) continue
      const { db, nowMs, judged, setAside } = this.#deps
      const remarks = remarksOf(state.remarks, record, incidentsIn(state))
      const promised = setAside.reading<ReturnType<typeof promisesTo>>(
        state.contract,
        () => promisesTo({ state, record }, { db, nowMs, judge: (asked) => judged.bare(asked) }),
        () => ({ targets: [], counts: [] }),
      )
      const clocks = await clocksOf({ state, record, remarks }, { db, nowMs })
      const changes = changeViews(state, record)
      return { ...view, ...promised, clocks, changes, remarks: await remarkViews(db, remarks) }
    }
    return null
  }

  /** `of` where two have a service of that name; else the one that has it now comes first. */
  timeline(service: string, span: { fromMs: UnixMs; toMs: UnixMs }, of?: OfContracts): TimelineView | null {
    const state = this.#stateOf(service, of)
    return state && this.#timeline(state, service, span)
  }

  /** What was seen of a service alone, without its vantages and reasons. `of` as above. */
  segments(service: string, { fromMs, toMs }: { fromMs: UnixMs; toMs: UnixMs }, of?: OfContracts) {
    const state = this.#stateOf(service, of)
    if (!state) return null
    const { timelines, nowMs, setAside } = this.#deps
    const interval = { startMs: fromMs, endMs: Math.max(fromMs, Math.min(toMs, nowMs())) }
    const whole = setAside.reading<Timeline>(
      state.contract,
      () => serviceTimelineOf(state, service, (one) => timelines.service(state, one, service)),
      () => NOTHING_KNOWN,
    )
    return segmentViews(whole, interval)
  }

  #stateOf(service: string, of: OfContracts): ContractState | null {
    const { contracts, nowMs } = this.#deps
    const all = contracts
      .all()
      .filter(({ contract, life }) => isOf(of, contract) && serviceNames(life).has(service))
    const isThere = ({ life }: ContractState) => serviceRevisionAt(life, service, nowMs()) !== null
    return all.find(isThere) ?? all[0] ?? null
  }

  #timeline(
    state: ContractState,
    service: string,
    { fromMs, toMs }: { fromMs: UnixMs; toMs: UnixMs },
  ): TimelineView {
    const { timelines, judge, nowMs, setAside } = this.#deps
    const atMs = nowMs()
    // What has not happened yet is not unknown: it is not there.
    const interval = { startMs: fromMs, endMs: Math.max(fromMs, Math.min(toMs, atMs)) }
    const seen = setAside.reading(
      state.contract,
      () => {
        const whole = serviceTimelineOf(state, service, (one) => timelines.service(state, one, service))
        const context = judge.contextAt({ state, service, nowMs: atMs }, interval.endMs)
        const reasons = whyOf(timelines, { state, service }, interval)
        return seenView({ state, whole, context, interval, reasons })
      },
      () => {
        const contract = revisionAt(state, service, interval.endMs).terms
        const context = bareContext(state, { contract, nowMs: atMs })
        return seenView({ state, whole: context.timeline, context, interval, reasons: [] })
      },
    )
    return {
      service,
      contract: state.contract,
      from: formatInstant(fromMs),
      to: formatInstant(toMs),
      ...seen,
    }
  }

  #view(record: IncidentRecord): IncidentView | null {
    const state = this.#deps.contracts.of(record.contract)
    if (!state) return null
    const { judge, nowMs, setAside } = this.#deps
    const subject = { state, service: record.service, nowMs: nowMs() }
    return setAside.reading(
      state.contract,
      () => incidentView(record, judge.contextAt(subject, record.onsetMs)),
      () => {
        const contract = revisionAt(state, record.service, record.onsetMs).terms
        return incidentView(record, bareContext(state, { contract, nowMs: subject.nowMs }))
      },
    )
  }
}

function changeViews({ incidentSteps }: ContractState, { id }: IncidentRecord): IncidentRoomView['changes'] {
  return (get(incidentSteps, id) ?? []).map(({ change, atMs, onsetMs, endMs, zone }) => ({
    at: formatInstant(atMs),
    change,
    onsetAt: formatInstant(onsetMs),
    endAt: endMs === null ? null : formatInstant(endMs),
    zone,
  }))
}

/** What was measured, by the service and by each vantage. */
function seenView({
  state,
  whole,
  context,
  interval,
  reasons,
}: {
  state: ContractState
  whole: Timeline
  context: IncidentContext
  interval: Interval
  /** Why the service is unknown. */
  reasons: readonly Why[]
}) {
  const { contract, vantages } = context
  const agents = [...new Set(vantages.map(({ agent }) => agent))].map((id) => ({
    id,
    name: nameIn(state, id),
  }))
  return {
    segments: segmentViews(whole, interval, (span) => whySpans(reasons, span, state)),
    vantages: Object.fromEntries(
      vantages.map((vantage) => {
        const own = whyOfVantage(vantage, interval)
        const segments = segmentViews(vantage.timeline, interval, (span) => whySpans(own, span, state))
        return [vantage.agent, segments]
      }),
    ),
    agentNames: Object.fromEntries(agents.map(({ id, name }) => [id, name])),
    administeredBy: Object.fromEntries(
      agents.map((agent) => [agent.id, siteOf(contract, agent)?.administeredBy ?? null]),
    ),
  }
}
