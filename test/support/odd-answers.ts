/**
 * Odd answers: HTTP servers as they are met in the field, a few oddities each, out of a seed. What is right is
 * not said here: the reference clients are asked (agreement.ts). `{origin}` stands for the server's own.
 */
import * as zlib from 'node:zlib'
import fc from 'fast-check'

export type OddAnswer = {
  method: 'GET' | 'HEAD' | 'POST'
  /** Placeholders are filled in before they are cut into packets. */
  bytes: Buffer
  /** Where they are cut, each modulo their length. */
  cuts: number[]
  end: 'close' | 'keep' | 'reset'
  /** Stands in the body, where that can be read. */
  token: string
  /** The token is not ASCII: a page has to be shown to know what its bytes spell. */
  isPage: boolean
  /** What is odd about it, for people. */
  oddities: string[]
}

export const TOKEN = 'IDENTITE'
const ACCENTED = 'Identité privée'
const FILL = 'Bonjour à tous. '.repeat(20)

type Odd<T> = [weight: number, name: string, value: T]

/** The first is what is not odd. */
function among<T>(...odds: Odd<T>[]): fc.Arbitrary<{ name: string; value: T }> {
  const choices = odds.map(([weight, name, value]) => ({ weight, arbitrary: fc.constant({ name, value }) }))
  return fc.oneof(...choices)
}

const statuses = among<string>(
  [60, '', ' 200 OK'],
  ...[
    '201 Created',
    '203 X',
    '206 Partial',
    '299 X',
    '400 Bad',
    '404 Not Found',
    '410 Gone',
    '418 X',
    '451 X',
    '500 E',
    '502 B',
    '503 S',
    '599 X',
    '999 X',
    '304 N',
    '302 no place',
    '300 X',
  ].map((text): Odd<string> => [1, text, ` ${text}`]),
  [3, '204', ' 204 No Content'],
  [1, '205', ' 205 Reset'],
  [1, '401 asks', ' 401 U\r\nWWW-Authenticate: Custom'],
  [2, 'no reason', ' 200'],
  [1, 'two blanks', '  200 OK'],
  [1, 'no blank after status', ' 200OK'],
  [1, 'bytes in reason', ' 200 Succ\xe8s \x01'],
  [1, 'no status', ''],
  [1, 'status of four digits', ' 0200 OK'],
  [1, 'status of words', ' OK'],
)
const versions = among<string>(
  [60, '', 'HTTP/1.1'],
  [5, 'HTTP/1.0', 'HTTP/1.0'],
  ...[
    'http/1.1',
    'HTTP/2',
    'HTTP/2.0',
    'HTTP/1.2',
    'HTTP/1',
    'HTTP/0.9',
    'HTTPS/1.1',
    'XTTP/1.1',
    'SSH-2.0',
  ].map((text): Odd<string> => [1, text, text]),
)
const slops = among<string>(
  [60, '', ''],
  [1, 'line end first', '\r\n'],
  [1, 'two line feeds first', '\n\n'],
  [1, 'three line ends first', '\r\n\r\n\r\n'],
)
const lineEnds = among<string>([40, '', '\r\n'], [4, 'bare line feeds', '\n'])
const interims = among<string>(
  [60, '', ''],
  [2, '100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  [2, '103', 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n'],
  [1, '102 30 times', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(30)],
  [1, '101', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'],
  [1, '100 and a blank line', 'HTTP/1.1 100 Continue\r\n\r\n\r\n'],
)
const fieldLines = among<string[]>(
  [60, '', ['Server: nginx']],
  [2, 'folded', ['Strict-Transport-Security: max-age=1;', '\tincludeSubDomains']],
  [1, 'folded first', [' X: y']],
  [2, 'a control', ['Set-Cookie: a=\x01b; path=/']],
  [2, 'blank before colon', ['X-Frame-Options : DENY']],
  [1, 'no colon', ['this is no field']],
  [1, 'no name', [': x']],
  [1, 'blank in a name', ['X Y: z']],
  [2, 'bytes', ['X-A: Soci\xe9t\xe9', 'X-B: Soci\xc3\xa9t\xc3\xa9']],
  [1, 'a carriage return', ['X: a\rb']],
  [1, 'a NUL', ['X: a\0b']],
  [2, '60 kB', [`Content-Security-Policy: ${'x'.repeat(60_000)}`]],
  [1, '200 kB', Array.from({ length: 60 }, (_, i) => `X-${i}: ${'y'.repeat(3_400)}`)],
  [1, '270 kB', Array.from({ length: 80 }, (_, i) => `X-${i}: ${'y'.repeat(3_400)}`)],
  [1, '3,000 fields', Array.from({ length: 3_000 }, (_, i) => `X-${i}: y`)],
  [1, 'two dispositions', ['Content-Disposition: inline', 'Content-Disposition: inline; filename=a']],
  [1, 'one disposition twice', ['Content-Disposition: inline', 'Content-Disposition: inline']],
  [1, 'a disposition with a comma', ['Content-Disposition: inline; filename=a, b.txt']],
  [1, 'a disposition with a quoted comma', ['Content-Disposition: inline; filename="a, b.txt"']],
  [1, 'two places', ['Location: /a', 'Location: /b']],
  [1, 'no names but a dash', ['-: -', '__proto__: x', 'constructor: y']],
)

type Page = { type: string | null; bytes: Buffer; token: string; isPage: boolean }

const ascii = (type: string): Page => ({
  type,
  bytes: Buffer.from(`<p>${FILL}${TOKEN}</p>`),
  token: TOKEN,
  isPage: false,
})
const page = (type: string | null, before: string, encoding: BufferEncoding): Page => ({
  type,
  bytes: Buffer.from(`${before}<p>${ACCENTED}</p>`, encoding),
  token: ACCENTED,
  isPage: true,
})
const pages = among<Page>(
  [60, '', ascii('text/html; charset=utf-8')],
  [2, 'no type', { ...ascii(''), type: null }],
  [2, 'JSON', { ...ascii('application/json'), bytes: Buffer.from(`{"a":"${TOKEN}"}`) }],
  [2, 'empty', { ...ascii('text/html'), bytes: Buffer.alloc(0) }],
  [1, 'meta', page('text/html', '<meta charset="iso-8859-1">', 'latin1')],
  [
    1,
    'http-equiv',
    page('text/html', '<meta http-equiv=content-type content="text/html;charset=latin1">', 'latin1'),
  ],
  [1, 'meta past a comment', page('text/html', '<!-- <meta charset=koi8-r> --><meta charset=utf-8>', 'utf8')],
  [
    1,
    'meta past a script',
    page('text/html', '<script>"<meta charset=koi8-r>"</script><meta charset=utf-8>', 'utf8'),
  ],
  [
    1,
    'meta far below',
    page('text/html', `<html><head><!--${'x'.repeat(4_000)}--><meta charset=latin1></head>`, 'latin1'),
  ],
  [1, 'header and meta', page('text/html; charset=utf-8', '<meta charset=koi8-r>', 'utf8')],
  [1, 'header with quotes', page('text/html; charset="iso-8859-1"', '', 'latin1')],
  [1, 'unknown header', page('text/html; charset=klingon', '<meta charset=utf-8>', 'utf8')],
  [1, 'mark', page('text/html; charset=iso-8859-1', '\ufeff', 'utf8')],
  [1, 'UTF-16', page('text/html; charset=utf-8', '\ufeff', 'utf16le')],
  [1, 'undeclared Latin-1', page('text/html', '', 'latin1')],
  [1, 'plain Latin-1', page('text/plain; charset=windows-1252', '', 'latin1')],
  [1, 'XML in HTML', page('text/html', '<?xml version="1.0" encoding="iso-8859-1"?>', 'latin1')],
  [1, 'XHTML', page('application/xhtml+xml', '<?xml version="1.0" encoding="iso-8859-1"?>', 'latin1')],
)

type Coding = { field: string | null; code: (bytes: Buffer) => Buffer }
const flipped = (bytes: Buffer, at: number): Buffer => {
  const other = Buffer.from(bytes)
  other[at < 0 ? bytes.length + at : at]! ^= 0xff
  return other
}
/** RFC 8878: one segment, its size in 4 bytes, one raw block. Node.js 20 makes none. */
const zstd = (bytes: Buffer): Buffer => {
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, 0, 0, 0])
  frame.writeUInt32LE(bytes.length, 5)
  frame.writeUIntLE(bytes.length * 8 + 1, 9, 3)
  return Buffer.concat([frame, bytes])
}
const asIs = (bytes: Buffer): Buffer => bytes
const codings = among<Coding>(
  [60, '', { field: null, code: asIs }],
  [2, 'gzip', { field: 'gzip', code: (b) => zlib.gzipSync(b) }],
  [1, 'x-gzip', { field: 'X-GZIP', code: (b) => zlib.gzipSync(b) }],
  [1, 'deflate', { field: 'deflate', code: (b) => zlib.deflateSync(b) }],
  [1, 'raw deflate', { field: 'deflate', code: (b) => zlib.deflateRawSync(b) }],
  [1, 'br', { field: 'br', code: (b) => zlib.brotliCompressSync(b) }],
  [1, 'zstd', { field: 'zstd', code: zstd }],
  [1, 'two', { field: 'gzip, br', code: (b) => zlib.brotliCompressSync(zlib.gzipSync(b)) }],
  ...['none', 'UTF-8', '', 'aws-chunked', 'identity', 'text/html', 'foo'].map((field): Odd<Coding> => [
    1,
    `coded as ${field}`,
    { field, code: asIs },
  ]),
  [1, 'gzip that is none', { field: 'gzip', code: asIs }],
  [1, 'br that is none', { field: 'br', code: asIs }],
  [1, 'gzip;q=1', { field: 'gzip;q=1', code: (b) => zlib.gzipSync(b) }],
  [1, 'gzip cut short', { field: 'gzip', code: (b) => zlib.gzipSync(b).subarray(0, -12) }],
  [1, 'br cut short', { field: 'br', code: (b) => zlib.brotliCompressSync(b).subarray(0, -2) }],
  [1, 'gzip, wrong checksum', { field: 'gzip', code: (b) => flipped(zlib.gzipSync(b), -6) }],
  [1, 'gzip broken within', { field: 'gzip', code: (b) => flipped(zlib.gzipSync(b), 12) }],
  [1, 'deflate, wrong checksum', { field: 'deflate', code: (b) => flipped(zlib.deflateSync(b), -1) }],
  [
    1,
    'gzip and more',
    { field: 'gzip', code: (b) => Buffer.concat([zlib.gzipSync(b), Buffer.from('more')]) },
  ],
)

type Framed = { fields: string[]; bytes: Buffer; end: OddAnswer['end'] }
type Frame = (body: Buffer) => Framed
const byLength =
  (...lengths: ((n: number) => string)[]): Frame =>
  (body) => ({
    fields: lengths.map((length) => `Content-Length: ${length(body.length)}`),
    bytes: body,
    end: 'close',
  })
const chunk = (data: Buffer, { size = data.length.toString(16), eol = '\r\n' } = {}): Buffer =>
  Buffer.concat([Buffer.from(`${size}${eol}`), data, Buffer.from(eol)])
const inChunks =
  (make: (body: Buffer) => Buffer, fields: string[] = ['Transfer-Encoding: chunked']): Frame =>
  (body) => ({ fields, bytes: make(body), end: 'close' })
const LAST = '0\r\n\r\n'
const chunked = (body: Buffer, last = LAST, options: Parameters<typeof chunk>[1] = {}): Buffer =>
  Buffer.concat([...(body.length > 0 ? [chunk(body, options)] : []), Buffer.from(last)])
const sized = (size: (hex: string) => string): Frame =>
  inChunks((b) =>
    b.length === 0 ? Buffer.from(LAST) : chunked(b, LAST, { size: size(b.length.toString(16)) }),
  )
const frames = among<Frame>(
  [40, '', byLength(String)],
  [3, 'kept alive', (b) => ({ ...byLength(String)(b), end: 'keep' })],
  [8, 'chunks', inChunks((b) => chunked(b))],
  [4, 'to the end', (b) => ({ fields: [], bytes: b, end: 'close' })],
  [2, 'to the reset', (b) => ({ fields: [], bytes: b, end: 'reset' })],
  [2, 'reset after it', (b) => ({ ...byLength(String)(b), end: 'reset' })],
  [2, 'longer than its length', byLength((n) => `${Math.floor(n / 2)}`)],
  [2, 'shorter than its length', byLength((n) => `${n + 3}`)],
  [1, 'length twice', byLength(String, String)],
  [1, 'length in a list', byLength((n) => `${n}, ${n}`)],
  [1, 'two lengths', byLength(String, (n) => `${n + 1}`)],
  [1, 'length with a plus', byLength((n) => `+${n}`)],
  [1, 'length that is none', byLength(() => 'x')],
  [1, 'no length in its field', byLength(() => '')],
  [1, 'negative length', byLength(() => '-1')],
  [1, 'length with zeros', byLength((n) => `000${n}`)],
  [1, 'folded length', (b) => ({ fields: ['Content-Length:', ` ${b.length}`], bytes: b, end: 'close' })],
  [
    1,
    'length with a blank',
    (b) => ({
      fields: [`Content-Length : ${b.length}`],
      bytes: Buffer.concat([b, Buffer.from('more')]),
      end: 'close',
    }),
  ],
  [
    2,
    'chunks and length',
    inChunks((b) => chunked(b), ['Content-Length: 99999', 'Transfer-Encoding: chunked']),
  ],
  [
    1,
    'chunks and two lengths',
    inChunks((b) => chunked(b), ['Content-Length: 9', 'Content-Length: 8', 'Transfer-Encoding: Chunked']),
  ],
  [
    1,
    'chunked twice',
    inChunks((b) => chunked(b), ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']),
  ],
  [1, 'identity', (b) => ({ fields: ['Transfer-Encoding: identity'], bytes: b, end: 'close' })],
  [1, 'folded chunked', inChunks((b) => chunked(b), ['Transfer-Encoding:', '\tchunked'])],
  [1, 'chunks that are none', inChunks(asIs)],
  [2, 'chunks cut off', inChunks((b) => chunked(b).subarray(0, -2))],
  [1, 'last chunk missing', inChunks((b) => chunked(b, ''))],
  [1, 'trailers', inChunks((b) => chunked(b, '0\r\nX: y\r\n\r\n'))],
  [1, 'trailers that are none', inChunks((b) => chunked(b, '0\r\ngarbage\r\n\r\n'))],
  [1, 'chunks by line feeds', inChunks((b) => chunked(b, '0\n\n', { eol: '\n' }))],
  [
    1,
    'chunks of one byte',
    inChunks((b) =>
      Buffer.concat([...b].map((byte) => chunk(Buffer.from([byte]))).concat(Buffer.from(LAST))),
    ),
  ],
  [1, 'size and blanks', sized((hex) => `${hex}   `)],
  [1, 'size in capitals and zeros', sized((hex) => `00${hex.toUpperCase()}`)],
  [1, 'size and extension', sized((hex) => `${hex} ;a="b"`)],
  [1, 'size and tab', sized((hex) => `${hex}\t`)],
  [1, 'size as in C', sized((hex) => `0x${hex}`)],
  [1, 'blank before size', sized((hex) => ` ${hex}`)],
)
const surpluses = among<string>(
  [40, '', ''],
  [4, 'a comment after it', '<!-- served from cache -->'],
  [1, 'a line end after it', '\r\n'],
)
const methods = fc.oneof(
  { weight: 20, arbitrary: fc.constant('GET' as const) },
  { weight: 2, arbitrary: fc.constant('HEAD' as const) },
  { weight: 2, arbitrary: fc.constant('POST' as const) },
)
const cuts = fc.oneof(
  { weight: 6, arbitrary: fc.constant([] as number[]) },
  { weight: 4, arbitrary: fc.array(fc.nat(100_000), { minLength: 1, maxLength: 4 }) },
)
/** Of the head: the connection ends within it. */
const ends = among<'whole' | 'within the head'>([80, '', 'whole'], [1, 'cut in the head', 'within the head'])

/** Where a redirect leads, below the address of the answer. */
const places = among<string[] | null>(
  [80, '', null],
  ...[
    '{path}/t',
    '{origin}{path}/t?a=1',
    '{path}/soci\xc3\xa9t\xc3\xa9?q=\xc3\xa9t\xc3\xa9',
    '{path}/soci\xe9t\xe9',
    '{path}/a b\tc',
    '{path}/"<>^`{|}',
    '{path}\\t\\u',
    '{path}/t#frag ment',
    '{path}/../{last}/t',
    '{path}/%zz%',
    '//{host}{path}/t',
    'http:{path}/t',
    '{path}/t\x01\x7f',
    'ftp://127.0.0.1/',
    'http://[',
    'javascript:1',
    '',
  ].map((place): Odd<string[]> => [1, `to ${JSON.stringify(place)}`, [`Location: ${place}`]]),
  [1, 'to two places', ['Location: {path}/t', 'Location: {path}/u']],
  [1, 'to one place twice', ['Location: {path}/t', 'Location: {path}/t']],
  [1, 'to a folded place', ['Location:', ' {path}/t']],
  [2, 'with a cookie', ['Location: {path}/cookie', 'Set-Cookie: {name}=v']],
  [
    1,
    'with a cookie for the path',
    ['Location: {path}/cookie', 'Set-Cookie: {name}=v; Path={path}/; HttpOnly; SameSite=Lax'],
  ],
  [1, 'with a cookie of bytes', ['Location: {path}/cookie', 'Set-Cookie: {name}=v\xc3\xa9; Max-Age=60']],
  [1, 'with a cookie that has ended', ['Location: {path}/cookie', 'Set-Cookie: {name}=v; Max-Age=0']],
  [
    1,
    'with a cookie for TLS',
    ['Location: {path}/cookie', 'Set-Cookie: {name}=v; Secure; Domain=example.org'],
  ],
  [1, 'with a quoted cookie', ['Location: {path}/cookie', 'Set-Cookie: {name}="v" ; path=/']],
  [2, 'over 7 more', ['Location: {path}/chain/7']],
  [1, 'over 30 more', ['Location: {path}/chain/30']],
)
const redirectStatuses = fc.constantFrom('301', '302', '303', '307', '308')

const answers: fc.Arbitrary<OddAnswer> = fc
  .record({
    version: versions,
    status: statuses,
    slop: slops,
    eol: lineEnds,
    interim: interims,
    lines: fieldLines,
    page: pages,
    coding: codings,
    frame: frames,
    surplus: surpluses,
    method: methods,
    cuts,
    end: ends,
    place: places,
    redirect: redirectStatuses,
  })
  .map((odd) => {
    const { page: shown, place } = odd
    const body = odd.coding.value.code(shown.value.bytes)
    const framed = odd.frame.value(body)
    const status = place.value === null ? odd.status.value : ` ${odd.redirect} Moved`
    const { field } = odd.coding.value
    const type = shown.value.type
    const lines = [
      `${odd.version.value}${status}`,
      ...(place.value ?? []),
      ...odd.lines.value,
      ...(type === null ? [] : [`Content-Type: ${type}`]),
      ...(field === null ? [] : [`Content-Encoding: ${field}`]),
      ...framed.fields,
      // One connection for each: what is left over of one answer must not end up in the next.
      ...(framed.end === 'keep' ? [] : ['Connection: close']),
    ]
    const surplus = framed.end === 'keep' ? '' : odd.surplus.value
    const head = `${odd.slop.value}${odd.interim.value}${lines.join(odd.eol.value)}${odd.eol.value.repeat(2)}`
    const isCut = odd.end.value === 'within the head'
    const answer = Buffer.concat([Buffer.from(head, 'latin1'), framed.bytes, Buffer.from(surplus)])
    const whole = isCut ? answer.subarray(0, head.length - 10) : answer
    const names = [odd.version, odd.status, odd.slop, odd.eol, odd.interim, odd.lines, shown, odd.coding]
    const oddities = [...names, odd.frame, odd.surplus, odd.end, place]
      .map(({ name }) => name)
      .filter(Boolean)
    return {
      method: odd.method,
      bytes: whole,
      cuts: odd.cuts,
      end: isCut ? 'close' : framed.end,
      token: shown.value.token,
      isPage: shown.value.isPage,
      oddities: odd.method === 'GET' ? oddities : [odd.method, ...oddities],
    }
  })

/** The same seed makes the same answers. */
export function oddAnswers(count: number, seed: number): OddAnswer[] {
  return fc.sample(answers, { numRuns: count, seed })
}
