/**
 * Judge: timelines → incidents, told once. Every step compares what is stored with what the timelines
 * now say and writes the difference: the notice in the ledger, the row, and what people and machines
 * are told, in one transaction. Safe to run twice; a step that fails is made again.
 */
import type { UnixMs } from '@constat/shared/time'
import { incidentsOf } from '@constat/sla/incident'
import { isDown, markAt, type Timeline } from '@constat/sla/timeline'
import { incidentFact, type IncidentType } from '../alert/facts.ts'
import type { Fact } from '../alert/types.ts'
import { tell } from '../db/events.ts'
import { incidentRows, putIncidents, type IncidentRow } from '../db/incident-rows.ts'
import type { Database } from '../db/tx.ts'
import type { Registry } from '../intake/registry.ts'
import type { Draft } from '../ledger/leaf.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { newest, type Register, type Terms } from '../terms/register.ts'
import { causeOf, incidentView, outageRules, type IncidentContext } from './describe.ts'
import { compareIncidents, type Change } from './incidents.ts'
import { incidentLeaf, type Deed } from './ledger-notes.ts'
import { tellSilence } from './silences.ts'
import type { Timelines, VantageTimeline } from './timelines.ts'
import { isZoneReference, UNDETERMINED, zoneOfIncident } from './zones.ts'

/** One vantage alone: people are told after this, unless the contract says otherwise. */
export const DEFAULT_ALERT_AFTER_MS = 60_000

/** Incidents older than this keep their zone while the collector runs; a start looks at all of them again. */
export const ZONE_KEPT_MS = 40 * 86_400_000

export type JudgeDeps = {
  db: Database
  shell: Shell
  sequencer: Sequencer
  register: Register
  registry: Registry
  timelines: Timelines
  publicUrl: string
  /** Called after a commit that told something. */
  told(): void
}

/** One change of one incident: the state after it, and whether people hear of it. */
type Step = { deed: Deed; row: IncidentRow; type: IncidentType | null }
type Now = { terms: Terms; nowMs: UnixMs }

export class Judge {
  readonly #deps: JudgeDeps
  /** contract → incidents by id, without those merged or revised away. */
  #incidents = new Map<string, Map<string, IncidentRow>>()
  /** Services of which the zone of every incident was looked at. */
  readonly #zonesSeen = new Set<string>()
  #stale = false

  constructor(deps: JudgeDeps) {
    this.#deps = deps
  }

  async open(): Promise<void> {
    const incidents = new Map<string, Map<string, IncidentRow>>()
    for (const row of await incidentRows(this.#deps.db)) {
      const own = incidents.get(row.contract) ?? new Map<string, IncidentRow>()
      incidents.set(row.contract, own.set(row.id, row))
    }
    this.#incidents = incidents
    this.#zonesSeen.clear()
    this.#stale = false
  }

  /** Incidents of a contract, all that were ever given an id. */
  incidents(contract: string): IncidentRow[] {
    return [...(this.#incidents.get(contract)?.values() ?? [])]
  }

  find(id: string): IncidentRow | null {
    for (const own of this.#incidents.values()) {
      const row = own.get(id)
      if (row) return row
    }
    return null
  }

  /** Judges the services of a contract. */
  async services(terms: Terms, services: Iterable<string>): Promise<void> {
    if (this.#stale) await this.open()
    const nowMs = this.#deps.shell.clock.nowMs()
    const steps = [...services].flatMap((service) => this.#serviceSteps(terms, service, nowMs))
    if (steps.length > 0) await this.#write(terms, steps, nowMs)
  }

  /**
   * Services that time alone can change: one with an incident that is open and that nobody was told of yet,
   * and every one of a contract under which silence can be down.
   */
  waiting(terms: Terms): Set<string> {
    const { measurement, services } = newest(terms).terms
    if (measurement.providerHostSilence === 'down') return new Set(services.map(({ name }) => name))
    const untold = this.incidents(terms.contract).filter(
      ({ closedMs, pagedMs }) => closedMs === null && pagedMs === null,
    )
    return new Set(untold.map(({ service }) => service))
  }

  /** Services whose incidents a check can put down to another zone, now that it has moved. */
  attributedBy(terms: Terms, check: string): Set<string> {
    if (!terms.revisions.some((revision) => isZoneReference(revision.terms, check))) return new Set()
    return new Set(this.incidents(terms.contract).map(({ service }) => service))
  }

  /** Tells of agents and sites that fell silent, and of those that are back. */
  async silences(): Promise<void> {
    const { silent, back } = this.#deps.registry.changes()
    for (const agent of silent) await tellSilence(this.#deps, { agent, sinceMs: agent.heardMs })
    for (const agent of back) await tellSilence(this.#deps, { agent, sinceMs: null })
    if (silent.length + back.length === 0) return
    // Where silence can be down, what was worked out of these hosts no longer holds.
    const { register, timelines } = this.#deps
    for (const terms of register.all()) {
      if (newest(terms).terms.measurement.providerHostSilence === 'down')
        timelines.forgetContract(terms.contract)
    }
  }

  /** A person takes note. The first acknowledgement stands, and so does the provider's first own one. */
  async acknowledge(id: string, by: NonNullable<IncidentRow['acknowledgedBy']>): Promise<IncidentRow | null> {
    const row = this.find(id)
    const terms = row && this.#deps.register.of(row.contract)
    if (!row || !terms) return null
    const isProviders = by === 'provider' && row.providerAcknowledgedMs === null
    if (row.acknowledgedMs !== null && !isProviders) return row
    const nowMs = this.#deps.shell.clock.nowMs()
    const acknowledged = {
      ...row,
      acknowledgedMs: row.acknowledgedMs ?? nowMs,
      acknowledgedBy: row.acknowledgedBy ?? by,
      providerAcknowledgedMs: isProviders ? nowMs : row.providerAcknowledgedMs,
    }
    await this.#write(
      terms,
      [{ deed: 'acknowledged', row: acknowledged, type: 'incident.acknowledged' }],
      nowMs,
      by,
    )
    return acknowledged
  }

  context(terms: Terms, service: string, nowMs: UnixMs): IncidentContext {
    const { timelines, registry } = this.#deps
    const revision = newest(terms)
    return {
      contract: revision.terms,
      timeline: timelines.service(terms, revision, service),
      vantages: timelines.vantages(terms, revision, service),
      nameOf: (agent) => registry.byId(agent)?.name ?? agent,
      isolatedTime: (agent) => timelines.isolated(terms, revision, agent),
      nowMs,
    }
  }

  #serviceSteps(terms: Terms, service: string, nowMs: UnixMs): Step[] {
    const context = this.context(terms, service, nowMs)
    const { timeline, contract } = context
    const beginsMs = timeline.at[0] ?? Infinity
    const rows = this.incidents(terms.contract).filter(
      (row) => row.service === service && isLive(row, beginsMs),
    )
    const computed = incidentsOf(timeline, outageRules(contract), nowMs)
    const steps = compareIncidents(rows, computed).map((change) =>
      this.#stepOf(change, { terms, service, context }),
    )
    const changed = new Set(steps.map(({ row }) => row.id))
    for (const row of rows) {
      if (changed.has(row.id) || row.endMs !== null || row.pagedMs !== null) continue
      if (isDue(row, context)) {
        steps.push({ deed: 'told', row: { ...row, pagedMs: nowMs }, type: 'incident.opened' })
        changed.add(row.id)
      }
    }
    const fromMs = this.#zonesFromMs(terms, service, nowMs)
    const unchanged = rows.filter(({ id, onsetMs }) => !changed.has(id) && onsetMs >= fromMs)
    const now = { terms, nowMs }
    return [...steps.map((step) => this.#zoned(step, now)), ...this.#rezoned(unchanged, now)]
  }

  /** Onsets from which on zones are looked at: all of them once, then those that data can still be late for. */
  #zonesFromMs({ contract }: Terms, service: string, nowMs: UnixMs): UnixMs {
    const key = `${contract}/${service}`
    if (this.#zonesSeen.has(key)) return nowMs - ZONE_KEPT_MS
    this.#zonesSeen.add(key)
    return -Infinity
  }

  /** A step with the zone as it is known now. */
  #zoned(step: Step, { terms, nowMs }: Now): Step {
    if (!isStanding(step.row)) return step
    const zone = zoneOfIncident(this.#deps.timelines, terms, { incident: step.row, nowMs })
    return { ...step, row: { ...step.row, ...zone } }
  }

  /** Incidents of which only the zone has changed. */
  #rezoned(rows: readonly IncidentRow[], { terms, nowMs }: Now): Step[] {
    return rows.flatMap((row) => {
      const zone = zoneOfIncident(this.#deps.timelines, terms, { incident: row, nowMs })
      if (zone.zone === row.zone && zone.zoneReference === row.zoneReference) return []
      const type = row.pagedMs === null ? null : ('incident.updated' as const)
      return [{ deed: 'attributed' as const, row: { ...row, ...zone }, type }]
    })
  }

  #stepOf(change: Change, given: { terms: Terms; service: string; context: IncidentContext }): Step {
    if (change.kind === 'opened' || change.kind === 'recorded') return this.#newStep(change, given)
    const row = this.#incidents.get(given.terms.contract)?.get(change.id)
    if (!row) throw new Error(`incident ${change.id} is not known`)
    const { nowMs } = given.context
    // Who was never told that it began is not told how it went on.
    const told = <T extends IncidentType>(type: T): T | null => (row.pagedMs === null ? null : type)
    switch (change.kind) {
      case 'closed': {
        const { onsetMs, endMs } = change
        const closed = { ...row, onsetMs, endMs, closedMs: nowMs, closeReason: 'recovered' as const }
        return { deed: 'closed', row: closed, type: told('incident.closed') }
      }
      case 'reopened': {
        const { onsetMs } = change
        const reopened = row.reopened + 1
        const open = { ...row, onsetMs, endMs: null, closedMs: null, closeReason: null, reopened }
        return { deed: 'reopened', row: open, type: told('incident.reopened') }
      }
      case 'moved':
        return {
          deed: 'moved',
          row: { ...row, onsetMs: change.onsetMs, endMs: change.endMs },
          type: told('incident.updated'),
        }
      case 'merged': {
        const merged = {
          ...row,
          closedMs: row.closedMs ?? nowMs,
          closeReason: 'merged' as const,
          mergedInto: change.into,
        }
        return { deed: 'merged', row: merged, type: told('incident.merged') }
      }
      case 'revised': {
        const revised = { ...row, closedMs: row.closedMs ?? nowMs, closeReason: 'revised' as const }
        // It was open and people had been told: they hear that it is over. Else nobody is paged for it.
        return { deed: 'revised', row: revised, type: row.closedMs === null ? told('incident.closed') : null }
      }
    }
  }

  #newStep(
    change: Extract<Change, { kind: 'opened' | 'recorded' }>,
    { terms, service, context }: { terms: Terms; service: string; context: IncidentContext },
  ): Step {
    const { nowMs, vantages } = context
    const { cause, check } = causeOf(vantages, change.onsetMs)
    const isOpen = change.kind === 'opened'
    const row: IncidentRow = {
      id: `inc_${this.#deps.shell.random.bytes(10).toString('hex')}`,
      contract: terms.contract,
      service,
      check: check ?? service,
      cause,
      zone: UNDETERMINED,
      zoneReference: null,
      onsetMs: change.onsetMs,
      openedMs: nowMs,
      endMs: isOpen ? null : change.endMs,
      closedMs: isOpen ? null : nowMs,
      closeReason: isOpen ? null : 'recovered',
      mergedInto: null,
      acknowledgedMs: null,
      acknowledgedBy: null,
      providerAcknowledgedMs: null,
      pagedMs: null,
      reopened: 0,
    }
    if (!isOpen || !isDue(row, context)) return { deed: isOpen ? 'opened' : 'recorded', row, type: null }
    return { deed: 'opened', row: { ...row, pagedMs: nowMs }, type: 'incident.opened' }
  }

  async #write(terms: Terms, steps: readonly Step[], nowMs: UnixMs, by?: string): Promise<void> {
    const { sequencer } = this.#deps
    const drafts: Draft[] = steps.map(({ deed, row }) =>
      incidentLeaf(deed, row, by === undefined ? { nowMs } : { nowMs, by }),
    )
    const facts = steps.flatMap((step) => this.#factOf(terms, step, nowMs))
    try {
      await sequencer.append({
        log: terms.log,
        drafts,
        within: async (tx) => {
          await putIncidents(
            tx,
            steps.map(({ row }) => row),
          )
          for (const fact of facts) await tell(tx, fact)
        },
      })
    } catch (error) {
      // It may have been stored all the same: the rows are read back before the next comparison.
      this.#stale = true
      throw error
    }
    const own = this.#incidents.get(terms.contract) ?? new Map<string, IncidentRow>()
    this.#incidents.set(terms.contract, own)
    for (const { row } of steps) own.set(row.id, row)
    if (facts.length > 0) this.#deps.told()
  }

  #factOf(terms: Terms, { row, type }: Step, nowMs: UnixMs): Fact[] {
    if (type === null) return []
    const { publicUrl } = this.#deps
    const incident = incidentView(row, this.context(terms, row.service, nowMs))
    const news = { type, incident, atMs: nowMs, publicUrl }
    return [incidentFact(row.mergedInto === null ? news : { ...news, mergedInto: row.mergedInto })]
  }
}

/** Whether an incident is compared at all: not merged or revised away, and within the timeline. */
function isLive(row: IncidentRow, beginsMs: UnixMs): boolean {
  return isStanding(row) && (row.endMs ?? Infinity) > beginsMs
}

/** Not merged into another, not revised away. */
function isStanding({ closeReason }: IncidentRow): boolean {
  return closeReason !== 'merged' && closeReason !== 'revised'
}

/** Whether people are told now: the contract's delay is over, or two vantages agree. */
function isDue(
  { onsetMs, openedMs }: IncidentRow,
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
