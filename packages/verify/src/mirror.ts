/**
 * Mirror: follows a log as it grows. Every head has to extend the one before, every frame and session to hold; what
 * the entries come to is worked out again by the rules that the collector judges by, and held against what it
 * publishes: each closing, and the result of each window that goes on. It needs a server of the log and nothing else.
 */
import { createHash } from 'node:crypto'
import { openCheckpoint } from '@constat/evidence/checkpoint'
import { parseLeaf } from '@constat/evidence/leaf'
import { noteVerifier } from '@constat/evidence/note'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, leafHash, type Frontier } from '@constat/evidence/tree'
import type { Vkey } from '@constat/evidence/vkey'
import { MAX_ZIP_BYTES } from '@constat/evidence/zip'
import { besidePath } from '@constat/evidence/bundle'
import { Fault } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import { interimResult, resultText, type InterimBody } from '@constat/sla/judgement/window-result'
import { windowGroups } from '@constat/sla/state/in-force'
import { SEMANTICS_VERSION } from '@constat/sla/semantics'
import { checkBeacons, rootsOf } from './beacons.ts'
import type { Entry } from './entries.ts'
import { Failures, plain, UNKNOWN_SEMANTICS } from './failure.ts'
import { judgedAgain, resultIn, type ClosingLeaf } from './figures.ts'
import type { Finding } from './finding.ts'
import { besideOf, LeafTexts } from './leaf-text.ts'
import type { MirrorStore } from './mirror-store.ts'
import type { RemoteLog } from './remote-log.ts'
import { closingsIn, LeafWalk } from './walk.ts'

/** Windows that go on and are held against what is published, in one round. */
const MAX_COMPARED = 20

export type MirrorDeps = {
  store: MirrorStore
  remote: RemoteLog
  log: Vkey
  told: (finding: Finding) => void
  progress: (told: { done: number; of: number }) => void
}

/** Judged when so many leaves were taken. */
type Stop = {
  size: number
  judge: (level: LedgerState, asOfMs: UnixMs) => Promise<void>
  /** The log does not show so many. */
  beyond?: () => void
}

/** What is published of windows that go on. */
type Said = { stops: Stop[]; withheld: string[]; closings: { window: string; text: string }[] }

export class Mirror {
  readonly #deps: MirrorDeps
  readonly #failures = new Failures()
  /** Bodies beside the log, by the path that a bundle gives them. */
  readonly #beside = new Map<string, Buffer>()
  readonly #texts: LeafTexts
  /** Of every entry that is kept. */
  #frontier: Frontier
  #leaves: Entry[] = []
  #walk: LeafWalk
  #walked: Frontier = EMPTY_FRONTIER
  /** Window → digest of what was told of it last. */
  readonly #figures = new Map<string, string>()
  #hasDifferences = false
  #isUnjudged = false
  #toldSize = 0
  /** Digests of the texts of all closings in the log. */
  readonly #closings = new Set<string>()
  /** Of sizes that frames have named. */
  readonly #roots = new Map<number, Buffer>()

  /** Fault `evidence` where the folder holds another log, or entries that do not give its own head. */
  constructor(deps: MirrorDeps) {
    this.#deps = deps
    const { store, log } = deps
    this.#frontier = appendLeaves(EMPTY_FRONTIER, store.entries.map(leafHash))
    const kept = store.head?.checkpoint
    if (kept && kept.origin !== log.name) {
      throw new Fault('usage', `the folder mirrors ${plain(kept.origin)}, and not ${log.name}`, {
        hint: 'One folder for one log: name another with --dir.',
      })
    }
    if (kept && !frontierRoot(this.#frontier).equals(kept.root)) {
      throw new Fault(
        'evidence',
        'the entries in the folder do not give the head that they were held against',
        {
          hint: 'Something has changed them: keep the folder, and begin anew in an empty one.',
        },
      )
    }
    this.#texts = new LeafTexts(this.#beside, this.#failures)
    this.#walk = this.#anew()
  }

  /** Whether some figure was published that does not come out. */
  get hasDifferences(): boolean {
    return this.#hasDifferences
  }

  /** Whether something was judged by rules that this program does not have. */
  get isUnjudged(): boolean {
    return this.#isUnjudged
  }

  get isBroken(): boolean {
    return this.#failures.isBroken
  }

  /** As far as the log is signed now. `compare`: what is published of windows that go on, too. Faults `network`, `forbidden`. */
  async round({ compare }: { compare: boolean }): Promise<void> {
    await this.#follow()
    await this.#walkOn([])
    if (compare && !this.isBroken) {
      const { stops, withheld, closings } = await this.#published()
      await this.#follow()
      await this.#walkOn(stops)
      for (const one of closings) this.#holdClosing(one)
      for (const window of withheld) await this.#askAgain(window)
    }
    this.#tellHead()
    if (!this.isBroken) await this.#judgeOpen()
    this.#tell()
  }

  #tellHead(): void {
    const { size } = this.#walked
    if (size === this.#toldSize || this.isBroken) return
    this.#toldSize = size
    const root = frontierRoot(this.#walked).toString('hex')
    this.#deps.told({ kind: 'head', size, root, frames: { ...this.#walk.checks.counts } })
  }

  #anew(): LeafWalk {
    const origin = this.#deps.log.name
    // constat/<key>/<contract>
    const contract = origin.split('/').slice(2).join('/')
    return new LeafWalk({ contract, origin }, this.#texts, this.#failures)
  }

  /** Takes in what was signed since, once it is held against the new head. */
  async #follow(): Promise<void> {
    const { store, remote, log } = this.#deps
    const note = await remote.checkpoint()
    const opening = openCheckpoint(note, { origin: log.name, log: noteVerifier(log) })
    if (opening.kind === 'refused') {
      const detail = 'what is served as its newest head is none that the key of the log has signed'
      return this.#contradicted(note, { reason: opening.reason, detail })
    }
    const { checkpoint } = opening
    const { size, root } = checkpoint
    const known = this.#frontier.size
    if (size <= known) {
      const own = size === known ? this.#frontier : appendLeaves(EMPTY_FRONTIER, this.#hashes(size))
      if (frontierRoot(own).equals(root)) return
      const detail = `the log has signed two histories: its head of ${size} entries is not that of the ${known} held here`
      return this.#contradicted(note, { reason: 'forked', detail })
    }
    const added = await this.#added(known, size)
    const frontier = added && appendLeaves(this.#frontier, added.map(leafHash))
    if (!frontier || !frontierRoot(frontier).equals(root)) {
      const since = known === 0 ? '' : `, or it does not extend the ${known} entries held here`
      const detail = `the entries that it serves do not give its signed head of ${size} entries${since}`
      return this.#contradicted(note, { reason: known === 0 ? 'other-root' : 'forked', detail })
    }
    store.keep({ note, checkpoint }, added)
    this.#frontier = frontier
  }

  #contradicted(note: string, { reason, detail }: { reason: string; detail: string }): void {
    const path = this.#deps.store.keepContradiction(note)
    const kept = `${detail}; it is kept as ${path}`
    this.#failures.add({ step: 'checkpoints', reason, detail: kept })
  }

  async #added(known: number, size: number): Promise<Buffer[] | null> {
    const { remote, progress } = this.#deps
    const added: Buffer[] = []
    let bytes = 0
    while (known + added.length < size) {
      const got = await remote.entries({ from: known + added.length, to: size })
      if (!got || got.length === 0) return null
      for (const one of got) added.push(one)
      bytes += got.reduce((sum, one) => sum + one.length, 0)
      if (bytes > MAX_ZIP_BYTES)
        throw new Fault('too-large', 'the log is larger than one mirror can hold, which is 2 GiB')
      progress({ done: known + added.length, of: size })
    }
    return added
  }

  *#hashes(to: number): Generator<Buffer> {
    for (const bytes of this.#deps.store.entries.slice(0, to)) yield leafHash(bytes)
  }

  /** The rest of what is kept, judged where something was. */
  async #walkOn(given: readonly Stop[]): Promise<void> {
    const added = await this.#parsed()
    if (!added) return
    for (const one of added) this.#leaves.push(one)
    const closings = closingsIn(added, this.#texts, this.#failures)
    for (const { text } of closings) this.#closings.add(digestOf(text))
    const stops = [...given, ...closings.map((one) => this.#closingStop(one))].sort((a, b) => a.size - b.size)
    // It was judged on fewer leaves than were taken since: all of them once more.
    if (stops.some(({ size }) => size < this.#walked.size)) {
      this.#walk = this.#anew()
      this.#walked = EMPTY_FRONTIER
    }
    const last = this.#leaves.length
    for (const size of new Set([...stops.map((stop) => stop.size), last])) {
      if (size > last) {
        for (const stop of stops) if (stop.size === size) stop.beyond?.()
        continue
      }
      await this.#walkTo(size)
      const level = this.isBroken ? null : await this.#level()
      for (const stop of stops) {
        if (level && stop.size === size) await stop.judge(level, this.#leaves[size - 1]!.receivedMs)
      }
    }
  }

  async #walkTo(size: number): Promise<void> {
    const from = this.#walked.size
    for (const entry of this.#leaves.slice(from, size)) await this.#walk.take(entry)
    await this.#walk.settle()
    this.#checkHeads()
    const hashes = this.#deps.store.entries.slice(from, size).map(leafHash)
    this.#walked = appendLeaves(this.#walked, hashes)
  }

  /** Of frames since the last time. */
  #checkHeads(): void {
    const { heads } = this.#walk.checks
    const named = heads.splice(0)
    const sizes = named.filter(({ entry, size }) => size <= entry.index).map(({ size }) => size)
    const unknown = sizes.filter((size) => !this.#roots.has(size))
    if (unknown.length > 0) {
      const hashes = this.#hashes(unknown.reduce((most, size) => Math.max(most, size), 0))
      for (const [size, root] of rootsOf(hashes, unknown)) this.#roots.set(size, root)
    }
    checkBeacons(named, { roots: this.#roots, restoredAt: this.#walk.restoredAt })
  }

  #level(): Promise<LedgerState> {
    const { size } = this.#walked
    return this.#walk.replay.level({ size, root: frontierRoot(this.#walked).toString('hex') })
  }

  /** Null where one is of a type that this program does not know. */
  async #parsed(): Promise<Entry[] | null> {
    const from = this.#leaves.length
    const found: Entry[] = []
    for (const [i, bytes] of this.#deps.store.entries.slice(from).entries()) {
      const leaf = parseLeaf(bytes)
      if (!leaf) {
        const detail = 'it is of no type that this program knows: take the one of its time'
        this.#failures.add({ step: 'entries and tree', reason: 'unknown-entry', detail, entry: from + i })
        return null
      }
      const digest = besideOf(leaf)
      if (digest !== null) await this.#fetchBeside(digest)
      found.push({ ...leaf, index: from + i })
    }
    return found
  }

  async #fetchBeside(digest: string): Promise<void> {
    const { store, remote } = this.#deps
    const path = besidePath(digest)
    if (this.#beside.has(path)) return
    let bytes = store.beside(digest)
    if (bytes === null) store.keepBeside(digest, (bytes = await remote.beside(digest)))
    this.#beside.set(path, bytes)
  }

  #closingStop(closing: ClosingLeaf): Stop {
    const { window, version, ledger } = closing.body
    return {
      size: ledger.size,
      judge: async (level) => {
        const judged = await judgedAgain(closing, level)
        if (judged.outcome === 'reproduced') this.#reproduced({ window, version, size: ledger.size })
        else this.#failures.add(judged.failure)
      },
    }
  }

  #reproduced(found: { window: string; version: number | null; size: number }): void {
    this.#deps.told({ kind: 'reproduced', ...found })
  }

  /** What the collector says now of windows that go on; it says it of a head that it has signed. */
  async #published(): Promise<Said> {
    const said: Said = { stops: [], withheld: [], closings: [] }
    for (const window of this.#openWindows().slice(0, MAX_COMPARED)) {
      const published = await this.#deps.remote.result(window)
      if (published.kind === 'withheld') said.withheld.push(window)
      if (published.kind !== 'given') continue
      const { text } = published
      const result = resultIn(text)
      if (result?.kind === 'closing') {
        said.closings.push({ window, text })
        continue
      }
      const size = result?.ledger.size ?? 0
      if (!result || !Number.isSafeInteger(size) || size < 1) {
        this.#differs(window, 'what is published of it is no result of a window')
        continue
      }
      said.stops.push({
        size,
        judge: (level, asOfMs) => this.#compare(text, { result, level, asOfMs }),
        beyond: () =>
          this.#differs(window, `it is published on ${size} entries, which the log does not show`),
      })
    }
    return said
  }

  /** The window may have been closed since: then the log has it. */
  #holdClosing({ window, text }: { window: string; text: string }): void {
    if (this.isBroken || this.#closings.has(digestOf(text))) return
    this.#differs(
      window,
      'what is published of it calls itself a closing, and the log holds none that says so',
    )
  }

  /** What it comes to is known here, and was not said. */
  async #askAgain(window: string): Promise<void> {
    const last = this.#leaves.at(-1)
    if (this.isBroken || !last || !this.#openWindows().includes(window)) return
    const found = await interimResult(await this.#level(), { window, asOfMs: last.receivedMs })
    const published = found && (await this.#deps.remote.result(window))
    if (!found || published?.kind !== 'withheld') return
    const detail = `nothing is published of it (${published.status}), and the ${this.#leaves.length} entries give the digest ${found.digest}`
    this.#differs(window, detail, 'withheld')
  }

  async #compare(
    text: string,
    { result, level, asOfMs }: { result: InterimBody; level: LedgerState; asOfMs: UnixMs },
  ): Promise<void> {
    const { window, semantics, ledger } = result
    if (semantics !== SEMANTICS_VERSION) {
      const detail = `it was judged by semantics ${semantics}; what is open this program judges by ${SEMANTICS_VERSION} alone`
      return this.#differs(window, detail, UNKNOWN_SEMANTICS)
    }
    const found = await interimResult(level, { window, asOfMs })
    if (found && resultText(found) === text)
      return this.#reproduced({ window, version: null, size: ledger.size })
    const own = found
      ? `the ${level.size} entries give the digest ${found.digest}`
      : 'the terms promise nothing'
    this.#differs(window, `it is published with the digest ${plain(result.digest)}, and ${own}`)
  }

  #differs(window: string, detail: string, reason = 'other-result'): void {
    this.#failures.add({
      step: 'figures',
      reason,
      detail: `window ${plain(window)}: ${detail}`,
    })
  }

  #openWindows(): string[] {
    const asOfMs = this.#leaves.at(-1)?.receivedMs
    if (asOfMs === undefined) return []
    const groups = windowGroups(this.#walk.replay.state.life, asOfMs)
    return groups.filter(({ endMs }) => endMs > asOfMs).map(({ key }) => key)
  }

  async #judgeOpen(): Promise<void> {
    const last = this.#leaves.at(-1)
    if (!last) return
    const level = await this.#level()
    for (const window of this.#openWindows()) {
      const result = await interimResult(level, { window, asOfMs: last.receivedMs })
      if (!result || this.#figures.get(window) === result.digest) continue
      this.#figures.set(window, result.digest)
      this.#deps.told({ kind: 'figures', result })
    }
  }

  #tell(): void {
    for (const failure of this.#failures.taken()) {
      const isBroken = failure.step !== 'figures'
      if (failure.reason === UNKNOWN_SEMANTICS) this.#isUnjudged = true
      else if (!isBroken) this.#hasDifferences = true
      this.#deps.told({ kind: 'failure', failure, isBroken })
    }
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
