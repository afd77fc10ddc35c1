/**
 * DER (ITU-T X.690): one value read strictly as a tree, with definite lengths in their shortest form and tags below
 * 31; and written. Pure. What is read is another's: every limit has a name, and nothing throws.
 */
import { parseInstant, type UnixMs } from '@constat/shared/time'

/** Nesting, and values in one tree. */
const MAX_DEPTH = 24
const MAX_VALUES = 10_000

/** Identifier octets. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

const CONSTRUCTED = 0x20
const LONG_TAG = 0x1f

/** `raw` is the whole value; `children` those of a constructed one, in order. */
export type Der = { tag: number; raw: Buffer; content: Buffer; children: readonly Der[] }

/** A context-specific tag, constructed. */
export function contextTag(n: number): number {
  return 0xa0 | n
}

/** Undefined where `bytes` are not one value and nothing after it. */
export function readDer(bytes: Buffer): Der | undefined {
  const counted = { left: MAX_VALUES }
  const one = readOne(bytes, { depth: 0, counted })
  return one?.raw.length === bytes.length ? one : undefined
}

type Reading = { depth: number; counted: { left: number } }

/** The first value of `bytes`. */
function readOne(bytes: Buffer, { depth, counted }: Reading): Der | undefined {
  const head = readHead(bytes)
  counted.left -= 1
  if (!head || counted.left < 0 || depth > MAX_DEPTH) return undefined
  const { tag, start, end } = head
  const content = bytes.subarray(start, end)
  const children: Der[] = []
  for (let at = 0; (tag & CONSTRUCTED) !== 0 && at < content.length;) {
    const child = readOne(content.subarray(at), { depth: depth + 1, counted })
    if (!child) return undefined
    children.push(child)
    at += child.raw.length
  }
  return { tag, raw: bytes.subarray(0, end), content, children }
}

function readHead(bytes: Buffer): { tag: number; start: number; end: number } | undefined {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined || (tag & LONG_TAG) === LONG_TAG) return undefined
  const more = first < 0x80 ? 0 : first & 0x7f
  const start = 2 + more
  // 0x80 alone is an indefinite length; four bytes are more than any limit.
  if (first === 0x80 || more > 4 || bytes.length < start) return undefined
  const length = more === 0 ? first : bytes.readUIntBE(2, more)
  if (more > 0 && (length < 0x80 || bytes[2] === 0)) return undefined
  return bytes.length < start + length ? undefined : { tag, start, end: start + length }
}

/** `1.2.840.…`; undefined for anything but an object identifier. */
export function oidOf(der: Der | undefined): string | undefined {
  if (der?.tag !== TAG.oid || der.content.length === 0 || der.content.at(-1)! >= 0x80) return undefined
  const arcs: number[] = []
  let arc = 0
  for (const [i, byte] of der.content.entries()) {
    const isFirst = i === 0 || der.content[i - 1]! < 0x80
    if (isFirst && byte === 0x80) return undefined
    arc = (isFirst ? 0 : arc * 128) + (byte & 0x7f)
    if (!Number.isSafeInteger(arc)) return undefined
    if (byte < 0x80) arcs.push(arc)
  }
  const [both = 0, ...rest] = arcs
  const top = Math.min(2, Math.floor(both / 40))
  return [top, both - top * 40, ...rest].join('.')
}

/** The shortest two's complement, as it stands; undefined for anything but an integer. */
export function integerOf(der: Der | undefined): Buffer | undefined {
  if (der?.tag !== TAG.integer) return undefined
  const [first, second = 0] = der.content
  if (first === undefined) return undefined
  const isLonger = der.content.length > 1 && first === (second < 0x80 ? 0 : 0xff)
  return isLonger ? undefined : der.content
}

/** 0 to 2⁴⁷ − 1. */
export function countOf(der: Der | undefined): number | undefined {
  const bytes = integerOf(der)
  if (!bytes || bytes.length > 6 || bytes[0]! >= 0x80) return undefined
  return bytes.readUIntBE(0, bytes.length)
}

export function octetsOf(der: Der | undefined): Buffer | undefined {
  return der?.tag === TAG.octets ? der.content : undefined
}

/** Of a named bit list (X.690 §11.2.2): those that are set, the first one 0. */
export function bitsOf(der: Der | undefined): number[] | undefined {
  const [unused, ...octets] = der?.tag === TAG.bits ? der.content : []
  if (unused === undefined || unused > 7 || (octets.length === 0 && unused > 0)) return undefined
  const bits = octets.flatMap((octet, i) =>
    Array.from({ length: 8 }, (_, bit) => ((octet >> (7 - bit)) & 1 ? i * 8 + bit : -1)),
  )
  const set = bits.filter((bit) => bit >= 0)
  return set.some((bit) => bit >= octets.length * 8 - unused) ? undefined : set
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,11}[1-9]))?Z$/

/** GeneralizedTime in UTC (X.690 §11.7), rounded down to ms. */
export function timeOf(der: Der | undefined): UnixMs | undefined {
  const found = der?.tag === TAG.time ? TIME.exec(der.content.toString('latin1')) : null
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction = ''] = found
  const millis = fraction.padEnd(3, '0').slice(0, 3)
  return parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}Z`)
}

/** One value of these contents, one after the other. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content])
  const digits = content.length.toString(16)
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, content])
}

/** Object identifiers whose first arc is 0 to 2 and whose second is below 40. */
export function writeOid(oid: string): Buffer {
  const [top = 0, second = 0, ...rest] = oid.split('.').map(Number)
  return writeDer(TAG.oid, Buffer.from([top * 40 + second, ...rest].flatMap(base128)))
}

function base128(arc: number): number[] {
  const digits = [arc % 128]
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
    digits.unshift(0x80 | (left % 128))
  }
  return digits
}
