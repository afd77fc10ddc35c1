/**
 * Timeline: the judged states of a service above those of every vantage, on one axis; the same as a table
 * below, for those who do not see the drawing or want the figures. Pure.
 */
import type { Child } from 'hono/jsx'
import type { Segment, TimelineView } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { durationText } from '../text/format.ts'
import { StateMark } from './mark.tsx'
import { Axis, Ribbon, ribbonLabel, sharesOf, type Span } from './ribbon.tsx'
import { msOf, Time } from './time.tsx'
import { Table } from './table.tsx'
import { Why, WhyList } from './why.tsx'

type Props = { timeline: TimelineView; span: Span; scene: Scene; marks?: readonly Instant[] }
/** An instant drawn across all lines: the onset, the alert. */
export type Instant = { at: string; label: string }

/** Rows of the table; a chart of a month can have thousands of segments. */
const MAX_ROWS = 200

type Line = { name: string; judged: boolean; segments: readonly Segment[] }

function linesOf({ segments, vantages, agentNames }: TimelineView, { text }: Scene): Line[] {
  const seen = Object.entries(vantages).map(([agent, list]) => ({
    name: agentNames[agent] ?? agent,
    judged: false,
    segments: list,
  }))
  return [{ name: text.service.judged, judged: true, segments }, ...seen]
}

export function Timeline({ timeline, span, scene, marks = [] }: Props) {
  const { text } = scene
  const lines = linesOf(timeline, scene)
  return (
    <figure class="timeline" aria-label={text.service.chart(timeline.service)}>
      <div class="lines">
        {lines.map(({ name, judged, segments }) => (
          <LineRow name={name} {...(judged && { note: text.service.quorum })}>
            <Ribbon
              segments={segments}
              span={span}
              label={ribbonLabel({ name, segments, span }, scene)}
              height={judged ? 44 : 18}
            />
          </LineRow>
        ))}
        {marks.length > 0 && <Marks marks={marks} span={span} />}
        <div class="line-row axis-row">
          <span class="zone">{scene.zone}</span>
          <Axis span={span} scene={scene} ticks={8} />
        </div>
      </div>
      {lines.length === 1 && <p class="note">{text.service.noVantage}</p>}
      <Shares segments={timeline.segments} span={span} scene={scene} />
      <WhyList segments={timeline.segments} scene={scene} />
      <StretchTable lines={lines} scene={scene} />
    </figure>
  )
}

function LineRow({ name, note, children }: { name: string; note?: string; children: Child }) {
  return (
    <div class={note === undefined ? 'line-row' : 'line-row judged'}>
      <span class="line-name">
        {name}
        {note !== undefined && <small>{note}</small>}
      </span>
      {children}
    </div>
  )
}

function Marks({ marks, span }: { marks: readonly Instant[]; span: Span }) {
  const percent = (at: string): number =>
    Math.round(((msOf(at) - span.fromMs) / (span.toMs - span.fromMs)) * 10_000) / 100
  return (
    <div class="line-row marks-row" aria-hidden="true">
      <span />
      <svg width="100%" height={marks.length * 18}>
        {marks.map(({ at, label }, index) => {
          const x = percent(at)
          const late = x > 60
          return (
            <g>
              <line x1={`${x}%`} x2={`${x}%`} y1="0" y2={index * 18 + 9} />
              <circle cx={`${x}%`} cy={index * 18 + 9} r="3" />
              <text x={`${x}%`} dx={late ? -8 : 8} y={index * 18 + 13} text-anchor={late ? 'end' : 'start'}>
                {label}
              </text>
            </g>
          )
        })}
      </svg>
    </div>
  )
}

function Shares({ segments, span, scene }: { segments: readonly Segment[]; span: Span; scene: Scene }) {
  return (
    <dl class="shares" aria-label={scene.text.service.share}>
      {sharesOf(segments, span).map(({ state, ms }) => (
        <div>
          <dt>
            <StateMark state={state} text={scene.text} />
          </dt>
          <dd title={scene.text.stateMeaning[state]}>{durationText(ms, scene.lang)}</dd>
        </div>
      ))}
    </dl>
  )
}

function StretchTable({ lines, scene }: { lines: readonly Line[]; scene: Scene }) {
  const { text } = scene
  const rows = lines
    .flatMap(({ name, segments }) => segments.map((segment) => ({ name, ...segment })))
    .toSorted((a, b) => b.start.localeCompare(a.start))
  const shown = rows.slice(0, MAX_ROWS)
  return (
    <details id="timeline-table">
      <summary>{text.service.table}</summary>
      {shown.length < rows.length && (
        <p class="note">{text.service.rows({ shown: shown.length, all: rows.length })}</p>
      )}
      <Table
        plain
        label={text.service.table}
        rows={shown}
        columns={[
          { head: text.service.seenFrom, cell: ({ name }) => name },
          {
            head: text.service.state,
            cell: ({ state, reasons = [] }) => (
              <>
                <StateMark state={state} text={text} />
                <Why reasons={reasons} scene={scene} />
              </>
            ),
          },
          { head: text.service.from, cell: ({ start }) => <Time at={start} scene={scene} style="full" /> },
          { head: text.service.to, cell: ({ end }) => <Time at={end} scene={scene} style="full" /> },
          {
            head: text.service.lasted,
            look: 'number',
            cell: ({ start, end }) => durationText(msOf(end) - msOf(start), scene.lang),
          },
        ]}
      />
    </details>
  )
}
