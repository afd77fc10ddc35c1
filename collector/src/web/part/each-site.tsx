/**
 * Site by site: the result of a guarantee that is promised for each site, the worst first. The average of
 * many sites hides the one that was cut off. Pure.
 */
import type { SiteGuaranteeView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { durationText, percentText, shareText } from '../text/format.ts'
import { downText, VerdictStamp, type DownView } from './guarantee.tsx'
import { guaranteeName } from './names.ts'
import { administratorText } from './zones.tsx'

type Props = { guarantee: DownView; sites: readonly SiteGuaranteeView[]; scene: Scene }

export function EachSite({ guarantee, sites, scene }: Props) {
  const { text, lang } = scene
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
                {text.figure.availability}
              </th>
              <th scope="col" class="number">
                {text.figure.coverage}
              </th>
              <th scope="col" class="number">
                {text.figure.budget}
              </th>
            </tr>
          </thead>
          <tbody>
            {sites.toSorted(worstFirst).map((site) => (
              <tr>
                <th scope="row">
                  {site.displayName}
                  <small>{administratorText({ ...site, contract: guarantee.contract }, scene)}</small>
                </th>
                <td>
                  <VerdictStamp guarantee={site} scene={scene} />
                </td>
                <td data-label={text.figure.measured}>{downText(site, scene)}</td>
                <td class="number" data-label={text.figure.availability}>
                  {percentText(site.availability.provable, lang)}
                </td>
                <td class="number" data-label={text.figure.coverage}>
                  {shareText(site.coverage, lang)}
                </td>
                <td class="number" data-label={text.figure.budget}>
                  {durationText(site.budget.leftMs, lang)}
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

function worstFirst(a: SiteGuaranteeView, b: SiteGuaranteeView): number {
  return RANK[a.verdict] - RANK[b.verdict] || a.budget.leftMs - b.budget.leftMs
}
