/**
 * Read model: what pages, API and CLI are answered, from the state in memory. An answer is kept until
 * the judge has stepped again or a second has passed: many readers cost as much as one.
 */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { readinessOf, readinessSentence } from '@constat/sla/readiness'
import { clip, contains, formatInstant, type Interval, type UnixMs } from '@constat/shared/time'
import type { IncidentRow } from '../db/incident-rows.ts'
import type { Tracks } from '../fold/tracks.ts'
import type { KnownAgent, Registry } from '../intake/registry.ts'
import type { Latencies } from '../latency/latencies.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import { effectiveFromMs, newest, revisionFor, type Register, type Terms } from '../terms/register.ts'
import { agentView } from './agent-view.ts'
import { incidentView, segmentViews, stateAt, targetText } from './describe.ts'
import { eachSiteView } from './each-site.ts'
import type { Judge } from './judge.ts'
import { eachSiteLatency, latencyView } from './latency-view.ts'
import { latencySteps, type LatencyOf } from './latency-steps.ts'
import type { LatencyWatch } from './latency-watch.ts'
import { readinessFacts } from './readiness.ts'
import { contractSentence, worstState } from './sentence.ts'
import { membersNow } from './silences.ts'
import { siteOf, sitesOf } from './sites.ts'
import { siteViews } from './site-view.ts'
import { checksOf, type Timelines } from './timelines.ts'
import type {
  AgentView,
  AvailabilityView,
  ContractView,
  GuaranteeView,
  IncidentView,
  LatencyGuaranteeView,
  LatencySpan,
  LatencyView,
  ReadModel,
  RevisionView,
  ServiceView,
  SiteView,
  TimelineView,
  WindowView,
} from './view.ts'
import {
  availabilityView,
  judged,
  stateOfWindow,
  windowKeyed,
  windowNow,
  windowsSince,
  type AvailabilityGuarantee,
  type LatencyGuarantee,
  type WindowQuestion,
} from './windows.ts'

const KEPT_MS = 1_000
/** Windows listed for one contract at most. */
const MAX_WINDOWS = 400

export type ModelDeps = {
  nowMs: () => UnixMs
  register: Register
  registry: Registry
  timelines: Timelines
  tracks: Tracks
  judge: Judge
  sequencer: Sequencer
  latencies: Latencies
  latencyWatch: LatencyWatch
}

export class Model implements ReadModel {
  readonly #deps: ModelDeps
  readonly #kept = new Map<string, { atMs: UnixMs; view: ContractView }>()

  constructor(deps: ModelDeps) {
    this.#deps = deps
  }

  /** The judge has stepped: what is kept of a contract is no longer true. */
  forget(contract: string): void {
    this.#kept.delete(contract)
  }

  contracts(): ContractView[] {
    const views = this.#deps.register.all().map((terms) => this.#contract(terms))
    return views.toSorted((a, b) => severity(b) - severity(a) || a.displayName.localeCompare(b.displayName))
  }

  contract(name: string): ContractView | null {
    const terms = this.#deps.register.of(name)
    return terms && this.#contract(terms)
  }

  windowKeys(contract: string): string[] {
    const terms = this.#deps.register.of(contract)
    if (!terms) return []
    const revision = newest(terms)
    const span = { fromMs: effectiveFromMs(terms), nowMs: this.#deps.nowMs(), limit: MAX_WINDOWS }
    const windows = judged(revision).flatMap((guarantee) => windowsSince(guarantee, revision, span))
    const byKey = new Map(windows.map((window) => [window.key, window]))
    return [...byKey.values()].sort((a, b) => b.startMs - a.startMs).map(({ key }) => key)
  }

  async window(contract: string, key: string): Promise<WindowView | null> {
    const terms = this.#deps.register.of(contract)
    if (!terms) return null
    const nowMs = this.#deps.nowMs()
    const revision = newest(terms)
    const found = judged(revision).flatMap((guarantee) => {
      const window = windowKeyed(guarantee, revision, { key, nowMs })
      return window ? [{ guarantee, window }] : []
    })
    const first = found[0]?.window
    if (!first || first.endMs <= effectiveFromMs(terms)) return null
    for (const { guarantee, window } of found) {
      if (guarantee.metric === 'share-within') await this.#deps.latencyWatch.ask(terms, guarantee.id, window)
    }
    return {
      key,
      start: formatInstant(first.startMs),
      end: formatInstant(first.endMs),
      state: stateOfWindow(first, revision, nowMs),
      guarantees: found.flatMap(({ guarantee, window }) =>
        this.#guarantee(terms, guarantee.id, window.startMs),
      ),
    }
  }

  revisions(contract: string): Promise<RevisionView[]> {
    const terms = this.#deps.register.of(contract)
    const views = (terms?.revisions ?? []).map(({ revision, digest, appliedMs, terms: expanded }) => ({
      revision,
      digest,
      appliedAt: formatInstant(appliedMs),
      effectiveFrom: formatInstant(expanded.effective.fromMs ?? appliedMs),
      terms: 'unilateral',
    }))
    return Promise.resolve(views.toReversed())
  }

  terms(contract: string): ExpandedContract | null {
    const known = this.#deps.register.of(contract)
    return known && newest(known).terms
  }

  timeline(
    service: string,
    { fromMs, toMs }: { fromMs: number; toMs: number },
    contract?: string,
  ): TimelineView | null {
    const terms = this.#termsOf(service, contract)
    if (!terms) return null
    const context = this.#deps.judge.context(terms, service, this.#deps.nowMs())
    // What has not happened yet is not unknown: it is not there.
    const interval = { startMs: fromMs, endMs: Math.max(fromMs, Math.min(toMs, context.nowMs)) }
    const vantages = context.vantages.map(
      ({ agent, timeline }) => [agent, segmentViews(timeline, interval)] as const,
    )
    const ids = [...new Set(context.vantages.map(({ agent }) => agent))]
    const agents = ids.map((id) => ({ id, name: context.nameOf(id) }))
    return {
      service,
      contract: terms.contract,
      from: formatInstant(fromMs),
      to: formatInstant(toMs),
      segments: segmentViews(context.timeline, interval),
      vantages: Object.fromEntries(vantages),
      agentNames: Object.fromEntries(agents.map(({ id, name }) => [id, name])),
      isolated: Object.fromEntries(
        agents.map(({ id }) => [id, clip(context.isolatedTime(id), interval).map(boundsOf)]),
      ),
      administeredBy: Object.fromEntries(
        agents.map((agent) => [agent.id, siteOf(context.contract, agent)?.administeredBy ?? null]),
      ),
    }
  }

  latency(check: string, span: LatencySpan, of: LatencyOf): Promise<LatencyView | null> {
    return latencySteps(this.#deps, { check, span, of })
  }

  incidents(filter: {
    open?: boolean
    contract?: string
    before?: string
    limit: number
  }): Promise<IncidentView[]> {
    const { open, contract, before, limit } = filter
    const rows = this.#deps.register
      .all()
      .filter((terms) => contract === undefined || terms.contract === contract)
      .flatMap((terms) => this.#deps.judge.incidents(terms.contract))
      .filter(({ closedMs }) => open === undefined || (closedMs === null) === open)
      .sort((a, b) => b.onsetMs - a.onsetMs || (a.id < b.id ? -1 : 1))
    const from = before === undefined ? 0 : rows.findIndex(({ id }) => id === before) + 1
    return Promise.resolve(rows.slice(from, from + limit).map((row) => this.#incident(row)))
  }

  incident(id: string): Promise<IncidentView | null> {
    const row = this.#deps.judge.find(id)
    return Promise.resolve(row && this.#incident(row))
  }

  agents(): AgentView[] {
    const { registry, register, tracks } = this.#deps
    const nowMs = this.#deps.nowMs()
    return registry.agents().map((agent) => agentView(agent, { logs: register.all(), tracks, nowMs }))
  }

  #termsOf(service: string, contract?: string): Terms | null {
    const all = contract === undefined ? this.#deps.register.all() : [this.#deps.register.of(contract)]
    return (
      all.find((terms) => terms && newest(terms).terms.services.some(({ name }) => name === service)) ?? null
    )
  }

  #incident(row: IncidentRow): IncidentView {
    const terms = this.#deps.register.of(row.contract)
    if (!terms) throw new Error(`incident ${row.id} belongs to no contract`)
    return incidentView(row, this.#deps.judge.context(terms, row.service, this.#deps.nowMs()))
  }

  #contract(terms: Terms): ContractView {
    const nowMs = this.#deps.nowMs()
    const kept = this.#kept.get(terms.contract)
    if (kept && nowMs - kept.atMs < KEPT_MS && nowMs >= kept.atMs) return kept.view
    const view = this.#describe(terms, nowMs)
    this.#kept.set(terms.contract, { atMs: nowMs, view })
    return view
  }

  #describe(terms: Terms, nowMs: UnixMs): ContractView {
    const revision = newest(terms)
    const contract = revision.terms
    const services = contract.services.map(({ name }) => this.#service(terms, name, nowMs))
    const guarantees = judged(revision).flatMap((one) =>
      this.#guarantee(terms, one.id, windowNow(one, revision, nowMs).startMs),
    )
    const facts = readinessFacts(terms, this.#deps.registry.agents())
    const readiness = readinessOf(facts)
    const state = worstState(services.map((service) => service.state))
    const head = this.#deps.sequencer.headOf(terms.contract)
    const members = membersNow(terms, this.#deps.registry.agents())
    return {
      name: terms.contract,
      displayName: contract.displayName,
      provider: contract.parties.find(({ id }) => id === contract.provider)?.name ?? contract.provider,
      revision: revision.revision,
      terms: 'unilateral',
      effectiveFrom: formatInstant(effectiveFromMs(terms)),
      state,
      sentence: contractSentence({ state, guarantees, readiness: readinessSentence(readiness, facts) }),
      readiness,
      services,
      guarantees,
      openIncidents: this.#deps.judge.incidents(terms.contract).filter(({ closedMs }) => closedMs === null)
        .length,
      silentAgents: members.filter(({ silentSinceMs }) => silentSinceMs !== null).map(({ name }) => name),
      sites: this.#sites(terms, members, nowMs),
      log: { origin: head?.origin ?? '', size: head?.size ?? 0, root: head?.root.toString('hex') ?? '' },
    }
  }

  #service(terms: Terms, service: string, nowMs: UnixMs): ServiceView {
    const revision = newest(terms)
    const { state, sinceMs } = stateAt(this.#deps.timelines.service(terms, revision, service), nowMs)
    return {
      service,
      contract: terms.contract,
      state,
      since: sinceMs === null ? null : formatInstant(sinceMs),
      checks: checksOf(revision.terms, service).map(({ name, spec }) => ({
        name,
        kind: spec.probe.kind,
        target: targetText(spec.probe),
        intervalMs: spec.intervalMs,
      })),
    }
  }

  /** The guarantee in the window that begins at `startMs`, under the revision in force there. */
  #guarantee(terms: Terms, id: string, startMs: UnixMs): GuaranteeView[] {
    const nowMs = this.#deps.nowMs()
    const revision = revisionFor(terms, id, startMs)
    const guarantee = revision && judged(revision).find((one) => one.id === id)
    if (!guarantee) return []
    const window = windowNow(guarantee, revision, startMs)
    const timeline = this.#deps.timelines.service(terms, revision, guarantee.service)
    const readiness = readinessOf(readinessFacts(terms, this.#deps.registry.agents()))
    const asked = { terms, revision, window, timeline, readiness, nowMs }
    if (guarantee.metric === 'interval-availability') return [this.#availability({ ...asked, guarantee })]
    return [this.#latency({ ...asked, guarantee })]
  }

  #latency(question: WindowQuestion<LatencyGuarantee>): LatencyGuaranteeView {
    const { latencyWatch } = this.#deps
    const views = latencyWatch.places(question).map((place) => {
      const { site, timeline } = place
      return { site, view: latencyView({ ...question, timeline }, latencyWatch.last(place)) }
    })
    const [first] = views
    if (first?.site === null) return first.view
    const sites = views.flatMap(({ site, view }) => (site ? [{ site, view }] : []))
    return eachSiteLatency(sites, latencyView(question, null))
  }

  #availability(question: WindowQuestion<AvailabilityGuarantee>): AvailabilityView {
    const { terms, revision, guarantee } = question
    if (guarantee.scope === 'service') return availabilityView(question)
    const { timelines, registry } = this.#deps
    const { service } = guarantee
    const agents = timelines
      .agentsOf(terms, revision, service)
      .map((id) => ({ id, name: registry.byId(id)?.name ?? id }))
    const sites = sitesOf(revision.terms, agents).map((site) => ({
      site,
      timeline: timelines.site(terms, revision, { service, site }),
    }))
    return eachSiteView(question, sites)
  }

  #sites(terms: Terms, members: readonly KnownAgent[], nowMs: UnixMs): SiteView[] {
    const revision = newest(terms)
    return siteViews(revision.terms, members, (agent) =>
      this.#deps.timelines.isolated(terms, revision, agent).some((interval) => contains(interval, nowMs)),
    )
  }
}

function boundsOf({ startMs, endMs }: Interval): { start: string; end: string } {
  return { start: formatInstant(startMs), end: formatInstant(endMs) }
}

function severity({ state, guarantees, openIncidents }: ContractView): number {
  const failed = guarantees.some(({ verdict }) => verdict === 'not_met') ? 8 : 0
  const risk = guarantees.some(({ outlook }) => outlook === 'at_risk') ? 1 : 0
  const states = { down: 4, partial: 2, unknown: 2, degraded: 1, up: 0 }
  return failed + risk + states[state] + (openIncidents > 0 ? 4 : 0)
}
