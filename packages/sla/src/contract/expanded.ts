/**
 * The expanded contract: every default written out, every duration in ms, every reference resolved.
 * It is what the judge reads, what `explain` shows and what the digest covers (all but `source`).
 * Plain JSON by construction. Types, and the rules that stay symbolic. Pure.
 */
import type { CheckSpec } from '@constat/shared/check'
import type { Json } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import { defaultQuorum } from '../quorum.ts'
import type { ZoneTable } from '../zone-table.ts'
import type { CalendarTerms } from './calendar-terms.ts'
import type * as rules from './expand-rules.ts'
import type { ContractSpec, TreeNode } from './schema-contract.ts'

export type PartyRole = NonNullable<ContractSpec['parties']>[number]['role']
export type Party = { id: string; role: PartyRole; name: string; of: string | null }

/** A site groups vantages. `administeredBy` names a party; null: nobody said. */
export type Site = { id: string; displayName: string; agents: string[]; administeredBy: string | null }

/** Zones are ordered from the agent to the service; the first failing one answers. */
export type ResponsibilityZone = { id: string; owner: string; boundary: string; references: string[] }

export type FoldTerms = {
  holdMs: number
  confirm: { down: number; up: number; by: 'reprobes' | 'slots' }
}

export type CheckTerms = {
  name: string
  displayName: string
  /** null: a reference, it belongs to no guaranteed service. */
  service: string | null
  spec: CheckSpec
  fold: FoldTerms
  /** Agents allowed to run it. 'all': every enrolled one. */
  vantages: string[] | 'all'
  /** Responsibility zone the target stands in: the last of the zones unless the check names one. */
  zone: string | null
}

/** A service is a tree over checks and other services. Default: down where any of its checks is. */
export type ServiceNode = TreeNode
export type ServiceTerms = { name: string; displayName: string; description: string; tree: ServiceNode }

export type ChronicRule = rules.ChronicRule
export type CreditSchedule = rules.CreditSchedule
export type DayCount = rules.DayCount
export type NoticeRule = rules.NoticeRule
export type QuorumRule = rules.QuorumRule
export type Quorum = { down: number; minKnown: number }

export type MeasurementTerms = ReturnType<typeof rules.expandMeasurement>
export type GuaranteeTerms = ReturnType<typeof rules.expandGuarantee>
export type WindowTerms = GuaranteeTerms['window']
export type WindowPeriod = WindowTerms['period']
export type ExclusionTerms = ReturnType<typeof rules.expandExclusions>
export type ExclusionKind = ExclusionTerms['kinds'][number]
export type CreditTerms = ReturnType<typeof rules.expandCredits>
export type ReconciliationTerms = ReturnType<typeof rules.expandReconciliation>

export type ExpandedContract = {
  schema: 'constat-terms/1'
  name: string
  displayName: string
  reference: string | null
  revision: number | null
  /** `fromMs` null: from the moment of apply. The first window is judged from there. */
  effective: { fromMs: UnixMs | null; toMs: UnixMs | null; timeZone: string }
  prevailingLanguage: 'en' | 'fr'
  parties: Party[]
  /** Id of the party with the role `provider`. */
  provider: string
  sites: Site[]
  zones: ResponsibilityZone[]
  charges: {
    currency: string
    tax: 'outside-vat' | 'vat-included' | 'vat-excluded'
    /** `service` null: the whole contract. */
    monthly: { service: string | null; amount: string }[]
  } | null
  clauses: { id: string; title: string; text: string }[]
  calendars: Record<string, CalendarTerms>
  checks: CheckTerms[]
  services: ServiceTerms[]
  measurement: MeasurementTerms
  finalisation: { graceMs: number; amendmentsUntil: 'claim-deadline' | 'window-final' }
  exclusions: ExclusionTerms
  guarantees: GuaranteeTerms[]
  credits: CreditTerms | null
  reconciliation: ReconciliationTerms
  /** Rules of every time zone the terms name. Windows outside their span are refused. */
  zoneTables: Record<string, ZoneTable>
  /** Outside the digest: the document as written, and the leaves of the terms that a default filled in. */
  source: { raw: Json; defaulted: string[] }
}

/** One vantage: 1 of 1. Two or more: 2 down, 1 known. A fixed rule is taken as it stands. */
export function quorumFor(rule: QuorumRule, vantageCount: number): Quorum {
  return rule.kind === 'fixed' ? { down: rule.down, minKnown: rule.minKnown } : defaultQuorum(vantageCount)
}

type Answering = Pick<ExpandedContract, 'parties' | 'provider'>

/** The provider and everybody it answers for: its subcontractors, and theirs. */
export function answeredByProvider({ parties, provider }: Answering): Set<string> {
  const found = new Set([provider])
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const { id, of } of parties) if (of !== null && found.has(of)) found.add(id)
  }
  return found
}
