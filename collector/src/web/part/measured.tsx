/**
 * Promised and measured in one line each, for every metric: what was promised, what came of it, and what
 * stands beside it. Plain words first. Pure.
 */
import type {
  CountGuaranteeView,
  ExhaustionView,
  GuaranteeView,
  MeanGuaranteeView,
  RequestShareView,
  TimingGuaranteeView,
} from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { countText, decimalText, durationText, latencyText, percentText, spanText } from '../text/format.ts'
import { Time } from './time.tsx'
import { Table } from './table.tsx'

type Of<G> = { guarantee: G; scene: Scene }

export function promisedText(g: GuaranteeView, { text, lang }: Scene): string {
  const percent = percentText(g.target, lang)
  const { metric } = text
  switch (g.metric) {
    case 'interval-availability':
      return text.figure.target(percent)
    case 'share-within':
      return text.glance.share.target({ percent, threshold: latencyText(g.thresholdUs, lang) })
    case 'error-rate-slices':
      return metric.slices.target({ percent, length: spanText(g.sliceMs, lang) })
    case 'mean-error-rate':
      return metric.mean.target(percent)
    case 'request-share':
      return metric.requests.target(percent)
    case 'restoration-time':
      return metric.restoration.target(spanText(g.eachMs, lang))
    case 'response-time':
      return metric.response.target(spanText(g.eachMs, lang))
    case 'incident-count':
      return metric.count.target(g.target)
  }
}

export function MeasuredMean({ guarantee: g, scene }: Of<MeanGuaranteeView>) {
  const { text, lang } = scene
  const words = text.metric.mean
  const { provable, point, pessimistic } = g.availability
  if (point === null) return <p class="figure">{words.none}</p>
  const counted = words.slices({ n: countText(g.slices, lang), length: spanText(g.sliceMs, lang) })
  return (
    <>
      <p class="figure">{words.measured(percentText(point, lang))}</p>
      <p class="note">{[rangeText({ provable, pessimistic }, scene), counted].filter(Boolean).join(' · ')}</p>
    </>
  )
}

export function MeasuredRequests({ guarantee: g, scene }: Of<RequestShareView>) {
  const { text, lang } = scene
  const words = text.glance.share
  const { n, within, missing, percent, provable, pessimistic } = g.share
  if (percent === null) return <p class="figure">{words.none}</p>
  const notes = [words.counted({ within: countText(within, lang), n: countText(n, lang) })]
  if (missing > 0) {
    notes.push(words.missing(countText(missing, lang)), rangeText({ provable, pessimistic }, scene))
  }
  return (
    <>
      <p class="figure">{text.metric.requests.measured(percentText(percent, lang))}</p>
      <p class="note">{notes.join(' · ')}</p>
    </>
  )
}

function rangeText(
  { provable, pessimistic }: { provable: string | null; pessimistic: string | null },
  { text, lang }: Scene,
): string {
  if (provable === null || pessimistic === null || provable === pessimistic) return ''
  return text.metric.range({ least: decimalText(pessimistic, lang), most: percentText(provable, lang) })
}

export function MeasuredTiming({ guarantee: g, scene }: Of<TimingGuaranteeView>) {
  const { text, lang } = scene
  const words = g.metric === 'response-time' ? text.metric.response : text.metric.restoration
  const started = g.perIncident.flatMap(({ ms }) => ms ?? [])
  const notes = g.clock.stop === 'provider-acknowledgement' ? [text.metric.response.providerOnly] : []
  const late = g.perIncident.filter(({ verdict }) => verdict === 'not_met').length
  if (late > 0) notes.unshift(text.metric.late(late))
  const longestMs = Math.max(0, ...started.map(({ point }) => point))
  return (
    <>
      <p class="figure">
        {started.length === 0
          ? words.none
          : words.longest({ n: g.perIncident.length, length: durationText(longestMs, lang) })}
      </p>
      {notes.length > 0 && <p class="note">{notes.join(' · ')}</p>}
    </>
  )
}

export function MeasuredCount({ guarantee: g, scene }: Of<CountGuaranteeView>) {
  const { provable, pessimistic } = g.count
  const text = scene.text.metric.count.measured({
    least: countText(provable, scene.lang),
    most: countText(pessimistic, scene.lang),
  })
  return <p class="figure">{text}</p>
}

/** The clock of every incident of the window. */
export function IncidentClocks({ guarantee: g, scene }: Of<TimingGuaranteeView>) {
  const { text, lang } = scene
  if (g.perIncident.length === 0) return null
  return (
    <details class="figures" id={`figures-${g.guarantee}`}>
      <summary>{text.metric.perIncident}</summary>
      <Table
        label={text.metric.perIncident}
        rows={g.perIncident}
        columns={[
          {
            head: text.metric.onset,
            cell: ({ id, onsetAt }) => {
              const onset = <Time at={onsetAt} scene={scene} style="minute" />
              return id === null ? onset : <a href={`/incidents/${encodeURIComponent(id)}`}>{onset}</a>
            },
          },
          {
            head: text.metric.took,
            look: 'number',
            cell: ({ ms }) => (ms === null ? '–' : durationText(ms.point, lang)),
          },
          {
            head: text.figure.verdict,
            cell: ({ ms, isRunning, verdict }) => {
              if (ms === null) return text.metric.notStarted
              return isRunning ? text.metric.running : text.verdict[verdict]
            },
          },
        ]}
      />
    </details>
  )
}

/** When the budget was gone, or would be. */
export function Exhaustion({ exhaustion, scene }: { exhaustion: ExhaustionView; scene: Scene }) {
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

/** Where an exclusion is contested: both results. */
export function Contested({ guarantee: { contested }, scene }: Of<GuaranteeView>) {
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
