/**
 * Site by site, for what is not told in downtime: the result of each site in one sentence, the broken
 * promises first. Pure.
 */
import type { GuaranteeView, SiteCommon } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { countText, durationText, latencyText, percentText, shareText } from '../text/format.ts'
import type { DownView } from './guarantee.tsx'
import { VerdictStamp } from './guarantee.tsx'
import { guaranteeName } from './names.ts'
import { administratorText } from './zones.tsx'

/** Downtime has a table of its own. */
export type ShortView = Exclude<GuaranteeView, DownView>
type Row = { site: SiteCommon; measured: string }

export function EachSiteShort({ guarantee, scene }: { guarantee: ShortView; scene: Scene }) {
  const { text, lang } = scene
  const rows = rowsOf(guarantee, scene)
  if (rows.length === 0) return null
  const name = guaranteeName(guarantee, scene)
  return (
    <div class="each-site">
      <p class="label">{text.glance.eachSite}</p>
      <p class="note">{text.glance.eachSiteWhy}</p>
      <div class="scroll" tabindex={0} role="region" aria-label={`${text.glance.eachSite}: ${name}`}>
        <table class="stacking">
          <thead>
            <tr>
              <th scope="col">{text.glance.site}</th>
              <th scope="col">{text.figure.verdict}</th>
              <th scope="col">{text.figure.measured}</th>
              <th scope="col" class="number">
                {text.figure.coverage}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows
              .toSorted((a, b) => RANK[a.site.verdict] - RANK[b.site.verdict])
              .map(({ site, measured }) => (
                <tr>
                  <th scope="row">
                    {site.displayName}
                    <small>{administratorText({ ...site, contract: guarantee.contract }, scene)}</small>
                  </th>
                  <td>
                    <VerdictStamp guarantee={site} scene={scene} />
                  </td>
                  <td data-label={text.figure.measured}>{measured}</td>
                  <td class="number" data-label={text.figure.coverage}>
                    {shareText(site.coverage, lang)}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

const RANK = { not_met: 0, indeterminate: 1, met: 2 } as const

function rowsOf(g: ShortView, { text, lang }: Scene): Row[] {
  const { metric, glance } = text
  switch (g.metric) {
    case 'share-within': {
      const threshold = latencyText(g.thresholdUs, lang)
      const said = (percent: string): string =>
        glance.share.measured({ percent: percentText(percent, lang), threshold })
      return (g.sites ?? []).map((site) => rowOf(site, site.share.percent, said, glance.share.none))
    }
    case 'request-share': {
      const said = (percent: string): string => metric.requests.measured(percentText(percent, lang))
      return (g.sites ?? []).map((site) => rowOf(site, site.share.percent, said, glance.share.none))
    }
    case 'mean-error-rate': {
      const said = (percent: string): string => metric.mean.measured(percentText(percent, lang))
      return (g.sites ?? []).map((site) => rowOf(site, site.availability.point, said, metric.mean.none))
    }
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
        const least = countText(site.count.provable, lang)
        return {
          site,
          measured: metric.count.measured({ least, most: countText(site.count.pessimistic, lang) }),
        }
      })
  }
}

function rowOf(
  site: SiteCommon,
  percent: string | null,
  said: (percent: string) => string,
  none: string,
): Row {
  return { site, measured: percent === null ? none : said(percent) }
}
