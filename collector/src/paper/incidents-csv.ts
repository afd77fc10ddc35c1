/** The incidents of a window as CSV: one a line, instants in UTC, in the spreadsheet's own form of the language. Pure. */
import { csvText, type Column } from '../report/csv.ts'
import type { IncidentView } from '../view/timeline.ts'
import type { Scene } from '../web/scene.ts'

const text = (head: string, cell: Column<IncidentView>['cell']): Column<IncidentView> => ({
  head,
  cell,
  isText: true,
})

const COLUMNS: readonly Column<IncidentView>[] = [
  text('incident', (one) => one.id),
  text('service', (one) => one.service),
  text('check', (one) => one.check),
  text('onset', (one) => one.onsetAt),
  text('end', (one) => one.endAt),
  text('opened', (one) => one.openedAt),
  text('closed', (one) => one.closedAt),
  { head: 'down_ms_provable', cell: (one) => one.downMs.provable },
  { head: 'down_ms_point', cell: (one) => one.downMs.point },
  { head: 'down_ms_pessimistic', cell: (one) => one.downMs.pessimistic },
  text('cause', (one) => one.cause),
  text('code', (one) => one.failure?.code ?? null),
  text('zone', (one) => one.zone),
  text('owner', (one) => one.owner),
  text('answered_by', (one) => one.answeredBy),
  text('told', (one) => one.alertedAt),
  text('provider_acknowledged', (one) => one.providerAcknowledgedAt),
]

export function incidentsCsv(incidents: readonly IncidentView[], scene: Scene): string {
  return csvText(incidents, COLUMNS, scene)
}
