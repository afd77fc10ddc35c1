/**
 * The form of an exclusion: what a person typed, with clock times read in the zone of the contract's windows.
 * Pure.
 */
import type { UnixMs } from '@constat/shared/time'
import { tableOf } from '@constat/sla/calendar'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { instantOf } from '@constat/sla/zone'
import type { ExclusionWanted } from '../../http/actions.ts'
import { MAX_NAME_CHARS, MAX_REASON_CHARS } from '../../http/limits.ts'
import type { ContractView } from '../../view/contract.ts'
import { zoneOf } from '../scene.ts'

export type Fields = Record<string, unknown>

export type ExclusionForm =
  | { kind: 'filled'; wanted: Omit<ExclusionWanted, 'by'> }
  | { kind: 'refused'; problems: string[] }

export function exclusionForm(
  fields: Fields,
  { contract, terms }: { contract: ContractView; terms: ExpandedContract | null },
): ExclusionForm {
  const zone = zoneOf(contract)
  const at = (key: string): UnixMs | null => (terms ? instantIn(textOf(fields, key), terms, zone) : null)
  const [startMs, endMs, announcedMs] = [at('start'), at('end'), at('announcedAt')]
  const problems = []
  if (startMs === null) problems.push('start: should be a date and a time, such as 2026-10-05T22:00')
  if (endMs === null) problems.push('end: should be a date and a time, such as 2026-10-05T23:30')
  if (announcedMs === null && textOf(fields, 'announcedAt') !== '')
    problems.push('announcedAt: should be a date and a time, or empty')
  const reason = textOf(fields, 'reason')
  if (reason.length > MAX_REASON_CHARS)
    problems.push(`reason: should have ${MAX_REASON_CHARS} characters at most`)
  if (problems.length > 0 || startMs === null || endMs === null) return { kind: 'refused', problems }
  const service = textOf(fields, 'service').slice(0, MAX_NAME_CHARS)
  const kind = textOf(fields, 'kind').slice(0, MAX_NAME_CHARS)
  const wanted = { contract: contract.name, kind, startMs, endMs, announcedMs, announced: null, reason }
  return { kind: 'filled', wanted: { ...wanted, service: service === '' ? null : service } }
}

export function noteOf(fields: Fields): string {
  return textOf(fields, 'note').slice(0, MAX_REASON_CHARS)
}

export function textOf(fields: Fields, key: string): string {
  const value = fields[key]
  return typeof value === 'string' ? value.trim() : ''
}

const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/

/** A local reading as browsers send it: in a repeated hour the first one. */
export function instantIn(text: string, { zoneTables }: ExpandedContract, zone: string): UnixMs | null {
  if (!LOCAL.test(text)) return null
  const localMs = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`)
  return Number.isNaN(localMs) ? null : instantOf(tableOf(zoneTables, zone), localMs)
}
