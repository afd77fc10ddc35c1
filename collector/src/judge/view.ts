/**
 * Views: what pages, API and CLI read. The shapes are those of the published interface, so a route is
 * one line and a page shows what a script would get. Types only.
 */

import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { CreditsView, GuaranteeCreditView, LossView } from './credit-view.ts'
import type { ExclusionView } from './exclusion-view.ts'
import type { WindowReads } from './window-view.ts'

export type Figures = { provable: number; point: number; pessimistic: number }
export type Percentages = { provable: string; point: string; pessimistic: string }
export type Verdict = 'met' | 'not_met' | 'indeterminate'
export type WindowState = 'open' | 'grace' | 'final' | 'amended'
export type State = 'up' | 'degraded' | 'partial' | 'down' | 'unknown'

export type Readiness = { claimable: boolean; lacks: string[] }

/** What every guarantee in a window has, whatever is measured. */
type GuaranteeCommon = {
  guarantee: string
  service: string
  clause: string | null
  contract: string
  state: WindowState
  revision: number
  /** `length`: shorter or longer than usual where the terms have changed its bounds; else null. */
  window: { key: string; start: string; end: string; timeZone: string; length: 'shorter' | 'longer' | null }
  /** Committed time of the whole window, and the part of it up to the instant measured at. */
  committedMs: number
  elapsedCommittedMs: number
  excludedMs: number
  knownMs: number
  coverage: string
  target: string
  verdict: Verdict
  /** Of an open window: where it is heading. */
  outlook: 'on_track' | 'at_risk' | null
  insufficientEvidence: boolean
  readiness: Readiness
  /** When measuring began inside this window. */
  measuredFrom: string | null
  asOf: string
  /** What it is worth as things stand, theoretical until somebody notifies it; null: no credit is agreed. */
  credit: GuaranteeCreditView | null
  /** Where an exclusion is contested: the result if it were accepted, and if it were refused. */
  contested: { accepted: SideView; refused: SideView } | null
}

export type SideView = {
  verdict: Verdict
  committedMs: number
  downMs: Figures | null
  percent: NullablePercentages | null
}

export type NullablePercentages = { [K in keyof Percentages]: string | null }

/** When the budget was gone, or would be at the rate so far. */
export type ExhaustionView = { exhaustedAt: string | null; projectedAt: string | null }

export type AvailabilityView = GuaranteeCommon & {
  metric: 'interval-availability'
  downMs: Figures
  partialMs: number
  degradedMs: number
  unknownMs: number
  availability: Percentages
  budget: BudgetView
  exhaustion: ExhaustionView
  /** Of a guarantee for each site: one result a site. The figures beside it are those of the worst. */
  sites?: SiteGuaranteeView[]
}

export type BudgetView = { allowedMs: number; spentMs: number; leftMs: number }

/** Availability by slices: those with too many failed attempts are down, whole. */
export type SlicesGuaranteeView = GuaranteeCommon & {
  metric: 'error-rate-slices'
  sliceMs: number
  /** More than this percent failed makes a slice bad; null: only where all did. */
  badOverPercent: string | null
  downMs: Figures
  availability: Percentages
  budget: BudgetView
  exhaustion: ExhaustionView
  sites?: SiteGuaranteeView[]
}

/** 100 − the mean error rate of all slices. */
export type MeanGuaranteeView = GuaranteeCommon & {
  metric: 'mean-error-rate'
  sliceMs: number
  slices: number
  availability: NullablePercentages
  sites?: SitePercentView[]
}

/** `within` of `n` samples of slots answered in time; of `missing` slots nothing is known. */
export type ShareView = {
  n: number
  within: number
  missing: number
  /** Of the samples that there are; null of none. */
  percent: string | null
  /** Had all the missing answered in time, and had none of them. */
  provable: string | null
  pessimistic: string | null
}

export type LatencyGuaranteeView = GuaranteeCommon & {
  metric: 'share-within'
  thresholdUs: number
  share: ShareView
  /** By nearest rank; null of no samples. */
  percentileUs: { p50: number | null; p95: number | null; p99: number | null }
  /** What a percentile may be above the true one, in percent: `0` once the window has ended. */
  percentileErrorPercent: string
  /** Of a guarantee for each site, as of availability. */
  sites?: SiteShareView[]
}

/** Good attempts, of all that could be told. */
export type RequestShareView = GuaranteeCommon & {
  metric: 'request-share'
  share: ShareView
  sites?: SiteRequestView[]
}

/** One incident against its clock. `ms` null: the clock never started. */
export type IncidentTimingView = {
  id: string | null
  onsetAt: string
  ms: Figures | null
  isRunning: boolean
  verdict: Verdict
}

export type TimingGuaranteeView = GuaranteeCommon & {
  metric: 'restoration-time' | 'response-time'
  eachMs: number
  clock: { start: string; stop: string }
  perIncident: IncidentTimingView[]
  sites?: SiteTimingView[]
}

export type CountGuaranteeView = GuaranteeCommon & {
  metric: 'incident-count'
  count: Figures
  sites?: SiteCountView[]
}

/** One guarantee in one window. */
export type GuaranteeView =
  | AvailabilityView
  | SlicesGuaranteeView
  | MeanGuaranteeView
  | LatencyGuaranteeView
  | RequestShareView
  | TimingGuaranteeView
  | CountGuaranteeView

/** One site under a guarantee that is promised for each. */
export type SiteCommon = Pick<
  GuaranteeCommon,
  'verdict' | 'outlook' | 'insufficientEvidence' | 'coverage' | 'knownMs' | 'measuredFrom'
> & { site: string; displayName: string; administeredBy: string | null }

export type SiteGuaranteeView = SiteCommon & Pick<AvailabilityView, 'downMs' | 'availability' | 'budget'>
export type SiteShareView = SiteCommon & Pick<LatencyGuaranteeView, 'share' | 'percentileUs'>
export type SitePercentView = SiteCommon & Pick<MeanGuaranteeView, 'availability'>
export type SiteRequestView = SiteCommon & Pick<RequestShareView, 'share'>
export type SiteTimingView = SiteCommon & Pick<TimingGuaranteeView, 'perIncident'>
export type SiteCountView = SiteCommon & Pick<CountGuaranteeView, 'count'>

export type WindowView = {
  key: string
  start: string
  end: string
  state: WindowState
  guarantees: GuaranteeView[]
  /** Null: no credits are agreed. */
  credits: CreditsView | null
  /** Only for those who may see it. */
  losses: LossView[]
}

export type ServiceView = {
  service: string
  contract: string
  state: State
  since: string | null
  /** The terms that it is judged by end here; null: they go on. */
  until: string | null
  /** Nobody measures it any more: a revision stopped its probes, or the contract has ended. */
  unmeasuredSince: string | null
  checks: { name: string; kind: string; target: string; intervalMs: number }[]
}

export type ContractView = {
  name: string
  displayName: string
  provider: string
  revision: number
  /** `unilateral` until the provider has agreed. */
  terms: 'unilateral' | 'agreed' | 'objected'
  effectiveFrom: string
  /** By its terms, or because it was archived; null while it runs. */
  endedAt: string | null
  /** Why it is set aside: it is not judged until that is over. */
  trouble: string | null
  /** Worst state of its services now. */
  state: State
  /** One plain sentence: state, since when, what is left of the budget, what a claim lacks. */
  sentence: string
  readiness: Readiness
  services: ServiceView[]
  /** Guarantees in the window that is open now. */
  guarantees: GuaranteeView[]
  openIncidents: number
  /** Agents of this contract that have gone silent. */
  silentAgents: string[]
  /** Declared ones in the order of the contract, then each agent that stands in none. */
  sites: SiteView[]
  log: { origin: string; size: number; root: string }
}

/** `unreachable`: nobody there is heard. `isolated`: heard, but cut off from what it measures. */
export type SiteState = 'reachable' | 'unreachable' | 'isolated' | 'unknown'

export type SiteView = {
  id: string
  displayName: string
  administeredBy: string | null
  agents: SiteAgent[]
  state: SiteState
}

export type SiteAgent = {
  id: string
  name: string
  connected: boolean
  silent: boolean
  isolated: boolean
  clockOffsetMs: number
}

export type Segment = { start: string; end: string; state: State }
export type TimelineView = {
  service: string
  contract: string
  from: string
  to: string
  segments: Segment[]
  /** Where nothing is known because nobody measured, and why. */
  unmeasured: { start: string; end: string; reason: 'not-in-force' | 'probing-stopped' }[]
  /** By agent id. */
  vantages: Record<string, Segment[]>
  agentNames: Record<string, string>
  /** By agent id: when it was cut off, which is why it knew nothing then. */
  isolated: Record<string, { start: string; end: string }[]>
  /** By agent id: the party that administers the host; null: nobody said. */
  administeredBy: Record<string, string | null>
}

export type IncidentVantage = {
  agent: string
  name: string
  state: State
  since: string
  /** Cut off, by every reference it runs: that is why nothing is known of what it saw. */
  isolated: boolean
  /** Null: it stands in no site of the contract. */
  site: string | null
  /** Who administers the host, a party; null: nobody said. */
  administeredBy: string | null
}

export type IncidentView = {
  id: string
  contract: string
  service: string
  check: string
  onsetAt: string
  openedAt: string
  closedAt: string | null
  /** Last instant known down, when closed. */
  endAt: string | null
  closeReason: string | null
  cause: string
  fault: string
  /** In which it began, and the party that owns it; `undetermined` where nothing says. */
  zone: string
  owner: string
  /** Who answers to the customer for it: the provider, for its subcontractors. */
  answeredBy: string
  /** The check whose failing puts it down to this zone; null: everything on the way answers, or nobody knows. */
  zoneReference: string | null
  downMs: Figures
  vantages: IncidentVantage[]
  acknowledgedAt: string | null
  /** Role of whoever was first. */
  acknowledgedBy: 'owner' | 'viewer' | 'provider' | null
  /** The provider's own word: the only one that stops a response clock. */
  providerAcknowledgedAt: string | null
  /** When people were due to be told. */
  pagedAt: string | null
  /** The first delivery that somebody's system accepted; null: nobody was told yet. */
  alertedAt: string | null
}

export type AgentView = {
  id: string
  name: string
  enrolledAt: string
  lastSeenAt: string
  connected: boolean
  silent: boolean
  version: string
  clockOffsetMs: number
  clockErrorMs: number
  spoolBatches: number
  /** Known share of the last 24 h of its checks, 4 digits. */
  coverage: string
}

export type RevisionView = {
  revision: number
  digest: string
  appliedAt: string
  effectiveFrom: string
  /** What it no longer needs is not probed any more from its apply on. */
  stopProbing: boolean
  terms: string
}

export type LatencyPoint = {
  at: string
  /** Slot samples that answered; `failed` did not. */
  n: number
  p50Us: number | null
  p95Us: number | null
  p99Us: number | null
  failed: number
}

/** Percentiles of one check by steps of time, exact, from the samples themselves. */
export type LatencyView = { check: string; stepMs: number; points: LatencyPoint[] }

export type LatencySpan = { fromMs: number; toMs: number; stepMs: number }

/** What the judge answers by itself. */
export type JudgeReads = {
  /** Worst first. */
  contracts(): ContractView[]
  contract(name: string): ContractView | null
  /** Keys of the windows that have begun, newest first. */
  windowKeys(contract: string): string[]
  window(contract: string, key: string): Promise<WindowView | null>
  revisions(contract: string): Promise<RevisionView[]>
  /** Of the newest revision, every default written out: names, zones, hours, clauses. */
  terms(contract: string): ExpandedContract | null
  /** `contract` is needed only where two contracts have a service of that name. */
  timeline(service: string, span: { fromMs: number; toMs: number }, contract?: string): TimelineView | null
  /** Percentiles from every agent together, or from one. `contract` as above. */
  latency(
    check: string,
    span: LatencySpan,
    of: { agent?: string | undefined; contract?: string | undefined },
  ): Promise<LatencyView | null>
  /** Latest onset first; `before` is the id of the last incident of the page before. */
  incidents(filter: {
    open?: boolean
    contract?: string
    before?: string
    limit: number
  }): Promise<IncidentView[]>
  incident(id: string): Promise<IncidentView | null>
  /** Latest first. */
  exclusions(filter: { contract?: string }): ExclusionView[]
  exclusion(id: string): ExclusionView | null
  agents(): AgentView[]
}

/** All that a page or a route may read. Answers are as of the last judgement, at most a second old. */
export type ReadModel = Omit<JudgeReads, keyof WindowReads> & WindowReads
