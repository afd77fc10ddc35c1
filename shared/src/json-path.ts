/**
 * JSON paths: the singular queries of RFC 9535 (2.3.5.1), each of which leads to one value or to none.
 * Filters, wildcards, slices and descendants are refused: a check states one value at one place. Pure.
 */
import type { Json } from './canonical-json.ts'

/** Member names and indexes, from the root; a negative index counts from the end. */
export type JsonPath = readonly (string | number)[]

export const MAX_JSON_PATH_CHARS = 1_024
const MAX_SEGMENTS = 64

/** S of the RFC: blanks may stand between segments, and nowhere else in a singular query. */
const BLANKS = /[ \t\n\r]*/y
/** A lone surrogate is no character; with the flag `u` a pair is one. */
const SHORTHAND =
  /\.([A-Za-z_\u0080-\ud7ff\u{e000}-\u{10ffff}][A-Za-z0-9_\u0080-\ud7ff\u{e000}-\u{10ffff}]*)/uy
const INDEX = /\[(0|-?[1-9][0-9]*)\]/y
const QUOTED = /\[(?:"((?:[^"\\]|\\[^])*)"|'((?:[^'\\]|\\[^])*)')\]/y
/** Characters that may stand for themselves in a quoted name: no controls, no lone surrogates. */
const UNESCAPED = /^[\u0020-\ud7ff\u{e000}-\u{10ffff}]*$/u
const ESCAPE =
  /\\(?:([bfnrt/\\"'])|u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u((?![dD][89a-fA-F])[0-9a-fA-F]{4})|([^]?))/g
const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** The path, or the sentence that says what is wrong with the text. */
export function parseJsonPath(text: string): JsonPath | string {
  if (text.length > MAX_JSON_PATH_CHARS) return `is longer than ${MAX_JSON_PATH_CHARS} characters`
  if (!text.startsWith('$')) return 'should begin with $, such as $.items[0].state'
  const path: (string | number)[] = []
  for (let at = 1; at < text.length;) {
    const from = matchAt(BLANKS, text, at)?.end ?? at
    const segment = segmentAt(text, from)
    if (typeof segment === 'string') return segment
    path.push(segment.step)
    if (path.length > MAX_SEGMENTS) return `has more than ${MAX_SEGMENTS} segments`
    at = segment.end
  }
  return path
}

/** The value that a path leads to; undefined where it leads to none. Own members alone count. */
export function valueAt(path: JsonPath, root: Json): Json | undefined {
  let value: Json | undefined = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = memberOf(value, step)
  }
  return value
}

function memberOf(value: object, step: string | number): Json | undefined {
  // A list is an object to `Object.hasOwn`: "0" is no name of its members, and "length" even less.
  if (typeof step === 'number') return Array.isArray(value) ? itemOf(value, step) : undefined
  if (Array.isArray(value) || !Object.hasOwn(value, step)) return undefined
  // JSON.parse made the object that this is a member of, so it is JSON.
  return Reflect.get(value, step) as Json
}

function itemOf(list: readonly Json[], index: number): Json | undefined {
  return list[index < 0 ? list.length + index : index]
}

type Segment = { step: string | number; end: number }

function segmentAt(text: string, at: number): Segment | string {
  const shorthand = matchAt(SHORTHAND, text, at)
  if (shorthand) return { step: shorthand.groups[0] ?? '', end: shorthand.end }
  const index = matchAt(INDEX, text, at)
  if (index) {
    const step = Number(index.groups[0])
    return Number.isSafeInteger(step) ? { step, end: index.end } : 'has an index past 2^53 - 1'
  }
  const quoted = matchAt(QUOTED, text, at)
  if (quoted) {
    const [double, single] = quoted.groups
    const step = unquoted(double ?? single ?? '', double === undefined ? "'" : '"')
    return step === undefined
      ? `has a name at character ${at + 1} that is not well quoted`
      : { step, end: quoted.end }
  }
  return `should go on at character ${at + 1} with .name, ['name'] or [0]: a path leads to one value`
}

/** The name between its quotes; undefined where an escape is none of JSON's, or is of the other quote. */
function unquoted(raw: string, quote: string): string | undefined {
  if (!UNESCAPED.test(raw)) return undefined
  let sound = true
  const name = raw.replaceAll(
    ESCAPE,
    (_, short?: string, high?: string, low?: string, code?: string, wrong?: string) => {
      if (wrong !== undefined || ((short === '"' || short === "'") && short !== quote)) sound = false
      if (short !== undefined) return ESCAPED[short] ?? short
      const codes = [high, low, code].filter((hex) => hex !== undefined)
      return String.fromCharCode(...codes.map((hex) => Number.parseInt(hex, 16)))
    },
  )
  return sound ? name : undefined
}

function matchAt(
  pattern: RegExp,
  text: string,
  at: number,
): { groups: (string | undefined)[]; end: number } | undefined {
  pattern.lastIndex = at
  const match = pattern.exec(text)
  return match ? { groups: match.slice(1), end: pattern.lastIndex } : undefined
}
