/**
 * Site by site: the result of a guarantee that is promised for each site, the worst first. The average of
 * many sites hides the one that was cut off. Downtime is told with its figures, the rest in one sentence. Pure.
 */
import type { GuaranteeView, SiteCommon } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { countText, durationText, latencyText, percentText, shareText } from '../text/format.ts'
import { downText, VerdictStamp, type DownView } from './guarantee.tsx'
import { guaranteeName } from './names.ts'
import { Table, type Column } from './table.tsx'
import { administratorText } from './zones.tsx'

/** Told in one sentence. */
export type ShortView = Exclude<GuaranteeView, DownView>
type Row = { site: SiteCommon; measured: string }
type DownSite = NonNullable<DownView['sites']>[number]
type Props<Guarantee> = { guarantee: Guarantee; scene: Scene }

export function EachSite({ guarantee, scene }: Props<DownView>) {
  const { text, lang } = scene
  const rows = (guarantee.sites ?? [])
    .toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict] || a.budget.leftMs - b.budget.leftMs)
    .map((site) => ({ site, measured: downText(site, scene) }))
  const availability: Column<{ site: DownSite }> = {
    head: text.figure.availability,
    look: 'number',
    cell: ({ site }) => percentText(site.availability.provable, lang),
  }
  const budget: Column<{ site: DownSite }> = {
    head: text.figure.budget,
    look: 'number',
    cell: ({ site }) => durationText(site.budget.leftMs, lang),
  }
  return <Sites {...{ guarantee, scene, rows }} before={[availability]} after={[budget]} />
}

export function EachSiteShort({ guarantee, scene }: Props<ShortView>) {
  const rows = rowsOf(guarantee, scene).toSorted((a, b) => RANK[a.site.verdict] - RANK[b.site.verdict])
  return rows.length === 0 ? null : <Sites {...{ guarantee, scene, rows }} />
}

const RANK = { not_met: 0, indeterminate: 1, met: 2 } as const

type SitesProps<R extends Row> = Props<GuaranteeView> & {
  rows: readonly R[]
  /** Figures beside the coverage. */
  before?: readonly Column<R>[]
  after?: readonly Column<R>[]
}

function Sites<R extends Row>({ guarantee, scene, rows, before = [], after = [] }: SitesProps<R>) {
  const { text, lang } = scene
  const { contract } = guarantee
  return (
    <div class="each-site">
      <p class="label">{text.glance.eachSite}</p>
      <p class="note">{text.glance.eachSiteWhy}</p>
      <Table
        label={`${text.glance.eachSite}: ${guaranteeName(guarantee, scene)}`}
        rows={rows}
        columns={[
          {
            head: text.glance.site,
            cell: ({ site }) => (
              <>
                {site.displayName}
                <small>{administratorText({ ...site, contract }, scene)}</small>
              </>
            ),
          },
          {
            head: text.figure.verdict,
            bare: true,
            cell: ({ site }) => <VerdictStamp guarantee={site} scene={scene} />,
          },
          { head: text.figure.measured, cell: ({ measured }) => measured },
          ...before,
          {
            head: text.figure.coverage,
            look: 'number',
            cell: ({ site }) => shareText(site.coverage, lang),
          },
          ...after,
        ]}
      />
    </div>
  )
}

function rowsOf(g: ShortView, { text, lang }: Scene): Row[] {
  const { metric, glance } = text
  const told = (site: SiteCommon, percent: string | null, said: (percent: string) => string): Row => {
    const none = g.metric === 'mean-error-rate' ? metric.mean.none : glance.share.none
    return { site, measured: percent === null ? none : said(percentText(percent, lang)) }
  }
  switch (g.metric) {
    case 'share-within': {
      const threshold = latencyText(g.thresholdUs, lang)
      const said = (percent: string): string => glance.share.measured({ percent, threshold })
      return (g.sites ?? []).map((site) => told(site, site.share.percent, said))
    }
    case 'request-share':
      return (g.sites ?? []).map((site) => told(site, site.share.percent, metric.requests.measured))
    case 'mean-error-rate':
      return (g.sites ?? []).map((site) => told(site, site.availability.point, metric.mean.measured))
    case 'restoration-time':
    case 'response-time': {
      const words = g.metric === 'response-time' ? metric.response : metric.restoration
      return (g.sites ?? []).map((site) => {
        const lengths = site.perIncident.flatMap(({ ms }) => (ms === null ? [] : [ms.point]))
        const length = durationText(Math.max(0, ...lengths), lang)
        const n = site.perIncident.length
        return { site, measured: lengths.length === 0 ? words.none : words.longest({ n, length }) }
      })
    }
    case 'incident-count':
      return (g.sites ?? []).map((site) => {
        const [least, most] = [site.count.provable, site.count.pessimistic].map((n) => countText(n, lang))
        return { site, measured: metric.count.measured({ least: least!, most: most! }) }
      })
  }
}
