/**
 * Forging: a bundle taken apart, changed and packed again, by somebody without the key of its log or with it. With
 * the key everything is made to fit again: tiles, checkpoints, copies, manifest.
 */
import type { KeyObject } from 'node:crypto'
import {
  besidePath,
  BUNDLE_PATHS,
  digestOf,
  earlierCheckpointPath,
  manifestBytes,
  parseManifest,
  signManifest,
  spokenFiles,
  type Manifest,
} from '@constat/evidence/bundle'
import { signCheckpoint } from '@constat/evidence/checkpoint'
import { parseLeaf, rowBytes, leafCode, sealedDigest, type Leaf } from '@constat/evidence/leaf'
import {
  edgeTiles,
  EMPTY_EDGE,
  encodeEntryBundle,
  growTiles,
  parseEntryBundle,
  parseTilePath,
  tilePath,
  TILE_WIDTH,
} from '@constat/evidence/tile'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, HASH_BYTES, leafHash } from '@constat/evidence/tree'
import { openZip, ZipWriter, type ZipFile } from '@constat/evidence/zip'
import { canonicalJson, type Json } from '@constat/shared/canonical-json'
import { rawPublicKey } from '@constat/shared/signature'

export type Opened = { manifest: Manifest; files: ZipFile[] }

/** Every file, manifest and signature last. */
export function archived(zip: Buffer): ZipFile[] {
  const opening = openZip(zip)
  if (opening.kind === 'refused') throw new Error(opening.reason)
  return opening.files
}

export function openBundle(zip: Buffer): Opened {
  const files = archived(zip)
  const manifest = parseManifest(files.at(-2)!.bytes)
  if (!manifest) throw new Error('a manifest')
  return { manifest, files: files.slice(0, -2) }
}

export function zipOf(files: readonly ZipFile[]): Buffer {
  const zip = new ZipWriter()
  const parts = files.flatMap((file) => zip.add(file))
  return Buffer.concat([...parts, zip.end()])
}

/** The same archive with other bytes in some of its files, manifest and signature included. */
export function withBytes(zip: Buffer, change: (file: ZipFile) => Buffer): Buffer {
  return zipOf(archived(zip).map((file) => ({ path: file.path, bytes: change(file) })))
}

/** The files under a manifest that names them; only who has the key can sign it. */
export function packed(
  { manifest, files }: Opened,
  given: { key: KeyObject; over?: Partial<Manifest> },
): Buffer {
  const made: Manifest = { ...manifest, ...given.over, files: files.map(digestOf) }
  const bytes = manifestBytes(made)
  const signature = signManifest(bytes, given.key)
  const last = [
    { path: BUNDLE_PATHS.manifest, bytes },
    { path: BUNDLE_PATHS.signature, bytes: signature },
  ]
  return zipOf([...files, ...last])
}

export function leavesOf({ files }: Opened): Leaf[] {
  return files.flatMap(({ path, bytes }) => {
    const id = parseTilePath(path.replace(/^log\//, ''))
    if (id?.level !== 'entries') return []
    return parseEntryBundle(bytes, id.width)!.map((leaf) => parseLeaf(leaf)!)
  })
}

/** The text of a leaf that is JSON, also where it stands beside the log. */
export function textOf({ body }: Leaf, { files }: Opened): string {
  const digest = sealedDigest(body)?.toString('hex')
  const beside = digest && files.find(({ path }) => path === besidePath(digest))
  return (beside ? beside.bytes : body).toString()
}

/** A leaf that says something else; in the log, whatever it was before. */
export function saying(leaf: Leaf, value: unknown): Leaf {
  // What JSON.parse gave, changed.
  return { ...leaf, body: Buffer.from(canonicalJson(value as Json)) }
}

/** What the holder of the key makes of other leaves: a bundle in which every hash and every signature fits. */
export function rewritten(
  bundle: Opened,
  given: { key: KeyObject; leaves: readonly Leaf[]; result?: string; over?: Partial<Manifest> },
): Buffer {
  const { key, leaves, over } = given
  const origin = over?.origin ?? bundle.manifest.origin
  const kept = bundle.files.filter(({ path }) => !/^(log|checkpoints|terms|keys)\//.test(path))
  const files = kept.map((file) =>
    file.path === BUNDLE_PATHS.result && given.result !== undefined
      ? { ...file, bytes: Buffer.from(given.result) }
      : file,
  )
  const [readme, result, ...rest] = files
  const used = new Set(leaves.flatMap(({ body }) => sealedDigest(body)?.toString('hex') ?? []))
  const beside = rest.filter(
    ({ path }) => used.has(path.replace('beside/', '')) || !path.startsWith('beside/'),
  )
  const sizes = bundle.files.flatMap(({ path }) => /^checkpoints\/(\d+)$/.exec(path)?.[1] ?? []).map(Number)
  const all = [
    readme!,
    result!,
    ...copiesOf(bundle, { key, leaves }),
    checkpointFile(BUNDLE_PATHS.checkpoint, { origin, key, leaves }),
    ...sizes
      .filter((size) => size < leaves.length)
      .map((size) =>
        checkpointFile(earlierCheckpointPath(size), { origin, key, leaves: leaves.slice(0, size) }),
      ),
    ...beside,
    ...logFiles(leaves),
  ]
  const size = leaves.length
  const logKey = rawPublicKey(key).toString('hex')
  return packed({ ...bundle, files: all }, { key, over: { size, logKey, ...over } })
}

type Signing = { origin: string; key: KeyObject; leaves: readonly Leaf[] }

function checkpointFile(path: string, { origin, key, leaves }: Signing): ZipFile {
  const root = frontierRoot(appendLeaves(EMPTY_FRONTIER, leaves.map(hashOf)))
  const note = signCheckpoint({ origin, size: leaves.length, root, extensions: [] }, key)
  return { path, bytes: Buffer.from(note) }
}

function copiesOf(bundle: Opened, { key, leaves }: { key: KeyObject; leaves: readonly Leaf[] }): ZipFile[] {
  const agents = new Map<string, { id: string; publicKey: Buffer }>()
  const terms: { revision: number; text: string }[] = []
  for (const leaf of leaves) {
    if (!isRecord(leaf, bundle)) continue
    if (leaf.type === 'enrolment') {
      const { agent, publicKey } = JSON.parse(textOf(leaf, bundle)) as { agent: string; publicKey: string }
      agents.set(agent, { id: agent, publicKey: Buffer.from(publicKey, 'hex') })
    }
    if (leaf.type !== 'revision') continue
    const said = JSON.parse(textOf(leaf, bundle)) as { revision: number; terms: Json }
    terms.push({ revision: said.revision, text: canonicalJson(said.terms) })
  }
  return spokenFiles({ logKey: rawPublicKey(key), agents: [...agents.values()], terms })
}

/** What a test has made of it may be no JSON at all. */
function isRecord(leaf: Leaf, bundle: Opened): boolean {
  return leaf.type !== 'frame' && textOf(leaf, bundle).startsWith('{"')
}

function logFiles(leaves: readonly Leaf[]): ZipFile[] {
  const { edge, completed } = growTiles(EMPTY_EDGE, leaves.map(hashOf))
  const bundles: ZipFile[] = []
  for (let at = 0; at < leaves.length; at += TILE_WIDTH) {
    const own = leaves.slice(at, at + TILE_WIDTH)
    const path = `log/${tilePath({ level: 'entries', index: at / TILE_WIDTH, width: own.length })}`
    bundles.push({ path, bytes: encodeEntryBundle(own.map(bytesOf)) })
  }
  const tiles = [...completed, ...edgeTiles(edge)].map(({ level, index, bytes }) => {
    return { path: `log/${tilePath({ level, index, width: bytes.length / HASH_BYTES })}`, bytes }
  })
  return [...bundles, ...tiles]
}

function bytesOf({ type, receivedMs, body }: Leaf): Buffer {
  return rowBytes({ type: leafCode(type), receivedMs, body })
}

function hashOf(leaf: Leaf): Buffer {
  return leafHash(bytesOf(leaf))
}
