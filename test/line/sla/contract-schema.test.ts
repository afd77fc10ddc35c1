/**
 * The JSON Schema of the contract documents, as editors read it: the file in docs is what the definitions
 * that parse contracts say. Written anew by test/support/write-schemas.ts.
 */
import { readFileSync } from 'node:fs'
import { contractJsonSchema } from '../../support/json-schemas.ts'
import { KINDS } from '@constat/sla/contract/kinds'
import { describe, expect, test } from 'vitest'

const FILE = new URL('../../../docs/contract.schema.json', import.meta.url)

test('docs/contract.schema.json is what the parser says', () => {
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(contractJsonSchema())
})

describe('what an editor can complete', () => {
  const text = JSON.stringify(contractJsonSchema())

  test.each(Object.keys(KINDS))('%s', (kind) => expect(text).toContain(`"const":"${kind}"`))

  test.each([
    'interval-availability',
    'request-share',
    'late-restoration',
    'anchor',
    'minimumCoverage',
    'pausedWhile',
    'denominatorMode',
  ])('%s', (word) => expect(text).toContain(`"${word}"`))

  test('no key that is not there', () => {
    expect(text).toContain('"additionalProperties":false')
    expect(text).not.toContain('undefined')
  })
})
