/** The Alerting documents of a contract among those that were parsed. Pure. */
import type { ParsedContracts } from '../contract/parse.ts'
import type { ScheduledReport } from '../contract/schema-private.ts'
import type { AlertingDocument } from './route.ts'

/** Those that name it, and those that name none: they are of every contract beside them. */
export function alertingIn(parsed: ParsedContracts, contract: string): AlertingDocument[] {
  if (parsed.kind === 'refused') return []
  return parsed.documents.flatMap((document) => {
    if (document.kind !== 'Alerting' || (document.spec.contract ?? contract) !== contract) return []
    return [{ name: document.metadata.name, spec: document.spec }]
  })
}

/** Reports that a document asks for; one at rest asks for none. */
export function reportsOf({ spec }: AlertingDocument): readonly ScheduledReport[] {
  // A document that was kept before there were any says nothing of them.
  const { paused, reports }: { paused: boolean; reports?: readonly ScheduledReport[] } = spec
  return paused ? [] : (reports ?? [])
}

/** Endpoints that the day's root of the log is sent to: the mailboxes, unless the document does not want it. */
export function mailsRoot({ spec }: AlertingDocument): string[] {
  // A document that was kept before there was a choice says nothing of it.
  const { paused, logRoot, endpoints }: Omit<typeof spec, 'logRoot'> & { logRoot?: 'daily' | 'never' } = spec
  if (paused || logRoot === 'never') return []
  return endpoints.filter(({ email }) => email !== undefined).map(({ id }) => id)
}
