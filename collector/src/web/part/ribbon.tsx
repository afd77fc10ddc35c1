/**
 * Ribbons: states over time as SVG drawn on the server. Positions are percentages in attributes, so one
 * drawing fits any width and needs no style. Pure.
 */
import { normalise, subtract, type IntervalSet, type UnixMs } from '@constat/shared/time'
import { scaleUtc, type ScaleTime } from 'd3-scale'
import type { State } from '../../view/parts.ts'
import type { Segment } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { durationText, timeText, zoneOffsetMs } from '../text/format.ts'
import { msOf } from './time.tsx'

export type Span = { fromMs: UnixMs; toMs: UnixMs }

/** Where two states share less than a pixel the worse is on top. */
const PAINT_ORDER: readonly State[] = ['up', 'degraded', 'partial', 'down']
/** A down second on a 30-day chart must still be seen. */
const MIN_WIDTH_PERCENT = 0.25
/** A fifth of a pixel of a wide screen. */
const UNSEEN_PERCENT = 0.02

type Scale = ScaleTime<number, number>

function percentScale({ fromMs, toMs }: Span): Scale {
  return scaleUtc([fromMs, toMs], [0, 100]).clamp(true)
}

type RibbonProps = { segments: readonly Segment[]; span: Span; label: string; height?: number }

export function Ribbon({ segments, span, label, height = 22 }: RibbonProps) {
  const x = percentScale(span)
  const holes = unknownOf(segments, span).map(({ startMs, endMs }) => ({
    state: 'unknown' as const,
    from: x(startMs),
    to: x(endMs),
  }))
  return (
    <svg class="ribbon" width="100%" height={height} role="img" aria-label={label}>
      {[...holes, ...painted(within(segments, span), x)].map((piece) => (
        <Piece {...piece} />
      ))}
    </svg>
  )
}

function within(segments: readonly Segment[], { fromMs, toMs }: Span): Segment[] {
  return segments.filter(({ start, end }) => msOf(end) > fromMs && msOf(start) < toMs)
}

type PieceProps = { state: State; from: number; to: number }

/** Thousands of segments share a few hundred pixels: what touches an equal neighbour is drawn as one. */
function painted(segments: readonly Segment[], x: Scale): PieceProps[] {
  return PAINT_ORDER.flatMap((state) => {
    const pieces: PieceProps[] = []
    for (const { start, end } of segments.filter((segment) => segment.state === state)) {
      const from = x(msOf(start))
      const to = state === 'up' ? x(msOf(end)) : Math.max(x(msOf(end)), from + MIN_WIDTH_PERCENT)
      const last = pieces.at(-1)
      if (last && from <= last.to) last.to = Math.max(last.to, to)
      else if (to - from >= UNSEEN_PERCENT) pieces.push({ state, from, to })
    }
    return pieces
  })
}

/** What no known segment covers is unknown: a hole in the data can never look like good news. */
function unknownOf(segments: readonly Segment[], { fromMs, toMs }: Span): IntervalSet {
  const known = segments
    .filter((segment) => segment.state !== 'unknown')
    .map(({ start, end }) => ({ startMs: msOf(start), endMs: msOf(end) }))
  return subtract([{ startMs: fromMs, endMs: toMs }], normalise(known))
}

/** Trouble rises: the height tells the state to those who do not see its colour. */
const TOP: Record<State, string> = { up: '55%', unknown: '55%', degraded: '38%', partial: '20%', down: '0%' }

function Piece({ state, from, to }: PieceProps) {
  if (to <= from) return null
  const width = to - from
  return (
    <rect
      class={`is-${state}`}
      x={`${round(Math.min(from, 100 - width))}%`}
      y={TOP[state]}
      width={`${round(width)}%`}
      height="100%"
      {...(state === 'unknown' && { fill: 'url(#hatch)' })}
    />
  )
}

function round(percent: number): number {
  return Math.round(percent * 1000) / 1000
}

/** One sentence for those who do not see the drawing: how long in each state. */
export function ribbonLabel(
  { name, segments, span }: { name: string; segments: readonly Segment[]; span: Span },
  { text, lang }: Scene,
): string {
  const shares = sharesOf(segments, span).map(
    ({ state, ms }) => `${text.state[state]} ${durationText(ms, lang)}`,
  )
  return text.glance.pair(name, shares.join(', '))
}

/** Time in each state within the span, what no segment covers being unknown; longest first. */
export function sharesOf(segments: readonly Segment[], span: Span): { state: State; ms: number }[] {
  const sums = new Map<State, number>()
  let coveredMs = 0
  for (const { state, start, end } of segments) {
    const ms = Math.max(0, Math.min(msOf(end), span.toMs) - Math.max(msOf(start), span.fromMs))
    coveredMs += ms
    sums.set(state, (sums.get(state) ?? 0) + ms)
  }
  sums.set('unknown', (sums.get('unknown') ?? 0) + span.toMs - span.fromMs - coveredMs)
  return [...sums]
    .map(([state, ms]) => ({ state, ms }))
    .filter(({ ms }) => ms > 0)
    .toSorted((a, b) => b.ms - a.ms)
}

const DAY_MS = 86_400_000

export function Axis({ span, scene, ticks = 6 }: { span: Span; scene: Scene; ticks?: number }) {
  const x = percentScale(span)
  const style = span.toMs - span.fromMs > 2 * DAY_MS ? 'tickDay' : 'tickHour'
  return (
    <svg class="axis" width="100%" height="18" aria-hidden="true">
      {span.toMs === scene.nowMs && (
        <text class="now" x="100%" y="15" text-anchor="end">
          {scene.text.now}
        </text>
      )}
      {localTicks(span, { zone: scene.zone, count: ticks }).map((atMs, index) => (
        <g class={index % 2 === 1 ? 'second' : ''}>
          <line x1={`${round(x(atMs))}%`} x2={`${round(x(atMs))}%`} y1="0" y2="4" />
          <text x={`${round(x(atMs))}%`} y="15" text-anchor="middle">
            {timeText(atMs, style, scene)}
          </text>
        </g>
      ))}
    </svg>
  )
}

/** Shares of the axis that are too near its start, or the word at its end, for another text. */
const START = 0.08
const END = 0.18

const MINUTE_MS = 60_000

/** Round readings of the zone's own clock, those at the very edges left out: their text would be cut. */
function localTicks(span: Span, { zone, count }: { zone: string; count: number }): UnixMs[] {
  const shiftMs = zoneOffsetMs(span.toMs, zone)
  const length = span.toMs - span.fromMs
  return (
    scaleUtc([span.fromMs + shiftMs, span.toMs + shiftMs], [0, 100])
      .ticks(count)
      .map((date) => date.getTime() - shiftMs)
      // The readings have no seconds: a tick between two minutes would repeat one of them.
      .filter((atMs) => atMs % MINUTE_MS === 0)
      .filter((atMs) => atMs - span.fromMs > length * START && span.toMs - atMs > length * END)
  )
}
