/**
 * A guarantee as on the two-column form that both parties fill in: what was promised on the left, what was
 * measured on the right. The verdict is stamped over it. Pure.
 */
import type { Child } from 'hono/jsx'
import type { GuaranteeView } from '../../view/guarantee.ts'
import { partOf } from '../metric/table.ts'
import type { Scene } from '../scene.ts'
import { percentText } from '../text/format.ts'
import { windowName } from '../text/sentence.ts'
import { VerdictStamp } from './mark.tsx'
import { guaranteeName } from './names.ts'

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

type RowProps = { guarantee: GuaranteeView; scene: Scene }

export function GuaranteeRow({ guarantee: g, scene }: RowProps) {
  const { text } = scene
  const part = partOf(g.metric)
  const name = guaranteeName(g, scene)
  const said = [windowName(g.window.key, scene), g.clause && text.figure.clause(g.clause)]
  const { length } = g.window
  return (
    <section class="guarantee" role="group" aria-label={name}>
      <div class="promised">
        <p class="label">
          <b aria-hidden="true">A</b> {text.figure.promised}
        </p>
        <p class="figure">{part.promised(g, scene)}</p>
        <p class="note promise-name">{name}</p>
        <p class="note">{said.filter(Boolean).join(' · ')}</p>
        {length !== null && <p class="note">{text.ending.length[length]}</p>}
      </div>
      <div class="measured">
        <div class="label-row">
          <p class="label">
            <b aria-hidden="true">B</b> {text.figure.measured}
          </p>
          <VerdictStamp guarantee={g} scene={scene} />
        </div>
        <part.Measured guarantee={g} scene={scene} />
        <Contested guarantee={g} scene={scene} />
      </div>
      {part.Beside?.({ guarantee: g, scene })}
    </section>
  )
}

/** Where an exclusion is contested: both results. */
function Contested({ guarantee: { contested }, scene }: RowProps) {
  if (contested === null) return null
  const { text, lang } = scene
  const sides = [
    [text.metric.ifAccepted, contested.accepted],
    [text.metric.ifRefused, contested.refused],
  ] as const
  return (
    <div class="contested">
      <p class="note">{text.metric.contested}</p>
      <dl class="facts">
        {sides.map(([term, { verdict, percent }]) => (
          <div>
            <dt>{term}</dt>
            <dd>
              {[text.verdict[verdict], percent?.point && percentText(percent.point, lang)]
                .filter(Boolean)
                .join(' · ')}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
