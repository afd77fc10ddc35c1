/**
 * Judge: timelines → incidents. Every step compares what is stored with what the timelines now say and
 * writes the difference: the notice in the ledger and its event, in one transaction. Safe to run twice; a
 * step that fails is made again.
 */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { UNDETERMINED } from '@constat/sla/assembly/zone'
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { incidentsIn, type ContractState, type Revision } from '@constat/sla/state/contract-state'
import {
  incidentLeaf,
  isStanding,
  type IncidentChange,
  type IncidentRecord,
} from '@constat/sla/state/incident-record'
import { servicesAt, serviceRevision } from '@constat/sla/state/in-force'
import { get } from '@constat/sla/state/persistent-map'
import { isDown, markAt, type Timeline } from '@constat/sla/timeline'
import { incidentFact, type IncidentType } from '../alert/facts.ts'
import type { Fact } from '../alert/types.ts'
import type { Contracts } from '../contract/contracts.ts'
import type { Database } from '../db/tx.ts'
import type { Agents } from '../intake/agents.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { bareContext, causeOf, incidentView, type FailurePlace, type IncidentContext } from './describe.ts'
import { readFailure } from './first-failure.ts'
import { compareIncidents, type Change } from './incidents.ts'
import { incidentsSeen } from './service-history.ts'
import { writeClone, writeExcess, writeSilence } from './silences.ts'
import type { Timelines, VantageTimeline } from '@constat/sla/fold/timelines'
import { isZoneReference, zoneOfIncident } from './zones.ts'

/** One vantage alone: people are told after this, unless the contract says otherwise. */
export const DEFAULT_ALERT_AFTER_MS = 60_000

/** Incidents older than this keep their zone while the collector runs; a start looks at all of them again. */
export const ZONE_KEPT_MS = 40 * 86_400_000

export type JudgeDeps = {
  db: Database
  shell: Shell
  sequencer: Sequencer
  contracts: Contracts
  agents: Agents
  timelines: Timelines
  publicUrl: string
}

/** One change of one incident: the state after it, and whether people hear of it. */
type Step = {
  deed: IncidentChange
  record: IncidentRecord
  type: IncidentType | null
  /** Of a new one: the sample that it began with is read from there. */
  place?: FailurePlace | null
}
/** A service as it is judged: its contract's state, now. */
type Subject = { state: ContractState; service: string; nowMs: UnixMs }

export class Judge {
  readonly #deps: JudgeDeps
  /** Services of which the zone of every incident was looked at. */
  readonly #zonesSeen = new Set<string>()

  constructor(deps: JudgeDeps) {
    this.#deps = deps
  }

  find(id: string): IncidentRecord | null {
    for (const { incidents } of this.#deps.contracts.all()) {
      const record = get(incidents, id)
      if (record) return record
    }
    return null
  }

  /** Judges services of a contract. */
  services(contract: string, services: Iterable<string>): Promise<void> {
    const { contracts, shell } = this.#deps
    return contracts.inTurn(contract, async () => {
      const state = contracts.of(contract)
      if (!state) return
      const nowMs = shell.clock.nowMs()
      const steps = [...services].flatMap((service) => this.#serviceSteps({ state, service, nowMs }))
      if (steps.length === 0) return
      const seen = await Promise.all(steps.map((step) => this.#withFailure(state, step)))
      await this.#write(state, seen, { nowMs })
    })
  }

  /**
   * Services that time alone can change: one with an incident that is open and that nobody was told of yet,
   * and every one under terms by which silence can be down.
   */
  waiting(state: ContractState): Set<string> {
    const nowMs = this.#deps.shell.clock.nowMs()
    const silent = servicesAt(state.life, nowMs).filter(
      ({ revision }) => revision.terms.measurement.providerHostSilence === 'down',
    )
    const untold = incidentsIn(state).filter(({ closedMs, pagedMs }) => closedMs === null && pagedMs === null)
    return new Set([...silent.map(({ name }) => name), ...untold.map(({ service }) => service)])
  }

  /** Services whose incidents a check can put down to another zone, now that it has moved. */
  attributedBy(state: ContractState, check: string): Set<string> {
    if (!state.life.revisions.some((revision) => isZoneReference(revision.terms, check))) return new Set()
    return new Set(incidentsIn(state).map(({ service }) => service))
  }

  /** Events of agents and sites that fell silent, are back, or are cloned. True: there were some. */
  async silences(): Promise<boolean> {
    const { silent, back, cloned, excessive } = this.#deps.agents.changes()
    for (const agent of silent) await writeSilence(this.#deps, { agent, sinceMs: agent.seenMs })
    for (const agent of back) await writeSilence(this.#deps, { agent, sinceMs: null })
    for (const agent of cloned) await writeClone(this.#deps, agent)
    for (const agent of excessive) await writeExcess(this.#deps, agent)
    return silent.length + back.length + cloned.length + excessive.length > 0
  }

  /**
   * A person takes note. The first acknowledgement stands, and so does the provider's first own one; one after a
   * reopening ends the wait for an answer alone. Fault `not-found` where there is no such incident.
   */
  async acknowledge(id: string, by: NonNullable<IncidentRecord['acknowledgedBy']>): Promise<void> {
    const { contracts, shell } = this.#deps
    const contract = this.find(id)?.contract
    if (contract === undefined) throw new Fault('not-found', `there is no incident ${id}`)
    await contracts.inTurn(contract, async () => {
      const state = contracts.of(contract)
      const record = state && get(state.incidents, id)
      if (!state || !record) throw new Fault('not-found', `there is no incident ${id}`)
      const isProviders = by === 'provider' && record.providerAcknowledgedMs === null
      if (record.acknowledgedMs !== null && record.unansweredSinceMs === null && !isProviders) return
      const nowMs = shell.clock.nowMs()
      const acknowledged = {
        ...record,
        acknowledgedMs: record.acknowledgedMs ?? nowMs,
        acknowledgedBy: record.acknowledgedBy ?? by,
        providerAcknowledgedMs: isProviders ? nowMs : record.providerAcknowledgedMs,
        unansweredSinceMs: null,
      }
      const step: Step = { deed: 'acknowledged', record: acknowledged, type: 'incident.acknowledged' }
      await this.#write(state, [step], { nowMs, by })
    })
  }

  /** What is known of a service under the terms in force at `atMs`. */
  contextAt({ state, service, nowMs }: Subject, atMs: UnixMs): IncidentContext {
    const { timelines } = this.#deps
    const revision = revisionAt(state, service, atMs)
    return {
      ...bareContext(state, { contract: revision.terms, nowMs }),
      timeline: timelines.asOf(nowMs).service(state, revision, service),
      vantages: timelines.vantages(state, revision, service),
    }
  }

  #serviceSteps(subject: Subject): Step[] {
    const { state, service, nowMs } = subject
    const timelineOf = (revision: Revision) => this.#deps.timelines.service(state, revision, service)
    const computed = incidentsSeen(state, { service, nowMs, timelineOf })
    const beginsMs = Math.min(
      Infinity,
      ...state.life.revisions.map((one) => beginsOf(one, service, timelineOf)),
    )
    const known = incidentsIn(state).filter((one) => one.service === service && isLive(one, beginsMs))
    const steps = compareIncidents(known, computed).map((change) => this.#stepOf(change, subject))
    const changed = new Set(steps.map(({ record }) => record.id))
    for (const record of known) {
      if (changed.has(record.id) || record.endMs !== null || record.pagedMs !== null) continue
      if (isDue(record, this.contextAt(subject, record.onsetMs))) {
        steps.push({ deed: 'told', record: paged(record, nowMs), type: 'incident.opened' })
        changed.add(record.id)
      }
    }
    const fromMs = this.#zonesFromMs(subject)
    const unchanged = known.filter(({ id, onsetMs }) => !changed.has(id) && onsetMs >= fromMs)
    return [...steps.map((step) => this.#zoned(step, subject)), ...this.#rezoned(unchanged, subject)]
  }

  /** Onsets from which on zones are looked at: all of them once, then those that data can still be late for. */
  #zonesFromMs({ state, service, nowMs }: Subject): UnixMs {
    const key = `${state.contract}/${service}`
    if (this.#zonesSeen.has(key)) return nowMs - ZONE_KEPT_MS
    this.#zonesSeen.add(key)
    return -Infinity
  }

  /** A step with the zone as it is known now. */
  #zoned(step: Step, subject: Subject): Step {
    if (!isStanding(step.record)) return step
    return { ...step, record: { ...step.record, ...this.#zoneOf(step.record, subject) } }
  }

  #zoneOf(incident: IncidentRecord, { state, service, nowMs }: Subject) {
    const revision = revisionAt(state, service, incident.onsetMs)
    return zoneOfIncident(this.#deps.timelines, state, { incident, revision, nowMs })
  }

  /** Incidents of which only the zone has changed. */
  #rezoned(records: readonly IncidentRecord[], subject: Subject): Step[] {
    return records.flatMap((record) => {
      const zone = this.#zoneOf(record, subject)
      if (zone.zone === record.zone && zone.zoneReference === record.zoneReference) return []
      const type = record.pagedMs === null ? null : ('incident.updated' as const)
      return [{ deed: 'attributed' as const, record: { ...record, ...zone }, type }]
    })
  }

  #stepOf(change: Change, subject: Subject): Step {
    if (change.kind === 'opened' || change.kind === 'recorded') return this.#newStep(change, subject)
    const record = get(subject.state.incidents, change.id)
    if (!record) throw new Error(`incident ${change.id} is not known`)
    const { nowMs } = subject
    // An incident of which no opening was sent has no later events either.
    const followUp = <T extends IncidentType>(type: T): T | null => (record.pagedMs === null ? null : type)
    switch (change.kind) {
      case 'closed': {
        const { onsetMs, endMs, isEnded } = change
        const closeReason = isEnded ? ('ended' as const) : ('recovered' as const)
        const closed = { ...record, onsetMs, endMs, closedMs: nowMs, closeReason, unansweredSinceMs: null }
        return { deed: 'closed', record: closed, type: followUp('incident.closed') }
      }
      case 'reopened': {
        const { onsetMs } = change
        const reopened = record.reopened + 1
        // Whoever had answered has gone to bed: people are called anew.
        const unansweredSinceMs = record.pagedMs === null ? null : nowMs
        const again = { endMs: null, closedMs: null, closeReason: null, reopened, unansweredSinceMs }
        const open = { ...record, onsetMs, ...again }
        return { deed: 'reopened', record: open, type: followUp('incident.reopened') }
      }
      case 'moved':
        return {
          deed: 'moved',
          record: { ...record, onsetMs: change.onsetMs, endMs: change.endMs },
          type: followUp('incident.updated'),
        }
      case 'merged': {
        const merged = {
          ...record,
          closedMs: record.closedMs ?? nowMs,
          closeReason: 'merged' as const,
          mergedInto: change.into,
          unansweredSinceMs: null,
        }
        return { deed: 'merged', record: merged, type: followUp('incident.merged') }
      }
      case 'revised': {
        const closedMs = record.closedMs ?? nowMs
        const revised = { ...record, closedMs, closeReason: 'revised' as const, unansweredSinceMs: null }
        // It was open and people had been told: they hear that it is over. Else nobody is paged for it.
        const type = record.closedMs === null ? followUp('incident.closed') : null
        return { deed: 'revised', record: revised, type }
      }
    }
  }

  #newStep(change: Extract<Change, { kind: 'opened' | 'recorded' }>, subject: Subject): Step {
    const { state, service, nowMs } = subject
    const context = this.contextAt(subject, change.onsetMs)
    const { cause, check, place } = causeOf(context.vantages, change.onsetMs)
    const isOpen = change.kind === 'opened'
    const record: IncidentRecord = {
      id: `inc_${this.#deps.shell.random.bytes(10).toString('hex')}`,
      contract: state.contract,
      service,
      check: check ?? service,
      cause,
      failure: null,
      zone: UNDETERMINED,
      zoneReference: null,
      onsetMs: change.onsetMs,
      openedMs: nowMs,
      endMs: isOpen ? null : change.endMs,
      closedMs: isOpen ? null : nowMs,
      closeReason: isOpen ? null : change.isEnded ? 'ended' : 'recovered',
      mergedInto: null,
      acknowledgedMs: null,
      acknowledgedBy: null,
      providerAcknowledgedMs: null,
      pagedMs: null,
      unansweredSinceMs: null,
      reopened: 0,
    }
    if (!isOpen || !isDue(record, context))
      return { deed: isOpen ? 'opened' : 'recorded', record, type: null, place }
    return { deed: 'opened', record: paged(record, nowMs), type: 'incident.opened', place }
  }

  async #withFailure(state: ContractState, step: Step): Promise<Step> {
    if (!step.place) return step
    const failure = await readFailure(this.#deps.db, state, step.place)
    return { ...step, record: { ...step.record, failure } }
  }

  async #write(
    state: ContractState,
    steps: readonly Step[],
    said: { nowMs: UnixMs; by?: string },
  ): Promise<void> {
    await this.#deps.sequencer.append({
      log: state.log,
      drafts: steps.map(({ deed, record }) => incidentLeaf(deed, record, said)),
      facts: steps.flatMap((step) => this.#factOf(state, step, said.nowMs)),
    })
  }

  /** Nobody has answered: told again, of the incident as it is now. */
  readonly escalated = (
    state: ContractState,
    record: IncidentRecord,
    escalation: { step: number; unansweredMs: number },
  ): Fact => {
    const atMs = this.#deps.shell.clock.nowMs()
    return incidentFact({ ...this.#changed(state, record, atMs), type: 'incident.escalated', escalation })
  }

  #factOf(state: ContractState, { record, type }: Step, nowMs: UnixMs): Fact[] {
    if (type === null) return []
    const happened = { ...this.#changed(state, record, nowMs), type }
    const { mergedInto } = record
    return [incidentFact(mergedInto === null ? happened : { ...happened, mergedInto })]
  }

  #changed(state: ContractState, record: IncidentRecord, atMs: UnixMs) {
    const context = this.contextAt({ state, service: record.service, nowMs: atMs }, record.onsetMs)
    const isCritical = isCriticalIn(context.contract, record.service)
    return { incident: incidentView(record, context), atMs, publicUrl: this.#deps.publicUrl, isCritical }
  }
}

/** Whether the contract calls a guarantee of the service critical. */
export function isCriticalIn({ guarantees }: ExpandedContract, service: string): boolean {
  return guarantees.some((one) => one.service === service && one.critical)
}

/** The terms that a service is, or was, under at an instant. */
export function revisionAt({ contract, life }: ContractState, service: string, atMs: UnixMs): Revision {
  const revision = serviceRevision(life, service, atMs)
  if (!revision) throw new Error(`${contract} never had the service ${service}`)
  return revision
}

function beginsOf(revision: Revision, service: string, timelineOf: (revision: Revision) => Timeline): UnixMs {
  const isThere = revision.terms.services.some(({ name }) => name === service)
  return (isThere ? timelineOf(revision).at[0] : undefined) ?? Infinity
}

/** Whether an incident is compared at all: not merged or revised away, and within the timeline. */
function isLive(record: IncidentRecord, beginsMs: UnixMs): boolean {
  return isStanding(record) && (record.endMs ?? Infinity) > beginsMs
}

/** Whether people are told now: the contract's delay is over, or two vantages agree. */
function isDue(
  { onsetMs, openedMs }: IncidentRecord,
  { contract, timeline, vantages, nowMs }: IncidentContext,
): boolean {
  // Found in data that came late, and nothing says that it still goes on: the rest may be on its way.
  const wasSeen = [openedMs, nowMs].some((atMs) => isDown(markAt(timeline, atMs)))
  if (!wasSeen) return false
  const { alertAfterMs } = contract.measurement
  const afterMs = alertAfterMs === 'default' ? DEFAULT_ALERT_AFTER_MS : alertAfterMs
  const isAgreed = alertAfterMs === 'default' && agreeing(vantages, nowMs) >= 2
  return isAgreed || nowMs - onsetMs >= afterMs
}

function agreeing(vantages: readonly VantageTimeline[], nowMs: UnixMs): number {
  const down = vantages.filter(({ timeline }: { timeline: Timeline }) => isDown(markAt(timeline, nowMs)))
  return new Set(down.map(({ agent }) => agent)).size
}

/** People are told of it, and have not answered. */
function paged(record: IncidentRecord, nowMs: UnixMs): IncidentRecord {
  return { ...record, pagedMs: nowMs, unansweredSinceMs: nowMs }
}
