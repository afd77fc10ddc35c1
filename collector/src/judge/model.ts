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
import { effectiveFromMs, newest, type Register, type Terms } from '../terms/register.ts'
import { agentView } from './agent-view.ts'
import { incidentView, segmentViews, stateAt, targetText } from './describe.ts'
import { creditOf, creditsView, pastOf, statementOf, type ClosedOf, type Past } from './credits.ts'
import type { FactSources } from './facts.ts'
import { exclusionViews } from './exclusions.ts'
import { bareJudgement, liveJudgement, liveView, type LiveJudgement, type LiveSources } from './live.ts'
import type { Losses } from './losses.ts'
import type { Judge } from './judge.ts'
import { latencySteps, type LatencyOf } from './latency-steps.ts'
import type { LatencyWatch } from './latency-watch.ts'
import { readinessFacts } from './readiness.ts'
import { contractSentence, worstState } from './sentence.ts'
import { membersNow } from './silences.ts'
import { siteOf } from './sites.ts'
import { siteViews } from './site-view.ts'
import { checksOf } from '@constat/sla/service-tree'
import type { Timelines } from './timelines.ts'
import type { ExclusionView } from './exclusion-view.ts'
import type {
  AgentView,
  ContractView,
  GuaranteeView,
  IncidentView,
  JudgeReads,
  LatencySpan,
  LatencyView,
  RevisionView,
  ServiceView,
  SiteView,
  TimelineView,
  WindowView,
} from './view.ts'
import {
  measurableAt,
  stateOfWindow,
  rollingAsked,
  windowKeyed,
  windowNow,
  windowsSince,
  type Measurable,
} from './windows.ts'

const KEPT_MS = 1_000
/** Windows listed for one contract at most. */
const MAX_WINDOWS = 400
/** Windows that have ended change rarely: how they went is looked at again after this. */
const PAST_KEPT_MS = 60_000
/** Kept at once, of all contracts. */
const MAX_PAST_KEPT = 5_000

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
  facts: FactSources
  losses: Losses
  closedOf: ClosedOf
}

export class Model implements JudgeReads {
  readonly #deps: ModelDeps
  readonly #kept = new Map<string, { atMs: UnixMs; view: ContractView }>()
  /** By guarantee and window: how the windows before it went. */
  readonly #past = new Map<string, { atMs: UnixMs; past: Past }>()

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
    const windows = revision.terms.guarantees.flatMap((guarantee) => windowsSince(guarantee, revision, span))
    const byKey = new Map(windows.map((window) => [window.key, window]))
    return [...byKey.values()].sort((a, b) => b.startMs - a.startMs).map(({ key }) => key)
  }

  async window(contract: string, key: string): Promise<WindowView | null> {
    const terms = this.#deps.register.of(contract)
    if (!terms) return null
    const nowMs = this.#deps.nowMs()
    const rolling = rollingAsked(terms, key, nowMs)
    if (rolling.length > 0) return this.#rolling(terms, rolling)
    const revision = newest(terms)
    const found = revision.terms.guarantees.flatMap((guarantee) => {
      const window = windowKeyed(guarantee, revision, { key, nowMs })
      const asked = window && measurableAt(terms, guarantee.id, { atMs: window.startMs, nowMs })
      return asked ? [asked] : []
    })
    const first = found[0]
    if (!first || first.window.endMs <= effectiveFromMs(terms)) return null
    for (const asked of found) await this.#deps.latencyWatch.ask(asked)
    const { guarantees, live } = this.#judged(terms, found)
    return {
      key,
      start: formatInstant(first.window.startMs),
      end: formatInstant(first.window.endMs),
      state: stateOfWindow(first.window, nowMs),
      guarantees,
      credits: creditsView(
        statementOf(live, (asked) => this.#pastOf(asked)),
        first,
      ),
      losses: await this.#deps.losses.of(terms, live),
    }
  }

  /** Never at its end, so never final, and nothing is credited by it. */
  #rolling(terms: Terms, asked: readonly Measurable[]): WindowView | null {
    const first = asked[0]
    if (!first) return null
    const { key, startMs, endMs } = first.window
    const guarantees = this.#judged(terms, asked).guarantees.map((one) => ({
      ...one,
      state: 'open' as const,
    }))
    const bounds = { key, start: formatInstant(startMs), end: formatInstant(endMs) }
    return { ...bounds, state: 'open', guarantees, credits: null, losses: [] }
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

  exclusions({ contract }: { contract?: string }): ExclusionView[] {
    const all = contract === undefined ? this.#deps.register.all() : [this.#deps.register.of(contract)]
    return all.flatMap((terms) => (terms ? this.#exclusionsOf(terms) : []))
  }

  exclusion(id: string): ExclusionView | null {
    const isHere = ({ exclusions }: Terms): boolean => exclusions.some(({ declared }) => declared.id === id)
    const terms = this.#deps.register.all().find(isHere)
    return (terms && this.#exclusionsOf(terms).find((one) => one.id === id)) ?? null
  }

  #exclusionsOf(terms: Terms): ExclusionView[] {
    return exclusionViews(terms, {
      nowMs: this.#deps.nowMs(),
      judge: (asked) => bareJudgement(asked, this.#sources()),
    })
  }

  #sources(): LiveSources {
    return { facts: this.#deps.facts, watch: this.#deps.latencyWatch }
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
    const asked = contract.guarantees.flatMap((one) => {
      const atMs = windowNow(one, revision, nowMs).startMs
      return measurableAt(terms, one.id, { atMs, nowMs }) ?? []
    })
    const { guarantees } = this.#judged(terms, asked)
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

  /** Guarantees as they stand, each with what it is worth in its window. */
  #judged(
    terms: Terms,
    found: readonly Measurable[],
  ): { guarantees: GuaranteeView[]; live: LiveJudgement[] } {
    const sources = this.#sources()
    const readiness = readinessOf(readinessFacts(terms, this.#deps.registry.agents()))
    const live = found.map((asked) => liveJudgement(asked, sources))
    const statements = new Map(
      [...new Set(live.map(({ asked }) => asked.window.key))].map((key) => {
        const group = live.filter(({ asked }) => asked.window.key === key)
        return [key, statementOf(group, (asked) => this.#pastOf(asked))] as const
      }),
    )
    const guarantees = live.map((one) => ({
      ...liveView(one, sources, readiness),
      credit: creditOf(statements.get(one.asked.window.key) ?? null, one.asked.guarantee.id),
    }))
    return { guarantees, live }
  }

  #pastOf(asked: Measurable): Past {
    const { terms, guarantee, window, nowMs } = asked
    const name = `${terms.contract}/${guarantee.id}/${window.key}`
    const kept = this.#past.get(name)
    if (kept && nowMs - kept.atMs < PAST_KEPT_MS && nowMs >= kept.atMs) return kept.past
    const past = pastOf(asked, {
      closedOf: this.#deps.closedOf,
      judge: (earlier) => liveJudgement(earlier, this.#sources()),
    })
    if (this.#past.size >= MAX_PAST_KEPT) this.#past.clear()
    this.#past.set(name, { atMs: nowMs, past })
    return past
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
