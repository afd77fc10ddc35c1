/**
 * Days: a service over the last 90 days, one mark a day, the worst of the day by height and colour and how
 * long it was down in words. Days of the contract's own clock. Pure.
 */
import type { State } from '../../view/parts.ts'
import type { Segment } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { durationText, timeText, zoneOffsetMs } from '../text/format.ts'
import { sharesOf, type Span } from './ribbon.tsx'

const DAY_MS = 86_400_000
export const DAYS = 90
/** A day begins to count as unknown when this share of it is. */
const UNKNOWN_SHARE = 0.5

type Day = { startMs: number; state: State; downMs: number }

/** Worst first; unknown stands below, as half a day without evidence says more than a blip. */
const WORST: readonly State[] = ['down', 'partial', 'degraded']

/** From the first day of the span, at its local midnight, to the last. */
function daysOf(segments: readonly Segment[], span: Span, zone: string): Day[] {
  const days: Day[] = []
  for (let startMs = midnight(span.toMs, zone); days.length < DAYS;) {
    days.push(dayOf(segments, { fromMs: startMs, toMs: Math.min(span.toMs, nextMidnight(startMs, zone)) }))
    startMs = midnight(startMs - 1, zone)
  }
  return days.toReversed()
}

function dayOf(segments: readonly Segment[], day: Span): Day {
  const shares = sharesOf(
    segments.filter(({ start, end }) => Date.parse(end) > day.fromMs && Date.parse(start) < day.toMs),
    day,
  )
  const ms = (state: State): number => shares.find((share) => share.state === state)?.ms ?? 0
  const worst = WORST.find((state) => ms(state) > 0)
  const isUnknown = ms('unknown') > (day.toMs - day.fromMs) * UNKNOWN_SHARE
  return { startMs: day.fromMs, state: worst ?? (isUnknown ? 'unknown' : 'up'), downMs: ms('down') }
}

function midnight(atMs: number, zone: string): number {
  const offsetMs = zoneOffsetMs(atMs, zone)
  const localMs = Math.floor((atMs + offsetMs) / DAY_MS) * DAY_MS
  // Where the clock was changed since, the offset at midnight is the one that counts.
  return localMs - zoneOffsetMs(localMs - offsetMs, zone)
}

function nextMidnight(startMs: number, zone: string): number {
  return midnight(startMs + DAY_MS + DAY_MS / 8, zone)
}

type Props = { name: string; segments: readonly Segment[]; span: Span; scene: Scene }

const TOP: Record<State, number> = { up: 55, unknown: 55, degraded: 38, partial: 20, down: 0 }
const GAP_SHARE = 0.25

export function DayBar({ name, segments, span, scene }: Props) {
  const days = daysOf(segments, span, scene.zone)
  const { text, lang } = scene
  const bad = days.filter(({ downMs }) => downMs > 0)
  const label = text.glance.days.label({
    name,
    bad: bad.length,
    down: durationText(
      bad.reduce((sum, { downMs }) => sum + downMs, 0),
      lang,
    ),
    unknown: days.filter(({ state }) => state === 'unknown').length,
  })
  const width = 100 / days.length
  return (
    <svg class="ribbon" width="100%" height="22" role="img" aria-label={label}>
      {days.map((day, at) => (
        <rect
          class={`is-${day.state}`}
          x={`${(at * width).toFixed(3)}%`}
          y={`${TOP[day.state]}%`}
          width={`${(width * (1 - GAP_SHARE)).toFixed(3)}%`}
          height="100%"
          {...(day.state === 'unknown' && { fill: 'url(#hatch)' })}
        >
          <title>{dayText(day, scene)}</title>
        </rect>
      ))}
    </svg>
  )
}

function dayText({ startMs, state, downMs }: Day, scene: Scene): string {
  const { days } = scene.text.glance
  const day = timeText(startMs, 'tickDay', scene)
  return downMs > 0
    ? days.down({ day, down: durationText(downMs, scene.lang) })
    : days.state({ day, state: scene.text.state[state] })
}
