/**
 * DNS records as text, the way zone files write them less the quotes, and whether one is what a check
 * names. Pure.
 */
import { isIP } from 'node:net'
import type { DnsSpec } from '@constat/shared/check'
import { asciiName } from '@constat/shared/target'
import { MalformedMessage, readAt, readName, type Cursor } from './dns-cursor.ts'

type Reader = (data: Cursor, end: number) => string

const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [1, (data) => [...readAt(data, 4)].join('.')],
  [2, readName],
  [5, readName],
  [6, (data) => [readName(data), readName(data), ...integers(data, { count: 5, bytes: 4 })].join(' ')],
  [12, readName],
  [15, (data) => [...integers(data, { count: 1, bytes: 2 }), readName(data)].join(' ')],
  [16, (data, end) => readStrings(data, end)],
  [28, (data) => canonicalAddress(groupsOf(readAt(data, 16)))],
  [33, (data) => [...integers(data, { count: 3, bytes: 2 }), readName(data)].join(' ')],
  [257, readAuthorization],
])

/** The record's data, and past it; undefined for a type that no check asks for. */
export function readRecordData(
  cursor: Cursor,
  { type, length }: { type: number; length: number },
): string | undefined {
  const start = cursor.at
  const end = start + length
  readAt(cursor, length)
  const read = READERS.get(type)
  if (!read) return undefined
  // Names may point back into the message, so the data is read in place and measured afterwards.
  const data = { message: cursor.message, at: start }
  const text = read(data, end)
  if (data.at !== end) throw new MalformedMessage('a record is longer or shorter than it says')
  return text
}

function integers(data: Cursor, { count, bytes }: { count: number; bytes: number }): number[] {
  return Array.from({ length: count }, () => readAt(data, bytes).readUIntBE(0, bytes))
}

/** The strings of one TXT record are one text (RFC 7208, 3.3). */
function readStrings(data: Cursor, end: number): string {
  const strings: Buffer[] = []
  while (data.at < end) strings.push(readAt(data, readAt(data, 1).readUInt8(0)))
  return Buffer.concat(strings).toString('utf8')
}

/** RFC 8659, 4.1: `0 issue ca.example`. */
function readAuthorization(data: Cursor, end: number): string {
  const [flags = 0, tagLength = 0] = readAt(data, 2)
  const tag = readAt(data, tagLength).toString('latin1')
  if (data.at > end) throw new MalformedMessage('a CAA tag is longer than its record')
  const value = readAt(data, end - data.at).toString('utf8')
  return `${flags} ${tag.toLowerCase()} ${value}`
}

function groupsOf(address: Buffer): string {
  return Array.from({ length: 8 }, (_, i) => address.readUInt16BE(i * 2).toString(16)).join(':')
}

/** IPv6 in one form whatever the one it came in (RFC 5952). */
function canonicalAddress(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}

/** Whether `wanted`, as a person wrote it, is the record with this data. */
export function isRecord(type: DnsSpec['type'], { data, wanted }: { data: string; wanted: string }): boolean {
  switch (type) {
    case 'TXT':
      return data === wanted || `"${data}"` === wanted
    case 'AAAA':
      return isIP(wanted) === 6 && !wanted.includes('%') && data === canonicalAddress(wanted)
    case 'CAA':
      return (
        data ===
        wanted.replace(
          /^(\d+)\s+(\S+)\s+"?(.*?)"?$/,
          (_, flags, tag, value) => `${String(flags)} ${String(tag).toLowerCase()} ${String(value)}`,
        )
      )
    default:
      return data === foldFields(wanted)
  }
}

/** Names and numbers, however spaced: each name in A-labels, in lower case and without its last dot. */
function foldFields(text: string): string {
  const fields = text
    .trim()
    .split(/\s+/)
    .map((field) => asciiName(field).toLowerCase())
  return fields.map((field) => (field === '.' ? field : field.replace(/\.$/, ''))).join(' ')
}
