/**
 * A statement beside the measurement: outage by outage in neutral words, the way from one figure to the
 * other, and what each would be worth. Pure.
 */
import type { ContractView } from '../../judge/view.ts'
import type { ReconciliationView } from '../../judge/window-view.ts'
import { Layout } from '../part/layout.tsx'
import { Time } from '../part/time.tsx'
import { windowHref } from '../part/window-life.tsx'
import type { Scene } from '../scene.ts'
import { durationText } from '../text/format.ts'
import { windowName } from '../text/sentence.ts'
import { wordOf } from '../text/words.ts'
import { contractHref } from './contracts.tsx'

type Props = { scene: Scene; contract: ContractView; found: ReconciliationView }
type Guarantee = ReconciliationView['guarantees'][number]

export function Reconciliation({ scene, contract, found }: Props) {
  const { text } = scene
  const { statement, window, guarantees, leftOut } = found
  return (
    <Layout scene={scene} title={text.life.reconciliation} door="contract">
      <header class="lead">
        <p class="crumbs">
          <a href={contractHref(contract.name)}>{contract.displayName}</a> /{' '}
          <a href={windowHref(contract.name, window)}>{windowName(window, scene)}</a>
        </p>
        <h1>{text.life.reconciliation}</h1>
        {statement && (
          <p class="sentence">
            {text.life.reconciled({
              window: windowName(window, scene),
              sha: `${statement.sha256.slice(0, 16)}…`,
            })}
          </p>
        )}
        {found.version === null && <p class="note">{text.provisional}</p>}
      </header>
      {guarantees.map((one) => (
        <section class="sheet wide">
          <h2>{one.guarantee}</h2>
          <p class="sentence">{one.agrees ? text.life.agrees : text.life.differs}</p>
          <Matches one={one} scene={scene} />
          <Waterfall one={one} scene={scene} />
          <Credits one={one} scene={scene} />
        </section>
      ))}
      {leftOut.length > 0 && <p class="note">{text.life.leftOut(leftOut.join(', '))}</p>}
    </Layout>
  )
}

function Matches({ one, scene }: { one: Guarantee; scene: Scene }) {
  const { text, lang } = scene
  if (one.matches.length === 0) return <p class="note">{text.life.noMatches}</p>
  return (
    <table>
      <caption>{text.life.outage}</caption>
      <thead>
        <tr>
          <th scope="col">{text.life.span}</th>
          <th scope="col">{text.life.what}</th>
          <th scope="col">{text.life.both}</th>
          <th scope="col">{text.life.measuredOnly}</th>
          <th scope="col">{text.life.statedOnly}</th>
        </tr>
      </thead>
      <tbody>
        {one.matches.map((match) => (
          <tr>
            <th scope="row">
              <Time at={match.start} scene={scene} style="minute" /> –{' '}
              <Time at={match.end} scene={scene} style="minute" />
            </th>
            <td>{wordOf(text.life.steps, match.class)}</td>
            <td>{durationText(match.bothMs, lang)}</td>
            <td>{durationText(match.measuredOnlyMs, lang)}</td>
            <td>{durationText(match.providerOnlyMs, lang)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Waterfall({ one, scene }: { one: Guarantee; scene: Scene }) {
  const { text, lang } = scene
  const isTotal = (step: string): boolean => step === 'stated' || step === 'measured'
  return (
    <table>
      <caption>{text.life.waterfall}</caption>
      <thead>
        <tr>
          <th scope="col">{text.life.step}</th>
          <th scope="col">{text.life.length}</th>
        </tr>
      </thead>
      <tbody>
        {one.waterfall.map(({ step, ms }) => (
          <tr>
            <th scope="row">{wordOf(text.life.steps, step)}</th>
            <td>
              {!isTotal(step) && ms > 0 ? '+ ' : ''}
              {durationText(ms, lang)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const BASES = ['stated', 'agreed', 'provable', 'point'] as const

function Credits({ one: { credits }, scene }: { one: Guarantee; scene: Scene }) {
  const { text } = scene
  if (!credits) return null
  return (
    <dl class="facts">
      {BASES.map((basis) => (
        <div>
          <dt>{text.life.bases[basis]}</dt>
          <dd>
            {credits.credits[basis]} {credits.currency}
          </dd>
        </div>
      ))}
      <div>
        <dt>{text.life.dispute}</dt>
        <dd>
          {credits.inDispute} {credits.currency}
        </dd>
      </div>
    </dl>
  )
}
