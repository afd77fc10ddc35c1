/**
 * DNS messages (RFC 1035, 4; RFC 6891): one question out, one strictly read answer in. Pure. Never reads
 * past the end, never follows a compression pointer forward, never trusts a count.
 */
import type { DNS_RCODES, DNS_TYPES } from '@constat/shared/check'
import { readRecordData } from './dns-record.ts'
import { MalformedMessage, readAt, readName, type Cursor } from './dns-cursor.ts'

type DnsType = (typeof DNS_TYPES)[number]
type Rcode = (typeof DNS_RCODES)[number]

export type Question = { id: number; name: string; type: DnsType }
/** `data` is the record as text: `10 mail.example.org`. Types that no check asks for have none. */
export type DnsRecord = { name: string; type: number; data: string | undefined }

export type DnsReading =
  /** `rcode` by its name, or `RCODE16` where it has none here. */
  | {
      kind: 'answer'
      rcode: Rcode | `RCODE${number}`
      truncated: boolean
      hasEdns: boolean
      records: DnsRecord[]
    }
  /** Not an answer to this question: from somebody else, or too late. */
  | { kind: 'foreign' }
  | { kind: 'malformed'; reason: string }

export const TYPE_CODES: Record<DnsType, number> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  CAA: 257,
}

const CLASS_IN = 1
const TYPE_OPT = 41
/** What fits a datagram on any path of today (DNS flag day 2020). */
const UDP_PAYLOAD_BYTES = 1_232
export const HEADER_BYTES = 12
const RCODES: readonly Rcode[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

/** Recursion desired. `edns: 'none'` is for servers that know only RFC 1035. */
export function writeQuery({ id, name, type }: Question, { edns }: { edns: 'offered' | 'none' }): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(0x0100, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(edns === 'offered' ? 1 : 0, 10)
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(TYPE_CODES[type], 0)
  tail.writeUInt16BE(CLASS_IN, 2)
  const option = Buffer.alloc(edns === 'offered' ? 11 : 0)
  if (edns === 'offered') {
    option.writeUInt16BE(TYPE_OPT, 1)
    option.writeUInt16BE(UDP_PAYLOAD_BYTES, 3)
  }
  return Buffer.concat([header, writeName(name), tail, option])
}

/** `name` is one that isRecordName accepts. */
function writeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')])
  return Buffer.concat([...parts, Buffer.from([0])])
}

export function readAnswer(message: Buffer, question: Question): DnsReading {
  try {
    return readMessage(message, question)
  } catch (error) {
    if (error instanceof MalformedMessage) return { kind: 'malformed', reason: error.message }
    throw error
  }
}

function readMessage(message: Buffer, question: Question): DnsReading {
  if (message.length < HEADER_BYTES || message.readUInt16BE(0) !== question.id) return { kind: 'foreign' }
  const flags = message.readUInt16BE(2)
  const isResponse = (flags & 0x8000) !== 0
  const opcode = (flags >> 11) & 0xf
  if (!isResponse || opcode !== 0) return { kind: 'foreign' }
  const counts = [4, 6, 8, 10].map((offset) => message.readUInt16BE(offset))
  const [questions = 0, answers = 0, authorities = 0, additionals = 0] = counts
  const low = flags & 0xf
  const cursor: Cursor = { message, at: HEADER_BYTES }
  // A server that could not read the question may leave it out.
  if (questions === 0 && low === 0) throw new MalformedMessage('the answer repeats no question')
  if (questions > 1) throw new MalformedMessage(`${questions} questions in the answer to one`)
  if (questions === 1 && !isOurs(cursor, question)) return { kind: 'foreign' }
  const truncated = (flags & 0x0200) !== 0
  // What is cut is not read: where it was cut is anybody's guess.
  if (truncated) return { kind: 'answer', rcode: nameOf(low), truncated, hasEdns: false, records: [] }
  const records = readRecords(cursor, answers)
  readRecords(cursor, authorities)
  const edns = readRecords(cursor, additionals).find(({ type }) => type === TYPE_OPT)
  const rcode = nameOf(low | ((edns?.extendedRcode ?? 0) << 4))
  return { kind: 'answer', rcode, truncated, hasEdns: edns !== undefined, records }
}

function nameOf(code: number): Rcode | `RCODE${number}` {
  return RCODES[code] ?? `RCODE${code}`
}

/** Whether the question that begins here is this one; moves past it. */
export function isOurs(cursor: Cursor, question: Question): boolean {
  const name = readName(cursor)
  const type = readAt(cursor, 2).readUInt16BE(0)
  const ofClass = readAt(cursor, 2).readUInt16BE(0)
  return name === foldName(question.name) && type === TYPE_CODES[question.type] && ofClass === CLASS_IN
}

/** As readName writes names: lower case, no dot at the end, the root as a dot. */
export function foldName(name: string): string {
  return name === '.' ? name : name.toLowerCase().replace(/\.$/, '')
}

function readRecords(cursor: Cursor, count: number): (DnsRecord & { extendedRcode: number })[] {
  const records: (DnsRecord & { extendedRcode: number })[] = []
  for (let i = 0; i < count; i += 1) {
    const name = readName(cursor)
    const fixed = readAt(cursor, 10)
    const type = fixed.readUInt16BE(0)
    const length = fixed.readUInt16BE(8)
    const isInternet = fixed.readUInt16BE(2) === CLASS_IN
    const data = readRecordData(cursor, { type: isInternet ? type : TYPE_OPT, length })
    // Of OPT, the first octet of what is the lifetime elsewhere (RFC 6891, 6.1.3).
    records.push({ name, type, data, extendedRcode: type === TYPE_OPT ? fixed.readUInt8(4) : 0 })
  }
  return records
}
