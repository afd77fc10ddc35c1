/**
 * A guarantee as on the two-column form that both parties fill in: what was promised on the left, what was
 * measured on the right. The verdict is stamped over it. Pure.
 */
import type { Child } from 'hono/jsx'
import type { AvailabilityView, GuaranteeView, SlicesGuaranteeView, Verdict } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { decimalText, durationText, percentText, shareText } from '../text/format.ts'
import { windowName } from '../text/sentence.ts'
import { Stamp } from './mark.tsx'
import { guaranteeName } from './names.ts'
import {
  Contested,
  Exhaustion,
  MeasuredCount,
  MeasuredMean,
  MeasuredRequests,
  MeasuredTiming,
  promisedText,
} from './measured.tsx'
import { MeasuredShare, Percentiles } from './share.tsx'

/** Measured in downtime. */
export type DownView = AvailabilityView | SlicesGuaranteeView

type ListProps = {
  guarantees: readonly GuaranteeView[]
  scene: Scene
  /** What stands folded below each row. */
  detail?: (guarantee: GuaranteeView) => Child
}

export function GuaranteeList({ guarantees, scene, detail }: ListProps) {
  return (
    <div class="form">
      {guarantees.map((guarantee) => (
        <>
          <GuaranteeRow guarantee={guarantee} scene={scene} />
          {detail?.(guarantee)}
        </>
      ))}
    </div>
  )
}

function GuaranteeRow({ guarantee: g, scene }: { guarantee: GuaranteeView; scene: Scene }) {
  const { text } = scene
  const name = guaranteeName(g, scene)
  const said = [windowName(g.window.key, scene), g.clause && text.figure.clause(g.clause)]
  return (
    <section class="guarantee" aria-label={name}>
      <div class="promised">
        <p class="label">
          <b aria-hidden="true">A</b> {text.figure.promised}
        </p>
        <p class="figure">{promisedText(g, scene)}</p>
        <p class="note promise-name">{name}</p>
        <p class="note">{said.filter(Boolean).join(' · ')}</p>
      </div>
      <div class="measured">
        <div class="label-row">
          <p class="label">
            <b aria-hidden="true">B</b> {text.figure.measured}
          </p>
          <VerdictStamp guarantee={g} scene={scene} />
        </div>
        <Measured guarantee={g} scene={scene} />
        <Contested guarantee={g} scene={scene} />
      </div>
      <Beside guarantee={g} scene={scene} />
    </section>
  )
}

function Measured({ guarantee: g, scene }: { guarantee: GuaranteeView; scene: Scene }) {
  switch (g.metric) {
    case 'interval-availability':
    case 'error-rate-slices':
      return <MeasuredDown guarantee={g} scene={scene} />
    case 'share-within':
      return <MeasuredShare guarantee={g} scene={scene} />
    case 'request-share':
      return <MeasuredRequests guarantee={g} scene={scene} />
    case 'mean-error-rate':
      return <MeasuredMean guarantee={g} scene={scene} />
    case 'restoration-time':
    case 'response-time':
      return <MeasuredTiming guarantee={g} scene={scene} />
    case 'incident-count':
      return <MeasuredCount guarantee={g} scene={scene} />
  }
}

/** What stands in the third column: the budget, or how fast answers were. */
function Beside({ guarantee: g, scene }: { guarantee: GuaranteeView; scene: Scene }) {
  if (g.metric === 'share-within') return <Percentiles guarantee={g} scene={scene} />
  if (g.metric === 'interval-availability' || g.metric === 'error-rate-slices')
    return <Budget guarantee={g} scene={scene} />
  return null
}

function MeasuredDown({ guarantee: g, scene }: { guarantee: DownView; scene: Scene }) {
  const worst = worstOf(g)
  return (
    <>
      <p class="figure">{downText(g, scene)}</p>
      {worst && <p class="note">{scene.text.glance.worstSite(worst)}</p>}
      <p class="note">
        {availabilityRange(g, scene)} · {scene.text.figure.coverage} {shareText(g.coverage, scene.lang)}
      </p>
      {g.metric === 'error-rate-slices' && <p class="note">{badText(g, scene)}</p>}
    </>
  )
}

/** The site that the figures are of, where each site is judged by itself. */
function worstOf({ sites = [] }: DownView): { site: string; of: number } | null {
  const worst = sites.toSorted((a, b) => a.budget.leftMs - b.budget.leftMs)[0]
  return worst === undefined ? null : { site: worst.displayName, of: sites.length }
}

const VERDICT_TONE = { met: 'good', not_met: 'bad', indeterminate: 'calm' } as const satisfies Record<
  Verdict,
  string
>

type Judged = Pick<GuaranteeView, 'verdict' | 'outlook' | 'insufficientEvidence'>

export function VerdictStamp({ guarantee: g, scene }: { guarantee: Judged; scene: Scene }) {
  const { text } = scene
  const open = g.verdict === 'indeterminate' && g.outlook !== null
  return (
    <span class="stamps">
      {open ? (
        <Stamp tone={g.outlook === 'at_risk' ? 'warn' : 'calm'}>
          {text.outlook[g.outlook ?? 'on_track']}
        </Stamp>
      ) : (
        <Stamp tone={VERDICT_TONE[g.verdict]}>{text.verdict[g.verdict]}</Stamp>
      )}
      {g.insufficientEvidence && <Stamp tone="warn">{text.insufficient}</Stamp>}
    </span>
  )
}

/** "at least 48 min 0 s down, at most 1 h 14 min 20 s": three figures in one sentence. */
export function downText({ downMs }: Pick<AvailabilityView, 'downMs'>, { text, lang }: Scene): string {
  const least = durationText(downMs.provable, lang)
  const most = mostText(downMs.pessimistic, lang)
  if (downMs.pessimistic === 0) return text.figure.downNone
  if (downMs.provable === 0) return text.figure.downUpTo(most)
  return least === most ? text.figure.downExactly(least) : text.figure.downRange({ least, most })
}

const SECOND_MS = 1000

/** "At most" must hold: the part of a second that would be cut off counts as a whole one. */
export function mostText(durationMs: number, lang: Scene['lang']): string {
  return durationText(Math.ceil(durationMs / SECOND_MS) * SECOND_MS, lang)
}

function badText({ badOverPercent }: SlicesGuaranteeView, { text, lang }: Scene): string {
  const { slices } = text.metric
  return badOverPercent === null ? slices.badAll : slices.badOver(percentText(badOverPercent, lang))
}

function availabilityRange({ availability }: DownView, { lang }: Scene): string {
  const { pessimistic, provable } = availability
  if (pessimistic === provable) return percentText(provable, lang)
  return `${decimalText(pessimistic, lang)} – ${percentText(provable, lang)}`
}

function Budget({ guarantee: g, scene }: { guarantee: DownView; scene: Scene }) {
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
function BudgetBar({ guarantee: g, scene }: { guarantee: DownView; scene: Scene }) {
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
