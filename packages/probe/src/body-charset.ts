/**
 * Character sets: what the bytes of a body spell, after WHATWG HTML (13.2.3.2) and XML (appendix F): byte
 * order mark, then the header, then what the document says itself. Undeclared it is UTF-8 where it can be,
 * and windows-1252 else, as browsers guess. Pure.
 */

/** How far a document is searched for what it declares. Browsers search its head. */
const DECLARED_WITHIN_BYTES = 32 * 1024
const FALLBACK = 'windows-1252'
/** windows-1252, 0x80 … 0x9f: Node.js reads them as controls. */
const C1 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178'
const MARKS = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
] as const

export type DocumentForm = 'html' | 'xml' | 'other'

/** `contentType`: the value of Content-Type, several joined by commas. */
export function decodeText(bytes: Buffer, contentType: string): string {
  const [mark] = MARKS.find(([, prefix]) => prefix.every((byte, i) => bytes[i] === byte)) ?? []
  const label = mark ?? headerCharset(contentType) ?? declaredCharset(bytes, contentType)
  return label === undefined ? guessed(bytes) : decodedAs(label, bytes)
}

export function formOf(contentType: string, start: string): DocumentForm {
  const [, essence = ''] = /^\s*([^\s;,]*)/.exec(contentType.toLowerCase()) ?? []
  if (essence === 'text/html') return 'html'
  if (/^(?:text|application)\/xml$|\+xml$/.test(essence)) return 'xml'
  return essence === '' && /^\s*</.test(start) ? 'html' : 'other'
}

function decodedAs(label: string, bytes: Buffer): string {
  if (label !== FALLBACK) return new TextDecoder(label).decode(bytes)
  const text = bytes.toString('latin1')
  return text.replace(/[\x80-\x9f]/g, (control) => C1[control.charCodeAt(0) - 0x80] ?? control)
}

function guessed(bytes: Buffer): string {
  try {
    // A stream: the body may have been cut within a character.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return decodedAs(FALLBACK, bytes)
  }
}

/** The encoding of a label; undefined where nobody knows it. */
function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label.trim()).encoding
  } catch {
    return undefined
  }
}

/** A semicolon within quotes parts nothing. */
const PARAMETER = /(?:"[^"]*"?|[^";])+/g

/** The first charset, unless a later field names another type. */
function headerCharset(contentType: string): string | undefined {
  let type = ''
  let label: string | undefined
  for (const value of contentType.split(',')) {
    const [essence = '', ...parameters] = value.match(PARAMETER) ?? []
    const named = essence.trim().toLowerCase()
    if (named !== type) label = undefined
    type = named
    const charset = parameters.map((one) => /^\s*charset=\s*["']?([^"']*)/i.exec(one)?.[1]).find(Boolean)
    label ??= charset
  }
  return label === undefined ? undefined : encodingOf(label)
}

function declaredCharset(bytes: Buffer, contentType: string): string | undefined {
  const start = bytes.toString('latin1', 0, DECLARED_WITHIN_BYTES)
  const form = formOf(contentType, start)
  if (form === 'html') return metaCharset(start) ?? xmlCharset(start)
  if (form === 'xml') return xmlCharset(start)
  const [, css] = /^@charset "([^"]{1,40})";/.exec(start) ?? []
  return css === undefined ? undefined : asciiCharset(css)
}

/** What was read as ASCII is no UTF-16, whatever it says. */
function asciiCharset(label: string): string | undefined {
  if (/^\s*x-user-defined\s*$/i.test(label)) return FALLBACK
  const encoding = encodingOf(label)
  return encoding?.startsWith('utf-16') ? 'utf-8' : encoding
}

function xmlCharset(start: string): string | undefined {
  if (start.startsWith('<\0?\0')) return 'utf-16le'
  if (start.startsWith('\0<\0?')) return 'utf-16be'
  const [, , label] = /^<\?xml\s[^>]{0,200}?\sencoding\s*=\s*(["'])([\w.:-]{1,40})\1/.exec(start) ?? []
  return label === undefined ? undefined : asciiCharset(label)
}

const TAG = /<\/?[a-z](?:[^>"']|"[^"]*"|'[^']*')*>/iy
const RAW = /^<(script|style|title|textarea|xmp|iframe|noembed|noframes)\b/i
const ATTRIBUTE = /([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g

/** The first meta element that names a character set, past comments and what is no markup. */
function metaCharset(html: string): string | undefined {
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at)) {
    if (html.startsWith('<!--', at)) {
      at = endAfter(html, '-->', at + 2)
      continue
    }
    TAG.lastIndex = at
    const [tag] = TAG.exec(html) ?? []
    if (tag === undefined) {
      // Text, or a tag that does not end.
      if (/^<\/?[a-z]/i.test(html.slice(at, at + 3))) return undefined
      at += 1
      continue
    }
    const label = /^<meta[\s/]/i.test(tag) ? labelIn(tag) : undefined
    if (label !== undefined) return label
    const [, raw] = RAW.exec(tag) ?? []
    at += tag.length
    if (raw !== undefined) at = endOfRaw(html, raw, at)
  }
  return undefined
}

function endAfter(html: string, mark: string, from: number): number {
  const at = html.indexOf(mark, from)
  return at < 0 ? html.length : at + mark.length
}

function endOfRaw(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}`, 'gi')
  end.lastIndex = from
  return end.exec(html)?.index ?? html.length
}

function labelIn(tag: string): string | undefined {
  const attributes = new Map<string, string>()
  for (const [, name = '', ...values] of tag.slice('<meta'.length).matchAll(ATTRIBUTE)) {
    const key = name.toLowerCase()
    if (!attributes.has(key)) attributes.set(key, values.find((value) => value !== undefined) ?? '')
  }
  const charset = attributes.get('charset')
  if (charset !== undefined) return asciiCharset(charset)
  if (attributes.get('http-equiv')?.trim().toLowerCase() !== 'content-type') return undefined
  const content = attributes.get('content') ?? ''
  const [, ...found] = /charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"']+))/i.exec(content) ?? []
  const label = found.find((value) => value !== undefined)
  return label === undefined ? undefined : asciiCharset(label)
}
