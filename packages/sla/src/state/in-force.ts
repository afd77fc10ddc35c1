/**
 * In force then: which terms hold at an instant. A revision takes effect, guarantee by guarantee, at the next
 * start of that guarantee's window; what is new begins at once, and what an older revision promised goes on
 * until its window has ended. Pure; worked out once for each life of a contract. (spec: life of a window)
 */
import { clip, contains, normalise, subtract } from '@constat/shared/time'
import type { Interval, IntervalSet, UnixMs } from '@constat/shared/time'
import { tableOf } from '../calendar.ts'
import type { ExpandedContract, GuaranteeTerms } from '../contract/expanded.ts'
import { windowAt, windowBeside, type CalendarWindow } from '../period.ts'
import { checksOf } from '../service-tree.ts'
import type { Life, Revision } from './contract-state.ts'

const DAY_MS = 86_400_000
/** Windows of one guarantee at most: thirty years of days. */
export const MAX_WINDOWS = 11_000

/** One guarantee in one window, under the revision that judges it there. */
export type Promised = {
  revision: Revision
  guarantee: GuaranteeTerms
  window: CalendarWindow
  /** When the promise was in force; may reach past the window. Empty where it ended before. */
  inForce: IntervalSet
  /** The first window under other bounds fills what is left, or more: of a usual one null. */
  length: 'shorter' | 'longer' | null
}

/** All guarantees of one key. Bounds are the widest, as guarantees may read different clocks. */
export type WindowGroup = Interval & { key: string; promised: Promised[] }

/** Windows that begin from here on are judged by the revision: applied, and past its own date. */
export function takesEffectMs({ appliedMs, terms }: Revision): UnixMs {
  return Math.max(appliedMs, terms.effective.fromMs ?? -Infinity)
}

/** Committed time begins here: the first revision's own date, or the moment it was applied. */
export function effectiveFromMs({ revisions }: Life): UnixMs {
  const first = revisions[0]
  return first ? beginsMs(first, 0) : Infinity
}

function beginsMs(revision: Revision, index: number): UnixMs {
  // The first terms may have been agreed before anybody could measure; later ones begin when they are applied.
  return index === 0 ? (revision.terms.effective.fromMs ?? revision.appliedMs) : takesEffectMs(revision)
}

/**
 * When the contract is in force: from its first terms on, until its date of end or until it is archived, and
 * again from a later revision on.
 */
export function inForceOf(life: Life): IntervalSet {
  return derived(life).inForce
}

function inForceIn({ revisions, archivedMs }: Life): IntervalSet {
  const effects = revisions.map(takesEffectMs)
  const spans = revisions.map((revision, i) => {
    // An end that is set afterwards takes nothing back: the terms before it held until the revision.
    const endMs = revision.terms.effective.toMs ?? Infinity
    return { startMs: beginsMs(revision, i), endMs: Math.min(endMs, ...effects.slice(i + 1)) }
  })
  const away = archivedMs.map((startMs) => {
    const again = revisions.findIndex(({ appliedMs }) => appliedMs > startMs)
    return { startMs, endMs: effects[again] ?? Infinity }
  })
  return subtract(normalise(spans), normalise(away))
}

/** When it ended; null while it is in force, or will be. */
export function endedMs(life: Life, nowMs: UnixMs): UnixMs | null {
  const last = inForceOf(life).at(-1)
  if (last && last.endMs > nowMs) return null
  return last?.endMs ?? effectiveFromMs(life)
}

/** Guarantees that were ever promised, each once, in the order of their first revision. */
export function guaranteeIds({ revisions }: Life): string[] {
  return [...new Set(revisions.flatMap(({ terms }) => terms.guarantees.map(({ id }) => id)))]
}

/** Windows of a guarantee that began before `untilMs`, oldest first. */
export function windowsOf(life: Life, id: string, untilMs: UnixMs): readonly Promised[] {
  const { windows } = derived(life)
  let walk = windows.get(id)
  if (!walk) windows.set(id, (walk = { found: [], rest: walkWindows(life, id) }))
  while (walk.found.length < MAX_WINDOWS && (walk.found.at(-1)?.window.startMs ?? -Infinity) < untilMs) {
    const next = walk.rest.next()
    if (next.done) break
    walk.found.push(next.value)
  }
  const count = firstFrom(walk.found, untilMs)
  return count === walk.found.length ? walk.found : walk.found.slice(0, count)
}

/** How many of the windows begin before `untilMs`. */
function firstFrom(found: readonly Promised[], untilMs: UnixMs): number {
  let low = 0
  let high = found.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (found[middle]!.window.startMs < untilMs) low = middle + 1
    else high = middle
  }
  return low
}

/** The window of a guarantee that holds an instant; null where nothing was promised then. */
export function promisedAt(life: Life, id: string, atMs: UnixMs): Promised | null {
  const last = windowsOf(life, id, atMs + 1).at(-1)
  return last && atMs < last.window.endMs ? last : null
}

/** Everything that is promised at an instant. */
export function promisesAt(life: Life, atMs: UnixMs): Promised[] {
  return guaranteeIds(life).flatMap((id) => promisedAt(life, id, atMs) ?? [])
}

/** Windows that began before `untilMs` and ended after anybody could measure, oldest first. */
export function windowGroups(life: Life, untilMs: UnixMs): WindowGroup[] {
  const groups = new Map<string, Promised[]>()
  for (const id of guaranteeIds(life)) {
    for (const promised of windowsOf(life, id, untilMs)) {
      const own = groups.get(promised.window.key)
      if (own) own.push(promised)
      else groups.set(promised.window.key, [promised])
    }
  }
  return [...groups].map(groupOf).sort((a, b) => a.endMs - b.endMs || (a.key < b.key ? -1 : 1))
}

export function windowGroup(life: Life, key: string, untilMs: UnixMs): WindowGroup | null {
  const promised = guaranteeIds(life).flatMap((id) => {
    const own = windowsOf(life, id, untilMs).filter(({ window }) => window.key === key)
    return own.slice(0, 1)
  })
  return promised.length === 0 ? null : groupOf([key, promised])
}

function groupOf([key, promised]: [string, Promised[]]): WindowGroup {
  const startMs = Math.min(...promised.map(({ window }) => window.startMs))
  const endMs = Math.max(...promised.map(({ window }) => window.endMs))
  return { key, startMs, endMs, promised }
}

/** The windows of one guarantee, one after the other, for as long as it is promised. */
function* walkWindows(life: Life, id: string): Generator<Promised> {
  const { revisions } = life
  const first = revisions.findIndex(({ terms }) => guaranteeIn(terms, id) !== null)
  if (first < 0) return
  let sinceMs = beginsMs(revisions[first]!, first)
  let floorMs = -Infinity
  let lastKey: string | null = null
  // Of what ended before the first revision was applied nobody can know anything.
  let next = nextStart(life, id, Math.max(sinceMs, revisions[0]!.appliedMs))
  while (next) {
    const { revision, guarantee, atMs } = next
    // Promised again after a pause: what lay between was promised to nobody.
    if (floorMs > -Infinity && atMs > floorMs) sinceMs = atMs
    const bounds = windowFrom(revision.terms, guarantee, { atMs, floorMs, lastKey })
    const inForce = clip(inForceOf(life), { startMs: sinceMs, endMs: Infinity })
    yield { revision, guarantee, ...bounds, inForce }
    floorMs = bounds.window.endMs
    lastKey = bounds.window.key
    next = nextStart(life, id, floorMs)
  }
}

type Start = { revision: Revision; guarantee: GuaranteeTerms; atMs: UnixMs }

/** The first instant from `fromMs` on at which a guarantee is promised, and by which revision. */
function nextStart(life: Life, id: string, fromMs: UnixMs): Start | null {
  const { revisions } = life
  const inForce = inForceOf(life)
  const later = [...revisions.map(takesEffectMs), ...inForce.map(({ startMs }) => startMs)]
    .filter((one) => one > fromMs)
    .sort((a, b) => a - b)
  for (const atMs of [fromMs, ...later]) {
    const revision = revisions.findLast((one) => takesEffectMs(one) <= atMs)
    const guarantee = revision ? guaranteeIn(revision.terms, id) : null
    const isInForce = inForce.some((span) => contains(span, atMs))
    if (revision && guarantee && isInForce) return { revision, guarantee, atMs }
  }
  return null
}

/**
 * The window of a guarantee that holds `atMs`. Where the last one ended inside it, it begins there, and what
 * is left is its own: together with the next one where that is less than a day.
 */
function windowFrom(
  terms: ExpandedContract,
  guarantee: GuaranteeTerms,
  { atMs, floorMs, lastKey }: { atMs: UnixMs; floorMs: UnixMs; lastKey: string | null },
): Pick<Promised, 'window' | 'length'> {
  const table = tableOf(terms.zoneTables, guarantee.window.timeZone)
  const own = windowAt({ ...guarantee.window, table }, atMs)
  if (own.startMs >= floorMs) return { window: own, length: null }
  if (own.endMs - floorMs >= DAY_MS && own.key !== lastKey) {
    return { window: { ...own, startMs: floorMs }, length: 'shorter' }
  }
  return { window: { ...windowBeside(own, table, 1), startMs: floorMs }, length: 'longer' }
}

function guaranteeIn({ guarantees }: ExpandedContract, id: string): GuaranteeTerms | null {
  return guarantees.find((one) => one.id === id) ?? null
}

/** From when to when a revision says what a service is. */
export type ServiceSpan = { revision: Revision; fromMs: UnixMs; toMs: UnixMs }

/**
 * The revisions that a service was under, in order. One that changes it waits for the last of the windows
 * that it is judged in; where nothing is promised of it there is nothing to wait for.
 */
export function serviceSpans(life: Life, service: string): readonly ServiceSpan[] {
  const { spans } = derived(life)
  let own = spans.get(service)
  if (!own) spans.set(service, (own = spansOf(life, service)))
  return own
}

function spansOf(life: Life, service: string): ServiceSpan[] {
  const spans: ServiceSpan[] = []
  for (const [i, revision] of life.revisions.entries()) {
    const effectMs = i === 0 ? -Infinity : takesEffectMs(revision)
    const inForce = spans.find(({ fromMs, toMs }) => fromMs <= effectMs && effectMs < toMs)
    const moveMs = inForce ? leavesMs(life, { service, revision: inForce.revision, effectMs }) : effectMs
    // What a revision before it would have begun later never begins.
    const kept = spans.filter(({ fromMs }) => fromMs < moveMs)
    const last = kept.at(-1)
    if (last) last.toMs = Math.min(last.toMs, moveMs)
    spans.splice(0, spans.length, ...kept)
    const isThere = revision.terms.services.some(({ name }) => name === service)
    if (isThere) spans.push({ revision, fromMs: moveMs, toMs: Infinity })
  }
  return spans
}

/** When the last window that rests on a service, and was under way at `effectMs`, ends. */
function leavesMs(
  life: Life,
  { service, revision, effectMs }: { service: string; revision: Revision; effectMs: UnixMs },
): UnixMs {
  const ends = revision.terms.guarantees
    .filter((guarantee) => restsOn(revision.terms, guarantee.service, service))
    .flatMap(({ id }) => {
      const under = promisedAt(life, id, effectMs)
      const isUnderWay = under && under.window.startMs < effectMs && takesEffectMs(under.revision) < effectMs
      return isUnderWay ? [under.window.endMs] : []
    })
  return Math.max(effectMs, ...ends)
}

/** Whether a service shares what it is measured by with another. */
function restsOn(terms: ExpandedContract, promised: string, service: string): boolean {
  if (promised === service) return true
  const own = new Set(checksOf(terms, service).map(({ name }) => name))
  return checksOf(terms, promised).some(({ name }) => own.has(name))
}

/** Services that some revision had, each once. */
export function serviceNames(life: Life): ReadonlySet<string> {
  return derived(life).services
}

/** The revision that says what a service is at an instant; outside its time the nearest. Null: none ever did. */
export function serviceRevision(life: Life, service: string, atMs: UnixMs): Revision | null {
  const spans = serviceSpans(life, service)
  const span = spans.findLast(({ fromMs }) => fromMs <= atMs) ?? spans[0]
  return span?.revision ?? null
}

/** Services that are there at an instant, in the order of the revisions that have them. */
export function servicesAt(life: Life, atMs: UnixMs): { name: string; revision: Revision }[] {
  return [...serviceNames(life)].flatMap((name) => {
    const revision = serviceRevisionAt(life, name, atMs)
    return revision ? [{ name, revision }] : []
  })
}

/** What a service is at an instant; null while it is none. */
export function serviceRevisionAt(life: Life, service: string, atMs: UnixMs): Revision | null {
  const spans = serviceSpans(life, service)
  return spans.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)?.revision ?? null
}

/** Instants after `atMs` at which something else comes into force; the earliest, or Infinity. */
export function nextChangeMs(life: Life, atMs: UnixMs): UnixMs {
  const instants = [
    ...life.revisions.map(takesEffectMs),
    ...inForceOf(life).flatMap(({ startMs, endMs }) => [startMs, endMs]),
    ...[...serviceNames(life)].flatMap((name) =>
      serviceSpans(life, name).flatMap(({ fromMs, toMs }) => [fromMs, toMs]),
    ),
    ...promisesAt(life, atMs).map(({ window }) => window.endMs),
  ]
  return Math.min(Infinity, ...instants.filter((one) => one > atMs))
}

type Walk = { found: Promised[]; rest: Generator<Promised> }
type Derived = {
  inForce: IntervalSet
  services: ReadonlySet<string>
  windows: Map<string, Walk>
  spans: Map<string, ServiceSpan[]>
}

const DERIVED = new WeakMap<Life, Derived>()

function derived(life: Life): Derived {
  const known = DERIVED.get(life)
  if (known) return known
  const services = new Set(life.revisions.flatMap(({ terms }) => terms.services.map(({ name }) => name)))
  const made = { inForce: inForceIn(life), services, windows: new Map(), spans: new Map() }
  DERIVED.set(life, made)
  return made
}
