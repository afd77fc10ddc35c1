/**
 * Refusals: what a schema refused, as problems that say what to do; and the rest of the value, so that
 * every other problem can be found in the same pass. Pure.
 */
import type { Json } from '@constat/shared/canonical-json'
import { z } from 'zod'
import { MAX_PROBLEMS, type Path } from './problem.ts'

export type Refusal = { path: Path; at: 'key' | 'value'; message: string }

type Issue = z.core.$ZodIssue

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
}

/** Rounds of taking away what was refused; each removes at least one member. */
const MAX_ROUNDS = 300

export type Parsed<T> =
  | { kind: 'ok'; value: T; refusals: Refusal[]; original: (path: Path) => Path }
  | { kind: 'refused'; refusals: Refusal[] }

/**
 * The value after parsing, or what is left of it without the refused parts. `original` turns a path of
 * `value` into the path of the source, for list members that were taken away shift the ones after them.
 */
export function parseLeniently<S extends z.ZodType>(schema: S, data: Json): Parsed<z.output<S>> {
  const first = schema.safeParse(data, { error: wording, reportInput: true })
  if (first.success) return { kind: 'ok', value: first.data, refusals: [], original: (path) => path }
  const refusals = first.error.issues.flatMap(refusalsOf)
  const rest: { value: unknown } = { value: structuredClone(data) }
  const indexes = originalIndexes(rest.value)
  for (let round = 0, issues = first.error.issues; round < MAX_ROUNDS; round += 1) {
    if (!issues.map((issue) => takeAway(rest, issue, indexes)).every(Boolean)) break
    const next = schema.safeParse(rest.value)
    if (next.success) {
      return {
        kind: 'ok',
        value: next.data,
        refusals,
        original: (path) => originalPath(rest.value, path, indexes),
      }
    }
    issues = next.error.issues
  }
  return { kind: 'refused', refusals }
}

function refusalsOf(issue: Issue): Refusal[] {
  const path = plainPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    // The keys that stand in the message, put there by `wording`.
    const known = issue.message.split(KEY_SEPARATOR)
    // More would not be read, and looking for what each of them meant takes time.
    return issue.keys.slice(0, MAX_PROBLEMS).map((key) => {
      return { path: [...path, key], at: 'key', message: unknownKey(key, known) }
    })
  }
  if (issue.code === 'invalid_union') {
    const inside = meantBranch(issue.errors)
    if (inside) return inside.flatMap((one) => refusalsOf({ ...one, path: [...issue.path, ...one.path] }))
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? 'is no key that can stand here'
    return [{ path, at: 'key', message }]
  }
  return [{ path, at: 'value', message: sentence(issue) }]
}

/**
 * The issues of the one branch that the author plainly meant: the right sort of value, and nearer than any
 * other. It says more than "none of them". Undefined where two are as near.
 */
function meantBranch(branches: readonly Issue[][]): Issue[] | undefined {
  const isOf = (issue: Issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'
  const near = branches.filter((issues) => issues.length > 0 && issues.every(isOf))
  const keysOf = (issues: Issue[]) =>
    issues.reduce((sum, one) => sum + (one.code === 'unrecognized_keys' ? one.keys.length : 1), 0)
  const [first, second] = near.toSorted((a, b) => keysOf(a) - keysOf(b))
  if (!first || (second && keysOf(second) <= keysOf(first))) return undefined
  return first
}

function sentence(whole: Issue): string {
  const issue = discriminated(whole)
  if (issue.code !== 'custom' && (issue.input === undefined || issue.input === null)) {
    const asked = `${issue.message.startsWith('should') ? 'it ' : ''}${issue.message}`
    return `is ${issue.input === null ? 'empty' : 'missing'}: ${asked}`
  }
  const found = typeof issue.input === 'object' ? undefined : JSON.stringify(issue.input)
  const short = found !== undefined && found.length <= 60 && issue.message.startsWith('should')
  return short ? `${issue.message}, not ${found}` : issue.message
}

/** Of a union that is told apart by one member, the issue is that member and not the whole of it. */
function discriminated(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || !('discriminator' in issue)) return issue
  return { ...issue, input: memberOf(issue.input, issue.path.map(String).at(-1) ?? '') }
}

/** Words for what the schemas leave to the default. */
function wording(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `should be ${WORDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `should be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`
    case 'unrecognized_keys':
      return issue.inst instanceof z.ZodObject
        ? Object.keys(issue.inst.shape).join(KEY_SEPARATOR)
        : 'the keys of the schema'
    case 'too_small':
      return `${SIZES[issue.origin]?.[0] ?? 'should be at least'} ${issue.minimum}`
    case 'too_big':
      return `${SIZES[issue.origin]?.[1] ?? 'should be at most'} ${issue.maximum}`
    case 'invalid_union':
      return 'should be a value of JSON: text, a number, true, false, null, a list or a map'
    default:
      return 'is no value that can stand here'
  }
}

/** What is said of a list or a text that is too small, and too big. */
const SIZES: Readonly<Record<string, readonly [string, string]>> = {
  array: ['is too short a list: write at least', 'is too long a list: write at most'],
  string: ['is too short: characters needed at least', 'is too long: characters at most'],
}

const KEY_SEPARATOR = ', '

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  if (meant !== undefined) return `is not a key here: did you mean ${meant}? Write that, or remove it`
  return `is not a key here: remove it, or write one of ${known.join(', ')}`
}

/** Longest key that is compared letter by letter. */
const MAX_COMPARED = 40

/** The known word that is at most two letters away, a third of its length; undefined when there is none. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > MAX_COMPARED) return undefined
  const folded = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '')
  const ranked = known
    .map((one) => ({ one, letters: lettersApart(folded(word), folded(one)) }))
    .filter(({ one, letters }) => letters <= Math.min(2, Math.floor(one.length / 3)))
    .toSorted((a, b) => a.letters - b.letters)
  return ranked[0]?.one
}

/** Levenshtein distance. */
function lettersApart(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j += 1) {
      const swap = row[j]! + (a[i] === b[j] ? 0 : 1)
      next.push(Math.min(swap, row[j + 1]! + 1, next[j]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

/** Removes what an issue is about; false when nothing is left to remove. */
function takeAway(rest: { value: unknown }, issue: Issue, indexes: Indexes): boolean {
  const path = plainPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) removeAt(rest.value, [...path, key], indexes)
    return true
  }
  for (let length = path.length; length > 0; length -= 1) {
    if (removeAt(rest.value, path.slice(0, length), indexes)) return true
  }
  return false
}

/** Which member of the source each member of a list was. */
type Indexes = Map<unknown[], number[]>

function originalIndexes(value: unknown, found: Indexes = new Map()): Indexes {
  if (Array.isArray(value)) {
    found.set(
      value,
      value.map((_, i) => i),
    )
  }
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) originalIndexes(member, found)
  }
  return found
}

function removeAt(value: unknown, path: Path, indexes: Indexes): boolean {
  let parent = value
  for (const step of path.slice(0, -1)) parent = memberOf(parent, step)
  const last = path.at(-1)
  if (last === undefined || memberOf(parent, last) === undefined) return false
  if (Array.isArray(parent) && typeof last === 'number') {
    parent.splice(last, 1)
    indexes.get(parent)?.splice(last, 1)
    return true
  }
  return typeof parent === 'object' && parent !== null && Reflect.deleteProperty(parent, last)
}

function originalPath(value: unknown, path: Path, indexes: Indexes): Path {
  let node = value
  return path.map((step) => {
    const source =
      Array.isArray(node) && typeof step === 'number' ? (indexes.get(node)?.[step] ?? step) : step
    node = memberOf(node, step)
    return source
  })
}

/** A member of plain JSON; own keys only. */
export function memberOf(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return Reflect.get(value, step)
}

function plainPath(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'symbol' ? String(step) : step))
}
