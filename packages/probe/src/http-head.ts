/**
 * Heads of HTTP answers, read as Chromium reads them: the status line and the fields, and what they say
 * about the body. Pure. Text here is bytes, one character each (Latin-1): what they spell is asked later.
 *
 * Lenient where Chromium is: bare LF and CR end lines, folded lines are one, blanks may stand before a colon,
 * a line that is no field is passed over, HTTP/2 and a status without digits (200) are taken. Refused, as
 * there: a NUL; Content-Length, Location or Content-Disposition twice with different values; a Content-Encoding
 * that is no list of words, though a word that is no coding is taken for none.
 */
import { brokenAnswer } from './failure.ts'

/** Names in lower case; several fields of one name are joined by commas, but for Set-Cookie. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>> & {
  readonly [name in SingleHeader]?: string
} & { readonly 'set-cookie'?: readonly string[] }
type SingleHeader =
  | 'content-encoding'
  | 'content-length'
  | 'content-type'
  | 'cf-mitigated'
  | 'location'
  | 'transfer-encoding'
  | 'www-authenticate'
  | 'x-amzn-waf-action'

export type HttpHead = { status: number; headers: HttpHeaders; framing: Framing }

/** Where the body ends, by the head alone: a chunk of size 0, so many bytes, or the end of the connection. */
export type Framing = 'chunked' | 'close' | number

const LIST_COOKIE = 'set-cookie'
/** Parts of a list, each with a comma before it, empty ones too; a comma within quotes parts nothing. */
const LIST_PART = /,(?:"(?:[^"\\]|\\.)*"?|[^",])*/g
const NO_WORDS = /[";=*]|[^\s,][ \t]+[^\s,]/
/** A status that no number of the sample can hold is cut to this many digits. */
const MAX_STATUS_DIGITS = 9

/** From the status line to the empty line that ends it, or as far as it came. */
export function parseHead(bytes: Buffer): HttpHead {
  const text = bytes.toString('latin1')
  if (text.includes('\0')) throw brokenAnswer('there is a NUL in its head')
  const [statusLine = '', ...lines] = text.split(/[\r\n]+/)
  const { status, isChunkable } = parseStatusLine(statusLine)
  const fields = fieldsOf(lines)
  const isChunked = isChunkable && listOf(fields.get('transfer-encoding')).includes('chunked')
  if (!isChunked) refuseTwo('Content-Length', listOf(fields.get('content-length')))
  refuseTwo('Location', fields.get('location') ?? [])
  refuseTwo('Content-Disposition', listOf(fields.get('content-disposition')))
  if (fields.get('content-encoding')?.some((value) => NO_WORDS.test(value)) === true) {
    throw brokenAnswer('its Content-Encoding is no list of words')
  }
  const framing = isChunked ? 'chunked' : lengthOf(fields.get('content-length'))
  return { status, headers: headersOf(fields), framing }
}

/** Before HTTP/1.1 there were no chunks: what is sent in them is read as it stands. */
function parseStatusLine(line: string): { status: number; isChunkable: boolean } {
  const [, major = '1', minor = '0'] = /^http\/(\d{1,9})\.(\d{1,9})/i.exec(line) ?? []
  const [, digits] = /^[^ \t]*[ \t]+(\d+)/.exec(line) ?? []
  const isChunkable = Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 1)
  return { status: digits === undefined ? 200 : Number(digits.slice(0, MAX_STATUS_DIGITS)), isChunkable }
}

type Fields = Map<string, string[]>

function fieldsOf(lines: readonly string[]): Fields {
  /** Of each name its values, and of each value its lines. */
  const found = new Map<string, string[][]>()
  /** The value that a folded line would go on with. */
  let open: string[] | undefined
  for (const line of lines) {
    const isFolded = line.startsWith(' ') || line.startsWith('\t')
    if (isFolded) {
      // What goes on with no field at all is passed over.
      open?.push(trimBlanks(line))
      continue
    }
    const colon = line.indexOf(':')
    const name = trimBlanks(line.slice(0, Math.max(0, colon))).toLowerCase()
    open = undefined
    if (name === '') continue
    open = [trimBlanks(line.slice(colon + 1))]
    const known = found.get(name)
    if (known) known.push(open)
    else found.set(name, [open])
  }
  // RFC 9112, 5.2: a fold is a blank.
  const unfolded = (value: string[]): string => value.filter(Boolean).join(' ')
  return new Map([...found].map(([name, values]) => [name, values.map(unfolded)]))
}

function headersOf(fields: Fields): HttpHeaders {
  // No prototype: a field may have any name.
  const headers = Object.create(null) as Record<string, string | string[]>
  for (const [name, values] of fields) headers[name] = name === LIST_COOKIE ? values : values.join(', ')
  // One value, or several that are the same.
  const [location] = fields.get('location') ?? []
  if (location !== undefined) headers['location'] = location
  return headers
}

/** Members of a field that is a list, in lower case, each once. */
function listOf(values: readonly string[] = []): string[] {
  const parts = values.flatMap((value) =>
    value.includes('"')
      ? (`,${value}`.match(LIST_PART) ?? []).map((part) => part.slice(1))
      : value.split(','),
  )
  return [...new Set(parts)].map((part) => trimBlanks(part).toLowerCase())
}

function refuseTwo(name: string, values: readonly string[]): void {
  if (new Set(values).size > 1) throw brokenAnswer(`it has ${name} twice, with different values`)
}

/** A length that is none, or too long to be one (63 bits), is as if it were not there; -0 is 0. */
function lengthOf(values: readonly string[] | undefined): Framing {
  const [text = ''] = listOf(values)
  const digits = /^-0+$/.test(text) ? '0' : text.replace(/^0+(?=\d)/, '')
  return /^\d{1,19}$/.test(digits) && BigInt(digits) < 2n ** 63n ? Number(digits) : 'close'
}

/** Blank by blank: an expression would look at each run of blanks within as often as it is long. */
function trimBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text, from)) from += 1
  while (to > from && isBlank(text, to - 1)) to -= 1
  return text.slice(from, to)
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t'
}

/** What the bytes of a field spell: UTF-8 where they are that, Latin-1 otherwise. */
export function spelled(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- bytes beyond ASCII are what is looked for
  if (!/[^\x00-\x7f]/.test(bytes)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? bytes : text
}

/** A Location as a URL takes it: bytes beyond ASCII percent-encoded as they came, whatever they spell. */
export function locationOf({ location = '' }: HttpHeaders): string {
  return location.replace(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
