/** Words that people wrote beside leaves, as the state names them: by commitments. They stand outside of the log. Pure. */
import type { UnixMs } from '@constat/shared/time'
import type { ContractState } from './contract-state.ts'
import type { Side } from './declarations.ts'
import { values } from './persistent-map.ts'
import type { RemarkKind } from './remark-record.ts'

export type Words = {
  /** Hex, as the leaf holds it. */
  digest: string
  of: RemarkKind | 'terms' | 'penalty' | 'exclusion'
  /** Its incident or service, revision, window, or exclusion. */
  about: string
  side: Side
  atMs: UnixMs
}

/** Oldest first, those too that were erased. */
export function wordsIn({ remarks, termsAnswers, penalties, exclusions }: ContractState): Words[] {
  const written = [
    ...remarks.map((one) => ({ ...one, note: one.said, of: one.kind, about: one.incident ?? one.service })),
    ...termsAnswers.map((one) => ({ ...one, of: 'terms' as const, about: String(one.revision) })),
    ...values(penalties)
      .flat()
      .map((one) => ({ ...one, of: 'penalty' as const, about: one.window })),
    ...exclusions.flatMap(({ declared, answers }) =>
      [{ ...declared, atMs: declared.declaredMs }, ...answers].map((one) => ({
        ...one,
        note: one.said,
        of: 'exclusion' as const,
        about: declared.id,
      })),
    ),
  ]
  return written
    .flatMap(({ note, of, about, side, atMs }) =>
      note === null ? [] : [{ digest: note, of, about, side, atMs }],
    )
    .toSorted((a, b) => a.atMs - b.atMs)
}
