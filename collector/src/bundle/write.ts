/**
 * A bundle written piece by piece: every leaf of the log below a size, proved as it is read, with the hashes over
 * it. No more than a few pages of it are in memory.
 */
import {
  besidePath,
  BUNDLE_PATHS,
  digestOf,
  earlierCheckpointPath,
  LOG_FOLDER,
  manifestBytes,
  signManifest,
  spokenFiles,
  timestampPath,
  type FileDigest,
} from '@constat/evidence/bundle'
import { leafType, rowBytes } from '@constat/evidence/leaf'
import {
  edgeTiles,
  EMPTY_EDGE,
  encodeEntryBundle,
  growTiles,
  tilePath,
  TILE_WIDTH,
  type Tile,
} from '@constat/evidence/tile'
import { frontierRoot, HASH_BYTES } from '@constat/evidence/tree'
import { openCheckpoint } from '@constat/evidence/checkpoint'
import { noteVerifier } from '@constat/evidence/note'
import { formatPolicy } from '@constat/evidence/policy'
import { ED25519_TYPE, vkeyOf } from '@constat/evidence/vkey'
import { ZipWriter, type ZipFile } from '@constat/evidence/zip'
import { canonicalJson } from '@constat/shared/canonical-json'
import { Fault } from '@constat/shared/fault'
import { termsJson } from '@constat/sla/contract/digest'
import type { RevisionBody } from '@constat/sla/state/contract-state'
import { dailyCheckpoints } from '../db/bundle-rows.ts'
import { entryRange, rareEntriesFrom, type EntryRow } from '../db/ledger-rows.ts'
import { tokenOf } from '../db/timestamp-rows.ts'
import type { Database } from '../db/tx.ts'
import { besideBytes, digestBeside, openBody } from '../ledger/body.ts'
import { proved, rowHash } from '../ledger/proved.ts'
import type { Identity } from '../shell.ts'
import { manifestOf, type Bundled } from './bundled.ts'
import { cosignedNote } from './cosigned.ts'
import { readmeText } from './readme.ts'

/** Four tiles: 60 MB where each leaf is as large as may be. */
const PAGE_LEAVES = 4 * TILE_WIDTH

export type WriteDeps = { db: Database; identity: Identity; publicUrl: string }

/** Faults `evidence` where what is stored is not what was signed: what was written so far is no bundle. */
export async function* bundleBytes(bundled: Bundled, deps: WriteDeps): AsyncGenerator<Buffer> {
  const zip = new ZipWriter()
  const files: FileDigest[] = []
  for await (const file of bundleFiles(bundled, deps)) {
    files.push(digestOf(file))
    yield* zip.add(file)
  }
  const { identity } = deps
  const bytes = manifestBytes(manifestOf(bundled, { files, logKey: identity.publicKey.toString('hex') }))
  yield* zip.add({ path: BUNDLE_PATHS.manifest, bytes })
  yield* zip.add({ path: BUNDLE_PATHS.signature, bytes: signManifest(bytes, identity.key) })
  yield zip.end()
}

/** Everything that the manifest names, in its order. */
async function* bundleFiles(bundled: Bundled, deps: WriteDeps): AsyncGenerator<ZipFile> {
  const { db, identity, publicUrl } = deps
  const { log, signed, result } = bundled
  const all = await proved(db, log, await rareEntriesFrom(db, { log, from: 0 }))
  const rare = all.filter(({ index }) => index < signed.size)
  yield textFile(BUNDLE_PATHS.readme, readmeText(bundled, { publicUrl, logKey: identity.publicKey }))
  yield textFile(BUNDLE_PATHS.result, result)
  yield* spokenFiles({ logKey: identity.publicKey, agents: agentsIn(rare), terms: await termsIn(db, rare) })
  if (bundled.policy) yield textFile(BUNDLE_PATHS.policy, formatPolicy(bundled.policy))
  yield textFile(BUNDLE_PATHS.checkpoint, await cosignedNote(db, log, signed))
  const daily = await dailyCheckpoints(db, { log, size: signed.size })
  for (const earlier of daily) {
    yield textFile(earlierCheckpointPath(earlier.size), await cosignedNote(db, log, earlier))
  }
  for (const { size } of [...daily, signed]) {
    const bytes = await tokenOf(db, { log, size })
    if (bytes) yield { path: timestampPath(size), bytes }
  }
  yield* filesBeside(db, rare)
  yield* logFiles(bundled, deps)
}

function textFile(path: string, text: string): ZipFile {
  return { path, bytes: Buffer.from(text) }
}

/** In the order in which they were first enrolled; one from before keys were in the log has none to show. */
function agentsIn(rows: readonly EntryRow[]): { id: string; publicKey: Buffer }[] {
  const found = new Map<string, { id: string; publicKey: Buffer }>()
  for (const { type, body } of rows) {
    if (leafType(type) !== 'enrolment' || body.length === 0) continue
    // Our own leaf.
    const { agent: id, publicKey } = JSON.parse(body.toString()) as { agent?: string; publicKey?: string }
    if (id !== undefined && publicKey !== undefined) {
      found.set(id, { id, publicKey: Buffer.from(publicKey, 'hex') })
    }
  }
  return [...found.values()]
}

async function termsIn(
  db: Database,
  rows: readonly EntryRow[],
): Promise<{ revision: number; text: string }[]> {
  const found: { revision: number; text: string }[] = []
  for (const { type, body } of rows) {
    if (leafType(type) !== 'revision') continue
    // Our own leaf.
    const { revision, terms } = JSON.parse((await openBody(db, body)).toString()) as RevisionBody
    found.push({ revision, text: canonicalJson(termsJson(terms)) })
  }
  return found
}

/** Each once, in the order in which leaves name them. */
async function* filesBeside(db: Database, rows: readonly EntryRow[]): AsyncGenerator<ZipFile> {
  const known = new Set<string>()
  for (const { type, body } of rows) {
    const digest = digestBeside({ type: leafType(type), body })
    const path = digest && besidePath(digest.toString('hex'))
    if (!digest || !path || known.has(path)) continue
    known.add(path)
    yield { path, bytes: await besideBytes(db, digest) }
  }
}

/** The log below the size that was signed, as a server of tiles has it. */
async function* logFiles(bundled: Bundled, { db, identity }: WriteDeps): AsyncGenerator<ZipFile> {
  const { log, signed } = bundled
  const { size } = signed
  let edge = EMPTY_EDGE
  const above: Tile[] = []
  for (let from = 0; from < size; from += PAGE_LEAVES) {
    const to = Math.min(size, from + PAGE_LEAVES)
    const rows = await proved(db, log, await entryRange(db, { log, from, to, limit: PAGE_LEAVES }))
    if (rows.length !== to - from) throw lies(`leaves below ${to} are missing`)
    for (let at = 0; at < rows.length; at += TILE_WIDTH) {
      const own = rows.slice(at, at + TILE_WIDTH)
      const place = { index: (from + at) / TILE_WIDTH, width: own.length }
      yield { path: entriesPath(place), bytes: encodeEntryBundle(own.map(rowBytes)) }
      const grown = growTiles(edge, own.map(rowHash))
      edge = grown.edge
      for (const tile of grown.completed) {
        if (tile.level === 0) yield tileFile(tile)
        else above.push(tile)
      }
    }
  }
  if (!frontierRoot(edge.frontier).equals(rootIn(bundled, identity))) {
    throw lies(`the leaves below ${size} do not give the root that was signed`)
  }
  for (const tile of [...above, ...edgeTiles(edge)]) yield tileFile(tile)
}

function rootIn({ origin, signed }: Bundled, { publicKey }: Identity): Uint8Array {
  const log = noteVerifier(vkeyOf({ name: origin, type: ED25519_TYPE, publicKey }))
  const opening = openCheckpoint(signed.note, { origin, log })
  if (opening.kind === 'opened' && opening.checkpoint.size === signed.size) return opening.checkpoint.root
  throw lies(`the checkpoint of ${signed.size} leaves is not signed by this collector`)
}

function entriesPath({ index, width }: { index: number; width: number }): string {
  return LOG_FOLDER + tilePath({ level: 'entries', index, width })
}

function tileFile({ level, index, bytes }: Tile): ZipFile {
  return { path: LOG_FOLDER + tilePath({ level, index, width: bytes.length / HASH_BYTES }), bytes }
}

function lies(what: string): Fault {
  return new Fault('evidence', `No bundle can be made: ${what}.`, {
    hint: 'Do not delete anything: `constat check` names what lies.',
  })
}
