/**
 * Refusals, mistake by mistake: each that an author can make is refused at its place with what to write.
 * The table is test/vectors/contract-refusals.yaml.
 */
import { readFileSync } from 'node:fs'
import { readDocuments } from '@constat/sla/contract/document'
import { describe, expect, test } from 'vitest'
import { EXAMPLE, problemsOf, SMALL } from '../../support/contract-text.ts'

type Table = {
  /** A text of the example, what stands in its place, what is said. */
  example: [string, string, string][]
  /** What is written, what is said. */
  small: [string, string][]
  check: [string, string][]
  document: [string, string][]
}

const TABLE_TEXT = readFileSync(new URL('../../vectors/contract-refusals.yaml', import.meta.url), 'utf8')
// A file of this repository, in the shape above.
const TABLE = readDocuments({ name: 'table', text: TABLE_TEXT }).documents[0]!.data as Table

/** `\n` in the table is a line break. */
const lined = (text: string): string => text.replaceAll('\\n', '\n')

function told(text: string, said: string): void {
  const problems = problemsOf(text)
  expect(problems.join('\n')).toContain(said)
  // A mistake is one thing: it is not told many times over.
  expect(problems.length).toBeLessThan(6)
  for (const problem of problems) {
    const [, , message] = /^(\S+:\d+:\d+) (.*)$/s.exec(problem) ?? []
    expect(message, problem).toMatch(/\S/)
    expect(problem).not.toMatch(/\bundefined\b|\[object|NaN|Invalid input/)
  }
}

describe('in the example', () => {
  test.each(TABLE.example)('%s → %s', (from, to, said) => {
    expect(EXAMPLE).toContain(lined(from))
    told(EXAMPLE.replace(lined(from), lined(to)), said)
  })
})

describe('in a small contract', () => {
  const base = 'provider: N, target: "99.9", timeZone: UTC, watch: [https://a.example]'
  test.each(TABLE.small)('%s', (keys, said) => {
    told(`{apiVersion: constat/v1, kind: Contract, metadata: {name: c}, spec: {${base}, ${keys}}}`, said)
  })
})

describe('beside a small contract', () => {
  test.each(TABLE.check)('a check %s', (spec, said) => {
    told(`${SMALL}---\n{apiVersion: constat/v1, kind: Check, metadata: {name: own}, spec: ${spec}}\n`, said)
  })
  test.each(TABLE.document)('%s', (document, said) => told(`${SMALL}---\n${document}\n`, said))
})

test('the table is long enough to mean something', () => {
  const rows = Object.values(TABLE).reduce((sum, group) => sum + group.length, 0)
  expect(rows).toBeGreaterThan(200)
})
