/**
 * Leaves: what one entry of the ledger is. leaf = type (u8) | receivedMs (u64be) | body. The types are
 * part of what is signed: a member is only ever appended. Pure.
 */
import { invariant } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'

/** The position plus one is the byte in the leaf. */
export const LEAF_TYPES = [
  /** A batch, exactly as the agent signed it. */
  'frame',
  /** A check configuration that agents sign under: RFC 8785 JSON. */
  'configuration',
  /** An agent may write to this log: its id, public key and pseudonym. */
  'enrolment',
  'revocation',
  'key-change',
  'seed-digest',
  'seed',
  /** A contract revision: digest and source documents. */
  'revision',
  /** What a person declared, signed by the collector and labelled operator-attested. */
  'declaration',
  /** Start, stop, restore, vantage set. */
  'collector-event',
  'closing',
  /** Two frames under one number, or another break of the evidence; cites leaf indexes. */
  'anomaly',
  /** What the collector stated at that instant: an incident opened or closed. */
  'notice',
  /** The second frame under one number: kept as evidence, never folded. */
  'set-aside',
  /** What the other side said of a declared exclusion: accepted or disputed. */
  'declaration-answer',
  /** A provider's statement of a window: the digest of its bytes, which stand beside the log. */
  'statement',
  /** What the provider said of a revision: agreed or objected to. */
  'terms-answer',
  /** What a person said of an outage: it fails for me, a note, a dispute. */
  'remark',
  /** A step of a penalty: notified, answered, withdrawn, settled. */
  'penalty',
] as const
export type LeafType = (typeof LEAF_TYPES)[number]

/** Type and instant. */
const LEAF_HEAD_BYTES = 9
/** A body above this is stored beside the log and enters as its digest. */
export const MAX_BODY_BYTES = 60_073

export function leafCode(type: LeafType): number {
  return LEAF_TYPES.indexOf(type) + 1
}

export function leafType(code: number): LeafType {
  const type = LEAF_TYPES[code - 1]
  invariant(type, `leaf type ${code} is not known`)
  return type
}

/** What a leaf says, and when it was received. */
export type Leaf = { type: LeafType; receivedMs: UnixMs; body: Buffer }

export function leafBytes({ type, receivedMs, body }: Leaf): Buffer {
  invariant(body.length <= MAX_BODY_BYTES, `a leaf body of ${body.length} bytes passes the limit`)
  return rowBytes({ type: leafCode(type), receivedMs, body })
}

/** The leaf that a stored row says it is, whatever it says. */
export function rowBytes({
  type,
  receivedMs,
  body,
}: {
  type: number
  receivedMs: UnixMs
  body: Buffer
}): Buffer {
  const leaf = Buffer.allocUnsafe(LEAF_HEAD_BYTES + body.length)
  leaf[0] = type
  leaf.writeBigUInt64BE(BigInt.asUintN(64, BigInt(receivedMs)), 1)
  body.copy(leaf, LEAF_HEAD_BYTES)
  return leaf
}

/** The bytes of a leaf taken apart; null where they are none of ours. `body` is a part of `bytes`. */
export function parseLeaf(bytes: Buffer): Leaf | null {
  if (bytes.length < LEAF_HEAD_BYTES) return null
  const type = LEAF_TYPES[bytes[0]! - 1]
  const receivedMs = Number(bytes.readBigInt64BE(1))
  if (!type || !Number.isSafeInteger(receivedMs)) return null
  return { type, receivedMs, body: bytes.subarray(LEAF_HEAD_BYTES) }
}

const BESIDE = Buffer.from('{"sha256":"')

/** The body of a leaf whose text stands beside the log, by its SHA-256. */
export function sealedBody(digest: Buffer): Buffer {
  return Buffer.from(`{"sha256":"${digest.toString('hex')}"}`)
}

/** The digest that `sealedBody` was given; null where a body stands in the leaf itself. */
export function sealedDigest(body: Buffer): Buffer | null {
  const isDigest = body.length === BESIDE.length + 66 && body.subarray(0, BESIDE.length).equals(BESIDE)
  return isDigest ? Buffer.from(body.subarray(BESIDE.length, -2).toString('latin1'), 'hex') : null
}
