/**
 * Detection lead: who knew of an outage when. Pure. Each clock is an instant that was written down for another
 * reason; what nobody knows is null, and no figure of a guarantee comes from here.
 */
import type { Interval, UnixMs } from '@constat/shared/time'
import type { IncidentRecord } from './state/incident-record.ts'
import type { Remark } from './state/remark-record.ts'

export const CLOCKS = [
  /** The first of the customer's own people who said that it fails. */
  'reported',
  /** The first failed sample of what was confirmed. */
  'onset',
  /** Confirmed: the incident was opened. */
  'detected',
  /** The first delivery that somebody's system accepted. */
  'told',
  /** The provider's own word. */
  'provider-acknowledged',
  /** The first statement of the provider that names it was handed in. */
  'provider-stated',
] as const
export type ClockName = (typeof CLOCKS)[number]
export type KnownAt = Record<ClockName, UnixMs | null>

export type DetectionFacts = {
  record: Pick<IncidentRecord, 'onsetMs' | 'openedMs' | 'providerAcknowledgedMs' | 'endMs' | 'service'>
  /** What was said of it: see `remarksOf`. */
  remarks: readonly Remark[]
  alertedMs: UnixMs | null
  /** Lists that the provider handed in, in order: outages of which service, null for every one. */
  statements: readonly StatedList[]
  /** How far apart two accounts of one outage may be. */
  toleranceMs: number
}

export type StatedList = {
  receivedMs: UnixMs
  outages: readonly { service: string | null; readings: readonly Interval[] }[]
}

export function knownAt({ record, remarks, alertedMs, ...rest }: DetectionFacts): KnownAt {
  const reports = remarks.filter(({ kind }) => kind === 'trouble').map(({ atMs }) => atMs)
  return {
    reported: reports.length === 0 ? null : Math.min(...reports),
    onset: record.onsetMs,
    detected: record.openedMs,
    told: alertedMs,
    'provider-acknowledged': record.providerAcknowledgedMs,
    'provider-stated': statedMs({ record, ...rest }),
  }
}

function statedMs({
  record,
  statements,
  toleranceMs,
}: Pick<DetectionFacts, 'record' | 'statements' | 'toleranceMs'>): UnixMs | null {
  const fromMs = record.onsetMs - toleranceMs
  const toMs = (record.endMs ?? Infinity) + toleranceMs
  const names = statements.filter(({ outages }) =>
    outages.some(
      ({ service, readings }) =>
        (service === null || service === record.service) &&
        readings.some(({ startMs, endMs }) => startMs < toMs && endMs > fromMs),
    ),
  )
  return names.length === 0 ? null : Math.min(...names.map(({ receivedMs }) => receivedMs))
}

/** The middle one of these, the lower of two; null of none. */
export function medianMs(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? null
}
