/**
 * Segments: the files of the spool. Records follow each other, each with a magic of its own, so that
 * reading can find its feet again behind a damaged one. Pure.
 *
 *   segment = "CSTSPL1\n" | record …
 *   record  = "CSTR" | u32be n | u32be crc32 | session (16) | u32be seq | frame (n bytes)
 *   crc32 covers session, seq and frame
 */
import { crc32 } from 'node:zlib'
import { MAX_FRAME_BYTES } from '@constat/shared/batch'

export const SEGMENT_HEAD = Buffer.from('CSTSPL1\n')
const RECORD_MAGIC = Buffer.from('CSTR')
const SESSION_BYTES = 16
/** Bytes of a record before its frame. */
export const RECORD_HEAD_BYTES = 4 + 4 + 4 + SESSION_BYTES + 4

/** `offset` and `length` are those of the frame within the segment. */
export type SpoolRecord = { session: string; seq: number; offset: number; length: number }
export type DamagedPart = { fromByte: number; toByte: number }

export type SegmentReading = {
  records: SpoolRecord[]
  damaged: DamagedPart[]
  /** Where the last whole record ends. Bytes behind it are a torn tail. */
  soundBytes: number
}

type Spooled = { session: string; seq: number; bytes: Buffer }

export function encodeRecord({ session, seq, bytes }: Spooled): Buffer {
  const head = Buffer.alloc(RECORD_HEAD_BYTES)
  RECORD_MAGIC.copy(head)
  head.writeUInt32BE(bytes.length, 4)
  head.write(session, 12, 'hex')
  head.writeUInt32BE(seq, 28)
  head.writeUInt32BE(crc32(bytes, crc32(head.subarray(12))), 8)
  return Buffer.concat([head, bytes])
}

/** Null when the file is no segment at all. */
export function readSegment(file: Buffer): SegmentReading | null {
  if (!file.subarray(0, SEGMENT_HEAD.length).equals(SEGMENT_HEAD)) return null
  const reading: SegmentReading = { records: [], damaged: [], soundBytes: SEGMENT_HEAD.length }
  for (let at = SEGMENT_HEAD.length; at < file.length;) {
    const record = recordAt(file, at)
    if (!record) {
      at += 1
      const next = file.indexOf(RECORD_MAGIC, at)
      if (next < 0) break
      at = next
      continue
    }
    if (at > reading.soundBytes) reading.damaged.push({ fromByte: reading.soundBytes, toByte: at })
    reading.records.push(record)
    at = record.offset + record.length
    reading.soundBytes = at
  }
  return reading
}

function recordAt(file: Buffer, at: number): SpoolRecord | null {
  if (at + RECORD_HEAD_BYTES > file.length) return null
  if (!file.subarray(at, at + 4).equals(RECORD_MAGIC)) return null
  const length = file.readUInt32BE(at + 4)
  const offset = at + RECORD_HEAD_BYTES
  if (length > MAX_FRAME_BYTES || offset + length > file.length) return null
  if (crc32(file.subarray(at + 12, offset + length)) !== file.readUInt32BE(at + 8)) return null
  const session = file.subarray(at + 12, at + 12 + SESSION_BYTES).toString('hex')
  return { session, seq: file.readUInt32BE(at + 28), offset, length }
}
