/** The read model: what pages, API and CLI may ask for. Types, and which contracts are asked for. Pure. */
import type { SourceFile } from '@constat/sla/contract/document'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { AlertPlanView } from './alerting.ts'
import type { AgentView, ContractView, RevisionView } from './contract.ts'
import type { ExclusionView } from './exclusion.ts'
import type { Asker } from './parts.ts'
import type { ServiceStatus } from './remark.ts'
import type { Within } from './paging.ts'
import type { PenaltyView } from './penalty.ts'
import type { SentFacts, SentReportView } from './report.ts'
import type { Delivery } from './setup.ts'
import type { IncidentRoomView, IncidentView, LatencyView, Segment, TimelineView } from './timeline.ts'
import type { Vantage } from './vantage.ts'
import type {
  ClosedWindowView,
  ClosingView,
  PreviewView,
  ReconciliationView,
  ReplayView,
  StatementView,
  WindowLifeView,
  WindowView,
} from './window.ts'

/** One contract, several, or undefined: all. */
export type OfContracts = string | readonly string[] | undefined

export function isOf(of: OfContracts, contract: string): boolean {
  return of === undefined || of === contract || (Array.isArray(of) && of.includes(contract))
}

/** What is left out takes everything. `before` is the id of the last item of the page before; `within`: what touches it. */
type ListFilter = {
  contract?: OfContracts
  service?: string | undefined
  within?: Within
  before?: string | undefined
  limit: number
}

/** `guarantee`: one that was promised of the service at the onset. */
export type IncidentFilter = ListFilter & {
  open?: boolean | undefined
  guarantee?: string | undefined
  zone?: string | undefined
}

/** `service`: those of it alone, and those of every service of its contract. */
export type ExclusionFilter = ListFilter & {
  kind?: string | undefined
  standing?: ExclusionView['standing'] | undefined
}

/** Of what was sent to a webhook; `within`: made in it. */
export type DeliveryFilter = {
  state?: Delivery['state'] | undefined
  type?: string | undefined
  within?: Within
}

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
  /** Of one revision, or the newest, every default written out: names, zones, hours, clauses. */
  terms(contract: string, revision?: number): ExpandedContract | null
  /** `of` is needed only where two contracts have a service of that name. */
  timeline(service: string, span: { fromMs: number; toMs: number }, of?: OfContracts): TimelineView | null
  /** The states of a service alone, for a line of many: of the same timeline. */
  segments(service: string, span: { fromMs: number; toMs: number }, of?: OfContracts): Segment[] | null
  /** Percentiles from every agent together, or from one. `contract` as above. */
  latency(
    check: string,
    span: LatencySpan,
    of: { agent?: string | undefined; contract?: OfContracts },
  ): Promise<LatencyView | null>
  /** Latest onset first. Fault `bad-request` for a cursor that is not in the list. */
  incidents(filter: IncidentFilter): Promise<IncidentView[]>
  /** With all that was said of it. */
  incident(id: string): Promise<IncidentRoomView | null>
  /** How many services have an outage that goes on. */
  down(of?: OfContracts): number
  /** What users are told of the services of the contracts that run. */
  status(): ServiceStatus[]
  /** Contract by contract, latest first. Fault as above. */
  exclusions(filter: ExclusionFilter): Promise<ExclusionView[]>
  exclusion(id: string): Promise<ExclusionView | null>
  agents(): AgentView[]
  /** Who would be told of an outage that began now. */
  alertPlan(contract: string): Promise<AlertPlanView | null>
  /** Everyone that ever was one, in order of enrolment; the same list as long as nothing of it changes. */
  vantages(contract: string): readonly Vantage[]
}

export type WindowReads = {
  /** `version` absent: the newest. Null: there is no such window, or no such version of it. */
  window(contract: string, key: string, version?: number): Promise<WindowLifeView | null>
  /** Newest first. */
  closedWindows(contract: string): ClosedWindowView[]
  closing(contract: string, key: string, version?: number): Promise<ClosingView | null>
  /** Of windows that are final, newest first: those that come to a credit, or were claimed. */
  penalties(contract: string): Promise<PenaltyView[]>
  /** Null: the window is not final, or no credits are agreed on in it. */
  penalty(contract: string, key: string): Promise<PenaltyView | null>
  /** Newest first. */
  statements(contract: string): StatementView[]
  reconciliation(contract: string, statement: string, by: Asker): Promise<ReconciliationView | null>
  /** The same for a text that is not handed in. Fault `bad-request` that names its line. */
  reconcile(contract: string, key: string, text: Buffer, by: Asker): Promise<ReconciliationView | null>
  /** `policy` absent: every one. Fault `bad-request` that lists the known ones. */
  replay(contract: string, key: string, policy?: string): Promise<ReplayView | null>
  /** Null: no window is closed yet. Fault `bad-contract` with every problem of the documents. */
  preview(contract: string, source: readonly SourceFile[], by: Asker): Promise<PreviewView | null>
  /** Reports that schedules have sent, newest first. `side` absent: of both. */
  sentReports(asked: SentAsked): Promise<SentReportView[]>
  sentReport(contract: string, id: string, side?: Side): Promise<SentFacts | null>
  /** The bytes that were sent in that form and language; null: none were. */
  sentFile(
    contract: string,
    asked: { report: string; form: string; lang: 'en' | 'fr' },
  ): Promise<Buffer | null>
  /** The evidence of a window as one zip. Faults `unavailable` before it is signed, `rate-limited`, `too-large`. */
  bundle(contract: string, key: string, by: Asker): Promise<BundleFile | null>
  /** The newest signed head of the log; null before there is one. */
  checkpoint(contract: string): Promise<string | null>
  /** A file of the log by its path after C2SP tlog-tiles; null: the signed log has none of that name. */
  tile(contract: string, path: string): Promise<Buffer | null>
  /** What stands beside the log, by the SHA-256 in hex that a leaf of it names; null: none does. */
  beside(contract: string, digest: string): Promise<Buffer | null>
  /** `result.json` as a bundle of the window has it now; null: there is no such window. */
  result(contract: string, key: string, by: Asker): Promise<string | null>
  /** Whether everybody may read the log. */
  isPublished(contract: string): boolean
}

type Side = SentReportView['side']
export type SentAsked = { contract: string; side?: Side; before?: string | undefined; limit: number }

/** A file that is written while it is read. */
export type BundleFile = { name: string; bytes: AsyncIterable<Buffer> }

/**
 * All that a page or a route may read. A change is seen within a second; while nothing changes, figures of what
 * goes on are as of an instant up to five seconds ago.
 */
export type ReadModel = Omit<JudgeReads, keyof WindowReads> & WindowReads
