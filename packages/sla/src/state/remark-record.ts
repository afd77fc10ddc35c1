/**
 * Remarks in the ledger: what a person said of an outage, dated, beside what was measured. It changes no figure.
 * The words stand beside the log, where they can be erased; the leaf holds a commitment to them. Pure.
 */
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import type { UnixMs } from '@constat/shared/time'
import type { Side } from './declarations.ts'
import type { IncidentRecord } from './incident-record.ts'

export const REMARK_KINDS = ['note', 'dispute', 'trouble'] as const
/** `trouble`: it fails for me. */
export type RemarkKind = (typeof REMARK_KINDS)[number]

export type Remark = {
  id: string
  kind: RemarkKind
  service: string
  /** That a note or a dispute is about; a report of trouble is about its service, whatever was measured. */
  incident: string | null
  side: Side
  /** Never a name. */
  role: string
  /** Of a report of trouble: since when, as its author says; null: nothing was said of that. */
  sinceMs: UnixMs | null
  /** Hex commitment to the words; null: there are none. */
  said: string | null
  /** Of the words. */
  bytes: number
  atMs: UnixMs
}

type RemarkBody = { kind: 'remark'; remark: Remark }

export function remarkLeaf(remark: Remark) {
  const body: RemarkBody = { kind: 'remark', remark }
  // Strings, integers and nulls.
  const bytes = Buffer.from(canonicalJson(body as unknown as Json))
  return { type: 'remark' as const, receivedMs: remark.atMs, body: bytes }
}

/** Our own leaf, written by `remarkLeaf`. */
export function readRemark(parsed: object): Remark {
  // Its shape is what was written.
  return (parsed as RemarkBody).remark
}

/** Before an outage was seen to begin, users may have known of it for so long. */
export const REPORT_LEAD_MS = 60 * 60_000
/** And some say so a while after it has ended. */
export const REPORT_LAG_MS = 15 * 60_000

type Outage = Pick<IncidentRecord, 'id' | 'service' | 'onsetMs' | 'endMs'>

/**
 * What was said of an outage, in order: the notes and disputes that name it, and the reports of trouble with its
 * service from an hour before its onset, but not from before the outage before it had ended, to a quarter of an hour
 * after its end.
 */
export function remarksOf(
  remarks: readonly Remark[],
  outage: Outage,
  others: readonly Outage[] = [],
): readonly Remark[] {
  const earlier = others.filter(
    ({ id, service, onsetMs }) => id !== outage.id && service === outage.service && onsetMs < outage.onsetMs,
  )
  const beforeMs = Math.max(-Infinity, ...earlier.map(({ endMs }) => endMs ?? -Infinity))
  const fromMs = Math.max(outage.onsetMs - REPORT_LEAD_MS, beforeMs)
  const endMs = outage.endMs ?? Infinity
  return remarks.filter(({ kind, incident, service, atMs, sinceMs }) => {
    if (kind !== 'trouble') return incident === outage.id
    if (service !== outage.service) return false
    return atMs >= fromMs && atMs < endMs + REPORT_LAG_MS && (sinceMs ?? fromMs) < endMs
  })
}
