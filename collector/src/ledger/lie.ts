/**
 * Lies: places where what is stored is not what was signed, or does not fit together. A log is never extended
 * over one. Pure.
 */
import { Fault } from '@constat/shared/fault'

/** What does not hold. `row` is a column that only repeats what a body says. */
export type LiePart = 'leaf' | 'frame' | 'body' | 'row' | 'tile' | 'root' | 'checkpoint' | 'cursor'

export type LiePlace = { id: number; contract: string }
/** `index` is the first leaf at which it shows; with `until`, it is one of the leaves from there to before that. */
export type LieSaid = { index: number; until?: number; part: LiePart; what: string }

export const KEEP_ALL =
  'Delete nothing and keep a copy of the data directory; then bring back the newest backup of key and database together.'

/** Fault `evidence` that knows its place. */
export class Lie extends Fault {
  readonly log: number
  readonly contract: string
  readonly said: LieSaid

  constructor({ id, contract }: LiePlace, said: LieSaid) {
    super('evidence', `the log of ${contract} lies at leaf ${said.index}: ${said.what}`, { hint: KEEP_ALL })
    this.log = id
    this.contract = contract
    this.said = said
  }
}

/** Of what the tree says and what the leaves themselves say, that which names the first leaf. */
export function firstLie(inTree: LieSaid | null, inLeaves: LieSaid | null): LieSaid | null {
  if (!inTree || !inLeaves) return inTree ?? inLeaves
  return inLeaves.index < endOf(inTree) ? inLeaves : inTree
}

/** Past the last leaf that it may be. */
export function endOf({ index, until = index + 1 }: LieSaid): number {
  return until
}
