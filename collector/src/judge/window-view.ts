/**
 * Views of a window's life: its state and versions, what the provider stated of it, what other tools would
 * have said, and what other terms would have made of it. Types only.
 */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { TraceStep } from '@constat/sla/judgement/trace'
import type { Replayed } from '@constat/sla/policy/table'
import type { FourCredits } from '@constat/sla/reconciliation/credits'
import type { ReconciliationAnswer } from '@constat/sla/reconciliation/answer'
import type { Verdict, WindowView } from './view.ts'

/** One version of a closed window. Every one stays readable. */
export type WindowVersionView = {
  version: number
  /** When it was written into the ledger. */
  at: string
  /** Hex, SHA-256 of the canonical JSON of the results. */
  digest: string
  previous: string | null
  semantics: number
  revision: number
  contractDigest: string
  /** Judged on the leaves below `size`; `leaf` holds the closing itself. */
  ledger: { size: number; root: string; leaf: number }
  guarantees: { guarantee: string; verdict: Verdict; credit: string | null }[]
  credit: { total: string; currency: string } | null
}

/** A closed window among others, by its newest version. */
export type ClosedWindowView = WindowVersionView & { window: string; start: string; end: string }

export type WindowLife = {
  /** Null: not closed yet, and everything is provisional. */
  version: number | null
  provisional: boolean
  /** Earliest instant at which it is closed; null once it is. */
  closesAt: string | null
  /** What is accepted before this may still amend it; null before it is closed. */
  amendableUntil: string | null
  versions: WindowVersionView[]
}

export type WindowLifeView = WindowView & WindowLife

/** The whole closing of one version: whoever judges the same leaves again has to find the same digest. */
export type ClosingView = WindowVersionView & {
  contract: string
  window: string
  asOf: string
  trace: TraceStep[]
  /** As the leaf has it. */
  results: unknown
}

export type StatementView = {
  id: string
  contract: string
  window: string
  /** Hex, of the bytes as they came. */
  sha256: string
  bytes: number
  by: 'owner' | 'viewer' | 'provider'
  receivedAt: string
}

export type ReconciliationView = {
  /** Null: it was only looked at, and not handed in. */
  statement: StatementView | null
  window: string
  asOf: string
  /** Version that the measured side stands in; null: provisional. */
  version: number | null
  guarantees: (Omit<ReconciliationAnswer, 'credits' | 'nextDeadline'> & {
    service: string
    credits: FourCredits | null
    /** Nothing differs beyond the tolerance that was agreed. */
    agrees: boolean
  })[]
  /** Guarantees that a list of outages says nothing of. */
  leftOut: string[]
}

export type ReplayView = {
  contract: string
  window: string
  asOf: string
  results: (Replayed & { guarantee: string; service: string })[]
}

/** One guarantee under other terms. Null: those terms do not promise it, or had no such window. */
export type PreviewVerdict = {
  guarantee: string
  inForce: { verdict: Verdict; coverage: string | null; credit: string | null } | null
  proposed: { verdict: Verdict; coverage: string | null; credit: string | null } | null
}

/** The last closed window under other terms, on the same measurements. */
export type PreviewView = {
  contract: string
  window: string
  version: number
  guarantees: PreviewVerdict[]
  credit: { inForce: string | null; proposed: string | null; currency: string | null }
}

export type WindowReads = {
  /** `version` absent: the newest. Null: there is no such window, or no such version of it. */
  window(contract: string, key: string, version?: number): Promise<WindowLifeView | null>
  /** Newest first. */
  closedWindows(contract: string): ClosedWindowView[]
  closing(contract: string, key: string, version?: number): Promise<ClosingView | null>
  /** Newest first. */
  statements(contract: string): StatementView[]
  reconciliation(contract: string, statement: string): Promise<ReconciliationView | null>
  /** The same for a text that is not handed in. Fault `bad-request` that names its line. */
  reconcile(contract: string, key: string, text: Buffer): Promise<ReconciliationView | null>
  /** `policy` absent: every one. Fault `bad-request` that lists the known ones. */
  replay(contract: string, key: string, policy?: string): Promise<ReplayView | null>
  /** Null: no window is closed yet. */
  preview(contract: string, terms: ExpandedContract): Promise<PreviewView | null>
}
