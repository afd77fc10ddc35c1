/**
 * Step 10: the figures worked out again from the signed frames: every closing of the log on the leaves that it
 * names, and `result.json`, byte by byte.
 */
import { BUNDLE_PATHS, type Manifest } from '@constat/evidence/bundle'
import {
  closingProblem,
  interimResult,
  resultText,
  type WindowResult,
} from '@constat/sla/judgement/window-result'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import { rulesOf, SEMANTICS_VERSION } from '@constat/sla/semantics'
import type { ClosingBody } from '@constat/sla/state/closing'
import { plain, UNKNOWN_SEMANTICS, type Failure, type Failures } from './failure.ts'
import type { Pins } from './trust.ts'

export type ClosingLeaf = { index: number; text: string; body: ClosingBody }
export type ClosingCounts = { reproduced: number; differing: number; unchecked: number }

const STEP = 'figures'

export class Figures {
  readonly closings: ClosingCounts = { reproduced: 0, differing: 0, unchecked: 0 }
  readonly #failures: Failures
  readonly #text: string
  readonly result: WindowResult
  readonly #closings: readonly ClosingLeaf[]

  /** Null where `result.json` is no result. */
  static open(
    files: ReadonlyMap<string, Buffer>,
    { window, closings }: { window: string; closings: readonly ClosingLeaf[] },
    failures: Failures,
  ): Figures | null {
    const text = files.get(BUNDLE_PATHS.result)?.toString('utf8') ?? ''
    const result = resultIn(text)
    if (result?.window === window) return new Figures(text, { result, closings, failures })
    const detail = `it is no result of the window ${plain(window)}`
    failures.add({ step: STEP, reason: 'bad-result', detail, file: BUNDLE_PATHS.result })
    return null
  }

  private constructor(
    text: string,
    given: { result: WindowResult; closings: readonly ClosingLeaf[]; failures: Failures },
  ) {
    this.#text = text
    this.result = given.result
    this.#closings = given.closings
    this.#failures = given.failures
  }

  /** Sizes of the log at which something is to be judged, rising. */
  sizes(): number[] {
    const all = [...this.#closings.map(({ body }) => body.ledger.size), this.result.ledger.size]
    return [...new Set(all)].sort((a, b) => a - b)
  }

  /** Judges again whatever was judged at this size. */
  async at(level: LedgerState, lastReceivedMs: number): Promise<void> {
    for (const closing of this.#closings) {
      if (closing.body.ledger.size === level.size) await this.#closing(closing, level)
    }
    const { result } = this
    if (result.kind === 'interim' && result.ledger.size === level.size)
      await this.#interim(level, lastReceivedMs)
  }

  /** After the last leaf: that `result.json` is what the log says. */
  end({ terms }: Pins, { semantics }: Pick<Manifest, 'semantics'>): void {
    const { result } = this
    const file = BUNDLE_PATHS.result
    const newest = this.#closings.findLast(({ body }) => body.window === result.window)
    if (result.kind === 'closing' && newest?.text !== this.#text) {
      const detail = newest
        ? `it is not the closing that the log holds in entry ${newest.index}, byte by byte`
        : 'the log holds no closing of this window'
      this.#failures.add({
        step: STEP,
        reason: 'other-result',
        detail,
        file,
        ...(newest && { entry: newest.index }),
      })
    }
    if (result.kind === 'interim' && newest) {
      const detail = `the window is closed, in entry ${newest.index}: it says what was known before`
      this.#failures.add({ step: STEP, reason: 'outdated-result', detail, file, entry: newest.index })
    }
    if (semantics !== result.semantics) {
      const detail = `the manifest says semantics ${semantics}, and it was judged by ${result.semantics}`
      this.#failures.add({ step: STEP, reason: 'other-semantics', detail, file })
    }
    if (terms === null || terms === result.contractDigest) return
    const detail = `the window was judged by the terms ${plain(result.contractDigest)}, and not by those that were given`
    this.#failures.add({ step: 'keys and pins', reason: 'other-terms', detail, file })
  }

  async #closing(closing: ClosingLeaf, level: LedgerState): Promise<void> {
    const isOwn = closing.body.window === this.result.window
    const judged = await judgedAgain(closing, level)
    if (judged.outcome !== 'unmatched') this.closings[judged.outcome] += 1
    if (judged.outcome === 'reproduced' || (judged.outcome === 'unchecked' && !isOwn)) return
    this.#failures.add(judged.failure)
  }

  async #interim(level: LedgerState, lastReceivedMs: number): Promise<void> {
    const file = BUNDLE_PATHS.result
    const { window, asOfMs, semantics } = this.result
    if (semantics !== SEMANTICS_VERSION) {
      const detail = `it was judged by semantics ${semantics}; what is open this program judges by ${SEMANTICS_VERSION} alone`
      this.#failures.add({ step: STEP, reason: UNKNOWN_SEMANTICS, detail, file })
      return
    }
    const found = await interimResult(level, { window, asOfMs })
    const isSame = found !== null && asOfMs === lastReceivedMs && resultText(found) === this.#text
    if (isSame) return
    const detail = found
      ? `judged again on ${level.size} leaves its digest is ${found.digest}, and it does not come out byte by byte`
      : 'the terms promise nothing in this window'
    this.#failures.add({ step: STEP, reason: 'other-figures', detail, file })
  }
}

/** `unmatched`: it was judged on other leaves than stand here. */
export type JudgedAgain =
  | { outcome: 'reproduced' }
  | { outcome: 'differing' | 'unchecked' | 'unmatched'; failure: Failure }

/** A closing held against the leaves that it names. */
export async function judgedAgain(
  { index: entry, body }: ClosingLeaf,
  level: LedgerState,
): Promise<JudgedAgain> {
  const fail = (
    outcome: 'differing' | 'unchecked' | 'unmatched',
    failure: Omit<Failure, 'entry'>,
  ): JudgedAgain => ({ outcome, failure: { ...failure, entry } })
  const named = `window ${plain(body.window)}, version ${body.version}`
  if (!rulesOf(body.semantics)) {
    const detail = `it was judged by semantics ${body.semantics}; this program has them up to ${SEMANTICS_VERSION}: take the one of its time`
    return fail('unchecked', { step: STEP, reason: UNKNOWN_SEMANTICS, detail })
  }
  if (body.ledger.root !== level.root) {
    const detail = `${named}, was judged on ${body.ledger.size} leaves under another root: one of them was changed since`
    return fail('unmatched', { step: 'entries and tree', reason: 'other-ledger', detail })
  }
  const problem = await closingProblem(body, level)
  if (problem === null) return { outcome: 'reproduced' }
  return fail('differing', { step: STEP, reason: 'other-figures', detail: `${named}: ${problem}` })
}

/** Null for anything that is no result of a window. */
export function resultIn(text: string): WindowResult | null {
  try {
    const parsed = JSON.parse(text) as Partial<WindowResult> | null
    const { kind, ledger, window } = parsed ?? {}
    const isOne = kind === 'closing' || kind === 'interim'
    const isPlaced = typeof ledger?.size === 'number' && typeof window === 'string'
    // What it says beyond that is compared byte by byte with what comes out.
    return isOne && isPlaced ? (parsed as WindowResult) : null
  } catch {
    return null
  }
}
