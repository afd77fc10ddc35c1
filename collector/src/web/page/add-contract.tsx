/**
 * The contract form: one page that a person who has never seen it fills in within minutes, with or without
 * script. A problem stands beside its field, and again on top as a link to it. Pure.
 */
import { budgetOf } from '@constat/sla/budget'
import { parseFraction } from '@constat/sla/fraction'
import {
  Choice,
  FORM_PATH,
  given,
  INPUT,
  Labelled,
  leading,
  Section,
  type FormProps,
} from '../part/field.tsx'
import { Hours } from '../part/hours-fields.tsx'
import { Layout, SetupTabs } from '../part/layout.tsx'
import { Trial } from '../part/trial.tsx'
import { decimalText, durationText } from '../text/format.ts'

export function AddContract(props: FormProps) {
  const { scene, problems = [], refused = [], tried } = props
  const { text } = scene
  return (
    <Layout scene={scene} title={text.first.title} door="setup">
      <SetupTabs scene={scene} current="contract" />
      <header class="lead">
        <h1>{text.first.title}</h1>
        <p class="sentence">{text.first.intro}</p>
      </header>
      {problems.length + refused.length > 0 && <Summary {...props} />}
      {tried && <Trial tried={tried} scene={scene} />}
      <form method="post" action={FORM_PATH} class="contract-form" novalidate>
        {/* Enter in any field asks for the first button there is. */}
        <button name="step" value="preview" hidden />
        <Watch {...props} />
        <Promised {...props} />
        <Hours {...props} />
        <p class="deed">
          <button class="primary" name="step" value="preview">
            {text.first.preview}
          </button>
        </p>
      </form>
    </Layout>
  )
}

function Summary({ scene: { text }, problems = [], refused = [] }: FormProps) {
  return (
    <div class="sheet problem" role="alert">
      <h2>{text.first.problems(problems.length + refused.length)}</h2>
      {refused.length > 0 && <p>{text.first.refused}</p>}
      <ul>
        {problems.map(({ field, message }) => (
          <li>
            <a href={`#${INPUT[field]}`}>{message}</a>
          </li>
        ))}
        {refused.map((message) => (
          <li>{message}</li>
        ))}
      </ul>
    </div>
  )
}

function Watch({ scene: { text }, form, problems }: FormProps) {
  return (
    <Section title={text.first.watchTitle}>
      <Labelled field="watch" label={text.first.watch} hint={text.first.watchHint} {...given(problems)}>
        {(attributes) => (
          <textarea {...attributes} name="watch" rows={4} spellcheck={false} autocapitalize="none">
            {leading(form.watch)}
          </textarea>
        )}
      </Labelled>
      <p class="deed">
        <button name="step" value="try" aria-describedby="try-help">
          {text.trial.try}
        </button>
        <span class="note" id="try-help">
          {text.trial.help}
        </span>
      </p>
    </Section>
  )
}

function Promised(props: FormProps) {
  const { scene, form, problems } = props
  const { text } = scene
  const words = text.first
  return (
    <Section title={words.promiseTitle}>
      <div class="pair">
        <Labelled field="provider" label={words.provider} {...given(problems)}>
          {(attributes) => (
            <input {...attributes} name="provider" type="text" value={form.provider} autocomplete="off" />
          )}
        </Labelled>
        <Labelled field="name" label={words.name} hint={words.nameHint} {...given(problems)}>
          {(attributes) => (
            <input {...attributes} name="name" type="text" value={form.name} autocomplete="off" />
          )}
        </Labelled>
        <Labelled field="target" label={words.target} hint={<Allows {...props} />} {...given(problems)}>
          {(attributes) => (
            <input
              {...attributes}
              name="target"
              type="text"
              inputmode="decimal"
              value={form.target}
              autocomplete="off"
            />
          )}
        </Labelled>
        <Fee {...props} />
      </div>
    </Section>
  )
}

function Fee({ scene: { text }, form, options, problems }: FormProps) {
  const words = text.first
  return (
    <Labelled field="fee" label={words.fee} hint={words.feeHint} {...given(problems)}>
      {(attributes) => (
        <div class="joined">
          <input
            {...attributes}
            name="feeAmount"
            type="text"
            inputmode="decimal"
            value={form.feeAmount}
            autocomplete="off"
          />
          <Choice name="feeCurrency" label={words.currency} chosen={form.feeCurrency}>
            {options.currencies.map((code) => ({ code, name: code }))}
          </Choice>
        </div>
      )}
    </Labelled>
  )
}

const THIRTY_DAYS_MS = 30 * 86_400_000

/** What the target allows, now by the server and while it is typed by the script. */
function Allows({ scene: { text, lang }, form }: FormProps) {
  const target = form.target.replace(',', '.')
  const share = /^\d{1,3}(\.\d{1,12})?$/.test(target) ? parseFraction(target) : undefined
  const known = share !== undefined && share.n > 0n && share.n <= 100n * share.d
  const { allowedMs } = budgetOf({
    committedMs: THIRTY_DAYS_MS,
    target: known ? target : '99.9',
    spentMs: 0,
  })
  const said = text.first.allows
    .replace('{target}', decimalText(known ? target : '99.9', lang))
    .replace('{time}', durationText(allowedMs, lang))
  return (
    <allowed-time data-of="first-target" data-say={text.first.allows}>
      {said}
    </allowed-time>
  )
}
