/**
 * Fields: reading the options of a check from a configuration, one by one. Pure. What a field must be
 * is said in the sentence that comes back when it is not.
 */
import { SECRET_NAME } from '@constat/shared/check'
import { asciiName, isHost } from '@constat/shared/target'

export type Fields = Record<string, unknown>

/** Collects what is wrong, so that one answer names all of it. */
export type FieldReader = {
  text: (name: string, maxChars: number) => string | undefined
  /** Text that is not empty. */
  words: (name: string, maxChars: number) => string | undefined
  integer: (name: string, range: { min: number; max: number }) => number | undefined
  integers: (name: string, range: { min: number; max: number; maxItems: number }) => number[] | undefined
  oneOf: <T extends string | number>(name: string, values: readonly T[]) => T | undefined
  list: (
    name: string,
    items: { maxItems: number; of: (item: string) => boolean; form: string },
  ) => string[] | undefined
  texts: (name: string, limits: { maxItems: number; maxChars: number }) => Record<string, string> | undefined
  host: (name: string) => string | undefined
  /** The name of a secret, never the secret itself. */
  secret: (name: string) => string | undefined
  /** A field with a form of its own: what `read` makes of it, or the sentence that it answers. */
  part: <T extends object>(name: string, read: (value: unknown) => T | string) => T | undefined
  /** Says that a field which must be there is not. */
  missing: (name: string) => void
  /** All problems as one sentence, or undefined. A field nobody asked for is a problem too. */
  problem: () => string | undefined
}

/** `known`: fields that somebody else reads. */
export function readFields(fields: Fields, known: readonly string[] = ['kind']): FieldReader {
  const problems: string[] = []
  const asked = new Set(known)

  /** The field when it is there and of the form; says so when it is there and is not. */
  function take<T>(name: string, read: (value: unknown) => T | undefined, form: string): T | undefined {
    asked.add(name)
    const value = fields[name]
    if (value === undefined) return undefined
    const taken = read(value)
    if (taken === undefined) problems.push(`${name} must be ${form}`)
    return taken
  }
  return {
    text: (name, maxChars) =>
      take(
        name,
        (v) => (typeof v === 'string' && v.length <= maxChars ? v : undefined),
        `text of at most ${maxChars} characters`,
      ),
    words: (name, maxChars) =>
      take(
        name,
        (v) => (typeof v === 'string' && v !== '' && v.length <= maxChars ? v : undefined),
        `text of 1 to ${maxChars} characters`,
      ),
    integer: (name, range) =>
      take(name, (v) => integerIn(v, range), `an integer from ${range.min} to ${range.max}`),
    integers: (name, range) =>
      take(name, (v) => integersIn(v, range), `a list of integers from ${range.min} to ${range.max}`),
    oneOf: (name, values) =>
      take(name, (v) => values.find((value) => value === v), `one of ${values.join(', ')}`),
    list: (name, items) => take(name, (v) => listIn(v, items), `a list of ${items.form}`),
    texts: (name, limits) => take(name, (v) => textsIn(v, limits), 'names with text values'),
    host: (name) => take(name, hostIn, 'a host name or an address'),
    secret: (name) =>
      take(
        name,
        (v) => (typeof v === 'string' && SECRET_NAME.test(v) ? v : undefined),
        "the name of a file in the agent's secrets folder: letters, digits, '.', '_', '-', at most 64",
      ),
    part(name, read) {
      asked.add(name)
      const value = fields[name]
      if (value === undefined) return undefined
      const taken = read(value)
      if (typeof taken !== 'string') return taken
      problems.push(taken)
      return undefined
    },
    missing: (name) => void problems.push(`${name} is missing`),
    problem() {
      for (const name of Object.keys(fields)) if (!asked.has(name)) problems.push(`${name} is not known`)
      return problems.length === 0 ? undefined : problems.join('; ')
    },
  }
}

/** Whether `value` is a map of names, as a part of a configuration may be. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hostIn(value: unknown): string | undefined {
  const host = typeof value === 'string' ? asciiName(value) : value
  return isHost(host) ? host : undefined
}

function integerIn(value: unknown, { min, max }: { min: number; max: number }): number | undefined {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
  return fits ? value : undefined
}

function integersIn(
  value: unknown,
  { min, max, maxItems }: { min: number; max: number; maxItems: number },
): number[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxItems) return undefined
  const integers = value.flatMap((item: unknown) => integerIn(item, { min, max }) ?? [])
  return integers.length === value.length ? integers : undefined
}

function listIn(
  value: unknown,
  { maxItems, of }: { maxItems: number; of: (item: string) => boolean },
): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxItems) return undefined
  const items = value.filter((item: unknown): item is string => typeof item === 'string' && of(item))
  return items.length === value.length ? items : undefined
}

function textsIn(
  value: unknown,
  { maxItems, maxChars }: { maxItems: number; maxChars: number },
): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  const texts: Record<string, string> = {}
  for (const [name, text] of entries) {
    if (typeof text !== 'string' || text.length > maxChars) return undefined
    texts[name] = text
  }
  return entries.length <= maxItems ? texts : undefined
}

/** The members that are there: what optional properties want in place of `undefined`. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined)
  // Only undefined members were left out, which is what the type says.
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
