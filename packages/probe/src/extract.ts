/**
 * Extraction: values that later steps of a transaction use, out of the answer to one step. Pure; off the
 * clock. A value that is not there, or is too long, is a sentence: the step did not do what it is for.
 */
import type { Extraction } from '@constat/shared/check'
import { parseJsonPath, valueAt } from '@constat/shared/json-path'
import { headerText, type HttpAnswer } from './http-rules.ts'

export const MAX_VALUE_CHARS = 8_192

/** The value in an answer, or the sentence that says why there is none. */
export function extract(
  extraction: Extraction,
  answer: HttpAnswer,
): { kind: 'found'; value: string } | { kind: 'absent'; reason: string } {
  const value = find(extraction, answer)
  const { variable } = extraction
  if (value.kind === 'absent') return { kind: 'absent', reason: `no ${variable}: ${value.reason}` }
  if (value.value.length > MAX_VALUE_CHARS) {
    return { kind: 'absent', reason: `${variable} is longer than ${MAX_VALUE_CHARS} characters` }
  }
  return value
}

type Found = ReturnType<typeof extract>

function find(extraction: Extraction, answer: HttpAnswer): Found {
  if ('json' in extraction) return atPath(extraction.json, answer)
  if ('header' in extraction) {
    const value = headerText(answer.headers, extraction.header)
    return value === undefined ? absent(`there is no header ${extraction.header}`) : { kind: 'found', value }
  }
  return between(extraction.between, answer)
}

function atPath(path: string, { body }: HttpAnswer): Found {
  const read = body.json()
  if (read.kind === 'unreadable') return absent(`the body cannot be read as JSON: ${read.reason}`)
  const steps = parseJsonPath(path)
  const value = typeof steps === 'string' ? undefined : valueAt(steps, read.value)
  if (value === undefined) return absent(`there is nothing at ${path}`)
  if (value === null || typeof value === 'object') return absent(`${path} is no text, number or boolean`)
  return { kind: 'found', value: String(value) }
}

function between([before, after]: readonly [string, string], { body: { text } }: HttpAnswer): Found {
  if (text.kind === 'unreadable') return absent(`the body cannot be read: ${text.reason}`)
  const at = text.value.indexOf(before)
  if (at < 0) return absent('the text before it is not there')
  const from = at + before.length
  const to = text.value.indexOf(after, from)
  return to < 0
    ? absent('the text after it is not there')
    : { kind: 'found', value: text.value.slice(from, to) }
}

function absent(reason: string): Found {
  return { kind: 'absent', reason }
}
