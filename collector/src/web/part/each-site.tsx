/**
 * Site by site: the result of a guarantee that is promised for each site, the worst first. The average of
 * many sites hides the one that was cut off. Pure.
 */
import { compare } from '@constat/sla/fraction'
import { entryOf } from '@constat/sla/metric/table'
import type { GuaranteeView } from '../../view/guarantee.ts'
import type { Cell } from '../metric/part.ts'
import { partOf } from '../metric/table.ts'
import type { Scene } from '../scene.ts'
import { Coverage } from './coverage.tsx'
import { VerdictStamp } from './mark.tsx'
import { guaranteeName } from './names.ts'
import { Table, type Column } from './table.tsx'
import { rankOf } from './worst.ts'
import { administratorText } from './zones.tsx'

type Site = NonNullable<GuaranteeView['sites']>[number]

type Row = { site: Site; measured: string; more: readonly Cell[] }

export function EachSite({ guarantee, scene }: { guarantee: GuaranteeView; scene: Scene }) {
  const { text } = scene
  const rows = sitesOf(guarantee).map((site): Row => {
    const { measured, more = [] } = partOf(guarantee.metric).line(site, { guarantee, scene })
    return { site, measured, more }
  })
  const [first] = rows
  if (!first) return null
  const beside = first.more.map(({ head }, i): Column<Row> => ({
    head,
    look: 'number',
    cell: ({ more }) => more[i]?.value,
  }))
  const columns: Column<Row>[] = [
    {
      head: text.glance.site,
      cell: ({ site }) => (
        <>
          {site.displayName}
          <small>{administratorText({ ...site, contract: guarantee.contract }, scene)}</small>
        </>
      ),
    },
    {
      head: text.figure.verdict,
      bare: true,
      cell: ({ site }) => <VerdictStamp guarantee={site} scene={scene} />,
    },
    { head: text.figure.measured, cell: ({ measured }) => measured },
    { head: text.figure.coverage, look: 'number', cell: ({ site }) => <Coverage of={site} scene={scene} /> },
    ...beside,
  ]
  const label = `${text.glance.eachSite}: ${guaranteeName(guarantee, scene)}`
  return (
    <div class="each-site">
      <p class="label">{text.glance.eachSite}</p>
      <p class="note">{text.glance.eachSiteWhy}</p>
      <Table label={label} rows={rows} columns={columns} />
    </div>
  )
}

function sitesOf({ metric, sites = [] }: GuaranteeView): Site[] {
  const lostOf = (site: Site) => entryOf(metric).lost(site, 'point')
  return [...sites].sort((a, b) => {
    const [lost, other] = [lostOf(a), lostOf(b)]
    return rankOf(a) - rankOf(b) || (lost && other ? compare(other, lost) : 0)
  })
}
