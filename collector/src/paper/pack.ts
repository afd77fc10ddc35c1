/**
 * The claim pack: the letter, the report as the provider sees it, the incidents, the evidence, and a README, as one
 * zip. The evidence is read twice: once for its digest, which the letter names, and once to be sent; it is the same
 * file for ever, so the pack is the same when it is made again from the same facts.
 */
import { VERSION } from '../version.ts'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { MAX_ZIP_BYTES, ZipWriter } from '@constat/evidence/zip'
import { Fault } from '@constat/shared/fault'
import type { ClaimWanted } from '../http/actions.ts'
import type { PaperAsked, PdfAsked } from '../print/pdf.ts'
import { makeReport } from '../report/make.ts'
import { renderView } from '../report/render.ts'
import type { BundleFile } from '../view/reads.ts'
import type { Claim, Enclosure } from './claim.ts'
import { incidentsCsv } from './incidents-csv.ts'
import { letterPaper } from './letter.ts'
import { claimReadme } from './readme.ts'
import { paperScene, productOf } from './scene.ts'

type Surroundings = {
  nowMs: number
  /** Hex, of this collector's logs. */
  logKey: string
  print: (asked: PdfAsked) => Promise<Uint8Array>
  printPaper: (asked: PaperAsked) => Promise<Uint8Array>
}

/** For what stands in the pack beside the evidence. */
const ROOM_BYTES = 64 * 1024 * 1024
const SECOND_MS = 1_000

/** Null: there is no such contract or window. Faults: `conflict` of a window that cannot be claimed; those of a bundle. */
export async function claimPack(wanted: ClaimWanted, around: Surroundings): Promise<BundleFile | null> {
  const { contract, window, lang } = wanted
  const claim = await claimOf(wanted, around)
  if (claim === null) return null
  const { report, terms } = claim
  // As of the closing: what is told of it does not move with the clock.
  const scene = paperScene({ lang, terms, zone: report.timeZone, nowMs: Date.parse(report.asOf) })
  const evidence = await measured(() => openEvidence(wanted))
  const atS = Math.floor(scene.nowMs / SECOND_MS)
  const product = productOf(scene)
  const reportPdf = await renderView(report, {
    format: 'pdf',
    scene,
    print: around.print,
    product: VERSION,
  })
  const files = [
    fileOf(`report.pdf`, 'report', reportPdf),
    fileOf('incidents.csv', 'incidents', incidentsCsv(report.incidents, scene)),
  ]
  const bundle: Enclosure = { path: `${contract}-${window}.zip`, what: 'evidence', ...evidence }
  const enclosed = [...files, bundle]
  const paper = letterPaper(claim, enclosed, scene)
  const letter = fileOf('letter.pdf', 'letter', await around.printPaper({ paper, product, atS }))
  const readme = Buffer.from(claimReadme(claim, [letter, ...enclosed], scene))
  const first = [{ path: 'README.md', content: readme }, letter, ...files]
  const bytes = zipped(first, { ...bundle, crc: evidence.crc, open: () => openEvidence(wanted) })
  return { name: `${contract}-${window}-claim.zip`, bytes }
}

async function claimOf({ contract, window, read }: ClaimWanted, around: Surroundings): Promise<Claim | null> {
  const found = read.contract(contract)
  const life = found && (await read.window(contract, window))
  if (!found || !life) return null
  const penalty = await read.penalty(contract, window)
  if (!penalty) {
    throw new Fault(
      'conflict',
      `Window ${window} is not final, or has no credits: there is nothing to claim yet.`,
    )
  }
  const version = penalty.citedVersion ?? penalty.newestVersion
  const report = await makeReport(read, { contract, window, version }, around.nowMs)
  const revisions = await read.revisions(contract)
  const revision = revisions.find((one) => one.revision === report?.revision)
  const terms = read.terms(contract, report?.revision)
  if (!report || !revision || !terms) return null
  const { logKey } = around
  const { amendableUntil } = life
  return { report, penalty, terms, revision, readiness: readinessOf(report, found), logKey, amendableUntil }
}

/** Of the guarantees that are claimed; of the contract where none is. */
function readinessOf(
  { guarantees }: Claim['report'],
  contract: { readiness: Claim['readiness'] },
): Claim['readiness'] {
  return guarantees.find(({ verdict }) => verdict === 'not_met')?.readiness ?? contract.readiness
}

async function openEvidence({ contract, window, read, by }: ClaimWanted): Promise<AsyncIterable<Buffer>> {
  const found = await read.bundle(contract, window, by)
  if (found) return found.bytes
  throw new Fault('not-found', `There is no evidence of window ${window}.`)
}

async function measured(open: () => Promise<AsyncIterable<Buffer>>) {
  const hash = createHash('sha256')
  let [bytes, crc] = [0, 0]
  for await (const piece of await open()) {
    hash.update(piece)
    crc = crc32(piece, crc)
    bytes += piece.length
  }
  if (bytes + ROOM_BYTES <= MAX_ZIP_BYTES) return { bytes, crc, sha256: hash.digest('hex') }
  throw new Fault('too-large', 'The evidence of this window does not fit into a pack.', {
    hint: 'Take it by itself: `constat evidence`.',
  })
}

type Content = { path: string; content: Buffer }

function fileOf(path: string, what: Enclosure['what'], made: string | Uint8Array): Enclosure & Content {
  const content = typeof made === 'string' ? Buffer.from(made) : Buffer.from(made)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { path, what, bytes: content.length, sha256, content }
}

type Streamed = Enclosure & { crc: number; open: () => Promise<AsyncIterable<Buffer>> }

async function* zipped(files: readonly Content[], last: Streamed): AsyncGenerator<Buffer> {
  const zip = new ZipWriter()
  for (const { path, content } of files) yield* zip.add({ path, bytes: content })
  yield zip.begin({ path: last.path, size: last.bytes, crc: last.crc })
  const hash = createHash('sha256')
  for await (const piece of await last.open()) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== last.sha256) {
    throw new Fault('evidence', 'The evidence changed while the pack was made: ask again.')
  }
  yield zip.end()
}
