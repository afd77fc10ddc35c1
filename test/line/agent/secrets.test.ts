/**
 * Secrets: files of the host's owner, by name and no further. What is missing is said with the place
 * where it should be.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSecrets, secretText } from '@constat/probe/secret'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_SECRET_BYTES, secretsIn, type SecretReader } from '../../../agent/src/secrets.ts'
import { OPEN_POLICY } from '../../support/probing.ts'

let dir: string
let folder: string
let read: SecretReader

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'constat-secrets-'))
  folder = join(dir, 'secrets')
  mkdirSync(folder)
  writeFileSync(join(dir, 'agent.key'), 'the key of the agent')
  writeFileSync(join(folder, 'portal'), 's3cret\n')
  writeFileSync(join(folder, 'at-limit'), Buffer.alloc(MAX_SECRET_BYTES))
  writeFileSync(join(folder, 'past-limit'), Buffer.alloc(MAX_SECRET_BYTES + 1))
  writeFileSync(join(folder, '.hidden'), 'x')
  mkdirSync(join(folder, 'folder'))
  execFileSync('/usr/bin/mkfifo', [join(folder, 'pipe')])
  read = secretsIn(folder)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('a secret', () => {
  test('is the bytes of its file', async () => {
    expect(await read('portal')).toEqual(Buffer.from('s3cret\n'))
    expect(await read('at-limit')).toHaveLength(MAX_SECRET_BYTES)
  })

  test('is the same bytes until the file changes', async () => {
    const path = join(folder, 'rotated')
    writeFileSync(path, 'first')
    const first = await read('rotated')
    expect(await read('rotated')).toBe(first)
    writeFileSync(path, 'other')
    utimesSync(path, new Date(0), new Date(5_000))
    expect(await read('rotated')).toEqual(Buffer.from('other'))
  })

  test.each([
    ['missing', /missing: put it into the file .*secrets\/missing/],
    ['past-limit', /larger than 65536 bytes/],
    ['folder', /is no file/],
    ['pipe', /is no file/],
    ['.hidden', /is no name of a secret/],
    ['', /is no name of a secret/],
    ['x'.repeat(65), /is no name of a secret/],
    ['../agent.key', /is no name of a secret/],
    ['folder/x', /is no name of a secret/],
    ['a\u0000b', /is no name of a secret/],
  ])('%j has none, and says why', async (name, sentence) => {
    expect(await read(name)).toMatch(sentence)
  })

  test('no name leads out of the folder', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', 'agent.key') }),
        async (name) => {
          expect(String(await read(name))).not.toContain('the key of the agent')
        },
      ),
    )
  })
})

describe('a probe that needs some', () => {
  test('gets those that it names', async () => {
    const got = await readSecrets({ a: 'portal', b: undefined }, { secret: read, denied: OPEN_POLICY })
    expect(got).toEqual({ kind: 'read', secrets: { a: Buffer.from('s3cret\n') } })
  })
  test('lacks one: unknown, and the agent has to be looked at', async () => {
    const got = await readSecrets({ a: 'portal', b: 'missing' }, { secret: read, denied: OPEN_POLICY })
    expect(got).toMatchObject({
      kind: 'lacking',
      result: {
        outcome: 'unknown',
        cause: 'unsupported',
        latencyUs: 0,
        detail: expect.stringContaining('missing'),
      },
    })
  })
  test.each([
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret', 's3cret'],
    ['two\nlines\n\n', 'two\nlines\n'],
    [' spaces ', ' spaces '],
  ])('%j is the text %j', (bytes, text) => {
    expect(secretText(Buffer.from(bytes))).toBe(text)
  })
})
