/**
 * Figures: all that stands below one row of a guarantee, by its metric: site by site where each is judged by
 * itself, and the folded figures. Pure.
 */
import type { AvailabilityView, GuaranteeView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { durationText, percentText, shareText } from '../text/format.ts'
import { EachSiteShort } from './each-site-short.tsx'
import { EachSite } from './each-site.tsx'
import { Fact } from './fact.tsx'
import { CountedFigures } from './figures-counted.tsx'
import { LatencyFigures } from './guarantee-latency.tsx'
import { mostText, type DownView } from './guarantee.tsx'
import { IncidentClocks } from './measured.tsx'
import { guaranteeName } from './names.ts'
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
          {guarantee.sites && <EachSite guarantee={guarantee} sites={guarantee.sites} scene={scene} />}
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
  const name = guaranteeName(g, scene)
  const meaning = {
    provable: text.figure.provableMeaning,
    point: text.figure.pointMeaning,
    pessimistic: text.figure.pessimisticMeaning,
  }
  const downOf = { provable: durationText, point: durationText, pessimistic: mostText }
  return (
    <details class="figures" id={`figures-${g.guarantee}`}>
      <summary aria-label={`${text.figure.all}: ${name}`}>{text.figure.all}</summary>
      <div class="scroll" tabindex={0} role="region" aria-label={name}>
        <table class="stacking">
          <thead>
            <tr>
              <th scope="col">{name}</th>
              <th scope="col" class="number">
                {text.figure.down}
              </th>
              <th scope="col" class="number">
                {text.figure.availability}
              </th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {FIGURES.map((figure) => (
              <tr>
                <th scope="row">{text.figure[figure]}</th>
                <td class="number" data-label={text.figure.down}>
                  {downOf[figure](g.downMs[figure], lang)}
                </td>
                <td class="number" data-label={text.figure.availability}>
                  {percentText(g.availability[figure], lang)}
                </td>
                <td class="note">{meaning[figure]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <TimeFacts guarantee={g} scene={scene} />
    </details>
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
