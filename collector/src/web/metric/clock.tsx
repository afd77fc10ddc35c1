/** Response and restoration: how long each incident took on the clock that the contract names. Pure. */
import type { ViewOf } from '../../view/guarantee.ts'
import { Table } from '../part/table.tsx'
import { Time } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { durationText } from '../text/format.ts'
import type { MetricPart, PartProps } from './part.ts'

type Clocked = 'restoration-time' | 'response-time'
type Words = Scene['text']['metric']['restoration']

export const restorationTime = clockPart(({ metric }) => metric.restoration)
export const responseTime = clockPart(({ metric }) => metric.response)

function clockPart(wordsOf: (text: Scene['text']) => Words): MetricPart<Clocked> {
  return {
    promised: ({ eachMs }, { text, lang }) => wordsOf(text).target(durationText(eachMs, lang)),
    Measured({ guarantee: g, scene }) {
      const { text } = scene
      const notes = g.clock.stop === 'provider-acknowledgement' ? [text.metric.response.providerOnly] : []
      const late = g.perIncident.filter(({ verdict }) => verdict === 'not_met').length
      if (late > 0) notes.unshift(text.metric.late(late))
      return (
        <>
          <p class="figure">{longestText(g, wordsOf(text), scene)}</p>
          {notes.length > 0 && <p class="note">{notes.join(' · ')}</p>}
        </>
      )
    },
    Figures: IncidentClocks,
    line: (site, { scene }) => ({ measured: longestText(site, wordsOf(scene.text), scene) }),
  }
}

function longestText(
  { perIncident }: Pick<ViewOf<Clocked>, 'perIncident'>,
  words: Words,
  { lang }: Scene,
): string {
  const lengths = perIncident.flatMap(({ ms }) => (ms === null ? [] : [ms.point]))
  if (lengths.length === 0) return words.none
  return words.longest({ n: perIncident.length, length: durationText(Math.max(...lengths), lang) })
}

/** The clock of every incident of the window. */
function IncidentClocks({ guarantee: g, scene }: PartProps<Clocked>) {
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
