/**
 * Log proofs: what an agent holds against a log that it writes to. Every head that the log shows has to extend the one
 * before, every receipt to be the beginning of a head, every frame that was acknowledged to stand in one: until then
 * the frame is kept. A head that cannot be true together with one that was seen is kept with it: two signatures of one
 * key. Pure but for the cipher: messages and files are the sender's.
 */
import type { KeyObject } from 'node:crypto'
import { openCheckpoint, type Checkpoint } from '@constat/evidence/checkpoint'
import { leafBytes } from '@constat/evidence/leaf'
import { noteVerifier, type NoteVerifier } from '@constat/evidence/note'
import { verifyConsistency, verifyInclusion } from '@constat/evidence/proof'
import { HASH_BYTES, leafHash } from '@constat/evidence/tree'
import { ED25519_TYPE, isKeyName, vkeyOf } from '@constat/evidence/vkey'
import type { Batch } from '@constat/shared/batch'
import { formatReceipt, receiptHolds, type Receipt } from '@constat/shared/receipt'
import { publicKeyOf } from '@constat/shared/signature'
import { MAX_PROVED_FRAMES, type Message } from '@constat/shared/wire'

/** Of all logs together, frames that were acknowledged and wait for their proof. */
export const MAX_HELD_BYTES = 4 * 1024 * 1024
/** Heads of logs that are remembered: as many as an agent may write to, twice. */
const MAX_LOGS = 512

export type ProveMessage = Extract<Message, { type: 'prove' }>
export type ProvenMessage = Extract<Message, { type: 'proven' }>

/** A note and what it was seen beside: one of the two is a lie. */
export type Contradiction = { origin: string; what: string; held: string; shown: string }
export type Taken =
  | { kind: 'proved'; frames: number }
  /** The proof is of no use, and accuses nobody: asked again later. */
  | { kind: 'useless'; why: string }
  | ({ kind: 'contradicted' } & Contradiction)

type Held = { session: string; seq: number; bytes: Buffer; receipt: Receipt }
/** What a restart has to know: heads as notes, the newest receipt of each log, frames that wait for their proof. */
export type Kept = { heads: readonly string[]; receipts: readonly Receipt[]; held: readonly Held[] }
type Head = { note: string; checkpoint: Checkpoint }
type LogState = {
  verifier: NoteVerifier
  head: Head | null
  /** The newest one. */
  receipt: Receipt | null
  held: Held[]
  /** What the question under way is about, and the head that it was asked from. */
  asked: Held[]
  askedFrom: Head | null
}

export class LogProofs {
  readonly #publicKey: Buffer
  readonly #verifyKey: KeyObject
  readonly #logs = new Map<string, LogState>()
  #heldBytes = 0
  #letGo = 0

  /** `publicKey`: the collector's, as pinned; it signs every log of its own. */
  constructor(publicKey: Buffer) {
    this.#publicKey = publicKey
    this.#verifyKey = publicKeyOf(publicKey)
  }

  /** Frames that are kept until they are proved. */
  get held(): number {
    return [...this.#logs.values()].reduce((sum, { held }) => sum + held.length, 0)
  }

  /** Frames that could not be kept so long, or that the log does not show, since this was last asked. */
  takeLetGo(): number {
    const count = this.#letGo
    this.#letGo = 0
    return count
  }

  /** What was kept before this process began; what this collector has not signed is left out. */
  remember({ heads, receipts, held }: Kept): void {
    for (const note of heads) this.#rememberHead(note)
    const signed = (receipt: Receipt): boolean => receiptHolds(receipt, this.#verifyKey)
    for (const receipt of receipts) if (signed(receipt)) this.received(receipt)
    for (const one of held) if (signed(one.receipt)) this.acknowledged(one)
  }

  #rememberHead(note: string): void {
    const origin = note.slice(0, note.indexOf('\n'))
    const log = this.#logOf(origin)
    const opening = log && openCheckpoint(note, { origin, log: log.verifier })
    if (opening?.kind === 'opened') log!.head = { note, checkpoint: opening.checkpoint }
  }

  kept(): Kept {
    const logs = [...this.#logs.values()]
    return {
      heads: logs.flatMap(({ head }) => (head ? [head.note] : [])),
      receipts: this.receipts(),
      held: logs.flatMap((log) => log.held),
    }
  }

  /** The newest one of each log. */
  receipts(): Receipt[] {
    return [...this.#logs.values()].flatMap(({ receipt }) => receipt ?? [])
  }

  /** Signed by the collector. */
  received(receipt: Receipt): void {
    const log = this.#logOf(receipt.origin)
    if (log) log.receipt = receipt
  }

  /** What a frame of this log names as seen before it. */
  beacon(origin: string): Batch['beacon'] {
    const head = this.#logs.get(origin)?.head
    return head ? { size: head.checkpoint.size, root: head.checkpoint.root } : null
  }

  /** A frame that the collector says it has. `receipt` is signed by it. */
  acknowledged({ session, seq, bytes, receipt }: Held): void {
    const log = this.#logOf(receipt.origin)
    if (!log) return
    log.held.push({ session, seq, bytes, receipt })
    this.#heldBytes += bytes.length
    while (this.#heldBytes > MAX_HELD_BYTES) this.#dropOldest()
  }

  /** What is to be asked of each log that owes a proof. */
  wanted(): ProveMessage[] {
    return [...this.#logs].flatMap(([origin, log]) => {
      if (log.held.length === 0) return []
      log.asked = log.held.slice(0, MAX_PROVED_FRAMES)
      log.askedFrom = log.head
      const { head, asked } = log
      const frames = asked.map(({ session, seq }) => ({ session: Buffer.from(session, 'hex'), seq }))
      const headSize = head?.checkpoint.size ?? 0
      return [{ type: 'prove' as const, origin, headSize, receiptSize: asked[0]!.receipt.size, frames }]
    })
  }

  /** What the log answered. */
  take(proof: ProvenMessage): Taken {
    const { origin, note } = proof
    const log = this.#logs.get(origin)
    if (!log || log.asked.length === 0) return { kind: 'useless', why: 'no such log was asked' }
    // Two questions were under way: this is the answer to the one that is over.
    if (log.askedFrom !== log.head) return { kind: 'useless', why: 'it is late' }
    const opening = openCheckpoint(note, { origin, log: log.verifier })
    if (opening.kind === 'refused') return { kind: 'useless', why: `no head of the log (${opening.reason})` }
    const shown = { note, checkpoint: opening.checkpoint }
    const trouble = troubleWith(shown, log, proof)
    if (trouble?.kind === 'useless') return trouble
    if (trouble) {
      // What was seen cannot be held on to: frames name what the log shows from here on.
      log.head = null
      this.#letGoOf(log)
      return { ...trouble, origin }
    }
    log.head = shown
    return { kind: 'proved', frames: this.#release(log, proof) }
  }

  #release(log: LogState, { leaves }: ProvenMessage): number {
    const proved = new Set(leaves.map(({ place }) => log.asked[place]))
    const size = log.head?.checkpoint.size ?? 0
    const checked = log.asked[0]?.receipt.size ?? 0
    // What a receipt that holds covers and the log does not show, it will never show: a second frame under a number.
    const unshown = new Set(
      checked > size ? [] : log.asked.filter((one) => !proved.has(one) && one.receipt.size <= checked),
    )
    const leaving = log.held.filter((one) => proved.has(one) || unshown.has(one))
    log.held = log.held.filter((one) => !proved.has(one) && !unshown.has(one))
    this.#heldBytes -= leaving.reduce((sum, one) => sum + one.bytes.length, 0)
    this.#letGo += leaving.filter((one) => unshown.has(one)).length
    log.asked = []
    return leaving.filter((one) => proved.has(one)).length
  }

  /** What was acknowledged by a history that is gone will not be proved by the one that is shown. */
  #letGoOf(log: LogState): void {
    this.#heldBytes -= log.held.reduce((sum, one) => sum + one.bytes.length, 0)
    this.#letGo += log.held.length
    log.held = []
    log.asked = []
  }

  #dropOldest(): void {
    let oldest: LogState | null = null
    for (const log of this.#logs.values()) {
      const [first] = log.held
      if (first && first.receipt.atMs < (oldest?.held[0]?.receipt.atMs ?? Infinity)) oldest = log
    }
    const gone = oldest?.held.shift()
    if (!gone) return
    this.#heldBytes -= gone.bytes.length
    this.#letGo += 1
  }

  #logOf(origin: string): LogState | null {
    const known = this.#logs.get(origin)
    if (known) return known
    if (!isKeyName(origin) || this.#logs.size >= MAX_LOGS) return null
    const verifier = noteVerifier(vkeyOf({ name: origin, type: ED25519_TYPE, publicKey: this.#publicKey }))
    const made = { verifier, head: null, receipt: null, held: [], asked: [], askedFrom: null }
    this.#logs.set(origin, made)
    return made
  }
}

type Trouble = Exclude<Taken, { kind: 'proved' }>

/** Null where everything that was answered holds. */
function troubleWith(shown: Head, { head, asked }: LogState, proof: ProvenMessage): Trouble | null {
  const contradicts = (what: string, held: string): Trouble => ({
    kind: 'contradicted',
    origin: '',
    what,
    held,
    shown: shown.note,
  })
  const { size } = shown.checkpoint
  if (head && !extended(head.checkpoint, shown.checkpoint, proof.fromHead)) {
    const what = `its head of ${size} entries does not extend the one of ${head.checkpoint.size} that it showed before`
    return contradicts(what, head.note)
  }
  const receipt = asked[0]?.receipt
  if (receipt && receipt.size <= size && !extended(receipt, shown.checkpoint, proof.fromReceipt)) {
    const what = `its head of ${size} entries does not extend the ${receipt.size} of a receipt that it signed`
    return contradicts(what, formatReceipt(receipt))
  }
  for (const { place, index, receivedMs, path } of proof.leaves) {
    const frame = asked[place]
    if (!frame || index >= size) return { kind: 'useless', why: 'it proves what was not asked' }
    const own = leafHash(leafBytes({ type: 'frame', receivedMs, body: frame.bytes }))
    const { root } = shown.checkpoint
    if (verifyInclusion({ leafHash: own, index, size, root, proof: hashesIn(path) })) continue
    const what = `frame ${frame.seq} of session ${frame.session}, which it acknowledged, is not its entry ${index}`
    return contradicts(what, formatReceipt(frame.receipt))
  }
  return null
}

function extended(old: { size: number; root: Uint8Array }, shown: Checkpoint, proof: Uint8Array): boolean {
  // Nothing can be said against it of an empty log.
  if (old.size === 0) return true
  const claim = { oldSize: old.size, newSize: shown.size, oldRoot: old.root, newRoot: shown.root }
  return verifyConsistency({ ...claim, proof: hashesIn(proof) })
}

function hashesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
}
