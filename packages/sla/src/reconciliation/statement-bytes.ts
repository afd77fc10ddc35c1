/** The bytes of a statement read by the terms of its window. Pure. */
import { Fault } from '@constat/shared/fault'
import { tableOf } from '../calendar.ts'
import type { ExpandedContract } from '../contract/expanded.ts'
import { readStatement, type ProviderStatement } from './provider-statement.ts'

/** What of the terms of a window reads a statement of it. */
export type StatementTerms = Pick<ExpandedContract, 'reconciliation' | 'zoneTables'>

/** What the bytes say, by the provider's clock that the terms name. Fault `bad-request` that names the line. */
export function statementIn(
  bytes: Buffer,
  { reconciliation, zoneTables }: StatementTerms,
): ProviderStatement {
  const text = bytes.toString('utf8')
  if (text.includes('\uFFFD')) {
    throw new Fault('bad-request', 'the statement is not UTF-8 text', {
      hint: 'Save it as UTF-8 and send it again.',
    })
  }
  const table = tableOf(zoneTables, reconciliation.providerClock.timeZone)
  return readStatement(text, { rules: reconciliation, table })
}
