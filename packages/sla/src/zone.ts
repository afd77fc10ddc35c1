/**
 * Zones: instants to clock readings and back, by a zone table and nothing else. Pure, save `hostZone`,
 * the one place where the host's tzdb becomes a table.
 * A boundary in a gap takes the offset before it, in a repeated hour the first occurrence.
 */
import { Fault, invariant } from '@constat/shared/fault'
import { formatInstant, type Interval, type UnixMs } from '@constat/shared/time'
import { Temporal } from 'temporal-polyfill'
import type { LocalMs } from './civil.ts'
import type { ZoneTable } from './zone-table.ts'

/** Most transitions in one table: two a year for a thousand years. */
export const MAX_TRANSITIONS = 2000

/** IANA names only: `UTC` or Area/City. An abbreviation or a bare offset is no zone. */
const ZONE_NAME = /^(?:UTC|[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)+)$/

/** Whether this host's tzdb knows the name. */
export function isZone(zone: string): boolean {
  if (!ZONE_NAME.test(zone)) return false
  try {
    new Temporal.ZonedDateTime(0n, zone)
    return true
  } catch {
    // The polyfill says "unknown zone" only by throwing.
    return false
  }
}

/** The host's rules of `zone` over `span`. Fault `usage` when the host does not know the zone. */
export function hostZone(zone: string, { startMs, endMs }: Interval): ZoneTable {
  if (!isZone(zone)) {
    throw new Fault('usage', `unknown time zone ${JSON.stringify(zone)}`, {
      hint: 'Write an IANA name such as Europe/Paris or UTC.',
    })
  }
  invariant(startMs < endMs, 'a zone table spans some time')
  let at = zoned(zone, startMs)
  const transitions: [UnixMs, number][] = [[startMs, offsetSeconds(at)]]
  for (;;) {
    const next: Temporal.ZonedDateTime | null = at.getTimeZoneTransition('next')
    if (next === null || next.epochMilliseconds >= endMs) break
    invariant(transitions.length < MAX_TRANSITIONS, 'a zone table has a bounded number of transitions')
    // A transition may change a name and no offset: that is none for us.
    if (offsetSeconds(next) !== transitions.at(-1)![1])
      transitions.push([next.epochMilliseconds, offsetSeconds(next)])
    at = next
  }
  return { zone, fromMs: startMs, toMs: endMs, transitions }
}

/** Clock reading at an instant. Fault `bad-contract` outside the span of the table. */
export function localAt(table: ZoneTable, atMs: UnixMs): LocalMs {
  requireWithin(table, { startMs: atMs, endMs: atMs + 1 })
  return atMs + segmentOf(table, indexAt(table, atMs)).offsetMs
}

/** Stretches of one offset each that meet `window`, in order. Fault outside the span of the table. */
export function segments(table: ZoneTable, window: Interval): Segment[] {
  requireWithin(table, window)
  const out: Segment[] = []
  for (let i = indexAt(table, window.startMs); i < table.transitions.length; i += 1) {
    const segment = segmentOf(table, i)
    if (segment.startMs >= window.endMs) break
    out.push(segment)
  }
  return out
}

/** `kind`, both readings after PEP 495, and the one adopted: fold 0. Equal for a normal reading. */
export type Resolution = {
  kind: 'normal' | 'gap' | 'overlap'
  fold0Ms: UnixMs
  fold1Ms: UnixMs
  adoptedMs: UnixMs
}

/** The instants at which the clock reads `localMs`. Fault outside the span of the table. */
export function resolveLocal(table: ZoneTable, localMs: LocalMs): Resolution {
  // Offsets stay within a day of UTC, so nothing farther away can read like this.
  const near = { startMs: localMs - 86_400_000, endMs: localMs + 86_400_000 }
  const around = segments(table, {
    startMs: Math.max(near.startMs, table.fromMs),
    endMs: Math.min(near.endMs, table.toMs),
  })
  const hits = around
    .map((s) => ({ s, atMs: localMs - s.offsetMs }))
    .filter(({ s, atMs }) => s.startMs <= atMs && atMs < s.endMs)
    .map(({ atMs }) => atMs)
  if (hits.length > 0) return resolution(hits.length > 1 ? 'overlap' : 'normal', hits[0]!, hits.at(-1)!)
  for (const [i, before] of around.entries()) {
    const after = around[i + 1]
    if (!after || localMs - before.offsetMs < before.endMs || localMs - after.offsetMs >= after.startMs)
      continue
    return resolution('gap', localMs - before.offsetMs, localMs - after.offsetMs)
  }
  throw outside(table, near)
}

/** The instant a boundary written as a clock reading stands for. */
export function instantOf(table: ZoneTable, localMs: LocalMs): UnixMs {
  return resolveLocal(table, localMs).adoptedMs
}

type Segment = Interval & { readonly offsetMs: number }

function resolution(kind: Resolution['kind'], fold0Ms: UnixMs, fold1Ms: UnixMs): Resolution {
  return { kind, fold0Ms, fold1Ms, adoptedMs: fold0Ms }
}

function segmentOf({ transitions, toMs }: ZoneTable, index: number): Segment {
  const [startMs, seconds] = transitions[index]!
  return { startMs, endMs: transitions[index + 1]?.[0] ?? toMs, offsetMs: seconds * 1000 }
}

/** Position of the last transition at or before `atMs`. */
function indexAt({ transitions }: ZoneTable, atMs: UnixMs): number {
  let low = 0
  let high = transitions.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (transitions[middle]![0] <= atMs) low = middle
    else high = middle - 1
  }
  return low
}

function requireWithin(table: ZoneTable, window: Interval): void {
  if (window.startMs < table.fromMs || window.endMs > table.toMs) throw outside(table, window)
}

function outside({ zone, fromMs, toMs }: ZoneTable, { startMs }: Interval): Fault {
  return new Fault(
    'bad-contract',
    `the terms carry the rules of ${zone} from ${formatInstant(fromMs)} to ${formatInstant(toMs)}, not for ${formatInstant(startMs)}`,
    { hint: 'Apply a revision whose effective dates cover that time.' },
  )
}

function zoned(zone: string, atMs: UnixMs): Temporal.ZonedDateTime {
  return new Temporal.ZonedDateTime(BigInt(atMs) * 1_000_000n, zone)
}

function offsetSeconds(at: Temporal.ZonedDateTime): number {
  return at.offsetNanoseconds / 1e9
}
