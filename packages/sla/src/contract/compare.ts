/**
 * Comparing: what a revision changes in the expanded terms, clause by clause, in plain words. Pure.
 * Members of a list that carry a name are matched by it; order is told only where it means something.
 */
import { isDeepStrictEqual } from 'node:util'
import { formatInstant } from '@constat/shared/time'
import type { ExpandedContract } from './expanded.ts'
import { plainName } from './defaulted.ts'
import { SILENT, timeText } from './explain.ts'
import { memberOf } from './refusal.ts'

/** When a change counts: with the next windows, or at once because nothing was judged by it before. */
export type Effect = 'next-window' | 'at-once' | 'from-now-on'

export type TermsChange = {
  /** `guarantees`, `portal-availability`, `target`, `percent`: names, not positions. */
  path: readonly string[]
  kind: 'added' | 'removed' | 'changed' | 'moved'
  /** As `explain` writes it; null where there was nothing, or now is nothing. */
  before: string | null
  after: string | null
  /** The clause of what changes, where it names one. */
  clause: string | null
  effect: Effect
}

/** Lists in which the place of a member has a meaning. */
const ORDERED = new Set(['zones', 'tiers', 'steps', 'repeatPoints'])

/** Changes from one set of terms to another, in the order in which terms are read. Empty: the same terms. */
export function compareTerms(before: ExpandedContract, after: ExpandedContract): TermsChange[] {
  const found = Object.keys(after)
    .filter((key) => !SILENT.has(key))
    .flatMap((key) => {
      const pair = { before: memberOf(before, key), after: memberOf(after, key) }
      return changesOf(pair, { path: [key], name: key, clause: null })
    })
  const told = gathered([...found, ...zoneChanges(before, after)])
  return told.map((change) => ({ ...change, effect: effectOf(change) }))
}

/** Most names in one line. */
const MAX_NAMES = 5

/** A default that changes changes it for many checks alike: that is one line. */
function gathered(changes: readonly Found[]): Found[] {
  const keyOf = ({ path, kind, before, after }: Found) =>
    path[0] === 'checks' && path.length > 2 ? JSON.stringify([path.slice(2), kind, before, after]) : null
  const seen = new Map<string, string[]>()
  for (const change of changes) {
    const key = keyOf(change)
    if (key !== null) seen.set(key, [...(seen.get(key) ?? []), change.path[1]!])
  }
  return changes.flatMap((change) => {
    const names = seen.get(keyOf(change) ?? '') ?? []
    if (names.length < 2) return [change]
    // The first of them speaks for all.
    if (names[0] !== change.path[1]) return []
    const rest = names.length - MAX_NAMES
    const label = `${names.slice(0, MAX_NAMES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
    return [{ ...change, path: ['checks', label, ...change.path.slice(2)] }]
  })
}

type Pair = { before: unknown; after: unknown }
type Place = { path: readonly string[]; name: string; clause: string | null }
type Found = Omit<TermsChange, 'effect'>

function changesOf(pair: Pair, at: Place): Found[] {
  const { before, after } = pair
  if (isDeepStrictEqual(before, after)) return []
  if (Array.isArray(before) && Array.isArray(after)) return listChanges({ before, after }, at)
  if (!isMap(before) || !isMap(after)) return [leafChange(pair, at)]
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const clause = clauseOf(after) ?? clauseOf(before) ?? at.clause
  return keys.flatMap((key) => {
    const member = { before: memberOf(before, key), after: memberOf(after, key) }
    return changesOf(member, { path: [...at.path, plainName(key)], name: key, clause })
  })
}

function leafChange({ before, after }: Pair, { path, name, clause }: Place): Found {
  const own = clauseOf(after) ?? clauseOf(before) ?? clause
  const isAbsent = (value: unknown) => value === undefined || value === null
  const kind = isAbsent(before) ? 'added' : isAbsent(after) ? 'removed' : 'changed'
  const text = (value: unknown) => (isAbsent(value) ? null : valueText(name, value))
  return { path, kind, before: text(before), after: text(after), clause: own }
}

type Lists = { before: readonly unknown[]; after: readonly unknown[] }

function listChanges({ before, after }: Lists, at: Place): Found[] {
  const names = [before, after].map((list) => list.map(labelOf))
  const isNamed = names.every(
    (list) => list.every((one) => one !== null) && new Set(list).size === list.length,
  )
  if (!isNamed) return plainListChanges({ before, after }, at)
  const [old = [], now = []] = names
  const members = [...new Set([...old, ...now])].flatMap((label) => {
    const pair = { before: before[old.indexOf(label)], after: after[now.indexOf(label)] }
    return changesOf(pair, { ...at, path: [...at.path, String(label)], name: at.name })
  })
  return [...members, ...orderChange({ before: old, after: now }, at)]
}

/** Zones answer in their order, tiers are looked up in theirs; elsewhere order says nothing. */
function orderChange({ before, after }: Lists, { path, name, clause }: Place): Found[] {
  if (!ORDERED.has(name)) return []
  const stayed = (list: readonly unknown[], other: readonly unknown[]) =>
    list.filter((one) => other.includes(one))
  const [old, now] = [stayed(before, after), stayed(after, before)]
  if (isDeepStrictEqual(old, now)) return []
  const order = { before: before.join(', '), after: after.join(', ') }
  return [{ path: [...path, 'order'], kind: 'moved', ...order, clause }]
}

/** Lists of plain values are sets, unless their order means something. */
function plainListChanges({ before, after }: Lists, at: Place): Found[] {
  const isPlain = [...before, ...after].every((one) => typeof one !== 'object' || one === null)
  if (ORDERED.has(at.name) || !isPlain) {
    if (before.length !== after.length || isPlain) return [leafChange({ before, after }, at)]
    return after.flatMap((member, i) => {
      const place = { ...at, path: [...at.path, String(i + 1)] }
      return changesOf({ before: before[i], after: member }, place)
    })
  }
  const gone = before.filter((one) => !after.includes(one))
  const come = after.filter((one) => !before.includes(one))
  const { path } = at
  const listed = (values: readonly unknown[]) => values.map(String).join(', ')
  return [
    ...(gone.length > 0 ? [{ path, kind: 'removed' as const, before: listed(gone), after: null }] : []),
    ...(come.length > 0 ? [{ path, kind: 'added' as const, before: null, after: listed(come) }] : []),
  ].map((change) => ({ ...change, clause: at.clause }))
}

/** The rules of a zone are the host's: new ones come with a new tzdb and can move hours. */
function zoneChanges(before: ExpandedContract, after: ExpandedContract): Found[] {
  return Object.entries(after.zoneTables).flatMap(([zone, table]) => {
    const old = before.zoneTables[zone]
    if (!old) return []
    const span = { fromMs: Math.max(old.fromMs, table.fromMs), toMs: Math.min(old.toMs, table.toMs) }
    const within = ({ transitions }: typeof table) =>
      transitions.filter(([atMs]) => atMs > span.fromMs && atMs < span.toMs)
    const first = differenceOf(within(old), within(table))
    if (first === undefined) return []
    const told = { before: 'as applied', after: `differs from ${formatInstant(first)} on` }
    return [{ path: ['time zone rules', zone], kind: 'changed' as const, ...told, clause: null }]
  })
}

type Transitions = ExpandedContract['zoneTables'][string]['transitions']

function differenceOf(before: Transitions, after: Transitions): number | undefined {
  for (let i = 0; i < Math.max(before.length, after.length); i += 1) {
    if (isDeepStrictEqual(before[i], after[i])) continue
    return Math.min(before[i]?.[0] ?? Infinity, after[i]?.[0] ?? Infinity)
  }
  return undefined
}

/**
 * A revision judges the windows that begin after it was applied. What is new is judged at once, from the
 * moment of apply; probing, alerting and names are of no window and change at once.
 */
function effectOf({ path, kind }: Found): Effect {
  const [top, , part] = path
  if (top === 'guarantees' && path.length === 2 && kind === 'added') return 'at-once'
  if (top === 'checks' && (part === 'spec' || part === undefined)) return 'from-now-on'
  const isOfNoWindow = path.includes('displayName') || path.includes('alertAfter') || top === 'revision'
  return isOfNoWindow ? 'from-now-on' : 'next-window'
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function labelOf(member: unknown): string | null {
  const label = ['id', 'name', 'date', 'service'].map((key) => memberOf(member, key)).find(Boolean)
  if (typeof label === 'string') return label
  // A charge of no service is one of the whole contract.
  return memberOf(member, 'service') === null ? 'of the contract' : null
}

function clauseOf(value: unknown): string | null {
  const clause = memberOf(value, 'clause')
  return typeof clause === 'string' ? clause : null
}

const MAX_VALUE_LENGTH = 400

function valueText(name: string, value: unknown): string {
  if (typeof value !== 'object' || value === null) return timeText(name, value) ?? String(value)
  const text = Array.isArray(value)
    ? value.map((one: unknown) => valueText('', one)).join(', ')
    : Object.entries(value)
        .filter(([, member]) => member !== null && !(Array.isArray(member) && member.length === 0))
        .map(([key, member]) => `${plainName(key)} ${valueText(key, member)}`)
        .join(', ')
  const whole = Array.isArray(value) ? `[${text}]` : `{${text}}`
  return whole.length <= MAX_VALUE_LENGTH ? whole : `${whole.slice(0, MAX_VALUE_LENGTH)}…`
}

const EFFECTS: Record<Effect, string> = {
  'next-window': 'from the next window',
  'at-once': 'at once: it is new',
  'from-now-on': 'from the moment of apply',
}

/** One of many, as a person says it. */
const SINGULAR: Readonly<Record<string, string>> = {
  parties: 'party',
  sites: 'site',
  zones: 'zone',
  clauses: 'clause',
  checks: 'check',
  services: 'service',
  guarantees: 'guarantee',
  calendars: 'calendar',
  'exclusions kinds': 'exclusion kind',
  'credits schedules': 'credit for',
  'credits chronic': 'chronic rule',
}

function placeText(path: readonly string[]): string {
  for (const depth of [2, 1]) {
    const singular = SINGULAR[path.slice(0, depth).join(' ')]
    const name = path[depth]
    if (singular === undefined || name === undefined || name === 'order') continue
    const rest = path.slice(depth + 1).join(' ')
    return `${singular} ${name}${rest === '' ? '' : `, ${rest}`}`
  }
  return path.join(' ')
}

/** `guarantee portal, target percent (A.3.1): was 99.9, now 99.5; from the next window` */
export function changeText({ path, kind, before, after, clause, effect }: TermsChange): string {
  const cited = clause === null ? '' : ` (${clause})`
  return `${placeText(path)}${cited}: ${whatText({ kind, before, after })}; ${EFFECTS[effect]}`
}

function whatText({ kind, before, after }: Pick<TermsChange, 'kind' | 'before' | 'after'>): string {
  if (kind === 'added') return `added ${after}`
  if (kind === 'removed') return `removed ${before}`
  return `was ${before}, now ${after}`
}

/**
 * The number an author gave a revision has to rise with its terms: what is wrong with it, as a sentence.
 * `inForce` null: nothing is in force yet.
 */
export function revisionProblem(
  next: ExpandedContract,
  inForce: ExpandedContract | null,
): string | undefined {
  const [number, before] = [next.revision, inForce?.revision ?? null]
  if (number === null || before === null || number > before) return undefined
  const isSame = number === before
  return isSame
    ? `spec.revision: is ${number}, which is in force with other terms: write ${before + 1}`
    : `spec.revision: is ${number}, and ${before} is in force: revision numbers rise; write ${before + 1}`
}
