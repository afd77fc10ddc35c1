/**
 * Figures: all that stands below one row of a guarantee, by its metric: site by site where each is judged by
 * itself, and the folded figures. Pure.
 */
import type { AvailabilityView, GuaranteeView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { durationText, percentText, shareText } from '../text/format.ts'
import { EachSite, EachSiteShort } from './each-site.tsx'
import { Fact } from './fact.tsx'
import { CountedFigures } from './figures-counted.tsx'
import { LatencyFigures } from './guarantee-latency.tsx'
import { mostText, type DownView } from './guarantee.tsx'
import { IncidentClocks } from './measured.tsx'
import { FoldedFigures } from './folded-figures.tsx'
import { Time } from './time.tsx'

const FIGURES = ['provable', 'point', 'pessimistic'] as const

/** What stands folded below a guarantee, and its sites where each is judged by itself. */
export function Figures({ guarantee, scene }: { guarantee: GuaranteeView; scene: Scene }) {
  switch (guarantee.metric) {
    case 'share-within':
      return (
        <>
          <EachSiteShort guarantee={guarantee} scene={scene} />
          <LatencyFigures guarantee={guarantee} scene={scene} />
        </>
      )
    case 'restoration-time':
    case 'response-time':
      return (
        <>
          <EachSiteShort guarantee={guarantee} scene={scene} />
          <IncidentClocks guarantee={guarantee} scene={scene} />
        </>
      )
    case 'interval-availability':
    case 'error-rate-slices':
      return (
        <>
          {guarantee.sites && <EachSite guarantee={guarantee} scene={scene} />}
          <FiguresTable guarantee={guarantee} scene={scene} />
        </>
      )
    case 'request-share':
    case 'mean-error-rate':
    case 'incident-count':
      return (
        <>
          <EachSiteShort guarantee={guarantee} scene={scene} />
          <CountedFigures guarantee={guarantee} scene={scene} />
        </>
      )
  }
}

function FiguresTable({ guarantee: g, scene }: { guarantee: DownView; scene: Scene }) {
  const { text, lang } = scene
  const meaning = {
    provable: text.figure.provableMeaning,
    point: text.figure.pointMeaning,
    pessimistic: text.figure.pessimisticMeaning,
  }
  const downOf = { provable: durationText, point: durationText, pessimistic: mostText }
  const rows = FIGURES.map((figure) => ({
    term: text.figure[figure],
    values: [downOf[figure](g.downMs[figure], lang), percentText(g.availability[figure], lang)],
    meaning: meaning[figure],
  }))
  const heads = [text.figure.down, text.figure.availability]
  return (
    <FoldedFigures guarantee={g} scene={scene} summary={text.figure.all} heads={heads} rows={rows}>
      <TimeFacts guarantee={g} scene={scene} />
    </FoldedFigures>
  )
}

function TimeFacts({ guarantee: g, scene }: { guarantee: DownView; scene: Scene }) {
  const { figure } = scene.text
  const lengths: [string, number][] = [
    [figure.committed, g.committedMs],
    [figure.known, g.knownMs],
    [figure.unknown, g.elapsedCommittedMs - g.knownMs],
    ...(g.metric === 'interval-availability' ? statesOf(g, scene) : []),
    [figure.excluded, g.excludedMs],
  ]
  return (
    <dl class="facts">
      {lengths.map(([term, ms]) => (
        <Fact term={term}>{durationText(ms, scene.lang)}</Fact>
      ))}
      <Fact term={figure.coverage}>
        <span title={figure.coverageMeaning}>{shareText(g.coverage, scene.lang)}</span>
      </Fact>
      {g.measuredFrom !== null && (
        <Fact term={figure.measuredFrom}>
          <Time at={g.measuredFrom} scene={scene} style="minute" />
        </Fact>
      )}
    </dl>
  )
}

function statesOf({ partialMs, degradedMs }: AvailabilityView, { text }: Scene): [string, number][] {
  return [
    [text.figure.partial, partialMs],
    [text.figure.degraded, degradedMs],
  ]
}
