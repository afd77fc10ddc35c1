/**
 * Defaulted values: which leaves of the expanded terms nobody wrote. Pure.
 * A leaf counts as written when the place it would be written at, or a shorthand for it, is in a document.
 */
import type { Json } from '@constat/shared/canonical-json'
import type { ExpandedContract } from './expanded.ts'
import type { Path } from './problem.ts'
import { memberOf } from './refusal.ts'

export type Written = {
  /** The contract document. */
  contract: Json
  /** Check documents by name. */
  checks: ReadonlyMap<string, Json>
}

type Terms = Omit<ExpandedContract, 'source'>

/** Paths of leaves, as `leafKey` writes them. */
export function defaultedLeaves(terms: Terms, written: Written): string[] {
  return leavesOf(terms, [])
    .filter((path) => path[0] !== 'zoneTables' && path[0] !== 'schema')
    .filter((path) => !placesOf(terms, path, written).some(({ root, path: at }) => isWritten(root, at)))
    .map(leafKey)
}

export function leafKey(path: Path): string {
  return path.join('.')
}

/** Leaves are values that hold no others: an empty list is one. */
function leavesOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const members: [string, unknown][] = Object.entries(value)
  if (members.length === 0) return [path]
  return members.flatMap(([key, member]) =>
    leavesOf(member, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

type Place = { root: Json; path: Path }

/** A place where a leaf may have been written. */
function placesOf(terms: Terms, path: Path, written: Written): Place[] {
  const [top, second, ...rest] = path
  const spec = (...at: Path): Place => ({ root: written.contract, path: ['spec', ...at] })
  switch (top) {
    case 'name':
    case 'displayName':
      return [{ root: written.contract, path: ['metadata', top] }]
    case 'provider':
      return [spec('provider'), spec('parties')]
    case 'checks':
      return checkPlaces(terms, { index: Number(second), rest }, written)
    case 'services':
      return [...ownPlaces(terms.services, 'services', path, written), ...serviceDescribed(terms, path, spec)]
    case 'parties':
      return [...ownPlaces(terms.parties, 'parties', path, written), ...partyShorthand(terms, path, spec)]
    case 'guarantees':
      return [
        ...ownPlaces(terms.guarantees, 'guarantees', path, written),
        ...guaranteeShorthand(terms, path, spec),
      ]
    case 'calendars':
      return second === 'always' ? [] : [{ root: written.contract, path: [] }]
    case 'charges':
      return [spec(...stripped(path)), spec('monthlyFee', String(path.at(-1)))]
    default:
      return [
        spec(...stripped(path)),
        ...(SHORTHANDS[leafKey(path.slice(0, 2))] ?? []).map((at) => spec(...at)),
      ]
  }
}

/** Where a value of the rules may be written, besides under its own name. */
const SHORTHANDS: Readonly<Record<string, readonly Path[]>> = {
  'effective.fromMs': [['effective', 'from']],
  'effective.toMs': [['effective', 'to']],
  'effective.timeZone': [['timeZone']],
  'measurement.maxClockErrorMs': [['measurement', 'sample', 'maxClockError']],
  'measurement.minimumCoverage': [['measurement', 'noData']],
  'measurement.alertAfterMs': [['alertAfter']],
  'reconciliation.providerClock': [['reconciliation', 'providerClock']],
}

/** Units are no part of the names in a document. */
export function plainName(key: string): string {
  return key.replace(/(?<=[a-z])Ms$/, '')
}

function stripped(path: Path): Path {
  const inZones = path[0] === 'zones'
  // The kind of a quorum is whether one was written.
  const plain = path.at(-1) === 'kind' && path.at(-2) === 'quorum' ? path.slice(0, -1) : path
  return plain.map((step) => {
    if (typeof step === 'number') return step
    return inZones && step === 'references' ? 'reference' : plainName(step)
  })
}

/** The same member in the document's own list, found by its name. */
function ownPlaces(list: readonly object[], key: string, path: Path, { contract }: Written): Place[] {
  const member = list[Number(path[1])]
  const id = memberOf(member, 'id') ?? memberOf(member, 'name')
  const raw = memberOf(memberOf(contract, 'spec'), key)
  if (!Array.isArray(raw)) return []
  const i = raw.findIndex(
    (one: unknown) => memberOf(one, 'id') === id || (key === 'services' && memberOf(one, 'name') === id),
  )
  return i < 0 ? [] : [{ root: contract, path: ['spec', key, i, ...stripped(path.slice(2))] }]
}

type Spec = (...at: Path) => Place

/** A service's name is the one its check gives it; a Service document may say more about it. */
function serviceDescribed(terms: Terms, path: Path, spec: Spec): Place[] {
  const service = terms.services[Number(path[1])]
  const isTold =
    path[2] === 'displayName' ? service?.displayName !== service?.name : service?.description !== ''
  return path[2] === 'name' || (path[2] !== 'tree' && isTold) ? [spec()] : []
}

function partyShorthand(terms: Terms, path: Path, spec: Spec): Place[] {
  const role = terms.parties[Number(path[1])]?.role
  return path[2] !== 'of' && (role === 'provider' || role === 'customer') ? [spec(role)] : []
}

const GUARANTEE_SHORTHANDS: Readonly<Record<string, Path>> = {
  id: ['watch'],
  displayName: ['watch'],
  service: ['watch'],
  'target.percent': ['target'],
}

function guaranteeShorthand(terms: Terms, path: Path, spec: Spec): Place[] {
  const leaf = leafKey(path.slice(2))
  if (leaf === 'window.timeZone') return [spec('timeZone'), spec('effective', 'timeZone')]
  if (leaf === 'calendar') return [spec('hours')]
  if (leaf === 'metric') return []
  const isWatched = terms.checks.some(({ name, service }) => {
    return name === service && name === terms.guarantees[Number(path[1])]?.id
  })
  const at = GUARANTEE_SHORTHANDS[leaf]
  return isWatched && at ? [spec(...at)] : []
}

function checkPlaces(
  terms: Terms,
  { index, rest }: { index: number; rest: Path },
  written: Written,
): Place[] {
  const check = terms.checks[index]
  const raw = check && written.checks.get(check.name)
  const spec = (...at: Path): Place => ({ root: written.contract, path: ['spec', ...at] })
  const own = (...at: Path): Place[] => (raw === undefined ? [] : [{ root: raw, path: at }])
  const leaf = leafKey(rest)
  const last = rest.at(-1)!
  if (leaf === 'name' || leaf === 'spec.name' || leaf === 'spec.probe.kind') return [spec()]
  if (leaf === 'displayName')
    return [...own('metadata', 'displayName'), ...(raw === undefined ? [spec('watch')] : [])]
  if (leaf === 'service') return [...own('spec', 'service'), ...(raw === undefined ? [spec('watch')] : [])]
  if (leaf === 'spec.intervalMs') return [...own('spec', 'interval'), spec('every')]
  if (leaf === 'spec.timeoutMs') return [...own('spec', 'timeout'), spec('timeout')]
  if (leaf === 'spec.reprobeMs') return own('spec', 'reprobe')
  if (leaf === 'spec.brackets') return [...own('spec', 'brackets'), spec('measurement', 'brackets')]
  if (leaf === 'fold.holdMs')
    return [...own('spec', 'hold'), spec('measurement', 'sample', 'hold'), spec('hold')]
  if (leaf === 'zone') return own('spec', 'zone')
  if (rest[0] === 'vantages') return [...own('spec', 'vantages'), spec('measurement', 'vantages')]
  if (rest.includes('confirm')) {
    const short = last === 'down' ? [spec('confirm')] : []
    return [
      ...own('spec', 'confirm', last),
      spec('measurement', 'confirm', last),
      spec('confirm', last),
      ...short,
    ]
  }
  const kind = check?.spec.probe.kind ?? ''
  const at = stripped(rest.slice(2))
  if (last === 'degradedOverMs') return own('spec', kind, 'expect', 'within')
  if (raw === undefined) return last === 'packets' ? [] : [spec('watch')]
  return [...own('spec', kind, ...at), ...own('spec', kind, 'expect', ...at)]
}

function isWritten(root: Json, path: Path): boolean {
  let node: unknown = root
  for (const step of path) {
    node = memberOf(node, step)
    if (node === undefined) return false
  }
  return true
}
