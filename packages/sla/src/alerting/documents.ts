/** The Alerting documents of a contract among those that were parsed. Pure. */
import type { ParsedContracts } from '../contract/parse.ts'
import type { AlertingDocument } from './route.ts'

/** Those that name it, and those that name none: they are of every contract beside them. */
export function alertingIn(parsed: ParsedContracts, contract: string): AlertingDocument[] {
  if (parsed.kind === 'refused') return []
  return parsed.documents.flatMap((document) => {
    if (document.kind !== 'Alerting' || (document.spec.contract ?? contract) !== contract) return []
    return [{ name: document.metadata.name, spec: document.spec }]
  })
}
