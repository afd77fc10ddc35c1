/**
 * Witnesses: what a log sends to one, and what it may answer. C2SP tlog-witness, `add-checkpoint`. Pure but for the
 * cipher: to keep the checkpoint before it is cosigned, and to do both for one log at a time, is the caller's.
 */
import { decodeBase64, encodeBase64 } from './base64.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { noteVerifier, parseNote, type NoteSignature, openNote, parseSignatureLines } from './note.ts'
import type { NoteVerifier } from './note.ts'
import { MAX_PROOF_HASHES, verifyConsistency } from './proof.ts'
import { HASH_BYTES, isTreeSize } from './tree.ts'
import type { Vkey } from './vkey.ts'

/** Below the submission prefix. */
export const ADD_CHECKPOINT_PATH = '/add-checkpoint'
/** A proof, and a checkpoint with as many signatures as a note may have. */
export const MAX_SUBMISSION_BYTES = 64 * 1024
export const TREE_SIZE_TYPE = 'text/x.tlog.size'

/** `note` is the whole checkpoint, with its signatures; `oldSize` 0 has no proof. */
export type Submission = { oldSize: number; proof: readonly Uint8Array[]; note: string }

export function formatSubmission({ oldSize, proof, note }: Submission): string {
  return [`old ${oldSize}`, ...proof.map(encodeBase64), '', note].join('\n')
}

const OLD_LINE = /^old (0|[1-9]\d{0,15})$/

/** Undefined for anything that is no submission. */
export function parseSubmission(text: string): Submission | undefined {
  const end = text.indexOf('\n\n')
  if (end < 0 || Buffer.byteLength(text) > MAX_SUBMISSION_BYTES) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\n')
  const oldSize = Number(OLD_LINE.exec(first)?.[1] ?? Number.NaN)
  const proof = lines.map(decodeBase64)
  if (!isTreeSize(oldSize) || lines.length > MAX_PROOF_HASHES) return undefined
  if (!proof.every((hash) => hash?.length === HASH_BYTES)) return undefined
  // Every one of them was decoded just now.
  return { oldSize, proof: proof as Buffer[], note: text.slice(end + 2) }
}

/** The newest checkpoint that a witness has cosigned of one log. */
export type Witnessed = { size: number; root: Uint8Array }

export type WitnessAnswer =
  /** `text` is what to cosign, `note` the checkpoint with its log's signature. */
  | { kind: 'extends'; origin: string; size: number; root: Uint8Array; text: string; note: string }
  | { kind: 'refused'; status: 400 | 403 | 404 | 409 | 422; reason: WitnessRefusal; size: number | null }

export type WitnessRefusal =
  | 'malformed'
  | 'unknown-log'
  | 'not-signed-by-the-log'
  | 'old-size-beyond'
  | 'other-old-size'
  | 'other-root'
  | 'not-an-extension'

export type WitnessView = {
  /** Keys of the logs that are witnessed: the name of each is its origin. */
  logs: readonly Vkey[]
  latest(origin: string): Witnessed | null
}

/** `add-checkpoint`, in the order in which the specification checks. `size`: what the answer 409 tells. */
export function answerSubmission(body: string, { logs, latest }: WitnessView): WitnessAnswer {
  const submission = parseSubmission(body)
  const note = submission && parseNote(submission.note)
  const checkpoint = note && parseCheckpoint(note.text)
  if (!submission || !note || !checkpoint) return refused(400, 'malformed')
  const { origin, size, root } = checkpoint
  const known = logs.filter(({ name }) => name === origin)
  if (known.length === 0) return refused(404, 'unknown-log')
  // A bad signature of a known key is no signature, and those of others say nothing.
  if (openNote(submission.note, known.map(noteVerifier)).kind !== 'opened') {
    return refused(403, 'not-signed-by-the-log')
  }
  if (submission.oldSize > size) return refused(400, 'old-size-beyond')
  const before = latest(origin)
  if (submission.oldSize !== (before?.size ?? 0)) return refused(409, 'other-old-size', before?.size ?? 0)
  const problem = extensionProblem(submission, { before, size, root })
  if (problem) return refused(problem === 'other-root' ? 409 : 422, problem, before?.size ?? 0)
  return { kind: 'extends', origin, size, root, text: note.text, note: submission.note }
}

function extensionProblem(
  { oldSize, proof }: Submission,
  { before, size, root }: { before: Witnessed | null; size: number; root: Uint8Array },
): 'other-root' | 'not-an-extension' | null {
  // Every tree extends the empty one, and nothing shows anything of it.
  if (!before || oldSize === 0) return proof.length === 0 ? null : 'not-an-extension'
  if (oldSize === size && !Buffer.from(before.root).equals(root)) return 'other-root'
  const claim = { oldSize, newSize: size, oldRoot: before.root, newRoot: root, proof }
  return verifyConsistency(claim) ? null : 'not-an-extension'
}

function refused(
  status: Extract<WitnessAnswer, { kind: 'refused' }>['status'],
  reason: WitnessRefusal,
  size: number | null = null,
): WitnessAnswer {
  return { kind: 'refused', status, reason, size }
}

/** The good cosignatures in an answer 200 to a checkpoint; those of other keys are left out. Undefined: one is bad. */
export function cosignaturesIn(
  answer: string,
  { text, witnesses }: { text: string; witnesses: readonly NoteVerifier[] },
): NoteSignature[] | undefined {
  const lines = parseSignatureLines(answer)
  if (!lines) return undefined
  const own = lines.filter(({ name, keyId }) =>
    witnesses.some((one) => one.name === name && one.keyId === keyId),
  )
  const holds = own.every(({ name, keyId, signature }) =>
    witnesses.some((one) => one.name === name && one.keyId === keyId && one.holds({ text, signature })),
  )
  return holds ? own : undefined
}
