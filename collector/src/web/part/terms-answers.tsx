/** Whether the provider agrees to the newest terms, its two buttons, and the draft of the annex. Pure. */
import { may } from '../../http/scope.ts'
import type { ContractView, RevisionView } from '../../view/contract.ts'
import { ANNEX_FORMS } from '../../view/report-format.ts'
import { contractHref } from '../page/contracts.tsx'
import { PEOPLE_PATH } from '../page/people.tsx'
import type { Scene } from '../scene.ts'
import { partyOf } from './names.ts'
import { Time } from './time.tsx'

type Props = { contract: ContractView; revision: RevisionView; scene: Scene }

export function Agreement({ contract, revision, scene }: Props) {
  const words = scene.text.penalty.terms
  return (
    <section class="sheet" id="agreement">
      <h2>{words.title}</h2>
      {revision.answers.length === 0 && <p>{words.none}</p>}
      <Answers contract={contract} answers={revision.answers} scene={scene} />
      {scene.caller && may(scene.caller, 'answer') && (
        <AnswerForm contract={contract} revision={revision} scene={scene} />
      )}
      {scene.caller && may(scene.caller, 'manage') && contract.terms === 'unilateral' && (
        <p>
          <a href={`${PEOPLE_PATH}?contract=${encodeURIComponent(contract.name)}#invite`}>{words.invite}</a>
        </p>
      )}
    </section>
  )
}

/** Of one among others: the newest word on it; a provider agrees to those that are in force still, too. */
export function RevisionStanding({ contract, revision, scene }: Props) {
  const { text, caller } = scene
  const words = text.penalty.terms
  const isOpen = caller !== null && may(caller, 'answer') && revision.terms === 'unilateral'
  const path = `${contractHref(contract.name)}/revisions/${revision.revision}/accept`
  return (
    <>
      {revision.answers.length === 0 && text.termsShort[revision.terms]}
      <Answers contract={contract} answers={revision.answers.slice(-1)} scene={scene} />
      {isOpen && revision.revision !== contract.revision && (
        <form method="post" action={path}>
          <button>{words.acceptOne(revision.revision)}</button>
        </form>
      )}
    </>
  )
}

type AnswersProps = { contract: ContractView; answers: RevisionView['answers']; scene: Scene }

function Answers({ contract, answers, scene }: AnswersProps) {
  const words = scene.text.penalty.terms
  const terms = scene.termsOf(contract.name)
  return (
    <>
      {answers.map(({ answer, by, at, note }) => {
        const [before, after] = words.said[answer]({
          by: partyOf(terms, by)?.name ?? by,
          at: '\u0000',
        }).split('\u0000')
        return (
          <p>
            {before}
            <Time at={at} scene={scene} style="minute" />
            {after}
            {note !== null && `: ${note}`}
          </p>
        )
      })}
    </>
  )
}

function AnswerForm({ contract, revision, scene }: Props) {
  const words = scene.text.penalty.terms
  const path = `${contractHref(contract.name)}/revisions/${revision.revision}`
  return (
    <>
      <p class="note">{words.ask}</p>
      <form method="post" action={`${path}/accept`} class="deed">
        <button class="primary">{words.accept}</button>
      </form>
      <details class="declare" id="object">
        <summary>{words.object}</summary>
        <form method="post" action={`${path}/object`}>
          <div class="field">
            <label for="object-note">{words.note}</label>
            <textarea id="object-note" name="note" rows={3} maxlength={1000} required />
          </div>
          <button>{words.object}</button>
        </form>
      </details>
    </>
  )
}

export function AnnexLinks({ contract, scene }: { contract: string; scene: Scene }) {
  const words = scene.text.penalty.annex
  return (
    <section class="sheet" id="annex">
      <h2>{words.title}</h2>
      <p>{words.text}</p>
      <p>
        {ANNEX_FORMS.map((form, at) => (
          <>
            {at > 0 && ' · '}
            <a href={`/api/v1${contractHref(contract)}/annex/${form}?lang=${scene.lang}`} download>
              {words.forms[form]}
            </a>
          </>
        ))}
      </p>
    </section>
  )
}
