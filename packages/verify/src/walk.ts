/**
 * One walk over the leaves of a log, from the first on: frames checked, what they and the other leaves say folded. A
 * bundle is walked once, a mirror goes on as the log does.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import { messageOf } from '@constat/shared/fault'
import { contractDigest, termsJson } from '@constat/sla/contract/digest'
import { readClosing } from '@constat/sla/state/closing'
import type { RevisionBody } from '@constat/sla/state/contract-state'
import type { StateLeaf } from '@constat/sla/state/leaf'
import type { Entry } from './entries.ts'
import { plain, type Failures } from './failure.ts'
import type { ClosingLeaf } from './figures.ts'
import { FrameChecks } from './frames.ts'
import type { LeafTexts } from './leaf-text.ts'
import { Replay } from './replay.ts'

/** Signatures in the works at once: enough that no thread waits, and a few MB. */
const MAX_IN_FLIGHT = 2_048

export class LeafWalk {
  readonly checks: FrameChecks
  readonly replay: Replay
  /** Of every revision, in order. */
  readonly terms: { revision: number; text: string }[] = []
  readonly #contract: string
  readonly #texts: LeafTexts
  readonly #failures: Failures
  /** The first entry that says that the log was restored. */
  restoredAt: number | null = null
  #signed: Promise<void>[] = []

  constructor(
    { contract, origin }: { contract: string; origin: string },
    texts: LeafTexts,
    failures: Failures,
  ) {
    this.#contract = contract
    this.#texts = texts
    this.#failures = failures
    this.checks = new FrameChecks(origin, failures)
    this.replay = new Replay(contract, (digest) => texts.beside(digest) ?? Buffer.alloc(0))
  }

  /** The next leaf. Whether its signature holds is known after `settle`. */
  async take(entry: Entry): Promise<void> {
    const { type } = entry
    if (type === 'frame' || type === 'set-aside') {
      const taken = this.checks.take(entry, { isSetAside: type === 'set-aside' })
      if (taken) this.#signed.push(taken.signed)
      if (this.#signed.length >= MAX_IN_FLIGHT) await this.settle()
      // Nothing is judged on broken evidence.
      if (taken && type === 'frame' && !this.#failures.isBroken) await this.replay.frame(taken.placed)
      return
    }
    await readable(entry, this.#failures, () => this.#takeLeaf(entry))
  }

  async #takeLeaf(entry: Entry): Promise<void> {
    const { type } = entry
    const leaf = this.#texts.stateLeaf(entry)
    if (!leaf) return
    if (type === 'enrolment') this.checks.enrol(entry, leaf.text)
    if (type === 'configuration') this.checks.configure(entry, leaf.text)
    if (type === 'revision') this.#revise(leaf)
    if (type === 'collector-event') this.#noteRestore(leaf)
    if (!this.#failures.isBroken) await this.replay.take(leaf)
  }

  #noteRestore({ index, text }: StateLeaf): void {
    const { kind } = JSON.parse(text) as { kind?: unknown }
    if (kind === 'restore') this.restoredAt ??= index
  }

  #revise({ index, text }: StateLeaf): void {
    const { contract, revision, digest, terms } = JSON.parse(text) as RevisionBody
    this.terms.push({ revision, text: canonicalJson(termsJson(terms)) })
    const place = { step: 'keys and pins', entry: index } as const
    if (contractDigest(terms).toString('hex') !== digest) {
      const detail = 'the digest of the terms is not the one that it names'
      this.#failures.add({ ...place, reason: 'other-terms-digest', detail })
    }
    if (contract !== this.#contract) {
      const detail = `it is a revision of ${plain(contract)}, and not of the contract that the manifest names`
      this.#failures.add({ ...place, reason: 'other-contract', detail })
    }
    if (revision !== this.terms.length) {
      const detail = `it is called revision ${revision}, and is the ${this.terms.length}. of the log: one was put in or taken out`
      this.#failures.add({ ...place, reason: 'other-revision', detail })
    }
  }

  async settle(): Promise<void> {
    await Promise.all(this.#signed)
    this.#signed = []
  }
}

/** What says that a window was closed, on which leaves. */
export function closingsIn(entries: readonly Entry[], texts: LeafTexts, failures: Failures): ClosingLeaf[] {
  const found: ClosingLeaf[] = []
  for (const entry of entries) {
    if (entry.type !== 'closing') continue
    const { index } = entry
    try {
      const leaf = texts.stateLeaf(entry)
      const body = leaf && readClosing(leaf.text)
      const size = body?.ledger.size ?? 0
      if (leaf && body && Number.isSafeInteger(size) && size > 0 && size <= index) {
        found.push({ index, text: leaf.text, body })
        continue
      }
    } catch (error) {
      unreadable(entry, failures, error)
      continue
    }
    const detail = 'it was judged on leaves that did not stand before it'
    failures.add({ step: 'entries and tree', reason: 'other-size', detail, entry: index })
  }
  return found
}

async function readable(entry: Entry, failures: Failures, read: () => Promise<void>): Promise<void> {
  try {
    await read()
  } catch (error) {
    unreadable(entry, failures, error)
  }
}

function unreadable({ index, type }: Entry, failures: Failures, error: unknown): void {
  const detail = `it does not read as a leaf of its type, ${type}: ${plain(messageOf(error))}`
  failures.add({ step: 'entries and tree', reason: 'unreadable-entry', detail, entry: index })
}
