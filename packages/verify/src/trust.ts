/**
 * Steps 2 and 3: whose log this is, and what its key has signed. A key inside the bundle proves nothing by
 * itself: whoever checks says which one it has to be.
 */
import type { KeyObject } from 'node:crypto'
import { manifestHolds, BUNDLE_PATHS } from '@constat/evidence/bundle'
import type { Certificate } from '@constat/evidence/certificate'
import { openCheckpoint } from '@constat/evidence/checkpoint'
import { cosignedAtMs } from '@constat/evidence/cosignature'
import { refuseKey, strictPublicKey } from '@constat/evidence/key'
import { noteVerifier, type NoteVerifier } from '@constat/evidence/note'
import { formatPolicy, parsePolicy, quorumMet, witnessVerifiers, type Policy } from '@constat/evidence/policy'
import { ED25519_TYPE, isKeyName, vkeyOf, type Vkey } from '@constat/evidence/vkey'
import type { UnixMs } from '@constat/shared/time'
import type { Failures } from './failure.ts'
import type { Unpacked } from './unpack.ts'

/** Counter-signatures: whose word is known, and the notes that are to be theirs. */
export type Signed = { notes: readonly { file: string; text: string }[]; signers: readonly Vkey[] }

export type Pins = {
  /** Raw public key of the log, hex. Null: nobody said. */
  logKey: string | null
  /** Hex digest of the terms that the window has to be judged by. */
  terms: string | null
  /** Whose cosignatures a checkpoint has to have. Absent: nobody said. */
  policy?: Policy | undefined
  /** Counter-signatures that are to hold. Absent: none was given. */
  signed?: Signed | undefined
  /** A head of the log that somebody has kept, as its note. Absent: nobody has. */
  head?: string | undefined
  /** Certificates of authorities whose word dates a checkpoint. Absent: nobody said. */
  authorities?: readonly Certificate[] | undefined
}

/** What witnesses say of the newest checkpoint. */
export type WitnessWord = { witness: string; atMs: UnixMs }
/** `pinned`: the policy was given. `met`: its quorum has cosigned. Null where there is no policy at all. */
export type Witnessing = { isPinned: boolean; isMet: boolean; words: WitnessWord[] }

export type SignedRoot = { file: string; size: number; root: Buffer }
export type Trust = {
  key: KeyObject
  publicKey: Buffer
  /** Of the log at the size of the bundle, first; then earlier ones. */
  roots: SignedRoot[]
  /** The head that was given. */
  kept: SignedRoot | null
  witnessing: Witnessing | null
}

/** Null where no key can be used. */
export function trust(bundle: Unpacked, pins: Pins, failures: Failures): Trust | null {
  const { manifest, manifestBytes, signature } = bundle
  const publicKey = Buffer.from(manifest.logKey, 'hex')
  if (pins.logKey !== null && pins.logKey !== manifest.logKey) {
    const detail = `the bundle is signed by ${manifest.logKey}, and not by the key that was given`
    failures.add({ step: 'keys and pins', reason: 'other-log-key', detail, file: BUNDLE_PATHS.manifest })
  }
  const refusal = refuseKey(publicKey)
  const key = refusal ? undefined : strictPublicKey(publicKey)
  if (!key || !isKeyName(manifest.origin)) {
    const detail = refusal
      ? `the key of the log is none that may sign (${refusal})`
      : 'the origin of the log is no name of a key'
    failures.add({ step: 'keys and pins', reason: refusal ?? 'bad-origin', detail })
    return null
  }
  if (!manifestHolds(manifestBytes, signature, key)) {
    const detail = 'the manifest is not signed by the key of the log'
    failures.add({
      step: 'keys and pins',
      reason: 'bad-manifest-signature',
      detail,
      file: BUNDLE_PATHS.signature,
    })
  }
  const log = noteVerifier(vkeyOf({ name: manifest.origin, type: ED25519_TYPE, publicKey }))
  const policy = pins.policy ?? bundledPolicy(bundle, failures)
  const witnesses = policy ? witnessVerifiers(policy) : []
  const roots = rootsOf(bundle, { log, witnesses }, failures)
  const kept = pins.head === undefined ? null : keptRoot(bundle, { log, head: pins.head }, failures)
  const witnessing =
    policy && witnessingOf(bundle, { log, policy, isPinned: pins.policy !== undefined }, failures)
  return { key, publicKey, roots, kept, witnessing }
}

/** Where the tree does not have it, the log has signed two histories. */
function keptRoot(
  { manifest }: Unpacked,
  { log, head }: { log: NoteVerifier; head: string },
  failures: Failures,
): SignedRoot | null {
  const opening = openCheckpoint(head, { origin: manifest.origin, log })
  const fail = (reason: string, detail: string): null => {
    failures.add({ step: 'checkpoints', reason, detail })
    return null
  }
  if (opening.kind === 'refused')
    return fail(opening.reason, 'the head that was given is none that this log has signed')
  const { size, root } = opening.checkpoint
  if (size > manifest.size)
    return fail('head-beyond', `the head that was given has ${size} entries, and the bundle ${manifest.size}`)
  return { file: 'the head that was given', size, root: Buffer.from(root) }
}

function bundledPolicy({ files }: Unpacked, failures: Failures): Policy | null {
  const file = BUNDLE_PATHS.policy
  const bytes = files.get(file)
  if (!bytes) return null
  const parsing = parsePolicy(bytes.toString('utf8'))
  if (parsing.kind === 'parsed' && formatPolicy(parsing.policy) === bytes.toString('utf8'))
    return parsing.policy
  const detail = 'it is no policy of witnesses in its one right form'
  failures.add({ step: 'checkpoints', reason: 'bad-policy', detail, file })
  return null
}

/** A quorum that was asked for and is not there breaks the evidence; one that the bundle names is only told of. */
function witnessingOf(
  { files, manifest }: Unpacked,
  { log, policy, isPinned }: { log: NoteVerifier; policy: Policy; isPinned: boolean },
  failures: Failures,
): Witnessing {
  const file = BUNDLE_PATHS.checkpoint
  const note = files.get(file)
  const known = { origin: manifest.origin, log, witnesses: witnessVerifiers(policy) }
  const opening = note ? openCheckpoint(note, known) : null
  const verified = opening?.kind === 'opened' ? opening.verified : []
  const isMet = quorumMet(policy, verified)
  const words = policy.witnesses.flatMap(({ name, vkey }): WitnessWord[] => {
    const own = verified.find((one) => one.name === vkey.name && one.keyId === vkey.keyId)
    const atMs = own && cosignedAtMs(own.signature)
    return atMs === undefined ? [] : [{ witness: name, atMs }]
  })
  if (isPinned && !isMet) {
    const detail = `the witnesses that were asked for have not cosigned it: ${words.length} of ${policy.witnesses.length} did`
    failures.add({ step: 'checkpoints', reason: 'quorum-not-met', detail, file })
  }
  return { isPinned, isMet, words }
}

function rootsOf(
  { manifest, files }: Unpacked,
  known: { log: NoteVerifier; witnesses: readonly NoteVerifier[] },
  failures: Failures,
): SignedRoot[] {
  const roots: SignedRoot[] = []
  const earlier = [...files.keys()].filter((path) => path.startsWith('checkpoints/'))
  for (const file of [BUNDLE_PATHS.checkpoint, ...earlier]) {
    const bytes = files.get(file)
    const opening = bytes ? openCheckpoint(bytes, { origin: manifest.origin, ...known }) : null
    if (opening?.kind !== 'opened') {
      const reason = opening?.reason ?? 'missing-file'
      const detail =
        reason === 'bad-signature'
          ? 'a signature on it does not hold'
          : 'it is no checkpoint that the log has signed'
      failures.add({ step: 'checkpoints', reason, detail, file })
      continue
    }
    const { size, root } = opening.checkpoint
    const isNewest = file === BUNDLE_PATHS.checkpoint
    if (isNewest ? size === manifest.size : size < manifest.size && file === `checkpoints/${size}`) {
      roots.push({ file, size, root: Buffer.from(root) })
    } else {
      const detail = `it is the checkpoint of ${size} leaves: another one belongs here`
      failures.add({ step: 'checkpoints', reason: 'other-size', detail, file })
    }
  }
  return roots
}
