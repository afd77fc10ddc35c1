/**
 * Inspection of a body: what a check asks about it, and what a step takes out of it. Pure, and takes as long
 * as the body makes it take: http-body.ts runs it within limits. A body that cannot be read proves nothing,
 * least of all that something is not in it.
 */
import { decodeHTML, decodeHTMLAttribute, decodeXML } from 'entities/decode'
import type { Extraction, HttpRequestSpec } from '@constat/shared/check'
import { parseJsonPath } from '@constat/shared/json-path'
import { decodeText, formOf } from './body-charset.ts'
import { undoCodings } from './body-coding.ts'
import { isEqual, parseDocument, type ExactDocument } from './body-json.ts'

export type BodyExtraction = Exclude<Extraction, { header: string }>

export type Questions = Pick<HttpRequestSpec, 'bodyContains' | 'bodyLacks' | 'json'> & {
  /** One of these has to be in it. */
  bodyContainsOneOf?: readonly string[]
  extract?: readonly BodyExtraction[]
}

export type BodyOrder = {
  bytes: Uint8Array<ArrayBuffer>
  /** Values of Content-Encoding and Content-Type, '' where there is none. */
  coding: string
  contentType: string
  /** The cap ended the reading before the body did: it is read as far as it goes. */
  cut: boolean
  questions: Questions
}

export type Finding =
  /** `values`: what was taken out, by the name of the variable. */
  | { kind: 'as asked'; values: [variable: string, value: string][] }
  | { kind: 'otherwise'; reason: string }
  | { kind: 'unreadable'; reason: string }

/** Read of a body where the check does not say how much. */
export const MAX_BODY_BYTES = 1024 * 1024
export const MAX_VALUE_CHARS = 8_192
/** Of a found value, in a sentence. */
const MAX_SHOWN_CHARS = 60

type Text = { value: string; contentType: string; document: () => ExactDocument | string }

export function inspectBody({ bytes, coding, contentType, cut, questions }: BodyOrder): Finding {
  const uncoded = undoCodings(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), coding)
  if (uncoded.kind === 'beyond' && !asks(questions)) return { kind: 'as asked', values: [] }
  if (uncoded.kind !== 'read') return { kind: 'unreadable', reason: uncoded.reason }
  if (!asks(questions)) return { kind: 'as asked', values: [] }
  const value = decodeText(uncoded.bytes, contentType)
  let parsed: ExactDocument | string | undefined
  const text: Text = { value, contentType, document: () => (parsed ??= parseDocument(value)) }
  const isPartial = !uncoded.complete && !cut
  const reason = wrongText(questions, { value, cut, isPartial }) ?? wrongValue(questions, text)
  if (reason !== undefined) return { kind: isPartial ? 'unreadable' : 'otherwise', reason }
  return taken(questions.extract ?? [], text)
}

function asks({ extract = [], ...rest }: Questions): boolean {
  return Object.keys(rest).length > 0 || extract.length > 0
}

function wrongText(
  { bodyContains, bodyContainsOneOf, bodyLacks }: Questions,
  { value, cut, isPartial }: { value: string; cut: boolean; isPartial: boolean },
): string | undefined {
  if (bodyContains !== undefined && !value.includes(bodyContains)) {
    return `the body does not hold the expected text${cut ? ` in its first ${MAX_BODY_BYTES} bytes` : ''}`
  }
  if (bodyContainsOneOf?.some((text) => value.includes(text)) === false) return 'none of the texts is in it'
  if (bodyLacks === undefined) return undefined
  if (value.includes(bodyLacks)) return 'the body holds the text that must not be there'
  return isPartial ? 'its compressed stream ends early, so nobody knows what is not in it' : undefined
}

function wrongValue({ json = [] }: Questions, { document }: Text): string | undefined {
  if (json.length === 0) return undefined
  const read = document()
  if (typeof read === 'string') return `the body cannot be read as JSON: ${read}`
  for (const { path, equals } of json) {
    const steps = parseJsonPath(path)
    const found = typeof steps === 'string' ? undefined : read.at(steps)
    if (found === undefined) return `there is nothing at ${path}`
    if (!isEqual(found, equals))
      return `${path} is ${shortened(read.text(found))}, not ${shortened(JSON.stringify(equals))}`
  }
  return undefined
}

function shortened(text: string): string {
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`
}

function taken(extractions: NonNullable<Questions['extract']>, text: Text): Finding {
  const values: [string, string][] = []
  for (const extraction of extractions) {
    const { variable } = extraction
    const found = 'json' in extraction ? atPath(extraction.json, text) : between(extraction.between, text)
    if (found.kind === 'absent') return { kind: 'otherwise', reason: `no ${variable}: ${found.reason}` }
    const problem = lengthProblem(variable, found.value)
    if (problem !== undefined) return { kind: 'otherwise', reason: problem }
    values.push([variable, found.value])
  }
  return { kind: 'as asked', values }
}

export function lengthProblem(variable: string, value: string): string | undefined {
  return value.length > MAX_VALUE_CHARS
    ? `${variable} is longer than ${MAX_VALUE_CHARS} characters`
    : undefined
}

type Found = { kind: 'found'; value: string } | { kind: 'absent'; reason: string }

function atPath(path: string, { document }: Text): Found {
  const read = document()
  if (typeof read === 'string') return absent(`the body cannot be read as JSON: ${read}`)
  const steps = parseJsonPath(path)
  const value = typeof steps === 'string' ? undefined : read.at(steps)
  if (value === undefined) return absent(`there is nothing at ${path}`)
  if (value === null || typeof value === 'object') return absent(`${path} is no text, number or boolean`)
  return { kind: 'found', value: String(value) }
}

function between([before, after]: readonly [string, string], { value, contentType }: Text): Found {
  const at = value.indexOf(before)
  if (at < 0) return absent('the text before it is not there')
  const from = at + before.length
  const to = value.indexOf(after, from)
  if (to < 0) return absent('the text after it is not there')
  const source = value.slice(from, to)
  // What is longer even so is refused, without a look at all of it.
  if (source.length > MAX_VALUE_CHARS * 8) return { kind: 'found', value: source }
  return { kind: 'found', value: spelledOut(source, { document: value, from, contentType }) }
}

/** Markup stands for its value: character references for characters, but not in scripts. */
function spelledOut(
  source: string,
  { document, from, contentType }: { document: string; from: number; contentType: string },
): string {
  const form = formOf(contentType, document.slice(0, 256))
  if (form === 'other' || !source.includes('&')) return source
  if (form === 'xml') return decodeXML(source)
  const before = document.slice(0, from).toLowerCase()
  if (['script', 'style'].some((name) => isWithin(name, before))) return source
  return before.lastIndexOf('<') > before.lastIndexOf('>') ? decodeHTMLAttribute(source) : decodeHTML(source)
}

function isWithin(name: string, before: string): boolean {
  const open = before.lastIndexOf(`<${name}`)
  return open > before.lastIndexOf(`</${name}`) && before.includes('>', open)
}

function absent(reason: string): Found {
  return { kind: 'absent', reason }
}
