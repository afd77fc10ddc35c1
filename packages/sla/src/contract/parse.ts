/**
 * Parsing: files of documents to expanded contracts, or every problem at once. Pure but for the host's
 * tzdb, which becomes the zone tables of the terms. Never throws on any text.
 */
import { uncoveredYears } from '../calendar.ts'
import type { Interval } from '@constat/shared/time'
import { expandAndCheck } from './consistency.ts'
import { besideProblems } from './consistency-beside.ts'
import { MAX_DOCUMENTS, readDocuments, type SourceDocument, type SourceFile } from './document.ts'
import type { ExpandedContract } from './expanded.ts'
import type { ContractDocument } from './kinds.ts'
import { buildLibrary, entriesOf } from './library.ts'
import { MAX_PROBLEMS, wholeProblem, type Problem } from './problem.ts'
import { referenceProblems } from './references.ts'

export type ParsedContracts =
  | { kind: 'ok'; documents: ContractDocument[]; contracts: ExpandedContract[] }
  | { kind: 'refused'; problems: Problem[] }

/** Files in the order given. Problems in order of file and line, at most `MAX_PROBLEMS`. */
export function parseContract(files: readonly SourceFile[]): ParsedContracts {
  const documents: SourceDocument[] = []
  const problems: Problem[] = []
  for (const file of files) {
    const reading = readDocuments(file)
    documents.push(...reading.documents)
    problems.push(...reading.problems)
  }
  if (documents.length > MAX_DOCUMENTS) {
    const message = `are more than ${MAX_DOCUMENTS} documents: apply them in parts`
    return { kind: 'refused', problems: [wholeProblem(files[0]?.name ?? '', message)] }
  }
  const library = buildLibrary(documents)
  problems.push(...library.problems, ...referenceProblems(library), ...besideProblems(library))
  const expanded = entriesOf(library, 'Contract').map((entry) => expandAndCheck(entry, library))
  problems.push(...expanded.flatMap((expansion) => expansion.problems))
  if (documents.length === 0 && problems.length === 0) {
    const message = 'holds no document: write apiVersion, kind, metadata and spec'
    problems.push(wholeProblem(files[0]?.name ?? '', message))
  }
  if (problems.length > 0)
    return { kind: 'refused', problems: inOrder(problems, files).slice(0, MAX_PROBLEMS) }
  return {
    kind: 'ok',
    documents: library.entries.map(({ document }) => document),
    contracts: expanded.map(({ terms }) => terms),
  }
}

/** Years within `span` that a calendar of the terms does not cover: warned of before they begin. */
export function calendarGaps(
  terms: ExpandedContract,
  span: Interval,
): { calendar: string; years: number[] }[] {
  // The terms carry the calendars they use: of guarantees, notices and time limits.
  return Object.values(terms.calendars)
    .map((calendar) => ({
      calendar: calendar.name,
      years: uncoveredYears(calendar, terms.zoneTables, span),
    }))
    .filter(({ years }) => years.length > 0)
}

function inOrder(problems: readonly Problem[], files: readonly SourceFile[]): Problem[] {
  const position = new Map(files.map(({ name }, i) => [name, i]))
  const rank = ({ file }: Problem) => position.get(file) ?? 0
  return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column)
}
