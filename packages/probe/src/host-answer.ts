/**
 * An answer of one of the host's name servers, read as glibc reads it (resolv/res_send.c, resolv/nss_dns/dns-host.c):
 * what is not to this question is passed over, an rcode of trouble means the next server, and of the records those
 * count that the walk along the aliases meets. Pure.
 */
import { MalformedMessage, readAt, readName, type Cursor } from './dns-cursor.ts'
import { foldName, HEADER_BYTES, isOurs, TYPE_CODES, type Question } from './dns-message.ts'
import { readRecordData } from './dns-record.ts'

export type HostQuestion = Question & { type: 'A' | 'AAAA' }
/** In the order of the answer; where there are none, `code` says why, in the word of c-ares. */
export type HostAnswer = { kind: 'answer'; addresses: string[]; code: string }
export type HostReading =
  | HostAnswer
  /** To another question, or from somebody else: the true answer may still come. */
  | { kind: 'foreign' }
  /** It did not fit a datagram: over TCP there is all of it. */
  | { kind: 'cut' }
  /** This server cannot say: the next one is asked. */
  | { kind: 'next'; code: string }

const RCODE_TROUBLE: ReadonlyMap<number, string> = new Map([
  [2, 'ESERVFAIL'],
  [4, 'ENOTIMP'],
  [5, 'EREFUSED'],
])
const RCODE_ENDS: ReadonlyMap<number, string> = new Map([
  [1, 'EFORMERR'],
  [3, 'ENOTFOUND'],
])
const CLASS_IN = 1
const ADDRESS_BYTES = { A: 4, AAAA: 16 }
/** Of the header: that it is an answer, authoritative, cut, with recursion to be had. */
const [QR, AA, TC, RA] = [0x8000, 0x0400, 0x0200, 0x0080]

export function readHostAnswer(message: Buffer, question: HostQuestion): HostReading {
  if (message.length < HEADER_BYTES) return { kind: 'next', code: 'EBADRESP' }
  const cursor: Cursor = { message, at: HEADER_BYTES }
  if (message.readUInt16BE(0) !== question.id || !repeats(cursor, question)) return { kind: 'foreign' }
  const flags = message.readUInt16BE(2)
  const answers = message.readUInt16BE(6)
  const rcode = flags & 0xf
  const trouble = RCODE_TROUBLE.get(rcode)
  if (trouble !== undefined) return { kind: 'next', code: trouble }
  const isReferral = answers === 0 && (flags & (AA | RA)) === 0 && message.readUInt16BE(10) === 0
  if (rcode === 0 && isReferral) return { kind: 'next', code: 'EREFERRAL' }
  if ((flags & TC) !== 0) return { kind: 'cut' }
  if (rcode !== 0) return { kind: 'answer', addresses: [], code: RCODE_ENDS.get(rcode) ?? 'EBADRESP' }
  return addressesOf(cursor, question, answers)
}

function repeats({ message, at }: Cursor, question: Question): boolean {
  if ((message.readUInt16BE(2) & QR) === 0 || message.readUInt16BE(4) !== 1) return false
  const cursor = { message, at }
  try {
    return isOurs(cursor, question)
  } catch (error) {
    if (error instanceof MalformedMessage) return false
    throw error
  }
}

/** `cursor` at the question, `count` the records that the header promises. */
function addressesOf(cursor: Cursor, { name, type }: HostQuestion, count: number): HostAnswer {
  const addresses: string[] = []
  let owner = foldName(name)
  try {
    readName(cursor)
    readAt(cursor, 4)
    for (let i = 0; i < count; i += 1) {
      const named = readName(cursor)
      const fixed = readAt(cursor, 10)
      const [rrtype, length] = [fixed.readUInt16BE(0), fixed.readUInt16BE(8)]
      const data = { message: cursor.message, at: cursor.at }
      readAt(cursor, length)
      if (fixed.readUInt16BE(2) !== CLASS_IN) continue
      // Whose alias it is does not matter.
      if (rrtype === TYPE_CODES.CNAME) owner = readName(data)
      if (rrtype !== TYPE_CODES[type] || named !== owner || length !== ADDRESS_BYTES[type]) continue
      addresses.push(readRecordData(data, { type: rrtype, length }) ?? '')
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error
    return { kind: 'answer', addresses: [], code: 'EBADRESP' }
  }
  return { kind: 'answer', addresses, code: 'ENODATA' }
}
