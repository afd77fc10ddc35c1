/**
 * Ledger state: what the leaves of one log below a size say, as far as windows are judged by it. A live
 * collector has it in memory; a rebuild and a late settlement fold it again. Both are judged alike. Types,
 * and the copy of the live one.
 */
import type { UnixMs } from '@constat/shared/time'
import type { IncidentRow } from '../db/incident-rows.ts'
import type { Latencies } from '../latency/latencies.ts'
import { Timelines } from '../judge/timelines.ts'
import type { Tracks } from '../fold/tracks.ts'
import type { Terms } from '../terms/register.ts'
import type { ClosingHead } from './closings.ts'
import type { KeptStatement } from './statement.ts'

export type LedgerState = {
  /** Leaves below this were read; the root of the tree under them, hex. */
  size: number
  root: string
  terms: Terms
  timelines: Timelines
  nameOf: (agent: string) => string
  /** All that were ever given an id, as their last notice tells them. */
  incidents: readonly IncidentRow[]
  /** Every version of every closed window. */
  closings: readonly ClosingHead[]
  /** What the provider has stated, in order. */
  statements: readonly KeptStatement[]
  /** The bytes of a statement. */
  bytesOf: (statement: KeptStatement) => Promise<Buffer>
  latencies: Pick<Latencies, 'read'>
}

/** Nobody is waited for any more: what has not come by a closing has not come. */
export function closedTimelines(tracks: Tracks, nameOf: (agent: string) => string): Timelines {
  return new Timelines(tracks, { nameOf, isAwaited: () => false })
}

/** Terms as they stand, which others go on adding to. */
export function copyOfTerms(terms: Terms): Terms {
  return {
    ...terms,
    revisions: [...terms.revisions],
    members: terms.members.map((member) => ({ ...member })),
    objectives: new Set(terms.objectives),
    exclusions: terms.exclusions.map(({ declared, answers }) => ({ declared, answers: [...answers] })),
  }
}

/** In one order, however they were come by. */
export function inOrder(incidents: Iterable<IncidentRow>): IncidentRow[] {
  return [...incidents].sort((a, b) => a.onsetMs - b.onsetMs || (a.id < b.id ? -1 : 1))
}

/** The newest statement about a window. */
export function statementOn(
  { statements }: Pick<LedgerState, 'statements'>,
  { window, untilMs = Infinity }: { window: string; untilMs?: UnixMs },
): KeptStatement | null {
  return statements.findLast((one) => one.window === window && one.receivedMs < untilMs) ?? null
}
