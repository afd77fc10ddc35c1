/**
 * Checks as they stand in a file, to be run once before a contract holds them: the same schema and the same
 * expansion, without a contract around them. Pure.
 */
import type { CheckSpec } from '@constat/shared/check'
import { readDocuments, type SourceFile } from './document.ts'
import { DEFAULT_CONFIRM, expandCheck } from './expand-check.ts'
import { buildLibrary, entriesOf } from './library.ts'
import { problemText } from './problem.ts'

export type ReadChecks =
  | { kind: 'ok'; checks: CheckSpec[] }
  /** One sentence each, with file and line. */
  | { kind: 'refused'; problems: readonly string[] }

/** What a contract says for its checks where they say nothing: here nobody does. */
const DEFAULTS = {
  confirm: DEFAULT_CONFIRM,
  brackets: undefined,
  holdMs: null,
  vantages: 'all',
  lastZone: null,
  zoneOfReference: new Map<string, string>(),
} as const

/** Checks of the file in its order; documents of other kinds beside them are read and left alone. */
export function readChecks(file: SourceFile): ReadChecks {
  const { documents, problems } = readDocuments(file)
  const library = buildLibrary(documents)
  const found = [...problems, ...library.problems]
  if (found.length > 0) return { kind: 'refused', problems: found.map(problemText) }
  return {
    kind: 'ok',
    checks: entriesOf(library, 'Check').map(({ document }) => expandCheck(document, DEFAULTS).spec),
  }
}
