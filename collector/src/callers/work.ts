/**
 * Work: what is done for callers on threads of its own, kind by kind: reading what they send, holding a statement
 * against the measurement, judging a window under other terms. Each has a limit of time; a thread has one of memory.
 */
import { Fault } from '@constat/shared/fault'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { SourceFile } from '@constat/sla/contract/document'
import { parseContract, type ParsedContracts } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import type { Reconciliation } from '@constat/sla/reconciliation/answer'
import { reconcileGuarantee, type Reconciling } from '@constat/sla/reconciliation/of-guarantee'
import { interimHere, type InterimJob } from '../closing/interim.ts'
import { previewHere, type PreviewJob } from '../closing/preview.ts'
import { paperPdf, reportPdf, type PaperAsked, type PdfAsked } from '../print/pdf.ts'
import { windowNamedIn } from '../closing/statements.ts'
import {
  statementIn,
  statementLinesIn,
  type StatementLines,
  type StatementTerms,
} from '@constat/sla/reconciliation/statement-bytes'
import type { Interval } from '@constat/shared/time'
import type { KeptStatement } from '@constat/sla/state/statement-record'
import type { PreviewView } from '../view/window.ts'

export type Work = {
  contract: { given: readonly SourceFile[]; made: ParsedContracts }
  /** The window that a JSON statement names itself; null: none. */
  'statement-window': { given: Uint8Array; made: string | null }
  statement: {
    given: { bytes: Uint8Array; terms: StatementTerms & { window: Interval } }
    made: StatementLines
  }
  reconciliation: {
    /** `reader`: by which it is read for ever; absent, whole. */
    given: {
      bytes: Uint8Array
      reader: KeptStatement['reader']
      guarantees: readonly Omit<Reconciling, 'statement'>[]
    }
    made: (Reconciliation | null)[]
  }
  preview: { given: PreviewAsked; made: PreviewView }
  report: { given: PdfAsked; made: Uint8Array }
  /** A letter or an amendment. */
  paper: { given: PaperAsked; made: Uint8Array }
  /** `result.json` of a window that goes on; null: nothing is promised in it. */
  interim: { given: InterimJob; made: string | null }
}
export type Kind = keyof Work

export type PreviewAsked = PreviewJob & { contract: string; source: readonly SourceFile[] }

/** `most`: how many threads it may have at once for others than owners. */
export const LIMITS = {
  // The fullest contract takes about a second.
  contract: { withinMs: 10_000, most: 2 },
  'statement-window': { withinMs: 10_000, most: 2 },
  statement: { withinMs: 10_000, most: 2 },
  reconciliation: { withinMs: 20_000, most: 2 },
  // A year of one contract takes some seconds.
  preview: { withinMs: 120_000, most: 1 },
  // One of twenty services takes a fifth of a second.
  report: { withinMs: 20_000, most: 1 },
  paper: { withinMs: 20_000, most: 1 },
  interim: { withinMs: 120_000, most: 1 },
} as const satisfies Record<Kind, { withinMs: number; most: number }>

/** Memory of one thread: the fullest contract and a year of a contract fit. */
export const MAX_HEAP_MB = 512
/** Excuses told of one statement: what its lines claim, each against every declaration that it meets. */
const MAX_EXCUSES = 20_000

export const WORK: { [K in Kind]: (given: Work[K]['given']) => Work[K]['made'] | Promise<Work[K]['made']> } =
  {
    contract: (files) => parseContract(files),
    'statement-window': (bytes) => windowNamedIn(Buffer.from(bytes)),
    statement: ({ bytes, terms }) => statementLinesIn(Buffer.from(bytes), terms),
    reconciliation: ({ bytes: given, reader, guarantees }) => {
      const bytes = Buffer.from(given)
      let excuses = 0
      return guarantees.map((one) => {
        const { terms, window } = one
        const statement =
          reader === undefined ? statementIn(bytes, terms) : statementLinesIn(bytes, { ...terms, window })
        const found = reconcileGuarantee({ ...one, statement })
        for (const match of found?.matches ?? []) excuses += match.excuses.length
        if (excuses <= MAX_EXCUSES) return found
        throw new Fault(
          'too-large',
          'The lines of the statement meet too many declarations to tell them all.',
        )
      })
    },
    report: reportPdf,
    paper: paperPdf,
    interim: (job) => interimHere(job),
    preview: ({ contract, source, ...job }) => previewHere(job, termsOf(parseContract(source), contract)),
  }

/** The terms of one contract. Fault `bad-contract` with every problem. */
export function termsOf(parsed: ParsedContracts, contract: string): ExpandedContract {
  const problems = parsed.kind === 'refused' ? parsed.problems.map(problemText) : []
  const terms = parsed.kind === 'refused' ? undefined : parsed.contracts.find(({ name }) => name === contract)
  if (terms) return terms
  throw new Fault('bad-contract', 'The contract was refused.', {
    problems: problems.length > 0 ? problems : [`no document describes the contract ${contract}`],
  })
}
