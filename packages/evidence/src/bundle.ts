/**
 * Bundle: one zip with all that one window is judged on. Its manifest names every file with its digest, in the
 * order in which they stand, and is signed by the key of the log. Nothing in it is dated: the same log gives the
 * same bytes. Pure but for the cipher.
 */
import { createHash, type KeyObject } from 'node:crypto'
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { publicKeyOf, SIGNATURE_BYTES, signBytes, verifyBytes } from '@constat/shared/signature'
import { isZipPath, type ZipFile } from './zip.ts'

export const BUNDLE_FORMAT = 'constat/bundle/v1'

/** Where things stand in a bundle; leaves and hashes are under `log/` as tlog-tiles names them. */
export const BUNDLE_PATHS = {
  readme: 'README.md',
  result: 'result.json',
  checkpoint: 'log/checkpoint',
  /** C2SP tlog-policy; where witnesses are asked. */
  policy: 'witness-policy.txt',
  manifest: 'manifest.json',
  signature: 'manifest.sig',
} as const

export const LOG_FOLDER = 'log/'

/** Bodies that stand beside the log, by their SHA-256 in hex. */
export function besidePath(digest: string): string {
  return `beside/${digest}`
}

export function earlierCheckpointPath(size: number): string {
  return `checkpoints/${size}`
}

const TOKEN = /^timestamps\/(0|[1-9]\d{0,15})\.tst$/

/** RFC 3161, over the checkpoint of `size` leaves as its log has signed it. */
export function timestampPath(size: number): string {
  return `timestamps/${size}.tst`
}

/** Leaves under the checkpoint that a file of that name dates; undefined for other files. */
export function timestampedSize(path: string): number | undefined {
  const size = TOKEN.exec(path)?.[1]
  return size === undefined ? undefined : Number(size)
}

/** Of text that a bundle has once; entries and hashes have limits of their own. */
export const MAX_TEXT_BYTES = 64 * 1024 * 1024

export type Spoken = {
  logKey: Uint8Array
  /** Every agent that was enrolled, in the order in which they were. */
  agents: readonly { id: string; publicKey: Uint8Array }[]
  /** RFC 8785 text of the terms of every revision: its SHA-256 is the digest of the terms. */
  terms: readonly { revision: number; text: string }[]
}

/** What stands in the leaves too, as files that public tools read: terms for sha256sum, keys for openssl. */
export function spokenFiles({ logKey, agents, terms }: Spoken): ZipFile[] {
  return [
    ...terms.map(({ revision, text }) => ({
      path: `terms/revision-${revision}.json`,
      bytes: Buffer.from(text),
    })),
    { path: 'keys/log.pem', bytes: pemOf(logKey) },
    ...agents.map(({ id, publicKey }) => ({ path: `keys/agent-${id}.pem`, bytes: pemOf(publicKey) })),
  ]
}

/** RFC 8410. */
function pemOf(publicKey: Uint8Array): Buffer {
  return Buffer.from(publicKeyOf(publicKey).export({ format: 'pem', type: 'spki' }))
}

export type FileDigest = { path: string; bytes: number; sha256: string }

export type Manifest = {
  format: typeof BUNDLE_FORMAT
  contract: string
  window: string
  /** Origin of the log, and how many leaves of it there are: those under the checkpoint. */
  origin: string
  size: number
  /** Hex, 32 bytes. It is no anchor: whoever checks knows the key by another way. */
  logKey: string
  /** By whose rules `result.json` was judged. */
  semantics: number
  /** The program that checks it, hex SHA-256; null where the collector had none to offer. */
  verifier: string | null
  files: readonly FileDigest[]
}

export function digestOf({ path, bytes }: { path: string; bytes: Uint8Array }): FileDigest {
  return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** RFC 8785. */
export function manifestBytes(manifest: Manifest): Buffer {
  // Strings, integers and null.
  return Buffer.from(canonicalJson(manifest as unknown as Json))
}

/** Null for anything that `manifestBytes` would not have written. */
export function parseManifest(bytes: Buffer): Manifest | null {
  const parsed = parsedJson(bytes)
  if (!isManifest(parsed)) return null
  return manifestBytes(parsed).equals(bytes) ? parsed : null
}

/** 64 bytes over `constat/manifest/v1\n` and the manifest. */
export function signManifest(manifest: Buffer, key: KeyObject): Buffer {
  return signBytes('manifest', manifest, key)
}

export function manifestHolds(manifest: Buffer, signature: Buffer, key: KeyObject): boolean {
  return signature.length === SIGNATURE_BYTES && verifyBytes('manifest', manifest, signature, key)
}

const MANIFEST_KEYS = [
  'contract',
  'files',
  'format',
  'logKey',
  'origin',
  'semantics',
  'size',
  'verifier',
  'window',
]

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value) || Object.keys(value).toSorted().join() !== MANIFEST_KEYS.join()) return false
  const { format, contract, window, origin, size, logKey, semantics, verifier, files } = value
  return (
    format === BUNDLE_FORMAT &&
    [contract, window, origin].every((text) => typeof text === 'string' && text !== '') &&
    isCount(size) &&
    isHex(logKey) &&
    isCount(semantics) &&
    (verifier === null || isHex(verifier)) &&
    Array.isArray(files) &&
    files.every(isFileDigest)
  )
}

function isFileDigest(value: unknown): value is FileDigest {
  if (!isRecord(value) || Object.keys(value).length !== 3) return false
  const { path, bytes, sha256 } = value
  return typeof path === 'string' && isZipPath(path) && isCount(bytes) && isHex(sha256)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** 32 bytes. */
function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function parsedJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
}
