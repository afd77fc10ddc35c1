/**
 * Declarations: what people say about time that should not count, and whether the contract's rule for its
 * kind lets it excuse. Pure. A declaration is confined to its announced interval and to its kind's longest
 * occurrence; who must accept is the kind's rule, and what is contested is judged both ways.
 * (spec: window; contract: exclusions)
 */
import { intersect, normalise, type Interval, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { ALWAYS, tableOf } from '../calendar.ts'
import type { ExclusionKind, ExpandedContract, Party } from '../contract/expanded.ts'
import { noticeOf, type Notice } from '../exclusion.ts'
import { occurrences } from '../recurrence.ts'
import { remembered } from './remembered.ts'

/** Stands for an expert, a mediator or a court among those who accept. */
export const DECISION = 'decision'

export type Declaration = {
  id: string
  kind: string
  /** Null: every service of the contract. */
  service: string | null
  /** What it should excuse. */
  interval: Interval
  /** When it was announced to the other side, in the words of whoever declares it; null: they say nothing of it. */
  announcedMs: UnixMs | null
  /** The interval that was announced; null: the declared one. */
  announced: Interval | null
  declaredMs: UnixMs | null
  /** Party, by id. */
  declaredBy: string | null
  /** Parties by id, and `decision`. */
  acceptedBy: readonly string[]
  contestedBy: readonly string[]
}

export const REFUSALS = [
  'unknown-kind',
  'not-announced',
  'notice-too-short',
  'outside-announced-interval',
  'not-accepted',
] as const
/** Why a declaration excuses nothing. */
export type Refusal = (typeof REFUSALS)[number]

/** A declaration with what the rule says of it. */
export type Ruling = {
  id: string
  kind: string
  clause: string | null
  service: string | null
  interval: Interval
  /** What it may excuse, before service hours and the cap. Empty when it is refused outright. */
  spans: IntervalSet
  /** Whether it excuses as things stand. */
  counts: boolean
  /** Whether somebody entitled to says otherwise, or has yet to accept: then both results are told. */
  contested: boolean
  refusals: Refusal[]
  notice: Notice | null
  /** Parties by id, and `decision`. */
  acceptedBy: readonly string[]
  /** Declared after the time it should excuse had begun. */
  afterwards: boolean
}

/** Time of the service's outages, by the zone that failed. */
export type ZonedOutage = Interval & { zone: string | null }

export type RulingContext = {
  terms: ExpandedContract
  /** Zone of the window: its days count for a notice that names no calendar. */
  timeZone: string
  service: string
  outages: readonly ZonedOutage[]
  /** Occurrences of recurring kinds are listed within this span. */
  span: Interval
}

/** Declarations of one service, recurring ones written out, in order of time. */
export function rulingsOf(declarations: readonly Declaration[], context: RulingContext): Ruling[] {
  const own = declarations.filter(({ service }) => service === null || service === context.service)
  const rulings = [...own.map((one) => rulingOf(one, context)), ...standingRulings(context)]
  return rulings.sort((a, b) => a.interval.startMs - b.interval.startMs || (a.id < b.id ? -1 : 1))
}

export function rulingOf(declaration: Declaration, context: RulingContext): Ruling {
  const kind = context.terms.exclusions.kinds.find(({ id }) => id === declaration.kind)
  const { declaredMs, interval } = declaration
  const base = {
    id: declaration.id,
    kind: declaration.kind,
    clause: kind?.clause ?? null,
    service: declaration.service,
    interval,
    acceptedBy: declaration.acceptedBy,
    afterwards: declaredMs !== null && declaredMs > interval.startMs,
  }
  if (!kind) {
    return { ...base, spans: [], counts: false, contested: false, refusals: ['unknown-kind'], notice: null }
  }
  const spans = confined(declaration, kind)
  const announcedMs = announcementMs(declaration, context.terms.parties)
  const notice = givenNotice({ ...declaration, announcedMs }, kind, context)
  const formal = formalRefusals({ declaration: { ...declaration, announcedMs }, kind, spans, notice })
  const { isAccepted, established } = acceptance(declaration, kind, { context, spans })
  const refusals: Refusal[] = isAccepted ? formal : [...formal, 'not-accepted']
  // What fails in form is refused whoever accepts; what only waits for a yes is open both ways.
  return {
    ...base,
    spans: formal.length > 0 ? [] : isAccepted ? established : spans,
    counts: refusals.length === 0,
    contested: formal.length === 0 && (!isAccepted || isOpen(declaration)),
    refusals,
    notice,
  }
}

/**
 * When the announcement reached the other side; null: never. A declaration made before its time announces by
 * itself. That it was announced earlier is the word of the side that it serves: it counts once the customer has
 * accepted it, or somebody has decided.
 */
export function announcementMs(
  { announcedMs, declaredMs, declaredBy, interval, acceptedBy }: Declaration,
  parties: readonly Party[],
): UnixMs | null {
  const isCustomers = (id: string): boolean => sideOf(parties, id) === 'customer'
  const isClaim = announcedMs !== null && declaredMs !== null && announcedMs < declaredMs
  const isOnRecord = !isClaim || declaredBy === null || [declaredBy, ...acceptedBy].some(isCustomers)
  const told = isOnRecord || acceptedBy.includes(DECISION) ? announcedMs : null
  const byItself = declaredMs !== null && declaredMs <= interval.startMs ? declaredMs : null
  return told === null || byItself === null ? (told ?? byItself) : Math.min(told, byItself)
}

/** Another than who declares it says otherwise, and nobody has decided. */
function isOpen({ contestedBy, acceptedBy, declaredBy }: Declaration): boolean {
  return contestedBy.some((id) => id !== declaredBy) && !acceptedBy.includes(DECISION)
}

const listed = remembered<readonly Interval[]>()

/** Recurring kinds excuse by themselves: the contract has announced them once and for all. */
function standingRulings({ terms, span }: RulingContext): Ruling[] {
  return terms.exclusions.kinds.flatMap((kind) => {
    const { recurrence } = kind
    if (!recurrence || kind.needs !== 'nothing') return []
    const table = tableOf(terms.zoneTables, recurrence.timeZone)
    const all = listed({ owner: terms, name: kind.id, span }, () => occurrences(recurrence, table, span))
    return all.map((interval) => ({
      id: `${kind.id}@${new Date(interval.startMs).toISOString()}`,
      kind: kind.id,
      clause: kind.clause,
      service: null,
      interval,
      spans: atMost([interval], kind.maxPerOccurrenceMs),
      counts: true,
      contested: false,
      refusals: [],
      notice: null,
      acceptedBy: [],
      afterwards: false,
    }))
  })
}

function mustAnnounce({ needs, notice }: ExclusionKind): boolean {
  return needs === 'announcement' || notice !== null
}

function confined({ interval, announced }: Declaration, kind: ExclusionKind): IntervalSet {
  const inside = mustAnnounce(kind) && announced ? intersect([interval], [announced]) : normalise([interval])
  return atMost(inside, kind.maxPerOccurrenceMs)
}

/** From its start on: what an occurrence lasts beyond its maximum is not excused. */
function atMost(spans: IntervalSet, maximumMs: number | null): IntervalSet {
  const startMs = spans[0]?.startMs
  if (maximumMs === null || startMs === undefined) return spans
  return intersect(spans, [{ startMs, endMs: startMs + maximumMs }])
}

function givenNotice(
  { announcedMs, announced, interval }: Declaration,
  { notice }: ExclusionKind,
  { terms, timeZone }: RulingContext,
): Notice | null {
  if (!notice || announcedMs === null) return null
  const calendar = 'calendar' in notice ? (terms.calendars[notice.calendar] ?? ALWAYS) : ALWAYS
  const zone = calendar.kind === 'weekly' ? calendar.timeZone : timeZone
  const table = tableOf(terms.zoneTables, zone)
  const { startMs } = announced ?? interval
  return noticeOf(notice, { announcedMs, startMs }, { calendar, table })
}

function formalRefusals(given: {
  declaration: Declaration
  kind: ExclusionKind
  spans: IntervalSet
  notice: Notice | null
}): Refusal[] {
  const { declaration, kind, spans, notice } = given
  const refusals: Refusal[] = []
  const { announcedMs, announced, interval } = declaration
  const isLate = announcedMs !== null && announcedMs > (announced ?? interval).startMs
  if (mustAnnounce(kind) && announcedMs === null) refusals.push('not-announced')
  // What is announced once it has begun was not announced, however little notice the rule asks.
  if ((notice && !notice.valid) || (mustAnnounce(kind) && isLate)) refusals.push('notice-too-short')
  if (spans.length === 0) refusals.push('outside-announced-interval')
  return refusals
}

/** Whether those who must have said yes, and for which part of the time. Who declares has said yes. */
function acceptance(
  { acceptedBy, declaredBy }: Declaration,
  kind: ExclusionKind,
  { context, spans }: { context: RulingContext; spans: IntervalSet },
): { isAccepted: boolean; established: IntervalSet } {
  const isDecided = acceptedBy.includes(DECISION)
  const saysYes = (side: 'customer' | 'provider') =>
    [...acceptedBy, declaredBy].some((id) => id !== null && sideOf(context.terms.parties, id) === side)
  switch (kind.needs) {
    case 'announcement':
    case 'nothing':
      return { isAccepted: true, established: spans }
    case 'agreement-or-decision':
      return { isAccepted: isDecided || (saysYes('customer') && saysYes('provider')), established: spans }
    case 'customer-acceptance': {
      if (isDecided || saysYes('customer')) return { isAccepted: true, established: spans }
      // The measurement itself can establish the cause: the outage began in a zone of this kind.
      const outages = normalise(
        context.outages.filter(({ zone }) => zone !== null && kind.zones.includes(zone)),
      )
      const established = intersect(spans, outages)
      return { isAccepted: established.length > 0, established }
    }
  }
}

/** A department stands with the customer, a subcontractor with the provider. */
export function sideOf(parties: readonly Party[], id: string): 'customer' | 'provider' | null {
  switch (parties.find((party) => party.id === id)?.role) {
    case 'customer':
    case 'customer-department':
      return 'customer'
    case 'provider':
    case 'subcontractor':
      return 'provider'
    default:
      return null
  }
}
