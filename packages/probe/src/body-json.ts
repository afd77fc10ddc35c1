/**
 * JSON of bodies, with integers as they stand: one past 2^53 is no number of JavaScript, and two of them
 * would be equal that are not. Pure.
 */
import { createHash } from 'node:crypto'
import type { Json } from '@constat/shared/canonical-json'
import { valueAt, type JsonPath } from '@constat/shared/json-path'

/** JSON, but for integers past 2^53 - 1. */
export type Exact = Json | bigint

export type ExactDocument = {
  /** Undefined where the path leads nowhere. */
  at: (path: JsonPath) => Exact | undefined
  text: (value: Exact) => string
}

/** Some 10 ms of parsing. */
export const MAX_JSON_CHARS = 4 * 1024 * 1024

// The closing quote may be missing: a text without one would otherwise be searched from each of its quotes anew.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const LONG_INTEGER = /^-?\d{16,}$/

/** The document, or the sentence that says why there is none. */
export function parseDocument(text: string): ExactDocument | string {
  if (text.length > MAX_JSON_CHARS) return `more than ${MAX_JSON_CHARS} characters, too long to read as JSON`
  // Integers that JavaScript would round stand as marked texts; no text can hold a digest of itself.
  const mark = /\d{16}/.test(text) ? `${createHash('sha256').update(text).digest('hex')}:` : undefined
  const marked = mark === undefined ? text : text.replace(TOKEN, (token) => markedToken(token, mark))
  let root: Json
  try {
    // JSON.parse yields nothing but JSON.
    root = JSON.parse(marked) as Json
  } catch {
    return 'not JSON'
  }
  const exact = (value: Json): Exact =>
    mark !== undefined && typeof value === 'string' && value.startsWith(mark)
      ? BigInt(value.slice(mark.length))
      : value
  const at = (path: JsonPath): Exact | undefined => {
    const value = valueAt(path, root)
    return value === undefined ? undefined : exact(value)
  }
  const shown = (value: Exact): string => {
    if (typeof value === 'bigint') return `${value}`
    const json = shownJson(value)
    return mark === undefined ? json : json.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1')
  }
  return { at, text: shown }
}

/** What is nested too deeply to be written out is not worth it. */
function shownJson(value: Json): string {
  try {
    return JSON.stringify(value)
  } catch {
    return 'a deep structure'
  }
}

function markedToken(token: string, mark: string): string {
  // With a leading zero it is no JSON, and must stay none.
  if (!LONG_INTEGER.test(token) || /^-?0/.test(token)) return token
  return Number.isSafeInteger(Number(token)) ? token : `"${mark}${token}"`
}

/** An integer that no number of a check can name is named by its digits. */
export function isEqual(found: Exact, equals: string | number | boolean | null): boolean {
  if (typeof found !== 'bigint') return found === equals
  if (typeof equals === 'string') return equals === `${found}`
  return typeof equals === 'number' && Number.isInteger(equals) && BigInt(equals) === found
}
