/**
 * Downtime: availability and bad slices, what is left of the budget and when it runs out. Pure.
 */
import type { ViewOf } from '../../view/guarantee.ts'
import { Coverage } from '../part/coverage.tsx'
import { Fact } from '../part/fact.tsx'
import { FoldedFigures, threeFigures } from '../part/folded-figures.tsx'
import { Time } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { downText, mostText } from '../text/figures.ts'
import { decimalText, durationText, percentText } from '../text/format.ts'
import type { MetricPart, PartProps } from './part.ts'

export type Down = 'interval-availability' | 'error-rate-slices'
type DownProps = PartProps<Down>

const ofDowntime = {
  Measured: MeasuredDown,
  Beside: Budget,
  Figures: FiguresTable,
  line: (site: Pick<ViewOf<Down>, 'downMs' | 'availability' | 'budget'>, { scene }: { scene: Scene }) => ({
    measured: downText(site, scene),
    more: [
      {
        head: scene.text.figure.availability,
        value: percentText(site.availability.provable, scene.lang),
      },
      { head: scene.text.figure.budget, value: durationText(site.budget.leftMs, scene.lang) },
    ],
  }),
}

export const intervalAvailability: MetricPart<'interval-availability'> = {
  ...ofDowntime,
  promised: ({ target }, { text, lang }) => text.figure.target(percentText(target, lang)),
}

export const errorRateSlices: MetricPart<'error-rate-slices'> = {
  ...ofDowntime,
  promised({ target, sliceMs }, { text, lang }) {
    const length = durationText(sliceMs, lang)
    return text.metric.slices.target({ percent: percentText(target, lang), length })
  },
}

function MeasuredDown({ guarantee: g, scene }: DownProps) {
  const worst = worstOf(g)
  return (
    <>
      <p class="figure">{downText(g, scene)}</p>
      {worst && <p class="note">{scene.text.glance.worstSite(worst)}</p>}
      <p class="note">
        {availabilityRange(g, scene)} · {scene.text.figure.coverage} <Coverage of={g} scene={scene} />
      </p>
      {g.metric === 'error-rate-slices' && <p class="note">{badText(g, scene)}</p>}
    </>
  )
}

/** The site that the figures are of, where each site is judged by itself. */
function worstOf({ sites = [] }: ViewOf<Down>): { site: string; of: number } | null {
  const worst = sites.toSorted((a, b) => a.budget.leftMs - b.budget.leftMs)[0]
  return worst === undefined ? null : { site: worst.displayName, of: sites.length }
}

function badText({ badOverPercent }: ViewOf<'error-rate-slices'>, { text, lang }: Scene): string {
  const { slices } = text.metric
  return badOverPercent === null ? slices.badAll : slices.badOver(percentText(badOverPercent, lang))
}

function availabilityRange({ availability }: ViewOf<Down>, { lang }: Scene): string {
  const { pessimistic, provable } = availability
  if (pessimistic === provable) return percentText(provable, lang)
  return `${decimalText(pessimistic, lang)} – ${percentText(provable, lang)}`
}

/** What is left of the allowance, and when it was gone or would be. */
export function Budget({ guarantee: g, scene }: DownProps) {
  const { text, lang } = scene
  const { leftMs, allowedMs } = g.budget
  return (
    <div class={leftMs < 0 ? 'budget over' : 'budget'}>
      <p class="label">{text.figure.budget}</p>
      <BudgetBar guarantee={g} scene={scene} />
      <p class="note">
        <b>{durationText(leftMs, lang)}</b> {text.figure.budgetOf(durationText(allowedMs, lang))}
      </p>
      <Exhaustion exhaustion={g.exhaustion} scene={scene} />
    </div>
  )
}

/** Solid: what is proved spent. Hatched: what the unknown may have spent besides. A tick: the allowance. */
function BudgetBar({ guarantee: g, scene }: DownProps) {
  const { allowedMs, spentMs } = g.budget
  const wholeMs = Math.max(allowedMs, g.downMs.pessimistic, 1)
  const percent = (ms: number): string => `${Math.round((ms / wholeMs) * 10_000) / 100}%`
  const label = scene.text.figure.budgetBar({
    spent: durationText(spentMs, scene.lang),
    allowed: durationText(allowedMs, scene.lang),
  })
  return (
    <svg class="budget-bar" width="100%" height="10" role="img" aria-label={label}>
      <rect class="bed" y="2" width="100%" height="6" />
      <rect y="2" width={percent(g.downMs.pessimistic)} height="6" fill="url(#hatch)" />
      <rect class="spent" y="2" width={percent(spentMs)} height="6" />
      <line class="allowance" x1={percent(allowedMs)} x2={percent(allowedMs)} y1="0" y2="10" />
    </svg>
  )
}

/** When the budget was gone, or would be. */
function Exhaustion({
  exhaustion,
  scene,
}: {
  exhaustion: ViewOf<'interval-availability'>['exhaustion']
  scene: Scene
}) {
  const { metric } = scene.text
  const { exhaustedAt, projectedAt } = exhaustion
  const at = exhaustedAt ?? projectedAt
  if (at === null) return null
  const said = (exhaustedAt === null ? metric.projected : metric.exhausted)('\u0000').split('\u0000')
  return (
    <p class="note">
      {said[0]}
      <Time at={at} scene={scene} style="minute" />
      {said[1]}
    </p>
  )
}

function FiguresTable({ guarantee: g, scene }: DownProps) {
  const { text, lang } = scene
  const rows = threeFigures((figure) => {
    const lengthText = figure === 'pessimistic' ? mostText : durationText
    return [lengthText(g.downMs[figure], lang), percentText(g.availability[figure], lang)]
  }, scene)
  const heads = [text.figure.down, text.figure.availability]
  const lengths: [string, number][] = [
    [text.figure.committed, g.committedMs],
    [text.figure.known, g.knownMs],
    [text.figure.unknown, g.elapsedCommittedMs - g.knownMs],
    ...(g.metric === 'interval-availability' ? statesOf(g, scene) : []),
    [text.figure.excluded, g.excludedMs],
  ]
  return (
    <FoldedFigures guarantee={g} scene={scene} heads={heads} rows={rows}>
      {lengths.map(([term, ms]) => (
        <Fact term={term}>{durationText(ms, lang)}</Fact>
      ))}
      {g.measuredFrom !== null && (
        <Fact term={text.figure.measuredFrom}>
          <Time at={g.measuredFrom} scene={scene} style="minute" />
        </Fact>
      )}
    </FoldedFigures>
  )
}

function statesOf(
  { partialMs, degradedMs }: ViewOf<'interval-availability'>,
  { text }: Scene,
): [string, number][] {
  return [
    [text.figure.partial, partialMs],
    [text.figure.degraded, degradedMs],
  ]
}
