/**
 * The body of a closing: what a window came to, on which ledger it was judged, by which rules, and why. The
 * digest is that of the results alone, so whoever judges the same leaves again compares one number. Pure.
 */
import { jsonDigest, type Json } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import type { OutageLength } from '../credit/chronic-rights.ts'
import type { CreditStatement } from '../credit/statement.ts'
import type { GuaranteeResult } from '../judgement/result.ts'
import type { Ruling } from '../judgement/declaration.ts'
import type { IncidentFacts } from '../judgement/timing.ts'
import type { TraceStep } from '../judgement/trace.ts'
import type { Rules } from '../semantics.ts'
import type { Verdict } from '../verdict.ts'

/** One guarantee as it was judged, with what credits and people need of it. */
export type ClosedGuarantee = {
  revision: number
  /** Hex, SHA-256 of the expanded terms. */
  contractDigest: string
  window: { key: string; startMs: UnixMs; endMs: UnixMs; timeZone: string }
  result: GuaranteeResult
  incidents: IncidentFacts[]
  rulings: Ruling[]
}

export type WindowResults = {
  guarantees: ClosedGuarantee[]
  credit: CreditStatement | null
  /** By service: later windows count these towards rights of chronic failure. */
  outages: Record<string, OutageLength[]>
}

export type ClosingBody = {
  kind: 'closing'
  contract: string
  window: string
  startMs: UnixMs
  endMs: UnixMs
  /** 1 is the final result; above, an amendment. */
  version: number
  semantics: number
  /** Of the revision in force when the window began, or of the first one after that. */
  revision: number
  contractDigest: string
  /** Judged on the leaves below `size`, under which the tree has this root. */
  ledger: { size: number; root: string }
  /** Until when incidents were followed: the same for every version. */
  asOfMs: UnixMs
  /** What is accepted from here on changes nothing any more. */
  amendableUntilMs: UnixMs
  /** Hex, SHA-256 of the RFC 8785 form of `results`. */
  digest: string
  /** Digest of the version before; null for the first. */
  previous: string | null
  trace: TraceStep[]
  results: WindowResults
}

/** `results` as a version has them: the second did not tell of blocked time. */
export function resultsBy({ tellsBlocked }: Rules, results: WindowResults): WindowResults {
  if (tellsBlocked) return results
  const bare = <S extends object>(scored: S): S => {
    const { blockedMs: _, ...rest } = scored as S & { blockedMs?: number }
    // As that version wrote it: whoever reads closings of both takes it as perhaps not there.
    return rest as S
  }
  const guarantees = results.guarantees.map((one) => {
    const { sites, contested } = one.result
    const both = contested && { accepted: bare(contested.accepted), refused: bare(contested.refused) }
    return { ...one, result: { ...bare(one.result), sites: sites.map(bare), contested: both } }
  })
  return { ...results, guarantees }
}

export function resultDigest(results: WindowResults): string {
  return jsonDigest(jsonOf(results)).toString('hex')
}

/** Plain JSON of a value that holds nothing else; an end that never comes is null. */
export function jsonOf(value: unknown): Json {
  // What JSON.parse gives is Json by definition.
  return JSON.parse(JSON.stringify(value)) as Json
}

/** Our own leaf, written by the closer. Its shape is what was written; a rebuild proves what it says. */
export function readClosing(text: string): ClosingBody {
  // As above.
  return JSON.parse(text) as ClosingBody
}

/** A closing without what is read back from the ledger when somebody asks. */
export type ClosingHead = Omit<ClosingBody, 'kind' | 'trace' | 'results'> & {
  log: number
  leaf: number
  /** When the leaf was written. */
  atMs: UnixMs
  guarantees: { guarantee: string; verdict: Verdict; coverage: string | null; credit: string | null }[]
  credit: { total: string; currency: string } | null
  outages: WindowResults['outages']
}

export function headOf(body: ClosingBody, place: { log: number; leaf: number; atMs: UnixMs }): ClosingHead {
  const { kind: _kind, trace: _trace, results, ...rest } = body
  const { credit } = results
  return {
    ...rest,
    ...place,
    guarantees: results.guarantees.map(({ result: { guarantee, verdict, coverage } }) => ({
      guarantee,
      verdict,
      coverage,
      credit: credit?.byGuarantee[guarantee] ?? null,
    })),
    outages: results.outages,
    credit: credit && { total: credit.total, currency: credit.currency },
  }
}
