/**
 * Fields: reading the options of a check from a configuration, each by its form. Pure. What a field must be is
 * said in the sentence that comes back when it is not.
 */
import { SECRET_NAME } from '@constat/shared/check'
import { asciiName, isHost } from '@constat/shared/target'

export type Fields = Record<string, unknown>

/** The value of the field of that name, or the sentence that says what is wrong with it. */
export type Form<T> = (value: unknown, name: string) => { is: T } | { wrong: string }

type Forms = Record<string, Form<unknown>>
type ValueOf<F> = F extends Form<infer T> ? T : never
type Read<F extends Forms, R extends keyof F> = { [K in R]: ValueOf<F[K]> } & {
  [K in Exclude<keyof F, R>]?: ValueOf<F[K]>
}

/**
 * What is there of the fields, or all problems as one sentence. A field nobody asked for is one too, and so is
 * one that must be there and is not. `known`: fields that somebody else reads.
 */
export function readFields<F extends Forms, R extends keyof F & string>(
  fields: Fields,
  forms: F,
  { needed, known = ['kind'] }: { needed: readonly R[]; known?: readonly string[] },
): Read<F, R> | string {
  const problems: string[] = []
  const read: Fields = {}
  for (const [name, form] of Object.entries(forms)) {
    const value = fields[name]
    if (value === undefined) continue
    const found = form(value, name)
    if ('wrong' in found) problems.push(found.wrong)
    else read[name] = found.is
  }
  for (const name of needed) if (fields[name] === undefined) problems.push(`${name} is missing`)
  for (const name of Object.keys(fields))
    if (!Object.hasOwn(forms, name) && !known.includes(name)) problems.push(`${name} is not known`)
  // Each member was read by its form, and those that are needed are there.
  return problems.length === 0 ? (read as Read<F, R>) : problems.join('; ')
}

function formOf<T>(words: string, read: (value: unknown) => T | undefined): Form<T> {
  return (value, name) => {
    const is = read(value)
    return is === undefined ? { wrong: `${name} must be ${words}` } : { is }
  }
}

/** A form with sentences of its own: what `read` makes of the value, or the sentence that it answers. */
export function part<T extends object>(read: (value: unknown, name: string) => T | string): Form<T> {
  return (value, name) => {
    const is = read(value, name)
    return typeof is === 'string' ? { wrong: is } : { is }
  }
}

/** The form, and then a rule on what has it. */
export function ruled<T>(form: Form<T>, rule: (value: T, name: string) => string | undefined): Form<T> {
  return (value, name) => {
    const found = form(value, name)
    const wrong = 'wrong' in found ? undefined : rule(found.is, name)
    return wrong === undefined ? found : { wrong }
  }
}

export function text(maxChars: number): Form<string> {
  return formOf(`text of at most ${maxChars} characters`, (value) =>
    typeof value === 'string' && value.length <= maxChars ? value : undefined,
  )
}

/** Text that is not empty. */
export function words(maxChars: number): Form<string> {
  return formOf(`text of 1 to ${maxChars} characters`, (value) =>
    typeof value === 'string' && value !== '' && value.length <= maxChars ? value : undefined,
  )
}

type Range = { min: number; max: number }

export function integer(range: Range): Form<number> {
  return formOf(`an integer from ${range.min} to ${range.max}`, (value) => integerIn(value, range))
}

export function integers({ maxItems, ...range }: Range & { maxItems: number }): Form<number[]> {
  return formOf(`a list of integers from ${range.min} to ${range.max}`, (value) =>
    membersOf(value, { maxItems, of: (item) => integerIn(item, range) }),
  )
}

export function oneOf<const T extends string | number>(values: readonly T[]): Form<T> {
  return formOf(`one of ${values.join(', ')}`, (value) => values.find((one) => one === value))
}

export function texts(items: {
  maxItems: number
  of: (item: string) => boolean
  words: string
}): Form<string[]> {
  const { maxItems, of } = items
  return formOf(`a list of ${items.words}`, (value) =>
    membersOf(value, { maxItems, of: (item) => (typeof item === 'string' && of(item) ? item : undefined) }),
  )
}

/** Names with texts. */
export function textByName(limits: { maxItems: number; maxChars: number }): Form<Record<string, string>> {
  return formOf('names with text values', (value) => {
    if (!isFields(value)) return undefined
    const members = Object.entries(value)
    const isText = (member: unknown): boolean =>
      typeof member === 'string' && member.length <= limits.maxChars
    const fits = members.length <= limits.maxItems && members.every(([, member]) => isText(member))
    // Every member is a text, as was just seen.
    return fits ? ({ ...value } as Record<string, string>) : undefined
  })
}

export const host = formOf('a host name or an address', (value) => {
  const name = typeof value === 'string' ? asciiName(value) : value
  return isHost(name) ? name : undefined
})

export const port = integer({ min: 1, max: 65_535 })
export const family = oneOf([4, 6])

/** The name of a secret, never the secret itself. */
export const secret = formOf(
  "the name of a file in the agent's secrets folder: letters, digits, '.', '_', '-', at most 64",
  (value) => (typeof value === 'string' && SECRET_NAME.test(value) ? value : undefined),
)

/** Whether `value` is a map of names, as a part of a configuration may be. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function integerIn(value: unknown, { min, max }: Range): number | undefined {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
  return fits ? value : undefined
}

/** A list of 1 to so many, all of which are of the form. */
function membersOf<T>(
  value: unknown,
  { maxItems, of }: { maxItems: number; of: (item: unknown) => T | undefined },
): T[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxItems) return undefined
  const members = value.flatMap((item: unknown) => of(item) ?? [])
  return members.length === value.length ? members : undefined
}

/** The members that are there: what optional properties want in place of `undefined`. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined)
  // Only undefined members were left out, which is what the type says.
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
