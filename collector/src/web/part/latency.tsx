/**
 * Latency: how long the answers of one check took, drawn on the server. A band from the half to the 95th
 * percentile, the 99th as a thin line, what was promised as a dashed one; failures in a lane of their own.
 * No line crosses time without evidence. The same as a table below. Pure.
 */
import { scaleLinear } from 'd3-scale'
import type { LatencyPoint, LatencyView } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { countText, latencyText, durationText } from '../text/format.ts'
import { Axis, type Span } from './ribbon.tsx'
import { msOf, Time } from './time.tsx'
import { Table } from './table.tsx'

type Props = {
  latency: LatencyView
  span: Span
  scene: Scene
  /** What was promised, where anything was. */
  thresholdUs: number | null
}

/** The drawing's own units: it is stretched over the width there is. */
const WIDTH = 1_000
const HEIGHT = 200
const PIXELS = 180
/** Rows of the table. */
const MAX_ROWS = 200
/** Room above the highest 95th percentile; a 99th above it is cut off, and the drawing says so. */
const HEADROOM = 1.25
const GRID_LINES = 4

export function Latency({ latency, span, scene, thresholdUs }: Props) {
  const { text, lang } = scene
  const { check, points, stepMs } = latency
  const measured = points.filter(({ n }) => n > 0)
  return (
    <figure class="timeline latency" aria-label={text.latency.chart(check)}>
      <div class="lines">
        <div class="line-row">
          <span class="line-name">
            {check}
            <small>{text.latency.step(durationText(stepMs, lang))}</small>
          </span>
          <Drawing latency={latency} span={span} scene={scene} thresholdUs={thresholdUs} />
        </div>
        <div class="line-row axis-row">
          <span class="zone">{scene.zone}</span>
          <Axis span={span} scene={scene} ticks={8} />
        </div>
      </div>
      {measured.length === 0 ? <p class="note">{text.latency.none}</p> : <Legend scene={scene} />}
      {measured.length > 0 && <PointTable latency={latency} scene={scene} />}
    </figure>
  )
}

type Frame = { x: (atMs: number) => number; y: (us: number) => number; highestUs: number; stepMs: number }

function frameOf({ latency: { points, stepMs }, span, thresholdUs }: Props): Frame {
  const p95 = Math.max(1_000, ...points.map(({ p95Us }) => p95Us ?? 0))
  const highestUs = Math.max(HEADROOM * p95, HEADROOM * (thresholdUs ?? 0))
  const x = scaleLinear([span.fromMs, span.toMs], [0, WIDTH])
  const y = scaleLinear([0, highestUs], [HEIGHT, 0])
  return { x: (atMs) => round(x(atMs)), y: (us) => round(y(us)), highestUs, stepMs }
}

function Drawing(props: Props) {
  const { latency, scene, thresholdUs } = props
  const frame = frameOf(props)
  const runs = runsOf(latency.points)
  return (
    <svg class="latency-chart" width="100%" height={PIXELS} role="img" aria-label={summaryOf(latency, scene)}>
      <svg width="100%" height="100%" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
        {latency.points.map((point) => (
          <Step point={point} frame={frame} />
        ))}
        {runs.map((run) => (
          <>
            <path class="band" d={bandPath(run, frame)} />
            <path class="p99" d={linePath(run, frame, 'p99Us')} />
            <path class="p95" d={linePath(run, frame, 'p95Us')} />
            <path class="p50" d={linePath(run, frame, 'p50Us')} />
          </>
        ))}
      </svg>
      <Grid frame={frame} scene={scene} />
      {thresholdUs !== null && <Threshold thresholdUs={thresholdUs} frame={frame} scene={scene} />}
      <CutOff latency={latency} frame={frame} scene={scene} />
    </svg>
  )
}

/** What is drawn behind the lines: no evidence, and failures along the bottom. */
function Step({ point: { at, n, failed }, frame: { x, stepMs } }: { point: LatencyPoint; frame: Frame }) {
  if (n > 0 && failed === 0) return null
  const from = x(msOf(at))
  const width = round(Math.max(1, x(msOf(at) + stepMs) - from))
  if (n === 0 && failed === 0) {
    return <rect class="is-unknown" x={from} y="0" width={width} height={HEIGHT} fill="url(#hatch)" />
  }
  return <rect class="is-down failed" x={from} y={HEIGHT - 8} width={width} height="8" />
}

function Grid({ frame, scene }: { frame: Frame; scene: Scene }) {
  const ticks = scaleLinear([0, frame.highestUs], [0, 1]).ticks(GRID_LINES)
  return (
    <g class="grid" aria-hidden="true">
      {ticks
        .filter((us) => us > 0 && frame.y(us) > 24)
        .map((us) => (
          <>
            <line x1="0" x2="100%" y1={pixel(us, frame)} y2={pixel(us, frame)} />
            <text x="4" y={pixel(us, frame) - 4}>
              {latencyText(us, scene.lang)}
            </text>
          </>
        ))}
    </g>
  )
}

function Threshold({ thresholdUs, frame, scene }: { thresholdUs: number; frame: Frame; scene: Scene }) {
  const y = pixel(thresholdUs, frame)
  return (
    <g class="threshold" aria-hidden="true">
      <line x1="0" x2="100%" y1={y} y2={y} />
      <text x="100%" dx="-4" y={y - 5} text-anchor="end">
        {scene.text.latency.threshold(latencyText(thresholdUs, scene.lang))}
      </text>
    </g>
  )
}

function CutOff({ latency, frame, scene }: { latency: LatencyView; frame: Frame; scene: Scene }) {
  const worst = worstUs(latency)
  if (worst <= frame.highestUs) return null
  return (
    <text class="cut-off" x="100%" dx="-4" y="12" text-anchor="end" aria-hidden="true">
      p99 {scene.text.latency.above(latencyText(worst, scene.lang))}
    </text>
  )
}

/** Steps with answers that follow each other: nothing is drawn over what lies between. */
function runsOf(points: readonly LatencyPoint[]): LatencyPoint[][] {
  const runs: LatencyPoint[][] = []
  let isOpen = false
  for (const point of points) {
    if (point.n > 0 && isOpen) runs.at(-1)!.push(point)
    else if (point.n > 0) runs.push([point])
    isOpen = point.n > 0
  }
  return runs
}

type Percentile = 'p50Us' | 'p95Us' | 'p99Us'

function linePath(run: readonly LatencyPoint[], frame: Frame, key: Percentile): string {
  return `M${corners(run, frame, key).join('L')}`
}

function bandPath(run: readonly LatencyPoint[], frame: Frame): string {
  return `M${[...corners(run, frame, 'p95Us'), ...corners(run, frame, 'p50Us').toReversed()].join('L')}Z`
}

/** The middle of each step, and both ends of the run, so that a single step has a width too. */
function corners(run: readonly LatencyPoint[], { x, y, stepMs }: Frame, key: Percentile): string[] {
  const at = (point: LatencyPoint, share: number): string =>
    `${x(msOf(point.at) + share * stepMs)} ${y(point[key] ?? 0)}`
  const [first, last] = [run[0], run.at(-1)]
  if (!first || !last) return []
  return [at(first, 0), ...run.map((point) => at(point, 0.5)), at(last, 1)]
}

function Legend({ scene: { text } }: { scene: Scene }) {
  const keys = ['p50', 'band', 'p95', 'p99', 'failed'] as const
  return (
    <ul class="latency-legend">
      {keys.map((key) => (
        <li>
          <svg width="24" height="12" aria-hidden="true">
            {key === 'band' && <rect class="band" width="24" height="12" />}
            {key === 'failed' && <rect class="is-down failed" y="4" width="24" height="8" />}
            {key !== 'band' && key !== 'failed' && <path class={key} d="M0 6L24 6" />}
          </svg>
          {text.latency.legend[key]}
        </li>
      ))}
    </ul>
  )
}

function PointTable({ latency: { check, points }, scene }: { latency: LatencyView; scene: Scene }) {
  const { text, lang } = scene
  const rows = points.filter(({ n, failed }) => n + failed > 0).toReversed()
  const shown = rows.slice(0, MAX_ROWS)
  return (
    <details id={`latency-${check.replaceAll(/\s+/g, '-')}`}>
      <summary>{text.latency.table}</summary>
      {shown.length < rows.length && (
        <p class="note">{text.service.rows({ shown: shown.length, all: rows.length })}</p>
      )}
      <Table
        plain
        label={`${text.latency.table}: ${check}`}
        rows={shown}
        columns={[
          { head: text.latency.at, cell: ({ at }) => <Time at={at} scene={scene} style="minute" /> },
          { head: text.latency.n, look: 'number', cell: ({ n }) => countText(n, lang) },
          { head: 'p50', look: 'number', cell: ({ p50Us }) => usText(p50Us, scene) },
          { head: 'p95', look: 'number', cell: ({ p95Us }) => usText(p95Us, scene) },
          { head: 'p99', look: 'number', cell: ({ p99Us }) => usText(p99Us, scene) },
          { head: text.latency.failed, look: 'number', cell: ({ failed }) => countText(failed, lang) },
        ]}
      />
    </details>
  )
}

/** One sentence for those who do not see the drawing. */
export function summaryOf({ check, points }: LatencyView, scene: Pick<Scene, 'text' | 'lang'>): string {
  const { text, lang } = scene
  const measured = points.filter(({ n }) => n > 0)
  if (measured.length === 0) return `${check}: ${text.latency.none}`
  const count = (key: 'n' | 'failed'): string =>
    countText(
      points.reduce((sum, point) => sum + point[key], 0),
      lang,
    )
  return text.latency.summary({
    check,
    n: count('n'),
    failed: count('failed'),
    p50: usText(middleOf(measured, 'p50Us'), scene),
    p95: usText(middleOf(measured, 'p95Us'), scene),
    worst: latencyText(worstUs({ points }), lang),
  })
}

/** What the step in the middle has. */
function middleOf(points: readonly LatencyPoint[], key: Percentile): number | null {
  const sorted = points.map((point) => point[key] ?? 0).toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? null
}

function worstUs({ points }: Pick<LatencyView, 'points'>): number {
  return Math.max(0, ...points.map(({ p99Us }) => p99Us ?? 0))
}

function usText(us: number | null, { lang }: Pick<Scene, 'lang'>): string {
  return us === null ? '–' : latencyText(us, lang)
}

function pixel(us: number, { y }: Frame): number {
  return round((y(us) / HEIGHT) * PIXELS)
}

function round(units: number): number {
  return Math.round(units * 10) / 10
}
