/**
 * Zip: the one form that is written is read back, and every other is refused: what unpacks to more than it holds,
 * leads out of its folder, stands twice, hides, or lies about its length.
 */
import { crc32, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isZipPath,
  MAX_ZIP_FILES,
  MAX_ZIP_PATH_BYTES,
  openZip,
  ZipWriter,
  type ZipFile,
} from '@constat/evidence/zip'

const FILES: ZipFile[] = [
  { path: 'README.md', bytes: Buffer.from('read me') },
  { path: 'log/tile/0/x001/234.p/5', bytes: Buffer.alloc(160, 7) },
  { path: 'empty', bytes: Buffer.alloc(0) },
]

function written(files: readonly ZipFile[]): Buffer {
  const zip = new ZipWriter()
  const parts = files.flatMap((file) => zip.add(file))
  return Buffer.concat([...parts, zip.end()])
}

/** What any other program might write: each field as it is told. */
type Part = { path: string; bytes: Buffer; over?: Partial<Fields> }
type Fields = {
  flags: number
  method: number
  date: number
  crc: number
  packed: number
  size: number
  attributes: number
  madeBy: number
  extra: Buffer
  offset: number
}

function foreign(parts: readonly Part[], { before = Buffer.alloc(0), comment = '' } = {}): Buffer {
  const pieces: Buffer[] = [before]
  const entries: Buffer[] = []
  let offset = before.length
  for (const { path, bytes, over = {} } of parts) {
    const fields: Fields = {
      flags: 0,
      method: 0,
      date: 0x21,
      crc: crc32(bytes),
      packed: bytes.length,
      size: bytes.length,
      attributes: 0,
      madeBy: 20,
      extra: Buffer.alloc(0),
      offset,
      ...over,
    }
    const name = Buffer.from(path)
    const facts = Buffer.alloc(24)
    facts.writeUInt16LE(fields.flags, 0)
    facts.writeUInt16LE(fields.method, 2)
    facts.writeUInt16LE(fields.date, 6)
    facts.writeUInt32LE(fields.crc, 8)
    facts.writeUInt32LE(fields.packed, 12)
    facts.writeUInt32LE(fields.size, 16)
    facts.writeUInt16LE(name.length, 20)
    facts.writeUInt16LE(fields.extra.length, 22)
    const local = Buffer.concat([Buffer.from('504b03041400', 'hex'), facts, name, fields.extra, bytes])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(fields.attributes, 6)
    tail.writeUInt32LE(fields.offset, 10)
    const head = Buffer.from('504b010200001400', 'hex')
    head.writeUInt16LE(fields.madeBy, 4)
    entries.push(Buffer.concat([head, facts, tail, name, fields.extra]))
    pieces.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...pieces, directory, end, Buffer.from(comment)])
}

const refusalOf = (zip: Buffer): string => {
  const opening = openZip(zip)
  return opening.kind === 'refused' ? opening.reason : 'opened'
}

describe('what is written', () => {
  test('is read back, and is the same bytes at every time', () => {
    const zip = written(FILES)
    expect(openZip(zip)).toEqual({ kind: 'opened', files: FILES })
    expect(written(FILES).equals(zip)).toBe(true)
    // Another program that writes the same form writes the same bytes.
    expect(foreign(FILES).equals(zip)).toBe(true)
    expect(openZip(written([]))).toEqual({ kind: 'opened', files: [] })
  })

  test('has as many files as it may, and not one more', () => {
    const name = (i: number): string => `f${i}`
    const many = Array.from({ length: MAX_ZIP_FILES }, (_, i) => ({ path: name(i), bytes: Buffer.alloc(0) }))
    const zip = written(many)
    const opening = openZip(zip)
    expect(opening.kind === 'opened' && opening.files.length).toBe(MAX_ZIP_FILES)
    const more = Buffer.from(zip)
    more.writeUInt16LE(MAX_ZIP_FILES + 1, more.length - 12)
    expect(refusalOf(more)).toBe('too-many-files')
  })
})

test.each([
  ['a', true],
  ['a/b-c_d.e', true],
  ['a'.repeat(MAX_ZIP_PATH_BYTES), true],
  ['a'.repeat(MAX_ZIP_PATH_BYTES + 1), false],
  ['', false],
  ['/etc/passwd', false],
  ['../up', false],
  ['a/../b', false],
  ['a/./b', false],
  ['a//b', false],
  ['a/', false],
  ['.hidden', false],
  ['a\\b', false],
  ['C:a', false],
  ['é', false],
  ['a\0b', false],
  ['a b', false],
])('the path %j', (path, isOne) => {
  expect(isZipPath(path)).toBe(isOne)
  if (!isOne) expect(refusalOf(foreign([{ path, bytes: Buffer.from('x') }]))).toBe('bad-path')
})

const X = Buffer.from('x')
const MB = 1_000_000

test.each<[string, string, Buffer]>([
  ['a bomb', 'other-form', bomb()],
  ['a compressed file', 'other-form', foreign([{ path: 'a', bytes: X, over: { method: 8 } }])],
  ['an encrypted file', 'other-form', foreign([{ path: 'a', bytes: X, over: { flags: 1 } }])],
  ['a file with its lengths behind it', 'other-form', foreign([{ path: 'a', bytes: X, over: { flags: 8 } }])],
  ['a dated file', 'other-form', foreign([{ path: 'a', bytes: X, over: { date: 0x5a21 } }])],
  [
    'a link',
    'other-form',
    foreign([{ path: 'a', bytes: X, over: { madeBy: 0x0314, attributes: 0xa1ff0000 } }]),
  ],
  ['an executable', 'other-form', foreign([{ path: 'a', bytes: X, over: { attributes: 0x01ed0000 } }])],
  ['an extra field', 'other-form', foreign([{ path: 'a', bytes: X, over: { extra: Buffer.alloc(8) } }])],
  ['4 GB', 'other-form', foreign([{ path: 'a', bytes: X, over: { size: 0xffffffff, packed: 0xffffffff } }])],
  [
    'two files of one name',
    'duplicate-path',
    foreign([
      { path: 'a', bytes: X },
      { path: 'a', bytes: X },
    ]),
  ],
  [
    'two files at one place',
    'other-form',
    foreign([
      { path: 'a', bytes: X },
      { path: 'b', bytes: X, over: { offset: 0 } },
    ]),
  ],
  ['a gap', 'other-form', foreign([{ path: 'a', bytes: X, over: { offset: 1 } }])],
  [
    'something before it',
    'other-form',
    foreign([{ path: 'a', bytes: X }], { before: Buffer.from('#!/bin/sh') }),
  ],
  ['a comment', 'no-zip', foreign([{ path: 'a', bytes: X }], { comment: 'hello' })],
  ['another checksum', 'bad-checksum', foreign([{ path: 'a', bytes: X, over: { crc: 1 } }])],
  ['no zip at all', 'no-zip', Buffer.alloc(100)],
  ['nothing', 'no-zip', Buffer.alloc(0)],
])('%s is refused', (_, reason, zip) => {
  expect(refusalOf(zip)).toBe(reason)
})

/** 64 MB of zeros in 64 kB. */
function bomb(): Buffer {
  const zeros = Buffer.alloc(64 * MB)
  const bytes = deflateRawSync(zeros)
  return foreign([
    { path: 'a', bytes, over: { method: 8, crc: crc32(zeros), packed: bytes.length, size: bytes.length } },
  ])
}

test('any bit of it, and any bytes at all, are refused', () => {
  const zip = written(FILES)
  for (let bit = 0; bit < zip.length * 8; bit += 1) {
    const changed = Buffer.from(zip)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    expect(refusalOf(changed)).not.toBe('opened')
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(refusalOf(Buffer.concat([Buffer.from(bytes), zip.subarray(-22)]))).not.toBe('opened')
    }),
  )
})
