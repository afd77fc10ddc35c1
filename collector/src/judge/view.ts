/**
 * Views: what pages, API and CLI read. The shapes are those of the published interface, so a route is
 * one line and a page shows what a script would get. Types only.
 */

import type { ExpandedContract } from '@constat/sla/contract/expanded'

export type Figures = { provable: number; point: number; pessimistic: number }
export type Percentages = { provable: string; point: string; pessimistic: string }
export type Verdict = 'met' | 'not_met' | 'indeterminate'
export type WindowState = 'open' | 'grace' | 'final'
export type State = 'up' | 'degraded' | 'partial' | 'down' | 'unknown'

export type Readiness = { claimable: boolean; lacks: string[] }

/** One guarantee in one window. */
export type GuaranteeView = {
  guarantee: string
  service: string
  clause: string | null
  contract: string
  state: WindowState
  revision: number
  window: { key: string; start: string; end: string; timeZone: string }
  /** Committed time of the whole window, and the part of it up to the instant measured at. */
  committedMs: number
  elapsedCommittedMs: number
  excludedMs: number
  knownMs: number
  coverage: string
  downMs: Figures
  partialMs: number
  degradedMs: number
  unknownMs: number
  availability: Percentages
  target: string
  verdict: Verdict
  /** Of an open window: where it is heading. */
  outlook: 'on_track' | 'at_risk' | null
  insufficientEvidence: boolean
  readiness: Readiness
  budget: { allowedMs: number; spentMs: number; leftMs: number }
  /** When measuring began inside this window. */
  measuredFrom: string | null
  asOf: string
}

export type WindowView = {
  key: string
  start: string
  end: string
  state: WindowState
  guarantees: GuaranteeView[]
}

export type ServiceView = {
  service: string
  contract: string
  state: State
  since: string | null
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
  log: { origin: string; size: number; root: string }
}

export type Segment = { start: string; end: string; state: State }
export type TimelineView = {
  service: string
  contract: string
  from: string
  to: string
  segments: Segment[]
  /** By agent id. */
  vantages: Record<string, Segment[]>
  agentNames: Record<string, string>
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
  zone: string
  owner: string
  downMs: Figures
  vantages: { agent: string; name: string; state: State; since: string }[]
  acknowledgedAt: string | null
  pagedAt: string | null
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
  terms: string
}

/** All that a page or a route may read. Answers are as of the last judgement, at most a second old. */
export type ReadModel = {
  /** Worst first. */
  contracts(): ContractView[]
  contract(name: string): ContractView | null
  /** Keys of the windows that have begun, newest first. */
  windowKeys(contract: string): string[]
  window(contract: string, key: string): WindowView | null
  revisions(contract: string): Promise<RevisionView[]>
  /** Of the newest revision, every default written out: names, zones, hours, clauses. */
  terms(contract: string): ExpandedContract | null
  /** `contract` is needed only where two contracts have a service of that name. */
  timeline(service: string, span: { fromMs: number; toMs: number }, contract?: string): TimelineView | null
  /** Latest onset first; `before` is the id of the last incident of the page before. */
  incidents(filter: {
    open?: boolean
    contract?: string
    before?: string
    limit: number
  }): Promise<IncidentView[]>
  incident(id: string): Promise<IncidentView | null>
  agents(): AgentView[]
}
