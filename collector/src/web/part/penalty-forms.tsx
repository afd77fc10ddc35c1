/** What whoever looks may do about a penalty: one folded form for each act. Pure. */
import type { Child } from 'hono/jsx'
import { FORUMS, NOTICE_MEANS, SETTLEMENTS, type PenaltyAct } from '@constat/sla/state/penalty-record'
import type { PenaltyView } from '../../view/penalty.ts'
import type { Scene } from '../scene.ts'
import { decimalText } from '../text/format.ts'
import { penaltyHref } from './penalty.tsx'

type Props = { penalty: PenaltyView; scene: Scene }

/** Nothing for whoever only reads. */
export function PenaltyForms({ penalty, scene }: Props) {
  if (penalty.may.length === 0) return null
  return (
    <section class="sheet">
      <h2>{scene.text.penalty.todo}</h2>
      {penalty.may.map((act) => (
        <ActForm act={act} penalty={penalty} scene={scene} />
      ))}
    </section>
  )
}

const CHOICES = { means: NOTICE_MEANS, by: SETTLEMENTS, forum: FORUMS } as const
type FieldName = 'amount' | 'at' | keyof typeof CHOICES

const FIELDS: Readonly<Record<PenaltyAct, readonly FieldName[]>> = {
  notify: ['means', 'at'],
  accept: ['amount'],
  dispute: [],
  withdraw: ['at'],
  settle: ['by', 'amount', 'at'],
  decide: ['forum', 'amount', 'at'],
}

function ActForm({ act, penalty, scene }: Props & { act: PenaltyAct }) {
  const { penalty: words } = scene.text
  const noteId = `${act}-note`
  return (
    <details class="declare" id={act}>
      <summary>{words.act[act]}</summary>
      <form method="post" action={`${penaltyHref(penalty)}/${act}`}>
        <p class="note">{words.about[act]}</p>
        {FIELDS[act].map((name) => (
          <FieldOf name={name} act={act} penalty={penalty} scene={scene} />
        ))}
        <div class="field">
          <label for={noteId}>{act === 'dispute' ? words.reason : words.note}</label>
          <textarea
            id={noteId}
            name="note"
            rows={2}
            maxlength={1000}
            {...(act === 'dispute' && { required: true })}
          />
        </div>
        <button class={act === 'withdraw' ? undefined : 'primary'}>{words.act[act]}</button>
      </form>
    </details>
  )
}

function FieldOf({ name, act, penalty, scene }: Props & { name: FieldName; act: PenaltyAct }) {
  const { penalty: words, metric } = scene.text
  const id = `${act}-${name}`
  if (name === 'at') {
    const hint = `${words.atHint}. ${metric.exclusion.instantHint(scene.zone)}`
    return (
      <Field id={id} label={words.at} hint={hint}>
        <input id={id} name={name} type="datetime-local" step="1" aria-describedby={`${id}-hint`} />
      </Field>
    )
  }
  if (name === 'amount') {
    return (
      <Field id={id} label={`${words.amount}, ${penalty.currency}`}>
        <input
          id={id}
          name={name}
          type="text"
          inputmode="decimal"
          value={decimalText(usualAmount(act, penalty), scene.lang)}
        />
      </Field>
    )
  }
  return (
    <Field id={id} label={words[name]}>
      <select id={id} name={name}>
        {CHOICES[name].map((choice) => (
          <option value={choice}>{words.how[choice]}</option>
        ))}
      </select>
    </Field>
  )
}

function usualAmount(act: PenaltyAct, { notified, accepted, decided, theoretical }: PenaltyView): string {
  const claimed = notified ?? theoretical
  return act === 'settle' ? (decided ?? accepted ?? claimed) : claimed
}

type FieldProps = { id: string; label: string; hint?: string; children: Child }

function Field({ id, label, hint, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <p class="note" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
