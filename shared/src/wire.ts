/**
 * Wire: the messages between agent and collector over one WebSocket (`/agent/v1`, subprotocol
 * `constat.v1`), each a binary MessagePack array [code, …fields]. Frames travel as they were signed.
 * Anything that does not read as a message is refused with a sentence. Pure.
 *
 *   agent                                collector
 *   hello {nonce, key, token?}      →
 *                                   ←    challenge {nonce, key, signature over both nonces and keys}
 *   proof {signature}               →
 *                                   ←    welcome {agent id}, config {per contract} …
 *   frame {bytes} …                 →
 *                                   ←    ack {session, seq, receipt} | refuse {session, seq, reason}
 *   time {sent}                     →
 *                                   ←    time {sent, received, answered}
 *   hanging {check}                 →
 *                                   ←    look {check, signature}
 *   recall {receipt?, config?}      →
 *                                   ←    try {id, check, signature}
 *   tried {id, result | refusal}    →
 *   prove {origin, sizes, frames}   →
 *                                   ←    proven {head, paths}
 *   forked {held, shown}            →
 *
 * An end that knows looks, trials or recalls says so when it introduces itself: to one that does not, none is sent.
 */
import { Packr } from 'msgpackr'
import { MAX_FRAME_BYTES } from './batch.ts'
import { MAX_CHECKS } from './check.ts'
import { readFields } from './fields.ts'
import type { CheckPlace, Look } from './look.ts'
import { isReceipt, type Receipt } from './receipt.ts'
import { SIGNATURE_BYTES } from './signature.ts'
import type { UnixMs } from './time.ts'
import { MAX_TRIAL_CHARS, MAX_TRIED_CHARS, type SignedTrial } from './trial.ts'

export const SUBPROTOCOL = 'constat.v1'
export const AGENT_PATH = '/agent/v1'
/** Largest message of a collector. A configuration of 4,096 checks fits. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** Largest message of an agent that was welcomed: what a trial came to, each character at its widest. */
export const MAX_AGENT_MESSAGE_BYTES = 256 * 1024
/** Largest message of anybody who was not: a hello with the longest name and token has some 700 bytes. */
export const MAX_HELLO_BYTES = 1_024
export const NONCE_BYTES = 32
const MAX_NAME_CHARS = 64
const MAX_TOKEN_CHARS = 256
const MAX_REASON_CHARS = 1_000
const MAX_ORIGIN_CHARS = 512
/** Frames that one message asks the place of. */
export const MAX_PROVED_FRAMES = 64
/** Hashes of a proof, 32 bytes each. */
const MAX_PATH_BYTES = 63 * 32
/** A head with the words of many witnesses. */
const MAX_HEAD_CHARS = 16 * 1024

/**
 * Why a frame is not taken. `unknown-log` and `unknown-config` may be known later, and a log that is `log-stopped`
 * may be whole again: agents keep what is refused for these. Of every other reason the frame itself is the cause.
 */
export type RefusalReason =
  | 'malformed'
  | 'not-canonical'
  | 'too-large'
  | 'bad-signature'
  | 'unannounced-gap'
  | 'broken-chain'
  | 'equivocation'
  | 'unknown-log'
  | 'unknown-config'
  | 'log-stopped'
  | 'clock'

export type Message =
  | {
      type: 'hello'
      nonce: Uint8Array
      publicKey: Uint8Array
      version: string
      name: string
      token: string | null
      looks: boolean
      tries: boolean
    }
  | { type: 'challenge'; nonce: Uint8Array; publicKey: Uint8Array; signature: Uint8Array }
  | { type: 'proof'; signature: Uint8Array }
  | { type: 'welcome'; agent: string; name: string; looks: boolean; recalls: boolean; proves: boolean }
  /** `json` is a CheckConfig in RFC 8785 form, signed for purpose `config`; `mine` indexes its checks. */
  | { type: 'config'; json: string; signature: Uint8Array; mine: number[] }
  | { type: 'frame'; bytes: Uint8Array }
  /** All frames of the session up to `seq` are in the ledger. */
  | { type: 'ack'; session: Uint8Array; seq: number; receipt: Receipt }
  | { type: 'refuse'; session: Uint8Array; seq: number; reason: string; detail: string; expectedSeq: number }
  /**
   * What the agent has of this collector's own hand, signed with its key, in case that it was restored: the newest
   * receipt of a log, and a configuration that is newer than the one just sent.
   */
  | { type: 'recall'; receipt: Receipt | null; config: { json: string; signature: Uint8Array } | null }
  /** Wall clocks in ms: sent by the agent, received and answered by the collector. */
  | { type: 'time'; sentMs: number; receivedMs: number; answeredMs: number }
  /** The last message before a close: why, and when to come back (ms from now, spread over it; 0: as usual). */
  | { type: 'bye'; code: string; detail: string; retryAfterMs: number }
  /** A try of this check has no answer for longer than usual: others may be asked to look. No evidence. */
  | ({ type: 'hanging' } & CheckPlace)
  /** One probe now of a check that the agent runs, signed for purpose `look`. */
  | ({ type: 'look'; signature: Uint8Array } & Look)
  /** One probe of a check that no contract holds, one at a time. `json` is a Trial, signed for purpose `trial`. */
  | ({ type: 'try'; id: number } & SignedTrial)
  /** What it came to, as JSON; or a sentence that says why there was none, `result` being null. */
  | { type: 'tried'; id: number; result: string | null; refusal: string }
  /** Asks for the newest head of a log: that it extends one of `headSize` (0: none) and the receipt's, and holds these. */
  | {
      type: 'prove'
      origin: string
      headSize: number
      receiptSize: number
      frames: { session: Uint8Array; seq: number }[]
    }
  /**
   * The head as a signed note; RFC 6962 consistency from the two sizes, empty where there is none to show; for frames
   * under it their leaf and audit path. Hashes one after the other. `place`: which of the frames that were asked.
   */
  | {
      type: 'proven'
      origin: string
      note: string
      fromHead: Uint8Array
      fromReceipt: Uint8Array
      leaves: { place: number; index: number; receivedMs: UnixMs; path: Uint8Array }[]
    }
  /** Two words of this collector's own key that cannot both be true, as the agent has them. */
  | { type: 'forked'; origin: string; what: string; held: string; shown: string }

const CODES = {
  hello: 1,
  challenge: 2,
  proof: 3,
  welcome: 4,
  config: 5,
  frame: 6,
  ack: 7,
  refuse: 8,
  time: 9,
  bye: 10,
  hanging: 11,
  look: 12,
  try: 13,
  tried: 14,
  recall: 15,
  prove: 16,
  proven: 17,
  forked: 18,
} as const satisfies Record<Message['type'], number>

const packr = new Packr({ useRecords: false, moreTypes: false, structuredClone: false })

export function encodeMessage(message: Message): Buffer {
  return packr.pack([CODES[message.type], ...fieldsOf(message)])
}

function fieldsOf(m: Message): unknown[] {
  switch (m.type) {
    case 'hello':
      return [m.nonce, m.publicKey, m.version, m.name, m.token, m.looks, m.tries]
    case 'challenge':
      return [m.nonce, m.publicKey, m.signature]
    case 'proof':
      return [m.signature]
    case 'welcome':
      return [m.agent, m.name, m.looks, m.recalls, m.proves]
    case 'config':
      return [m.json, m.signature, m.mine]
    case 'frame':
      return [m.bytes]
    case 'ack':
      return [m.session, m.seq, receiptFields(m.receipt)]
    case 'recall':
      return [m.receipt && receiptFields(m.receipt), m.config && [m.config.json, m.config.signature]]
    case 'refuse':
      return [m.session, m.seq, m.reason, m.detail, m.expectedSeq]
    case 'time':
      return [m.sentMs, m.receivedMs, m.answeredMs]
    case 'bye':
      return [m.code, m.detail, m.retryAfterMs]
    case 'hanging':
      return [m.origin, m.configDigest, m.check]
    case 'look':
      return [m.origin, m.configDigest, m.check, m.atMs, m.signature]
    case 'try':
      return [m.id, m.json, m.signature]
    case 'tried':
      return [m.id, m.result, m.refusal]
    case 'prove':
      return [m.origin, m.headSize, m.receiptSize, m.frames.flatMap(({ session, seq }) => [session, seq])]
    case 'proven': {
      const leaves = m.leaves.flatMap(({ place, index, receivedMs, path }) => [
        place,
        index,
        receivedMs,
        path,
      ])
      return [m.origin, m.note, m.fromHead, m.fromReceipt, leaves]
    }
    case 'forked':
      return [m.origin, m.what, m.held, m.shown]
  }
}

function receiptFields({ origin, size, root, atMs, signature }: Receipt): unknown[] {
  return [origin, size, root, atMs, signature]
}

/** The message, or null for anything else: the caller closes with 1002 and says so. */
export function decodeMessage(bytes: Uint8Array): Message | null {
  if (bytes.length > MAX_MESSAGE_BYTES) return null
  const fields = readFields(bytes)
  return fields && readMessage(fields)
}

function readMessage(f: readonly unknown[]): Message | null {
  switch (f[0]) {
    case CODES.hello:
      return readHello(f)
    case CODES.challenge:
      if (!bytes(f[1], NONCE_BYTES) || !bytes(f[2], 32) || !bytes(f[3], 64)) return null
      return { type: 'challenge', nonce: f[1], publicKey: f[2], signature: f[3] }
    case CODES.proof:
      return bytes(f[1], 64) ? { type: 'proof', signature: f[1] } : null
    case CODES.welcome:
      return text(f[1], 64) && text(f[2], MAX_NAME_CHARS)
        ? {
            type: 'welcome',
            agent: f[1],
            name: f[2],
            looks: f[3] === true,
            recalls: f[4] === true,
            proves: f[5] === true,
          }
        : null
    case CODES.config:
      if (!text(f[1], MAX_MESSAGE_BYTES) || !bytes(f[2], 64) || !isIndexes(f[3])) return null
      return { type: 'config', json: f[1], signature: f[2], mine: f[3] }
    case CODES.frame:
      return f[1] instanceof Uint8Array && f[1].length <= MAX_FRAME_BYTES
        ? { type: 'frame', bytes: f[1] }
        : null
    case CODES.ack: {
      const receipt = readReceipt(f[3])
      if (!bytes(f[1], 16) || !count(f[2]) || !receipt) return null
      return { type: 'ack', session: f[1], seq: f[2], receipt }
    }
    case CODES.refuse:
      if (!bytes(f[1], 16) || !count(f[2]) || !text(f[3], 64) || !text(f[4], MAX_REASON_CHARS)) return null
      if (!count(f[5])) return null
      return { type: 'refuse', session: f[1], seq: f[2], reason: f[3], detail: f[4], expectedSeq: f[5] }
    case CODES.time:
      if (!instant(f[1]) || !instant(f[2]) || !instant(f[3])) return null
      return { type: 'time', sentMs: f[1], receivedMs: f[2], answeredMs: f[3] }
    case CODES.bye:
      if (!text(f[1], 64) || !text(f[2], MAX_REASON_CHARS) || !count(f[3])) return null
      return { type: 'bye', code: f[1], detail: f[2], retryAfterMs: f[3] }
    default:
      return readMore(f)
  }
}

/** What only some ends know. */
function readMore(f: readonly unknown[]): Message | null {
  switch (f[0]) {
    case CODES.hanging: {
      const place = readPlace(f)
      return place && { type: 'hanging', ...place }
    }
    case CODES.look: {
      const place = readPlace(f)
      if (!place || !instant(f[4]) || !bytes(f[5], SIGNATURE_BYTES)) return null
      return { type: 'look', ...place, atMs: f[4], signature: f[5] }
    }
    case CODES.try:
      if (!count(f[1]) || !text(f[2], MAX_TRIAL_CHARS) || !bytes(f[3], 64)) return null
      return { type: 'try', id: f[1], json: f[2], signature: f[3] }
    case CODES.recall:
      return readRecall(f)
    case CODES.tried:
      if (!count(f[1]) || (f[2] !== null && !text(f[2], MAX_TRIED_CHARS))) return null
      return text(f[3], MAX_REASON_CHARS) ? { type: 'tried', id: f[1], result: f[2], refusal: f[3] } : null
    case CODES.prove:
      return readProve(f)
    case CODES.proven:
      return readProven(f)
    case CODES.forked:
      if (!text(f[1], MAX_ORIGIN_CHARS) || !text(f[2], MAX_REASON_CHARS)) return null
      if (!text(f[3], MAX_HEAD_CHARS) || !text(f[4], MAX_HEAD_CHARS)) return null
      return { type: 'forked', origin: f[1], what: f[2], held: f[3], shown: f[4] }
    default:
      return null
  }
}

function readProve([, origin, headSize, receiptSize, flat]: readonly unknown[]): Message | null {
  if (!text(origin, MAX_ORIGIN_CHARS) || !count(headSize) || !count(receiptSize)) return null
  const frames = rowsOf(flat, 2)?.map(([session, seq]) =>
    bytes(session, 16) && count(seq) ? { session, seq } : null,
  )
  if (!frames?.every((one) => one !== null)) return null
  return { type: 'prove', origin, headSize, receiptSize, frames }
}

function readProven([, origin, note, fromHead, fromReceipt, flat]: readonly unknown[]): Message | null {
  if (!text(origin, MAX_ORIGIN_CHARS) || !text(note, MAX_HEAD_CHARS)) return null
  const leaves = rowsOf(flat, 4)?.map(([place, index, receivedMs, path]) =>
    count(place) && count(index) && instant(receivedMs) && isPath(path)
      ? { place, index, receivedMs, path }
      : null,
  )
  if (!isPath(fromHead) || !isPath(fromReceipt) || !leaves?.every((one) => one !== null)) return null
  return { type: 'proven', origin, note, fromHead, fromReceipt, leaves }
}

/** A flat list as rows of so many fields, one for each frame at most. */
function rowsOf(field: unknown, width: number): unknown[][] | null {
  if (!Array.isArray(field) || field.length % width !== 0 || field.length > MAX_PROVED_FRAMES * width)
    return null
  return Array.from({ length: field.length / width }, (_, i) => field.slice(i * width, (i + 1) * width))
}

function isPath(field: unknown): field is Uint8Array {
  return field instanceof Uint8Array && field.length % 32 === 0 && field.length <= MAX_PATH_BYTES
}

function readRecall([, first, second]: readonly unknown[]): Message | null {
  const receipt = first === null ? null : readReceipt(first)
  if (first !== null && !receipt) return null
  if (second === null) return { type: 'recall', receipt, config: null }
  if (!Array.isArray(second) || !text(second[0], MAX_MESSAGE_BYTES) || !bytes(second[1], SIGNATURE_BYTES))
    return null
  return { type: 'recall', receipt, config: { json: second[0], signature: second[1] } }
}

/** An older end says nothing of looks and trials. */
function readHello(f: readonly unknown[]): Message | null {
  const [, nonce, publicKey, version, name, token, looks, tries] = f
  if (!bytes(nonce, NONCE_BYTES) || !bytes(publicKey, 32)) return null
  if (!text(version, 64) || !text(name, MAX_NAME_CHARS)) return null
  if (token !== null && !text(token, MAX_TOKEN_CHARS)) return null
  return {
    type: 'hello',
    nonce,
    publicKey,
    version,
    name,
    token,
    looks: looks === true,
    tries: tries === true,
  }
}

/** Where a check stands, in the fields after the code. */
function readPlace(f: readonly unknown[]): CheckPlace | null {
  if (!text(f[1], MAX_ORIGIN_CHARS) || !bytes(f[2], 32) || !count(f[3]) || f[3] >= MAX_CHECKS) return null
  return { origin: f[1], configDigest: f[2], check: f[3] }
}

function readReceipt(field: unknown): Receipt | null {
  if (!Array.isArray(field)) return null
  const receipt = { origin: field[0], size: field[1], root: field[2], atMs: field[3], signature: field[4] }
  return isReceipt(receipt) ? receipt : null
}

function bytes(field: unknown, length: number): field is Uint8Array {
  return field instanceof Uint8Array && field.length === length
}

function text(field: unknown, maxChars: number): field is string {
  return typeof field === 'string' && field.length <= maxChars
}

function count(field: unknown): field is number {
  return typeof field === 'number' && Number.isSafeInteger(field) && field >= 0
}

function instant(field: unknown): field is number {
  return typeof field === 'number' && Number.isSafeInteger(field)
}

function isIndexes(field: unknown): field is number[] {
  return Array.isArray(field) && field.length <= MAX_CHECKS && field.every(count)
}
