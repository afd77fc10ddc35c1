/** Strip: how one guarantee came out in the windows before, the newest to the right. Shape says what colour says. Pure. */
import type { Verdict } from '../../view/parts.ts'
import type { ClosedWindowView } from '../../view/window.ts'
import type { Scene } from '../scene.ts'
import { windowName } from '../text/sentence.ts'

const WINDOWS = 12
const CELL = 11
const SIZE = 8

type Props = {
  guarantee: string
  /** Newest first. */
  closed: readonly ClosedWindowView[]
  scene: Scene
}

export function Strip({ guarantee, closed, scene }: Props) {
  const { text } = scene
  const cells = closed
    .slice(0, WINDOWS)
    .toReversed()
    .map(({ window, guarantees }) => ({
      window,
      verdict: guarantees.find((one) => one.guarantee === guarantee)?.verdict ?? null,
    }))
  const told = cells.flatMap(({ window, verdict }) =>
    verdict === null ? [] : [text.glance.pair(windowName(window, scene), text.verdict[verdict])],
  )
  const label = told.length === 0 ? text.contract.noStrip : text.contract.strip(told.join(', '))
  const first = WINDOWS - cells.length
  return (
    <svg class="strip" width={WINDOWS * CELL} height={SIZE + 4} role="img" aria-label={label}>
      <title>{label}</title>
      {Array.from({ length: first }, (_, at) => (
        <Cell at={at} verdict={null} />
      ))}
      {cells.map(({ verdict }, i) => (
        <Cell at={first + i} verdict={verdict} />
      ))}
    </svg>
  )
}

/** A full square, a tall bar, a hatched square, a dot. */
function Cell({ at, verdict }: { at: number; verdict: Verdict | null }) {
  const x = at * CELL
  if (verdict === null) return <circle cx={x + SIZE / 2} cy={SIZE / 2 + 2} r="1" class="none" />
  if (verdict === 'not_met') return <rect x={x} y="0" width={SIZE} height={SIZE + 4} class="is-down" />
  const isMet = verdict === 'met'
  return (
    <rect
      x={x}
      y={isMet ? 5 : 2}
      width={SIZE}
      height={isMet ? SIZE - 4 : SIZE}
      class={isMet ? 'is-up' : 'is-unknown'}
      {...(!isMet && { fill: 'url(#hatch)' })}
    />
  )
}
