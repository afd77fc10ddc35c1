/** Why something is unknown, in words: on one line, as a list over time, and as shares of a window. Pure. */
import type { Segment } from '../../view/timeline.ts'
import type { UnknownShare, WhySpan, WhyView } from '../../view/parts.ts'
import type { Scene } from '../scene.ts'
import { durationText } from '../text/format.ts'
import { reasonTexts, reasonText } from '../text/reasons.ts'
import { TimeSpan } from './time.tsx'

/** Stretches listed at most; the table below a chart has them all. */
const MAX_STRETCHES = 8

/** The newest stretches in which nothing was known, with everything that stood in the way then. */
export function WhyList({ segments, scene }: { segments: readonly Segment[]; scene: Scene }) {
  const bySpan = new Map<string, WhySpan[]>()
  for (const one of segments.flatMap(({ reasons = [] }) => reasons)) {
    const span = `${one.start} ${one.end}`
    bySpan.set(span, [...(bySpan.get(span) ?? []), { ...one, since: null }])
  }
  if (bySpan.size === 0) return null
  const { unknown } = scene.text
  const shown = [...bySpan.values()].slice(-MAX_STRETCHES).toReversed()
  return (
    <div class="why">
      <p class="label">{unknown.title}</p>
      <ul>
        {shown.map((reasons) => (
          <li>
            <p class="note">
              <TimeSpan from={reasons[0]!.start} to={reasons[0]!.end} scene={scene} />
            </p>
            {reasonTexts(reasons, scene).join(' · ')}
          </li>
        ))}
      </ul>
      {bySpan.size > shown.length && <p class="note">{unknown.more(bySpan.size - shown.length)}</p>}
    </div>
  )
}

/** How long each reason made a window unknown. */
export function WhyShares({ unknown, scene }: { unknown: readonly UnknownShare[]; scene: Scene }) {
  if (unknown.length === 0) return null
  const { text, lang } = scene
  return (
    <div class="why">
      <p class="label">{text.unknown.title}</p>
      <ul>
        {unknown.map((one) => (
          <li>
            {text.unknown.lasted({
              reason: reasonText({ ...one, since: null }, scene),
              length: durationText(one.ms, lang),
            })}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** On one line; nothing where it is known. */
export function Why({ reasons, scene }: { reasons: readonly WhyView[]; scene: Scene }) {
  if (reasons.length === 0) return null
  return <p class="note why-line">{reasonTexts(reasons, scene).join(' · ')}</p>
}
