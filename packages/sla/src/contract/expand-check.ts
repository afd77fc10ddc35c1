/**
 * Expansion of calendars, checks and services: defaults written out, durations in ms. Pure.
 */
import type { ProbeSpec } from '@constat/shared/check'
import { invariant } from '@constat/shared/fault'
import { parseDate, yearOf } from '../civil.ts'
import type { CalendarTerms } from './calendar-terms.ts'
import type { CheckTerms, FoldTerms, ServiceNode, ServiceTerms } from './expanded.ts'
import type { DocumentOf } from './kinds.ts'
import { ms, msOr } from './scalar.ts'
import type { ContractSpec } from './schema-contract.ts'
import { httpProbe, transactionProbe } from './schema-http.ts'
import { hostProbe } from './schema-host.ts'
import { dnsProbe, icmpProbe, tcpProbe, tlsProbe } from './schema-network.ts'
import { probeOfWatch, slugsOfWatch } from './watch.ts'

export const DEFAULT_EVERY_MS = 60_000
export const DEFAULT_TIMEOUT_MS = 10_000
/** A re-probe follows a first failure no sooner than this. */
export const DEFAULT_REPROBE_MS = 2000
export const DEFAULT_CONFIRM: FoldTerms['confirm'] = { down: 2, up: 1, by: 'reprobes' }

/** A sample stands for two intervals and the timeout of the second. */
export function defaultHoldMs({ intervalMs, timeoutMs }: { intervalMs: number; timeoutMs: number }): number {
  return 2 * intervalMs + timeoutMs
}

type Holiday = string | { date: string; name?: string | undefined }

export function expandCalendar({ metadata, spec }: DocumentOf<'Calendar'>): CalendarTerms {
  return expandHours(spec, { name: metadata.name, timeZone: spec.timeZone })
}

/** Also the hours of a small contract, where holidays listed without years cover the years they stand in. */
export function expandHours(
  { weekly, holidays: listed = [], yearsCovered }: NonNullable<ContractSpec['hours']>,
  named: { name: string; timeZone: string },
): CalendarTerms {
  const days = holidays(listed)
  const years = yearsCovered ?? days.map(({ date }) => yearOf(parseDate(date) ?? 0))
  const covered = [...new Set(years)].sort((a, b) => a - b)
  return {
    kind: 'weekly',
    ...named,
    weekly,
    holidays: days,
    yearsCovered: covered.length > 0 ? covered : 'all',
  }
}

/** Where the contract's own measurement rules stand for a check that has none. */
export type CheckDefaults = {
  confirm: FoldTerms['confirm']
  brackets: boolean | undefined
  holdMs: number | null
  vantages: string[] | 'all'
  /** Zone of a target that no zone names: the last, next to the service. */
  lastZone: string | null
  zoneOfReference: ReadonlyMap<string, string>
}

/** What is written of a check, or follows from a watched URL. */
type Own = Pick<CheckTerms, 'name' | 'displayName' | 'service'> &
  Pick<CheckTerms['spec'], 'intervalMs' | 'timeoutMs' | 'probe'> & {
    spec: Partial<Omit<DocumentOf<'Check'>['spec'], 'interval' | 'timeout'>>
  }

function checkTerms(own: Own, defaults: CheckDefaults): CheckTerms {
  const { name, displayName, service, intervalMs, timeoutMs, probe, spec } = own
  const confirm = spec.confirm ?? defaults.confirm
  const brackets = spec.brackets ?? defaults.brackets
  const zone = spec.zone ?? defaults.zoneOfReference.get(name)
  return {
    name,
    displayName,
    service,
    spec: {
      name,
      intervalMs,
      timeoutMs,
      reprobeMs: msOr(spec.reprobe, DEFAULT_REPROBE_MS),
      confirm: { down: confirm.down, up: confirm.up },
      // Absent where nobody says: the agent has its own rule, and a digest of before stays what it was.
      ...(brackets !== undefined && { brackets }),
      probe,
    },
    fold: { holdMs: msOr(spec.hold, defaults.holdMs ?? defaultHoldMs({ intervalMs, timeoutMs })), confirm },
    vantages: spec.vantages ?? defaults.vantages,
    zone: zone ?? (service === null ? null : defaults.lastZone),
  }
}

export function expandCheck({ metadata, spec }: DocumentOf<'Check'>, defaults: CheckDefaults): CheckTerms {
  const { name, displayName = name } = metadata
  const times = { intervalMs: ms(spec.interval), timeoutMs: ms(spec.timeout) }
  const own = { name, displayName, service: spec.service ?? null, ...times, probe: probeOf(spec), spec }
  return checkTerms(own, defaults)
}

/** One check and one service for each watched URL, both named by its slug. */
export function expandWatch(spec: ContractSpec, defaults: CheckDefaults): CheckTerms[] {
  const urls = spec.watch ?? []
  const slugs = slugsOfWatch(urls)
  const intervalMs = msOr(spec.every, DEFAULT_EVERY_MS)
  const timeoutMs = msOr(spec.timeout, Math.min(DEFAULT_TIMEOUT_MS, Math.floor(intervalMs / 2)))
  return urls.map((url, i) => {
    const name = slugs[i]!
    const probe = probeOfWatch(url)
    const own = { zone: defaults.lastZone ?? undefined }
    return checkTerms(
      { name, displayName: url, service: name, intervalMs, timeoutMs, probe, spec: own },
      defaults,
    )
  })
}

type Described = { displayName: string; description: string }

/** Every service that has checks or a tree, in order of name. */
export function expandServices(
  checks: readonly CheckTerms[],
  listed: NonNullable<ContractSpec['services']>,
  described: ReadonlyMap<string, Described>,
): ServiceTerms[] {
  const own = checks.flatMap(({ service }) => (service === null ? [] : [service]))
  const names = [...new Set([...own, ...listed.map(({ name }) => name)])].sort()
  return names.map((name) => {
    const terms = listed.find((service) => service.name === name)
    const parts = checks.filter(({ service }) => service === name)
    const about = described.get(name)
    return {
      name,
      displayName: terms?.displayName ?? about?.displayName ?? onlyName(parts) ?? name,
      description: about?.description ?? '',
      tree: terms?.tree ?? defaultTree(parts),
    }
  })
}

function onlyName(parts: readonly CheckTerms[]): string | undefined {
  return parts.length === 1 && parts[0]!.displayName !== parts[0]!.name ? parts[0]!.displayName : undefined
}

function defaultTree(parts: readonly CheckTerms[]): ServiceNode {
  const leaves = parts.map(({ name }) => ({ check: name }))
  return leaves.length === 1 ? leaves[0]! : { all: leaves }
}

function holidays(listed: readonly Holiday[]): { date: string; name: string | null }[] {
  const all = listed.map((day) =>
    typeof day === 'string' ? { date: day, name: null } : { date: day.date, name: day.name ?? null },
  )
  return all.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
}

function probeOf(spec: DocumentOf<'Check'>['spec']): ProbeSpec {
  if (spec.http) return httpProbe(spec.http)
  if (spec.transaction) return transactionProbe(spec.transaction)
  if (spec.tcp) return tcpProbe(spec.tcp)
  if (spec.tls) return tlsProbe(spec.tls)
  if (spec.dns) return dnsProbe(spec.dns)
  if (spec.host) return hostProbe(spec.host)
  invariant(spec.icmp, 'the schema asks for exactly one probe')
  return icmpProbe(spec.icmp)
}
