/** What a claim rests on, gathered once: the letter, the list of files and the README say the same of it. Types only. */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { Readiness } from '../view/parts.ts'
import type { PenaltyView } from '../view/penalty.ts'
import type { ReportView } from '../view/report.ts'
import type { RevisionView } from '../view/contract.ts'

/** A file of the pack, as people are told of it. */
export type Enclosure = {
  path: string
  what: 'letter' | 'report' | 'incidents' | 'evidence'
  bytes: number
  sha256: string
}

export type Claim = {
  /** Of the version that is claimed, as the provider may see it: without losses, vantages told by their sites. */
  report: ReportView
  penalty: PenaltyView
  /** Terms that the window was judged by. */
  terms: ExpandedContract
  revision: RevisionView
  readiness: Readiness
  /** Hex, key of the log: whoever checks the evidence learns it from the letter, by another way. */
  logKey: string
  amendableUntil: string | null
}

/** What the claim is for: as it was notified, or as it would be. */
export function claimedOf({ penalty }: Pick<Claim, 'penalty'>): { amount: string; currency: string } {
  return { amount: penalty.notified ?? penalty.theoretical, currency: penalty.currency }
}

/** How the evidence is checked, on a command line. */
export function checkCommand({ report, logKey }: Claim, evidence: string): string {
  return `node constat-verify.mjs ${evidence} --log-key ${logKey} --terms ${report.contractDigest ?? ''}`
}
