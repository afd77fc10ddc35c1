/**
 * What a window is worth: the credit line by line with the clause each rests on, theoretical until somebody
 * notifies it; and beside it, for those who may see it, what the outages cost. Pure.
 */
import type { CreditsView, LossView } from '../../judge/credit-view.ts'
import type { WindowView } from '../../judge/view.ts'
import type { Scene } from '../scene.ts'
import { moneyText } from '../text/format.ts'
import { Time } from './time.tsx'

type Props = { window: Pick<WindowView, 'credits' | 'losses'>; scene: Scene }

export function Credits({ window: { credits, losses }, scene }: Props) {
  return (
    <>
      {credits && <Worth credits={credits} scene={scene} />}
      {losses.map((loss) => (
        <Loss loss={loss} scene={scene} />
      ))}
    </>
  )
}

function Worth({ credits, scene }: { credits: CreditsView; scene: Scene }) {
  const { lang, text } = scene
  const words = text.metric.credit
  const { currency, tax, total, lines, rights, exclusive, claim } = credits
  return (
    <section class="worth">
      <h3>{words.title}</h3>
      <p class="figure">
        {moneyText({ amount: total, currency }, lang)} <small>{words.tax[tax]}</small>
      </p>
      <p class="note">{words.theoretical}</p>
      {lines.length === 0 ? <p>{words.none}</p> : <Lines credits={credits} scene={scene} />}
      {rights.length > 0 && (
        <>
          <p class="label">{words.rights}</p>
          <ul>
            {rights.map(({ right, text: why, clause }) => (
              <li>
                {right}: {why}
                {clause !== null && ` (${text.figure.clause(clause)})`}
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="note">{exclusive ? words.exclusive : words.notExclusive}</p>
      {claim && <Deadline claim={claim} scene={scene} />}
    </section>
  )
}

function Deadline({ claim, scene }: { claim: NonNullable<CreditsView['claim']>; scene: Scene }) {
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

function Lines({ credits: { lines, currency }, scene }: { credits: CreditsView; scene: Scene }) {
  const words = scene.text.metric.credit
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={words.title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.guarantee}</th>
            <th scope="col">{words.line}</th>
            <th scope="col">{words.clause}</th>
            <th scope="col" class="number">
              {words.amount}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ guarantee, service, text, clause, amount }) => (
            <tr>
              <th scope="row">{guarantee ?? service ?? words.total}</th>
              <td>{text}</td>
              <td>{clause ?? '–'}</td>
              <td class="number">{moneyText({ amount, currency }, scene.lang)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Loss({ loss: { currency, total, lines, showToProvider }, scene }: { loss: LossView; scene: Scene }) {
  const words = scene.text.metric.loss
  return (
    <section class="worth">
      <h3>{words.title}</h3>
      <p class="figure">{moneyText({ amount: total, currency }, scene.lang)}</p>
      <p class="note">
        {words.note} {showToProvider ? words.shown : words.hidden}
      </p>
      {lines.length > 0 && (
        <div class="scroll" tabindex={0} role="region" aria-label={words.title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.service}</th>
                <th scope="col">{scene.text.metric.onset}</th>
                <th scope="col" class="number">
                  {words.minutes}
                </th>
                <th scope="col" class="number">
                  {scene.text.metric.credit.amount}
                </th>
              </tr>
            </thead>
            <tbody>
              {lines.map(({ service, onsetAt, minutes, amount }) => (
                <tr>
                  <th scope="row">{service}</th>
                  <td>
                    <Time at={onsetAt} scene={scene} style="minute" />
                  </td>
                  <td class="number">{minutes}</td>
                  <td class="number">{moneyText({ amount, currency }, scene.lang)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
