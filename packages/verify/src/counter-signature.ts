/**
 * Counter-signatures: the word of a person, by a key of their own, that they declared what an entry of a log says. The
 * collector only attests who did. A C2SP signed note over four lines that name the entry and its hash. Pure but for
 * the cipher.
 */
import { encodeBase64 } from '@constat/evidence/base64'
import { leafBytes, type LeafType } from '@constat/evidence/leaf'
import { noteSigner, noteVerifier, openNote, signNote } from '@constat/evidence/note'
import { leafHash } from '@constat/evidence/tree'
import type { Skey } from '@constat/evidence/vkey'
import { Fault } from '@constat/shared/fault'
import { readEntries, type Entry } from './entries.ts'
import { Failures, plain } from './failure.ts'
import type { Signed } from './trust.ts'
import { unpack } from './unpack.ts'

/** Entries that people make. */
export const DECLARED: ReadonlySet<LeafType> = new Set<LeafType>([
  'declaration',
  'declaration-answer',
  'statement',
  'terms-answer',
  'remark',
  'penalty',
])

/** The first line: no other note of this product begins so. */
const DOMAIN = 'constat/declaration/v1'

/** Entry `entry` was declared by whoever has the key of that name. */
export type CounterSigned = { entry: number; type: LeafType; signer: string }

/** The note over an entry of a bundle that holds. Fault `usage` for an entry that nobody declares, or that is not there. */
export function counterSign(zip: Buffer, { entry, key }: { entry: number; key: Skey }): string {
  const failures = new Failures()
  const bundle = unpack(zip, failures)
  const read = bundle && readEntries(bundle, { roots: [], sizesOf: () => [] }, failures)
  if (!bundle || !read) throw new Fault('evidence', 'the bundle cannot be read')
  const own = read.entries[entry]
  if (!own || !DECLARED.has(own.type)) {
    const all = read.entries.filter(({ type }) => DECLARED.has(type)).map(({ index }) => index)
    throw new Fault('usage', `entry ${entry} is nothing that a person declared`, {
      hint: all.length === 0 ? 'The log has no such entry.' : `Those are: ${all.slice(0, 20).join(', ')}.`,
    })
  }
  return signNote(textOf(bundle.manifest.origin, own), [noteSigner(key.name, key.key)])
}

/** By entry. A note that does not hold breaks the evidence that it was given as. */
export function counterSignedIn(
  entries: readonly Entry[],
  { origin, signed }: { origin: string; signed: Signed },
  failures: Failures,
): CounterSigned[] {
  const found: CounterSigned[] = []
  for (const { file, text } of signed.notes) {
    const opening = openNote(text, signed.signers.map(noteVerifier))
    const fail = (reason: string, detail: string): void =>
      failures.add({ step: 'keys and pins', reason, detail, file })
    if (opening.kind === 'refused') {
      fail(opening.reason, 'it is signed by none of the keys that were given')
      continue
    }
    const index = Number(opening.note.text.split('\n')[2])
    const own = entries[index]
    if (!own || !DECLARED.has(own.type) || textOf(origin, own) !== opening.note.text) {
      fail('other-entry', 'what it signs is no declaration that this log holds')
      continue
    }
    const { type } = own
    found.push(...opening.verified.map(({ name }) => ({ entry: index, type, signer: plain(name) })))
  }
  return found.toSorted((a, b) => a.entry - b.entry)
}

/** Domain, origin, place, leaf hash (RFC 6962). */
function textOf(origin: string, entry: Entry): string {
  return `${DOMAIN}\n${origin}\n${entry.index}\n${encodeBase64(leafHash(leafBytes(entry)))}\n`
}
