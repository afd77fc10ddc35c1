/**
 * Checkpoints: the signed head of a log, after C2SP tlog-checkpoint. Pure but for the cipher. The text
 * of a checkpoint and its fields are one to one: what parses is formatted back to the same bytes.
 */
import type { KeyObject } from 'node:crypto'
import { invariant } from '@constat/shared/fault'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { noteSigner, openNote, signNote } from './note.ts'
import type { Note, NoteRefusal, NoteSignature, NoteVerifier } from './note.ts'
import { HASH_BYTES, isTreeSize } from './tree.ts'

export type Checkpoint = {
  /** Identity of the log, one non-empty line. */
  origin: string
  /** Leaves in the tree. */
  size: number
  /** RFC 6962 root of that size, 32 bytes. */
  root: Uint8Array
  /** Opaque non-empty lines; witnesses sign them and say nothing of them. */
  extensions: readonly string[]
}

export type CheckpointOpening =
  | {
      kind: 'opened'
      checkpoint: Checkpoint
      note: Note
      /** By the log and by the witnesses given, each one good. The log's own is among them. */
      verified: readonly NoteSignature[]
      unknown: readonly NoteSignature[]
    }
  | { kind: 'refused'; reason: NoteRefusal | 'not-a-checkpoint' | 'other-origin' | 'log-signature-missing' }

const TREE_SIZE = /^(?:0|[1-9]\d{0,15})$/

/** tlog-checkpoint, "Note text": the body, ending in a newline. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, String(size), encodeBase64(root), ...extensions]
  invariant(isTreeSize(size) && root.length === HASH_BYTES, 'a checkpoint has a size and a root of 32 bytes')
  invariant(lines.every(isLine), 'the lines of a checkpoint are non-empty')
  return lines.map((line) => `${line}\n`).join('')
}

/** Undefined for anything that `formatCheckpoint` would not have written. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith('\n')) return undefined
  const lines = text.slice(0, -1).split('\n')
  const [origin, size, root, ...extensions] = lines
  if (origin === undefined || size === undefined || root === undefined || !lines.every(isLine))
    return undefined
  const hash = decodeBase64(root)
  if (!TREE_SIZE.test(size) || !isTreeSize(Number(size)) || hash?.length !== HASH_BYTES) return undefined
  return { origin, size: Number(size), root: hash, extensions }
}

/** The checkpoint as a note signed by the log. The key's name is the origin, as the specification asks. */
export function signCheckpoint(checkpoint: Checkpoint, key: KeyObject): string {
  return signNote(formatCheckpoint(checkpoint), [noteSigner(checkpoint.origin, key)])
}

/**
 * A checkpoint note of the log with `origin`, signed by `log`. Good cosignatures of `witnesses` stand in
 * `verified`; whether they are enough is the policy's to say. Signatures of other keys are ignored.
 */
export function openCheckpoint(
  source: string | Uint8Array,
  { origin, log, witnesses = [] }: { origin: string; log: NoteVerifier; witnesses?: readonly NoteVerifier[] },
): CheckpointOpening {
  const opening = openNote(source, [log, ...witnesses])
  if (opening.kind === 'refused') return opening
  const checkpoint = parseCheckpoint(opening.note.text)
  if (!checkpoint) return { kind: 'refused', reason: 'not-a-checkpoint' }
  if (checkpoint.origin !== origin) return { kind: 'refused', reason: 'other-origin' }
  const byLog = opening.verified.some(({ name, keyId }) => name === log.name && keyId === log.keyId)
  if (!byLog) return { kind: 'refused', reason: 'log-signature-missing' }
  return { ...opening, checkpoint }
}

function isLine(line: string): boolean {
  return line !== '' && !line.includes('\n')
}
