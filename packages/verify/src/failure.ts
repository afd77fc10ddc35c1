/** Failures: what of a bundle does not hold, each with its place and its reason. Pure. */
import { visible } from '@constat/shared/visible'

/** The ten steps, in the order in which they are taken. */
export const STEPS = [
  'archive and manifest',
  'keys and pins',
  'checkpoints',
  'entries and tree',
  'frames',
  'sessions',
  'beacons',
  'clocks',
  'schedule',
  'figures',
] as const
export type StepName = (typeof STEPS)[number]

/** Figures that come out otherwise are an answer; whatever fails before is broken evidence. */
export const FIGURES: StepName = 'figures'

/** Reason of a figure that was judged by rules that this program does not have: nothing is said of it. */
export const UNKNOWN_SEMANTICS = 'unknown-semantics'

export type Failure = {
  step: StepName
  /** A word that stays the same: what of the ways to fail this is. */
  reason: string
  /** One sentence. */
  detail: string
  /** Where it is told of: a file of the bundle, a leaf of the log, an agent by its name or id. */
  file?: string
  entry?: number
  agent?: string
}

/** Failures kept: the rest is counted. */
export const MAX_FAILURES = 100

export class Failures {
  readonly all: Failure[] = []
  leftOut = 0
  #isBroken = false
  #differing = 0

  add(failure: Failure): void {
    if (failure.reason !== UNKNOWN_SEMANTICS) this.#differing += 1
    if (failure.step !== FIGURES) this.#isBroken = true
    if (this.all.length < MAX_FAILURES) this.all.push(failure)
    else this.leftOut += 1
  }

  /** Those since it was last asked; they are not kept any longer. */
  taken(): Failure[] {
    return this.all.splice(0)
  }

  get isEmpty(): boolean {
    return this.all.length === 0
  }

  /** Whether nothing failed but what cannot be judged. */
  get isUnjudged(): boolean {
    return !this.isEmpty && this.#differing === 0
  }

  /** Whether anything but figures failed. */
  get isBroken(): boolean {
    return this.#isBroken
  }
}

const MAX_PLAIN_CHARS = 200

/** Text of a bundle as one line of what is printed. */
export function plain(text: string): string {
  return visible(text).replaceAll(/\s+/gu, ' ').slice(0, MAX_PLAIN_CHARS)
}
