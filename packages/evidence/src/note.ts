/**
 * Notes: text signed by one or more keys, after C2SP signed-note. Pure but for the cipher. A note's text
 * means nothing until a known key has signed it, and one bad signature of a known key spoils the note.
 */
import type { KeyObject } from 'node:crypto'
import { invariant } from '@constat/shared/fault'
import { rawPublicKey } from '@constat/shared/signature'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { signEd25519, strictPublicKey, verifyEd25519 } from './key.ts'
import { ED25519_TYPE, isKeyName, keyIdOf, type Vkey } from './vkey.ts'

/** Whole note in UTF-8. */
export const MAX_NOTE_BYTES = 1_000_000
/** signed-note asks for at least 16. */
export const MAX_NOTE_SIGNATURES = 100

/** One `— <name> base64(key id ‖ signature)` line; `signature` is without the four bytes of the id. */
export type NoteSignature = { name: string; keyId: number; signature: Buffer }

/** `text` ends in a newline; the blank line that follows belongs to neither part. */
export type Note = { text: string; signatures: readonly NoteSignature[] }

/** One known key. `holds` decides whether a signature under its name and id is genuine. */
export type NoteVerifier = {
  name: string
  keyId: number
  holds(signed: { text: string; signature: Buffer }): boolean
}

/** One key that signs. `sign` returns what follows the key id. */
export type NoteSigner = { name: string; keyId: number; sign(text: string): Buffer }

export type NoteOpening =
  | {
      kind: 'opened'
      note: Note
      /** By known keys, each one good. At least one. */
      verified: readonly NoteSignature[]
      /** By keys that are not known: they say nothing. */
      unknown: readonly NoteSignature[]
    }
  | { kind: 'refused'; reason: NoteRefusal }

/** `ambiguous-key`: two of the known keys share name and id, so that a failure could not be placed. */
export type NoteRefusal = 'malformed' | 'no-known-key' | 'bad-signature' | 'ambiguous-key'

const SIGNATURE_PREFIX = '— '
const KEY_ID_BYTES = 4

/** Splits a note at its last blank line; undefined when it is malformed. Verifies nothing. */
export function parseNote(source: string | Uint8Array): Note | undefined {
  const whole = typeof source === 'string' ? source : decodeUtf8(source)
  if (whole === undefined || !isNoteText(whole)) return undefined
  const separator = whole.lastIndexOf('\n\n')
  if (separator < 0) return undefined
  const signatures = parseSignatureLines(whole.slice(separator + 2))
  return signatures && { text: whole.slice(0, separator + 1), signatures }
}

/** One or more signature lines, each with its newline, as a witness answers; undefined when malformed. */
export function parseSignatureLines(lines: string): NoteSignature[] | undefined {
  if (!lines.endsWith('\n')) return undefined
  const rows = lines.slice(0, -1).split('\n')
  if (rows.length > MAX_NOTE_SIGNATURES) return undefined
  const signatures = rows.map(parseSignatureLine)
  return signatures.every((s) => s !== undefined) ? signatures : undefined
}

/** The note as text: what `parseNote` reads back. */
export function formatNote({ text, signatures }: Note): string {
  invariant(isNoteText(text), 'a note text is lines of UTF-8 without control characters')
  invariant(signatures.length > 0, 'a note carries a signature')
  return `${text}\n${signatures.map(formatSignature).join('')}`
}

/** One signature line with its newline. */
export function formatSignature({ name, keyId, signature }: NoteSignature): string {
  const id = Buffer.alloc(KEY_ID_BYTES)
  id.writeUInt32BE(keyId)
  return `${SIGNATURE_PREFIX}${name} ${encodeBase64(Buffer.concat([id, signature]))}\n`
}

/**
 * Verifies a note against the keys known. Signatures of other keys are ignored; a known key whose
 * signature fails refuses the whole note, and so does the absence of any known key.
 */
export function openNote(source: string | Uint8Array, known: readonly NoteVerifier[]): NoteOpening {
  const note = parseNote(source)
  if (!note) return { kind: 'refused', reason: 'malformed' }
  const verifiers = new Map(known.map((verifier) => [identity(verifier), verifier]))
  if (verifiers.size !== known.length) return { kind: 'refused', reason: 'ambiguous-key' }
  const verified: NoteSignature[] = []
  const unknown: NoteSignature[] = []
  for (const own of note.signatures) {
    const verifier = verifiers.get(identity(own))
    if (!verifier) unknown.push(own)
    else if (verifier.holds({ text: note.text, signature: own.signature })) verified.push(own)
    else return { kind: 'refused', reason: 'bad-signature' }
  }
  if (verified.length === 0) return { kind: 'refused', reason: 'no-known-key' }
  return { kind: 'opened', note, verified, unknown }
}

/** A note over `text`, one line for each signer in their order. `text` ends in a newline. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  const signatures = signers.map((signer) => ({
    name: signer.name,
    keyId: signer.keyId,
    signature: signer.sign(text),
  }))
  return formatNote({ text, signatures })
}

/** signed-note, "Ed25519 signatures" (type 0x01), under `name`. */
export function noteSigner(name: string, key: KeyObject): NoteSigner {
  invariant(isKeyName(name), `not a key name: ${name}`)
  return {
    name,
    keyId: keyIdOf({ name, type: ED25519_TYPE, publicKey: rawPublicKey(key) }),
    sign: (text) => signEd25519(Buffer.from(text), key),
  }
}

/** signed-note, "Ed25519 signatures". The key is of type 0x01. */
export function noteVerifier({ name, keyId, type, publicKey }: Vkey): NoteVerifier {
  invariant(type === ED25519_TYPE, 'a note verifier takes an Ed25519 key of type 0x01')
  const key = strictPublicKey(publicKey)
  invariant(key, 'a vkey holds a strict public key')
  return {
    name,
    keyId,
    holds: ({ text, signature }) => verifyEd25519({ message: Buffer.from(text), signature, key }),
  }
}

function parseSignatureLine(line: string): NoteSignature | undefined {
  if (!line.startsWith(SIGNATURE_PREFIX)) return undefined
  const [name, base64, ...rest] = line.slice(SIGNATURE_PREFIX.length).split(' ')
  if (name === undefined || base64 === undefined || rest.length > 0 || !isKeyName(name)) return undefined
  const bytes = decodeBase64(base64)
  if (!bytes || bytes.length <= KEY_ID_BYTES) return undefined
  return { name, keyId: bytes.readUInt32BE(0), signature: bytes.subarray(KEY_ID_BYTES) }
}

/** Lines of well-formed Unicode, each ended, with no ASCII control character but the newline. */
function isNoteText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for.
  const strange = /[\u0000-\u0009\u000b-\u001f]|\p{Surrogate}/u
  return text.endsWith('\n') && Buffer.byteLength(text) <= MAX_NOTE_BYTES && !strange.test(text)
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_NOTE_BYTES) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  // Invalid sequences decode to U+FFFD and do not come back as they were.
  return Buffer.from(text).equals(bytes) ? text : undefined
}

/** The tuple that signed-note says identifies a key. A name contains no newline. */
function identity({ name, keyId }: { name: string; keyId: number }): string {
  return `${name}\n${keyId}`
}
