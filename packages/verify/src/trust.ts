/**
 * Steps 2 and 3: whose log this is, and what its key has signed. A key inside the bundle proves nothing by
 * itself: whoever checks says which one it has to be.
 */
import type { KeyObject } from 'node:crypto'
import { manifestHolds, BUNDLE_PATHS } from '@constat/evidence/bundle'
import { openCheckpoint } from '@constat/evidence/checkpoint'
import { refuseKey, strictPublicKey } from '@constat/evidence/key'
import { noteVerifier, type NoteVerifier } from '@constat/evidence/note'
import { ED25519_TYPE, isKeyName, vkeyOf } from '@constat/evidence/vkey'
import type { Failures } from './failure.ts'
import type { Unpacked } from './unpack.ts'

export type Pins = {
  /** Raw public key of the log, hex. Null: nobody said. */
  logKey: string | null
  /** Hex digest of the terms that the window has to be judged by. */
  terms: string | null
}

export type SignedRoot = { file: string; size: number; root: Buffer }
export type Trust = {
  key: KeyObject
  publicKey: Buffer
  /** Of the log at the size of the bundle, first; then earlier ones. */
  roots: SignedRoot[]
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
  return { key, publicKey, roots: rootsOf(bundle, log, failures) }
}

function rootsOf({ manifest, files }: Unpacked, log: NoteVerifier, failures: Failures): SignedRoot[] {
  const roots: SignedRoot[] = []
  const earlier = [...files.keys()].filter((path) => path.startsWith('checkpoints/'))
  for (const file of [BUNDLE_PATHS.checkpoint, ...earlier]) {
    const bytes = files.get(file)
    const opening = bytes ? openCheckpoint(bytes, { origin: manifest.origin, log }) : null
    if (opening?.kind !== 'opened') {
      const reason = opening?.reason ?? 'missing-file'
      const detail = 'it is no checkpoint that the log has signed'
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
