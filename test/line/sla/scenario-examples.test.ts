/**
 * The worked examples of docs/scenarios: each runs as its README says, and its answer fits the published schema.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { scenarioAnswerSchema } from '@constat/sla/scenario/answer'
import { scenarioAnswerJsonSchema } from '../../support/json-schemas.ts'
import { scenarioJsonSchema } from '../../support/json-schemas.ts'
import { describe, expect, test } from 'vitest'
import { evaluated, type Json } from '../../support/scenario.ts'

const DOCS = new URL('../../../docs/', import.meta.url)
const FOLDER = new URL('scenarios/', DOCS)

const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8')
// Our own files.
const scenarioOf = (name: string): Json => JSON.parse(read(name)) as Json

const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))

/** File and verdict of each row of the tables. */
const ROWS = [...read('README.md').matchAll(/\| `([\w-]+\.json)`\s*\|\s*([a-z ]+?)\s*\|/g)].map(
  ([, file, verdict]) => [file!, verdict!] as const,
)

describe('the examples', () => {
  test.each(ROWS)('%s: %s', (file, verdict) => {
    const answer = evaluated(scenarioOf(file))
    expect(answer.guarantees.map((one) => one.verdict)).toEqual([verdict.replace(' ', '_')])
    expect(scenarioAnswerSchema.parse(answer)).toEqual(answer)
  })

  test('are all in the tables, once', () => {
    expect(ROWS.map(([file]) => file).toSorted()).toEqual(FILES.toSorted())
    expect(FILES.length).toBeGreaterThanOrEqual(30)
  })

  test('come in pairs with different verdicts', () => {
    for (let i = 0; i < ROWS.length; i += 2) expect(ROWS[i]![1], ROWS[i]![0]).not.toBe(ROWS[i + 1]![1])
  })
})

describe('the published schemas', () => {
  // To write them again: npx tsx test/support/write-schemas.ts && npx oxfmt docs/*.schema.json
  test.each([
    ['scenario.schema.json', scenarioJsonSchema()],
    ['scenario-result.schema.json', scenarioAnswerJsonSchema()],
  ])('%s is what the definitions give', (name, schema) => {
    const written: unknown = JSON.parse(readFileSync(new URL(name, DOCS), 'utf8'))
    expect(written).toEqual(JSON.parse(JSON.stringify(schema)))
  })
})
