/**
 * Fields of the contract form: a label, its input, what to write, and what is wrong with what was written.
 * Pure.
 */
import type { Child } from 'hono/jsx'
import type { ContractForm, Field, Problem } from '../form/contract-form.ts'
import type { TriedView } from '../../view/trial.ts'
import type { Scene } from '../scene.ts'

export type PlaceOption = { code: string; name: string }
export type Options = {
  zones: readonly string[]
  currencies: readonly string[]
  countries: readonly PlaceOption[]
  regions: readonly PlaceOption[]
}

export type FormProps = {
  scene: Scene
  form: ContractForm
  options: Options
  problems?: readonly Problem[]
  /** Not of one field: the document as a whole was refused. */
  refused?: readonly string[]
  /** What has just been tried came to. */
  tried?: TriedView
  /** How many holidays have just been filled in. */
  filled?: number
  /** Nobody has chosen the zone yet: the script may guess it from the browser. */
  fresh?: boolean
}

export const FORM_PATH = '/setup/contract'

/** Where the fault of a field is mended. */
export const INPUT: Record<Field, string> = {
  watch: 'first-watch',
  provider: 'first-provider',
  name: 'first-name',
  target: 'first-target',
  timeZone: 'first-zone',
  hours: 'first-from',
  holidays: 'first-holidays',
  fee: 'first-fee',
}

type FieldProps = Pick<FormProps, 'problems'> & {
  field: Field
  label: string
  hint?: Child
  children: (attributes: { id: string; 'aria-describedby': string; 'aria-invalid'?: 'true' }) => Child
}

/** A label, its input, what to write, and what is wrong with what was written. */
export function Labelled({ field, label, hint, problems = [], children }: FieldProps) {
  const id = INPUT[field]
  const own = problems.filter((problem) => problem.field === field)
  const described = `${id}-hint`
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': described, ...(own.length > 0 && { 'aria-invalid': 'true' }) })}
      <div id={described} class="note">
        {own.map(({ message }) => (
          <p class="wrong">{message}</p>
        ))}
        {hint && <p>{hint}</p>}
      </div>
    </div>
  )
}

export function Section({ title, id, children }: { title: string; id?: string; children: Child }) {
  return (
    <fieldset class="sheet" {...(id !== undefined && { id })}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  )
}

/** HTML drops a line break that a textarea begins with. */
export function leading(text: string): string {
  return text.startsWith('\n') ? `\n${text}` : text
}

export function given(problems: readonly Problem[] | undefined): Pick<FormProps, 'problems'> {
  return problems === undefined ? {} : { problems }
}

type ChoiceProps = {
  name: string
  label?: string
  id?: string
  chosen: string
  describedBy?: string
  children: readonly PlaceOption[]
}

/** A value that is not on the list stays on it: what was typed elsewhere is not lost either. */
export function Choice({ name, label, id, chosen, describedBy, children: offered }: ChoiceProps) {
  const known = chosen === '' || offered.some(({ code }) => code === chosen)
  const options = known ? offered : [{ code: chosen, name: chosen }, ...offered]
  return (
    <select
      name={name}
      {...(id !== undefined && { id })}
      {...(label !== undefined && { 'aria-label': label })}
      {...(describedBy !== undefined && { 'aria-describedby': describedBy })}
    >
      {options.map((option) => (
        <option value={option.code} selected={option.code === chosen}>
          {option.name}
        </option>
      ))}
    </select>
  )
}
