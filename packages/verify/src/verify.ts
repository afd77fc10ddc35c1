/**
 * The verifier: a bundle in, what holds of it out. It reads nothing else and writes nothing; whatever the bundle
 * says, it answers.
 */
import { BUNDLE_PATHS, LOG_FOLDER, spokenFiles, timestampedSize } from '@constat/evidence/bundle'
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { WindowResult } from '@constat/sla/judgement/window-result'
import { checkBeacons, rootsOf, type BeaconCounts } from './beacons.ts'
import { assumptionsOf } from './assumptions.ts'
import { counterSignedIn, type CounterSigned } from './counter-signature.ts'
import { readEntries, type Entry } from './entries.ts'
import { Failures, type Failure } from './failure.ts'
import { Figures, type ClosingCounts, type ClosingLeaf } from './figures.ts'
import type { FrameChecks, Equivocation, FrameCounts, Late } from './frames.ts'
import { gapsIn, type Gap, type Silence } from './gaps.ts'
import { LeafTexts } from './leaf-text.ts'
import type { Replay } from './replay.ts'
import { datedIn, type Dated } from './timestamps.ts'
import { trust, type Pins, type Signed, type Trust, type Witnessing } from './trust.ts'
import { unpack, type Unpacked } from './unpack.ts'
import { closingsIn, LeafWalk } from './walk.ts'

/** Entries between two words of how far it is. */
const TOLD_EVERY = 2_000

/** `unjudged`: the evidence holds, and the window was judged by rules that this program does not have. */
export type Verdict = 'reproduced' | 'differs' | 'broken' | 'unjudged'

export type Report = {
  verdict: Verdict
  contract: string | null
  window: string | null
  origin: string | null
  logKey: string | null
  /** Leaves under the checkpoint, and their root in hex. */
  size: number | null
  root: string | null
  checkpoints: number
  /** Of the newest one; null where nobody names witnesses. */
  witnessing: Witnessing | null
  /** Checkpoints that an authority has dated, by size. */
  dated: Dated[]
  /** Declarations that somebody signed with a key of their own, of the counter-signatures that were given. */
  counterSigned: CounterSigned[]
  termsDigest: string | null
  /** SHA-256 of the verifier that the collector offers for this bundle; null where it offers none. */
  verifier: string | null
  frames: FrameCounts | null
  closings: ClosingCounts | null
  beacons: BeaconCounts | null
  /** As the bundle has it; it holds where the verdict is `reproduced`. */
  result: WindowResult | null
  gaps: Gap[]
  silences: Silence[]
  late: Late[]
  equivocations: Equivocation[]
  assumptions: string[]
  failures: Failure[]
  failuresLeftOut: number
}

export type Progress = (told: { done: number; of: number }) => void

export async function verifyBundle(
  zip: Buffer,
  pins: Pins,
  told: Progress = () => undefined,
): Promise<Report> {
  const failures = new Failures()
  const report = emptyReport(failures)
  try {
    await fill(report, { zip, pins, told }, failures)
  } catch (error) {
    // A bundle of the collector's never gets here: somebody has made one that reads like none.
    const detail = `it cannot be read to its end: ${messageOf(error)}`
    failures.add({ step: 'entries and tree', reason: 'unreadable', detail })
  }
  report.failuresLeftOut = failures.leftOut
  report.verdict = verdictOf(failures)
  return report
}

function verdictOf(failures: Failures): Verdict {
  if (failures.isEmpty) return 'reproduced'
  if (failures.isBroken) return 'broken'
  return failures.isUnjudged ? 'unjudged' : 'differs'
}

function emptyReport(failures: Failures): Report {
  const unknown = { contract: null, window: null, origin: null, logKey: null, size: null, root: null }
  const nothing = {
    termsDigest: null,
    verifier: null,
    frames: null,
    closings: null,
    beacons: null,
    result: null,
  }
  const lists = {
    dated: [],
    counterSigned: [],
    gaps: [],
    silences: [],
    late: [],
    equivocations: [],
    assumptions: [],
    failures: failures.all,
  }
  return {
    verdict: 'broken',
    ...unknown,
    checkpoints: 0,
    witnessing: null,
    ...nothing,
    ...lists,
    failuresLeftOut: 0,
  }
}

async function fill(
  report: Report,
  { zip, pins, told }: { zip: Buffer; pins: Pins; told: Progress },
  failures: Failures,
): Promise<void> {
  const bundle = unpack(zip, failures)
  if (!bundle) return
  const { contract, window, origin, logKey, size, verifier } = bundle.manifest
  Object.assign(report, { contract, window, origin, logKey, size, verifier })
  const trusted = trust(bundle, pins, failures)
  if (!trusted) return
  report.checkpoints = trusted.roots.length
  report.witnessing = trusted.witnessing
  report.dated = datedIn(bundle, { pins, roots: trusted.roots }, failures)
  const walk = Walk.open(bundle, { trusted, failures })
  if (!walk) return
  report.root = walk.root
  if (pins.signed) report.counterSigned = walk.counterSigned({ origin, signed: pins.signed })
  await walk.run(told)
  const beacons = walk.beacons()
  const { figures, checks, texts } = walk
  filesNamed(bundle, { walk, trusted, texts }, failures)
  figures?.end(pins, bundle.manifest)
  const { counts, late, equivocations, clockErrorMs } = checks
  Object.assign(report, { frames: counts, beacons, late, equivocations, ...walk.gaps })
  if (!figures) return
  const { result, closings } = figures
  const termsDigest = result.contractDigest
  const { state } = walk.replay
  const { witnessing } = trusted
  const assumptions = assumptionsOf({
    pins,
    logKey,
    termsDigest,
    clockErrorMs,
    state,
    witnessing,
    counterSigned: report.counterSigned,
    dated: report.dated.map((one) => ({ ...one, lastMs: walk.receivedMs(one.size - 1) })),
    beacons,
    frames: counts.frames,
  })
  Object.assign(report, { result, closings, termsDigest, assumptions })
}

/** One walk over the entries: frames checked, the state folded, figures judged where the log was so long. */
class Walk {
  readonly texts: LeafTexts
  readonly figures: Figures | null
  readonly root: string | null
  gaps: { gaps: Gap[]; silences: Silence[] } = { gaps: [], silences: [] }
  readonly #leaves: LeafWalk
  readonly #entries: readonly Entry[]
  readonly #rootAt: (size: number) => string | null
  readonly #leafHashes: () => Iterable<Buffer>
  readonly #failures: Failures

  static open(bundle: Unpacked, given: { trusted: Trust; failures: Failures }): Walk | null {
    const { failures } = given
    const texts = new LeafTexts(bundle.files, failures)
    let closings: ClosingLeaf[] = []
    let figures: Figures | null = null
    const { window } = bundle.manifest
    const sizesOf = (entries: readonly Entry[]): number[] => {
      closings = closingsIn(entries, texts, failures)
      figures = Figures.open(bundle.files, { window, closings }, failures)
      return figures?.sizes() ?? []
    }
    const { roots, kept } = given.trusted
    const read = readEntries(bundle, { roots: kept ? [...roots, kept] : roots, sizesOf }, failures)
    return read && new Walk(bundle, { ...read, figures, texts, failures })
  }

  private constructor(
    { manifest }: Unpacked,
    given: {
      entries: readonly Entry[]
      rootAt: (size: number) => string | null
      leafHashes: () => Iterable<Buffer>
      figures: Figures | null
      texts: LeafTexts
      failures: Failures
    },
  ) {
    const { entries, rootAt, leafHashes, figures, texts, failures } = given
    this.#entries = entries
    this.#rootAt = rootAt
    this.#leafHashes = leafHashes
    this.#failures = failures
    this.figures = figures
    this.texts = texts
    this.root = rootAt(manifest.size)
    this.#leaves = new LeafWalk(manifest, texts, failures)
  }

  get checks(): FrameChecks {
    return this.#leaves.checks
  }

  counterSigned(given: { origin: string; signed: Signed }): CounterSigned[] {
    return counterSignedIn(this.#entries, given, this.#failures)
  }

  /** When the collector says that it received that leaf. */
  receivedMs(index: number): UnixMs {
    return this.#entries[index]?.receivedMs ?? 0
  }

  get replay(): Replay {
    return this.#leaves.replay
  }

  /** Of every revision, in order. */
  get terms(): LeafWalk['terms'] {
    return this.#leaves.terms
  }

  /** After the last leaf. */
  beacons(): BeaconCounts {
    const { heads } = this.checks
    const sizes = heads.filter(({ entry, size }) => size <= entry.index).map(({ size }) => size)
    const roots = sizes.length === 0 ? new Map<number, Buffer>() : rootsOf(this.#leafHashes(), sizes)
    return checkBeacons(heads, { roots, restoredAt: this.#leaves.restoredAt })
  }

  async run(told: Progress): Promise<void> {
    const sizes = this.figures?.sizes() ?? []
    const of = this.#entries.length
    for (const entry of this.#entries) {
      if (sizes[0] === entry.index) await this.#judge(sizes.shift()!)
      await this.#leaves.take(entry)
      if (entry.index % TOLD_EVERY === 0) told({ done: entry.index, of })
    }
    await this.#leaves.settle()
    if (sizes[0] === of) await this.#judge(sizes.shift()!)
    for (const size of sizes) {
      const detail = `something was judged on ${size} leaves, and the log has ${of}`
      this.#failures.add({ step: 'entries and tree', reason: 'other-size', detail })
    }
    told({ done: of, of })
  }

  async #judge(size: number): Promise<void> {
    await this.#leaves.settle()
    const root = this.#rootAt(size)
    const last = this.#entries[size - 1]
    const { figures } = this
    if (this.#failures.isBroken || !figures || root === null || !last) return
    const level = await this.replay.level({ size, root })
    await figures.at(level, last.receivedMs)
    if (figures.result.ledger.size === size) this.gaps = gapsIn(level, figures.result)
  }
}

/** Files that repeat what leaves say, and no file that nothing asks for. */
function filesNamed(
  { files }: Unpacked,
  { walk, trusted, texts }: { walk: Walk; trusted: Trust; texts: LeafTexts },
  failures: Failures,
): void {
  const agents = [...walk.checks.agents.values()]
  const spoken = spokenFiles({ logKey: trusted.publicKey, agents, terms: walk.terms })
  const known = new Set<string>([
    BUNDLE_PATHS.readme,
    BUNDLE_PATHS.result,
    BUNDLE_PATHS.policy,
    ...spoken.map(({ path }) => path),
  ])
  for (const { path, bytes } of spoken) {
    if (files.get(path)?.equals(bytes)) continue
    const detail = 'it is not what the entries of the log say'
    failures.add({ step: 'keys and pins', reason: 'other-copy', detail, file: path })
  }
  const unused = new Set(texts.unused())
  for (const path of files.keys()) {
    const isChecked =
      path.startsWith(LOG_FOLDER) ||
      path.startsWith('checkpoints/') ||
      path.startsWith('beside/') ||
      trusted.roots.some(({ size }) => size === timestampedSize(path))
    if (known.has(path) || (isChecked && !unused.has(path))) continue
    const detail = 'nothing in the log asks for this file'
    failures.add({ step: 'archive and manifest', reason: 'unknown-file', detail, file: path })
  }
}
