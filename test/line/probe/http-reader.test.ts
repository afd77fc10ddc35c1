/**
 * The reader of HTTP answers: each of its rules at its limit and one past it; and whatever comes, however it
 * is cut into packets, it says the same, ends, and keeps no more than it may.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  MAX_CHUNK_LINE_BYTES,
  MAX_CHUNKS,
  MAX_FRAMING_BYTES,
  MAX_TRAILER_BYTES,
} from '@constat/probe/http-chunks'
import { locationOf, parseHead, spelled } from '@constat/probe/http-head'
import { createReader, MAX_HEAD_BYTES, MAX_HEAD_LINES, MAX_INTERIM_ANSWERS } from '@constat/probe/http-reader'

const CAP = 1_000

type Options = { method?: string; cap?: number; step?: number }

/** What is read of these bytes and the end of the connection, in one line. */
function read(text: string | Buffer, { method = 'GET', cap = CAP, step = Infinity }: Options = {}): string {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1')
  const reader = createReader({ method, cap: () => cap })
  try {
    let isWhole = false
    for (let at = 0; at < bytes.length && !isWhole; at += step) {
      isWhole = reader.push(bytes.subarray(at, Math.min(bytes.length, at + step)))
    }
    if (!isWhole) reader.end()
    const { status, body, oversize } = reader.answer()
    return `${status} ${body.toString('latin1')}${oversize ? ' …' : ''}`
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'a bug'
  }
}

const BROKEN = 'ERR_HTTP_ANSWER'
const CUT = 'ECONNRESET'
const ok = (fields: string, body = ''): string => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`
const chunked = (body: string): string => ok('Transfer-Encoding: chunked\r\n', body)
const LENGTH = 'Content-Length: 2\r\n'

test.each<[string, string, string, Options?]>([
  ['length, and more', ok(LENGTH, 'ok and more'), '200 ok'],
  ['length, and less', ok(LENGTH, 'o'), CUT],
  ['no length', ok('', 'to the end'), '200 to the end'],
  ['chunks, and more', chunked('2\r\nok\r\n0\r\n\r\nmore'), '200 ok'],
  ['chunks cut off', chunked('2\r\nok\r\n0\r\n'), CUT],
  [
    'both framings',
    ok(`Content-Length: 99\r\nTransfer-Encoding: x, Chunked\r\n`, '2\r\nok\r\n0\r\n\r\n'),
    '200 ok',
  ],
  ['chunks before HTTP/1.1', 'HTTP/1.0 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok', '200 2\r\nok'],
  ['204', 'HTTP/1.1 204 N\r\nContent-Length: 2\r\n\r\nok', '204 '],
  ['205', 'HTTP/1.1 205 N\r\nContent-Length: 2\r\n\r\n', '205 '],
  ['304', 'HTTP/1.1 304 N\r\nContent-Length: 2\r\n\r\n', '304 '],
  ['HEAD', ok(LENGTH), '200 ', { method: 'HEAD' }],
  ['a body that nobody wants', ok(LENGTH), '200 ', { cap: 0 }],
  ['at the cap', ok(LENGTH, 'ok'), '200 ok', { cap: 2 }],
  ['one past it', ok(LENGTH, 'ok'), '200 o …', { cap: 1 }],
  ['chunks at the cap', chunked('1\r\no\r\n1\r\nk\r\n0\r\n\r\n'), '200 ok', { cap: 2 }],
  ['chunks one past it', chunked('1\r\no\r\n1\r\nk\r\n0\r\n\r\n'), '200 o …', { cap: 1 }],
  ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', '200 ok'],
  ['CR CR LF', 'HTTP/1.1 200 OK\r\r\nContent-Length: 2\r\r\n\r\r\nok', '200 ok'],
  ['folded', ok('X: a\r\n\tContent-Length: 9\r\nContent-Length:\r\n 2\r\n', 'ok!'), '200 ok'],
  ['folded after nothing', ok('Content-Length:\r\n \r\n\t2\r\n', 'ok!'), '200 ok'],
  ['blank before the colon', ok('Content-Length : 2\r\n', 'ok!'), '200 ok'],
  ['no field at all', ok(`garbage\r\n: x\r\n${LENGTH}`, 'ok!'), '200 ok'],
  ['two lengths', ok(`${LENGTH}Content-Length: 3\r\n`, 'ok!'), BROKEN],
  ['one length twice', ok(`${LENGTH}Content-Length: 2\r\n`, 'ok!'), '200 ok'],
  ['one length, and a comma', ok('Content-Length: 2,\r\n', 'ok!'), BROKEN],
  ['a comma, and one length', ok('Content-Length: ,2\r\n', 'ok!'), BROKEN],
  ['the longest length', ok(`Content-Length: ${2n ** 63n - 1n}\r\n`, 'ok!'), CUT],
  ['a length past all numbers', ok(`Content-Length: ${2n ** 63n}\r\n`, 'ok!'), '200 ok!'],
  ['a length with zeros', ok(`Content-Length: ${'0'.repeat(40)}2\r\n`, 'ok!'), '200 ok'],
  ['less than no length', ok('Content-Length: -0\r\n', 'ok!'), '200 '],
  ['a length that is none', ok('Content-Length: -2\r\n', 'ok!'), '200 ok!'],
  ['a NUL', ok(`X: \0\r\n${LENGTH}`, 'ok'), BROKEN],
  ['two places', ok(`Location: a\r\nLocation: b\r\n${LENGTH}`, 'ok'), BROKEN],
  ['a coding that is no word', ok(`Content-Encoding: gzip;q=1\r\n${LENGTH}`, 'ok'), BROKEN],
  ['no status', `HTTP/1.1\r\n${LENGTH}\r\nok`, '200 ok'],
  ['a tab before the status', `HTTP/1.1\t503 X\r\n${LENGTH}\r\nok`, '503 ok'],
  ['four bytes before it', `\r\n\r\n${ok(LENGTH, 'ok')}`, '200 ok'],
  ['a NUL before it', `\0${ok(LENGTH, 'ok')}`, BROKEN],
  ['five bytes before it', `\n\r\n\r\n${ok(LENGTH, 'ok')}`, BROKEN],
  ['another protocol', 'SSH-2.0-OpenSSH\r\n', BROKEN],
  ['nothing', '', CUT],
  ['a head cut off', 'HTTP/1.1 200 OK\r\nContent-Length', CUT],
  [
    'interim answers',
    `HTTP/1.1 103 E\r\nContent-Length: 9\r\n\r\nHTTP/1.1 100 C\r\n\r\n${ok(LENGTH, 'ok')}`,
    '200 ok',
  ],
  ['an interim answer alone', 'HTTP/1.1 100 C\r\n\r\n', CUT],
  ['another protocol unasked', 'HTTP/1.1 101 S\r\n\r\n', BROKEN],
  [
    'as many interim answers as may be',
    `${'HTTP/1.1 102\r\n\r\n'.repeat(MAX_INTERIM_ANSWERS)}${ok(LENGTH, 'ok')}`,
    '200 ok',
  ],
  ['one more', `${'HTTP/1.1 102\r\n\r\n'.repeat(MAX_INTERIM_ANSWERS + 1)}${ok(LENGTH, 'ok')}`, BROKEN],
  [
    'the longest head',
    ok(`X: ${'x'.repeat(MAX_HEAD_BYTES - 24 - LENGTH.length)}\r\n${LENGTH}`, 'ok'),
    '200 ok',
  ],
  ['one byte more', ok(`X: ${'x'.repeat(MAX_HEAD_BYTES - 23 - LENGTH.length)}\r\n${LENGTH}`, 'ok'), BROKEN],
  ['as many lines as may be', ok(`${'X:\r\n'.repeat(MAX_HEAD_LINES - 3)}${LENGTH}`, 'ok'), '200 ok'],
  ['one line more', ok(`${'X:\r\n'.repeat(MAX_HEAD_LINES - 2)}${LENGTH}`, 'ok'), BROKEN],
  [
    'a long head before a long head',
    `HTTP/1.1 103\r\nX: ${'x'.repeat(200_000)}\r\n\r\n${ok(`X: ${'x'.repeat(200_000)}\r\n${LENGTH}`, 'ok')}`,
    '200 ok',
  ],
  ['a size and blanks', chunked('2  ;a=b\r\nok\r\n000\r\n\r\n'), '200 ok'],
  ['a size and a tab', chunked('2\t\r\nok\r\n0\r\n\r\n'), BROKEN],
  ['a blank before the size', chunked(' 2\r\nok\r\n0\r\n\r\n'), BROKEN],
  ['a size as in C', chunked('0x2\r\nok\r\n0\r\n\r\n'), BROKEN],
  ['a chunk longer than its size', chunked('1\r\nok\r\n0\r\n\r\n'), BROKEN],
  ['a size past all numbers', chunked(`${'f'.repeat(15)}\r\nok`), BROKEN],
  ['chunks by line feeds', chunked('2\nok\n0\n\n'), '200 ok'],
  ['trailers', chunked('2\r\nok\r\n0\r\nX: y\r\ngarbage\r\n\r\n'), '200 ok'],
  [
    'the longest extension',
    chunked(`2;${'x'.repeat(MAX_CHUNK_LINE_BYTES - 4)}\r\nok\r\n0\r\n\r\n`),
    '200 ok',
  ],
  ['one byte more of it', chunked(`2;${'x'.repeat(MAX_CHUNK_LINE_BYTES - 3)}\r\nok\r\n0\r\n\r\n`), BROKEN],
  ['trailers without end', chunked(`0\r\n${'X: y\r\n'.repeat(MAX_TRAILER_BYTES / 6 + 1)}`), BROKEN],
  ['many trailers', chunked(`2\r\nok\r\n0\r\n${'X:\r\n'.repeat(60_000)}\r\n`), '200 ok'],
  ['trailers that end in CR CR LF', chunked('2\r\nok\r\n0\r\n\r\r\n'), CUT],
])('%s', (_, bytes, said, options) => {
  expect(read(bytes, options)).toBe(said)
  // Byte by byte as well, but for what is long.
  expect(read(bytes, { ...options, step: bytes.length > 20_000 ? 1_009 : 1 })).toBe(said)
})

describe('a body in many pieces', () => {
  const bytes = 1024 * 1024
  const pieces = '1\r\nx\r\n'

  test.each([
    ['more of them than MAX_CHUNKS', pieces.repeat(MAX_CHUNKS + 1)],
    [
      'more about them than MAX_FRAMING_BYTES',
      `1;${'e'.repeat(9_998)}\r\nx\r\n`.repeat(MAX_FRAMING_BYTES / 10_000 + 1),
    ],
  ])('%s are no body', (_, body) =>
    expect(read(chunked(body), { cap: 2 * bytes, step: 65_536 })).toBe(BROKEN),
  )
})

describe('fields are bytes', () => {
  test.each([
    ['/soci\xc3\xa9t\xc3\xa9?q=\xe9', '/soci%C3%A9t%C3%A9?q=%E9'],
    ['/plain%20', '/plain%20'],
  ])('Location %j', (location, said) => expect(locationOf({ location })).toBe(said))

  test.each([
    ['Soci\xc3\xa9t\xc3\xa9', 'Société'],
    ['Soci\xe9t\xe9', 'Société'],
    ['plain', 'plain'],
  ])('%j is %s', (bytes, said) => expect(spelled(bytes)).toBe(said))

  test('one name is one field, whatever it is; cookies are a list', () => {
    const head = 'HTTP/1.1 200 OK\r\nA: 1\r\n__proto__: p\r\na:2\r\nSet-Cookie: x\r\nSET-COOKIE: y\r\n\r\n'
    const { headers } = parseHead(Buffer.from(head))
    expect(Object.entries(headers)).toEqual([
      ['a', '1, 2'],
      ['__proto__', 'p'],
      ['set-cookie', ['x', 'y']],
    ])
  })
})

describe('whatever comes', () => {
  const pieces = fc.constantFrom(
    'HTTP/1.1 200 OK',
    'HTTP/1.0 503',
    'HTTP/1.1 100',
    'Content-Length: 3',
    'Transfer-Encoding: chunked',
    'Set-Cookie: a=b',
    ' ',
    ':',
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    '\0',
    '0',
    '3',
    'ffff',
    ';',
    'abc',
    '\xff',
  )
  const bytes = fc
    .array(pieces, { maxLength: 60 })
    .map((parts) => Buffer.from(`HTTP/1.1 200 OK\r\n${parts.join('')}`, 'latin1'))

  test('packets make no difference, and nothing passes the cap', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 20 }),
        (all, step, cap) => {
          // Chunks are moved together in the bytes that brought them: each reading has its own.
          const said = read(Buffer.from(all), { cap })
          expect(read(Buffer.from(all), { cap, step })).toBe(said)
          expect(said).not.toBe('a bug')
          expect(said.replace(/^\d+ /, '').replace(/ …$/, '').length).toBeLessThanOrEqual(
            Math.max(cap, BROKEN.length),
          )
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['blanks within', `X: y${' '.repeat(250_000)}z\r\n`],
    ['folds', `X: y\r\n${' z\r\n'.repeat(MAX_HEAD_LINES - 4)}`],
    ['commas', `Content-Length: ${'2,'.repeat(120_000)}2\r\n`],
  ])('a head of many %s costs its bytes', (_, fields) => {
    // Work that grows with the square of the bytes takes a minute.
    const beganMs = performance.now()
    expect(read(ok(`${fields}Content-Length: 2\r\n`, 'ok'))).toBe('200 ok')
    expect(performance.now() - beganMs).toBeLessThan(3_000)
  })

  test('bytes of no kind at all end in words', () => {
    const any = fc.uint8Array({ maxLength: 300 }).map((list) => Buffer.from(list))
    fc.assert(
      fc.property(any, (all) => {
        expect(read(Buffer.concat([Buffer.from('HTTP/1.1 200\r\n'), all]))).not.toBe('a bug')
        expect(read(all)).toMatch(new RegExp(`^(${BROKEN}|${CUT}|\\d)`))
      }),
    )
  })

  test('a body in chunks of one byte takes a few times its cap, and not long', () => {
    const body = Buffer.from(chunked('1\r\nx\r\n'.repeat(1024 * 1024)), 'latin1')
    const reader = createReader({ method: 'GET', cap: () => 1024 * 1024 })
    const before = process.memoryUsage().arrayBuffers
    for (let at = 0; at < body.length; at += 65_536) reader.push(body.subarray(at, at + 65_536))
    reader.push(Buffer.from('0\r\n\r\n'))
    expect(reader.answer().body).toHaveLength(1024 * 1024)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
  })
})
