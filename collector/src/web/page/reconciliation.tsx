/**
 * A statement beside the measurement: outage by outage in neutral words, the way from one figure to the
 * other, and what each would be worth. Pure.
 */
import type { ContractView } from '../../view/contract.ts'
import type { ReconciliationView } from '../../view/window.ts'
import { Layout } from '../part/layout.tsx'
import { Stamp } from '../part/mark.tsx'
import { guaranteeName, serviceName } from '../part/names.ts'
import { StatementLines } from '../part/statement-lines.tsx'
import { TimeSpan } from '../part/time.tsx'
import { windowHref } from '../part/window-life.tsx'
import type { Scene } from '../scene.ts'
import { durationText, moneyText } from '../text/format.ts'
import { windowName } from '../text/sentence.ts'
import { wordOf } from '../text/words.ts'
import { Fact } from '../part/fact.tsx'
import { contractHref } from './contracts.tsx'
import { Table } from '../part/table.tsx'

type Props = { scene: Scene; contract: ContractView; found: ReconciliationView }
type Guarantee = ReconciliationView['guarantees'][number]

export function Reconciliation({ scene, contract, found }: Props) {
  const { text } = scene
  const { statement, window, guarantees, leftOut, reading } = found
  const isUnsure = reading !== null && reading.isList && !reading.saysWhatIsAbsent
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
        {isUnsure && <p class="notice ill">{text.statement.unsure}</p>}
      </header>
      {guarantees.map((one) => (
        <Compared one={one} contract={contract.name} scene={isUnsure ? askingScene(scene) : scene} />
      ))}
      {found.reading && found.reading.lines.length > 0 && (
        <section class="sheet">
          <details class="declare" id="lines" open={!found.reading.saysWhatIsAbsent}>
            <summary>{text.statement.lines}</summary>
            <StatementLines reading={found.reading} contract={contract.name} scene={scene} />
          </details>
        </section>
      )}
      {leftOut.length > 0 && (
        <p class="note">
          {text.life.leftOut(
            leftOut
              .map((guarantee) => guaranteeName({ contract: contract.name, guarantee }, scene))
              .join(', '),
          )}
        </p>
      )}
    </Layout>
  )
}

/** What is missing among the lines that could be read is not yet left out. */
function askingScene(scene: Scene): Scene {
  const { text } = scene
  const steps = { ...text.life.steps, 'absent-from-the-statement': text.statement.notFound }
  return { ...scene, text: { ...text, life: { ...text.life, steps } } }
}

type Of = { one: Guarantee; scene: Scene }

function Compared({ one, contract, scene }: Of & { contract: string }) {
  const { text } = scene
  return (
    <section class="sheet compared">
      <div class="label-row">
        <h2>{guaranteeName({ contract, guarantee: one.guarantee }, scene)}</h2>
        <Stamp tone={one.agrees ? 'good' : 'warn'}>{one.agrees ? text.life.agrees : text.life.differs}</Stamp>
      </div>
      <p class="note">{serviceName({ contract, service: one.service }, scene)}</p>
      <Matches one={one} scene={scene} />
      <Waterfall one={one} scene={scene} />
      <Credits one={one} scene={scene} />
    </section>
  )
}

function Matches({ one, scene }: Of) {
  const { text, lang } = scene
  if (!one.isItemised) return <p class="note">{text.life.noList}</p>
  if (one.matches.length === 0) return <p class="note">{text.life.noMatches}</p>
  const length = (ms: number): string => (ms === 0 ? '–' : durationText(ms, lang))
  return (
    <Table
      label={text.life.outage}
      caption={text.life.outage}
      rows={one.matches}
      columns={[
        { head: text.life.span, cell: ({ start, end }) => <TimeSpan from={start} to={end} scene={scene} /> },
        { head: text.life.what, bare: true, cell: (match) => wordOf(text.life.steps, match.class) },
        { head: text.life.both, look: 'number', cell: ({ bothMs }) => length(bothMs) },
        {
          head: text.life.measuredOnly,
          look: 'number',
          cell: ({ measuredOnlyMs }) => length(measuredOnlyMs),
        },
        { head: text.life.statedOnly, look: 'number', cell: ({ providerOnlyMs }) => length(providerOnlyMs) },
      ]}
    />
  )
}

function Waterfall({ one, scene }: Of) {
  const { text, lang } = scene
  const isTotal = (step: string): boolean => step === 'stated' || step === 'measured'
  return (
    <table class="waterfall">
      <caption>{text.life.waterfall}</caption>
      <thead>
        <tr>
          <th scope="col">{text.life.step}</th>
          <th scope="col" class="number">
            {text.life.length}
          </th>
        </tr>
      </thead>
      <tbody>
        {one.waterfall.map(({ step, ms }) => (
          <tr {...(isTotal(step) && { class: `is-total ${step}` })}>
            <th scope="row">{wordOf(text.life.steps, step)}</th>
            <td class="number">
              {!isTotal(step) && ms > 0 ? '+' : ''}
              {durationText(ms, lang)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const BASES = ['stated', 'agreed', 'provable', 'point'] as const

function Credits({ one: { credits }, scene }: Of) {
  const { text, lang } = scene
  if (!credits) return null
  const { currency } = credits
  const money = (amount: string): string => moneyText({ amount, currency }, lang)
  return (
    <>
      <h3>{text.life.credits}</h3>
      <dl class="facts bases">
        {BASES.map((basis) => (
          <Fact term={text.life.bases[basis]}>{money(credits.credits[basis])}</Fact>
        ))}
        <Fact term={text.life.dispute}>
          <b>{money(credits.inDispute)}</b>
        </Fact>
      </dl>
    </>
  )
}
