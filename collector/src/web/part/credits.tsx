/**
 * What a window is worth: the credit line by line with the clause each rests on, theoretical until somebody
 * notifies it; and beside it, for those who may see it, what the outages cost. Pure.
 */
import type { CreditsView, LossView } from '../../view/credit.ts'
import type { WindowView } from '../../view/window.ts'
import type { Scene } from '../scene.ts'
import { creditText } from '../text/credit-line.ts'
import { decimalText, moneyText } from '../text/format.ts'
import { guaranteeName, serviceName, spoken } from './names.ts'
import { Time } from './time.tsx'
import { Table } from './table.tsx'

/** `claim`: the page of its penalty, once it is final. */
type Props = {
  contract: string
  window: Pick<WindowView, 'credits' | 'losses'>
  claim?: string | undefined
  scene: Scene
}

/** Nothing at all where neither is agreed on or kept. */
export function Credits({ contract, window: { credits, losses }, claim, scene }: Props) {
  if (!credits && losses.length === 0) return null
  return (
    <section class="sheet wide worths" id="worth">
      {credits && <Worth contract={contract} credits={credits} scene={scene} />}
      {credits && claim !== undefined && (
        <p>
          <a href={claim}>{scene.text.penalty.go}</a>
        </p>
      )}
      {losses.map((loss) => (
        <Loss contract={contract} loss={loss} scene={scene} />
      ))}
    </section>
  )
}

type Of = { contract: string; credits: CreditsView; scene: Scene }

function Worth({ contract, credits, scene }: Of) {
  const { lang, text } = scene
  const words = text.metric.credit
  const { state, currency, tax, total, lines, rights, exclusive, claim } = credits
  return (
    <section class="worth">
      <h2>{words.title}</h2>
      <p class="figure">
        {moneyText({ amount: total, currency }, lang)} <small>{words.tax[tax]}</small>
      </p>
      <p class="note">
        <b>{text.penalty.short[credits.state]}.</b> {text.penalty.says[credits.state]}
      </p>
      {lines.length === 0 ? (
        <p>{words.none}</p>
      ) : (
        <CreditLines contract={contract} credits={credits} scene={scene} />
      )}
      {rights.length > 0 && (
        <>
          <p class="label">{words.rights}</p>
          <ul class="next">
            {rights.map(({ right, text: why, clause }) => (
              <li>
                {text.glance.pair(spoken(right), creditText({ contract, currency, text: why }, scene))}
                {clause !== null && ` (${text.figure.clause(clause)})`}
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="note">{exclusive ? words.exclusive : words.notExclusive}</p>
      {claim && state === 'theoretical' && scene.caller?.role !== 'provider' && (
        <Deadline claim={claim} scene={scene} />
      )}
    </section>
  )
}

function Deadline({ claim, scene }: { claim: NonNullable<CreditsView['claim']>; scene: Scene }) {
  // By when the customer has to claim is the customer's own business.
  if (claim.deadlineAt === null) return null
  const words = scene.text.metric.credit
  const [before, after] = words.deadline('\u0000').split('\u0000')
  return (
    <p class="note">
      {before}
      <Time at={claim.deadlineAt} scene={scene} style="minute" />
      {after} {claim.formalNotice === 'required' && words.notice}
    </p>
  )
}

/** Line by line, each with the clause that it rests on. */
export function CreditLines({ contract, credits: { lines, currency }, scene }: Of) {
  const words = scene.text.metric.credit
  return (
    <Table
      label={words.title}
      rows={lines}
      columns={[
        { head: words.guarantee, cell: (line) => lineName({ ...line, contract }, scene) },
        { head: words.line, bare: true, cell: ({ text }) => creditText({ contract, currency, text }, scene) },
        { head: words.clause, cell: ({ clause }) => clause ?? '–' },
        {
          head: words.amount,
          look: 'number',
          cell: ({ amount }) => moneyText({ amount, currency }, scene.lang),
        },
      ]}
    />
  )
}

type Line = { contract: string; guarantee: string | null; service: string | null }

/** A line over several guarantees is of the whole. */
function lineName({ contract, guarantee, service }: Line, scene: Scene): string {
  if (guarantee !== null) return guaranteeName({ contract, guarantee }, scene)
  return service === null ? scene.text.metric.credit.whole : serviceName({ contract, service }, scene)
}

type LossProps = { contract: string; loss: LossView; scene: Scene }

function Loss({ contract, loss, scene }: LossProps) {
  const { currency, total, lines, showToProvider } = loss
  const words = scene.text.metric.loss
  return (
    <section class="worth loss">
      <h2>{words.title}</h2>
      <p class="figure">{moneyText({ amount: total, currency }, scene.lang)}</p>
      <p class="note">
        {words.note} {showToProvider ? words.shown : words.hidden}
      </p>
      {lines.length > 0 && (
        <Table
          label={words.title}
          rows={lines}
          columns={[
            { head: words.service, cell: ({ service }) => serviceName({ contract, service }, scene) },
            {
              head: scene.text.metric.onset,
              cell: ({ onsetAt }) => <Time at={onsetAt} scene={scene} style="minute" />,
            },
            {
              head: words.minutes,
              look: 'number',
              cell: ({ minutes }) => decimalText(minutes, scene.lang),
            },
            {
              head: scene.text.metric.credit.amount,
              look: 'number',
              cell: ({ amount }) => moneyText({ amount, currency }, scene.lang),
            },
          ]}
        />
      )}
    </section>
  )
}
