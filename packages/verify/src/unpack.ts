/**
 * Step 1: the archive taken apart, and every file held against the manifest. Nothing is written anywhere. Pure.
 */
import {
  BUNDLE_PATHS,
  digestOf,
  LOG_FOLDER,
  MAX_TEXT_BYTES,
  parseManifest,
  type Manifest,
} from '@constat/evidence/bundle'
import { MAX_ENTRY_BYTES, TILE_WIDTH } from '@constat/evidence/tile'
import { openZip, type ZipFile, type ZipRefusal } from '@constat/evidence/zip'
import type { Failures } from './failure.ts'

export type Unpacked = {
  manifest: Manifest
  manifestBytes: Buffer
  signature: Buffer
  files: ReadonlyMap<string, Buffer>
}

const STEP = 'archive and manifest'
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024
const MAX_BUNDLED_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)

const SAID: Readonly<Record<ZipRefusal, string>> = {
  'too-large': 'it is larger than 2 GiB',
  'too-many-files': 'it has more than 65,534 files',
  'no-zip': 'it is no zip, or a part of one',
  'bad-path': 'a file in it has a name that no bundle has, or leads out of it',
  'duplicate-path': 'it has two files of this name',
  'other-form': 'it is packed otherwise than a bundle: something was added, moved or compressed',
  'bad-checksum': 'the bytes of this file were changed after it was packed',
}

/** Null where nothing of it can be read. */
export function unpack(zip: Buffer, failures: Failures): Unpacked | null {
  const opening = openZip(zip)
  if (opening.kind === 'refused') {
    const { reason, path } = opening
    failures.add({ step: STEP, reason, detail: SAID[reason], ...(path !== null && { file: path }) })
    return null
  }
  const last = opening.files.slice(-2)
  const [manifest, signature] = last
  if (manifest?.path !== BUNDLE_PATHS.manifest || signature?.path !== BUNDLE_PATHS.signature) {
    const detail = 'the archive does not end with a manifest and its signature'
    failures.add({ step: STEP, reason: 'no-manifest', detail })
    return null
  }
  const parsed = manifest.bytes.length <= MAX_MANIFEST_BYTES ? parseManifest(manifest.bytes) : null
  if (!parsed) {
    const detail = 'it is not the manifest of a bundle of this version, in its one right form'
    failures.add({ step: STEP, reason: 'bad-manifest', detail, file: manifest.path })
    return null
  }
  const files = opening.files.slice(0, -2)
  compare(files, parsed, failures)
  const kept = new Map(files.map(({ path, bytes }) => [path, bytes]))
  return { manifest: parsed, manifestBytes: manifest.bytes, signature: signature.bytes, files: kept }
}

/** Every file of the archive, and no other, in the order of the manifest. */
function compare(files: readonly ZipFile[], { files: named }: Manifest, failures: Failures): void {
  const known = new Map(named.map((one) => [one.path, one]))
  for (const file of files) {
    const digest = known.get(file.path)
    const found = digestOf(file)
    if (!digest) {
      const detail = 'the manifest does not name this file'
      failures.add({ step: STEP, reason: 'unknown-file', detail, file: file.path })
    } else if (digest.sha256 !== found.sha256 || digest.bytes !== found.bytes) {
      const detail = `its SHA-256 is ${found.sha256}, and not the one that the manifest names`
      failures.add({ step: STEP, reason: 'changed-file', detail, file: file.path })
    }
    if (found.bytes > limitOf(file.path)) {
      const detail = `it has ${found.bytes} bytes, more than a file of its kind may have`
      failures.add({ step: STEP, reason: 'too-large', detail, file: file.path })
    }
    known.delete(file.path)
  }
  for (const path of known.keys()) {
    failures.add({ step: STEP, reason: 'missing-file', detail: 'the archive does not have it', file: path })
  }
  const isOrdered = files.every(({ path }, i) => named[i]?.path === path)
  if (isOrdered || !failures.isEmpty) return
  const detail = 'the files do not stand in the order of the manifest'
  failures.add({ step: STEP, reason: 'reordered-files', detail })
}

function limitOf(path: string): number {
  return path.startsWith(LOG_FOLDER) ? MAX_BUNDLED_BYTES : MAX_TEXT_BYTES
}
