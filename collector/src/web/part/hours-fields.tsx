/**
 * Hours of the contract form: the clock, the days, and the holidays of a place filled in as a list that can
 * be changed. Pure.
 */
import { WEEKDAYS } from '../form/contract-form.ts'
import { Choice, FORM_PATH, given, Labelled, leading, Section, type FormProps } from './field.tsx'

export function Hours(props: FormProps) {
  const { scene, form, options, problems, fresh } = props
  const words = scene.text.first
  const zone = (
    <Labelled field="timeZone" label={words.timeZone} hint={words.timeZoneHint} {...given(problems)}>
      {(attributes) => (
        <Choice
          name="timeZone"
          id={attributes.id}
          describedBy={attributes['aria-describedby']}
          chosen={form.timeZone}
        >
          {options.zones.map((code) => ({ code, name: code }))}
        </Choice>
      )}
    </Labelled>
  )
  return (
    <Section title={words.hoursTitle} id="hours">
      {fresh === true ? <guess-zone>{zone}</guess-zone> : zone}
      <div class="field" role="radiogroup" aria-labelledby="first-hours">
        <span class="label" id="first-hours">
          {words.hours}
        </span>
        {(['always', 'weekly'] as const).map((kind) => (
          <label class="choice">
            <input
              type="radio"
              name="hours"
              id={`hours-${kind}`}
              value={kind}
              checked={form.hours === kind}
            />
            {words[kind]}
          </label>
        ))}
      </div>
      <Weekly {...props} />
    </Section>
  )
}

/** Shown by the style sheet only while it applies. */
function Weekly(props: FormProps) {
  const { scene, form, problems = [] } = props
  const words = scene.text.first
  const wrong = problems.filter(({ field }) => field === 'hours')
  return (
    <div class="weekly">
      <div class="field" role="group" aria-label={words.days}>
        <div class="days">
          {WEEKDAYS.map((day) => (
            <label class="choice">
              <input type="checkbox" name="days" value={day} checked={form.days.includes(day)} />
              {words.day[day]}
            </label>
          ))}
        </div>
      </div>
      <div class="joined">
        <Clock id="first-from" name="from" label={words.from} value={form.from} />
        <Clock id="first-to" name="to" label={words.to} value={form.to} />
      </div>
      {wrong.map(({ message }) => (
        <p class="wrong note">{message}</p>
      ))}
      <Holidays {...props} />
    </div>
  )
}

function Clock({ id, name, label, value }: { id: string; name: string; label: string; value: string }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} name={name} type="time" value={value} />
    </div>
  )
}

function Holidays({ scene: { text }, form, options, problems, filled }: FormProps) {
  const words = text.first
  return (
    <>
      <div class="joined">
        <div class="field">
          <label for="first-country">{words.country}</label>
          <Choice name="country" id="first-country" chosen={form.country}>
            {[{ code: '', name: words.noCountry }, ...options.countries]}
          </Choice>
        </div>
        {options.regions.length > 0 && (
          <div class="field">
            <label for="first-region">{words.region}</label>
            <Choice name="region" id="first-region" chosen={form.region}>
              {[{ code: '', name: words.wholeCountry }, ...options.regions]}
            </Choice>
          </div>
        )}
        <button name="step" value="holidays" formaction={`${FORM_PATH}#hours`}>
          {words.fill}
        </button>
      </div>
      <input type="hidden" name="filledFor" value={form.filledFor} />
      {filled !== undefined && (
        <p class="notice" role="status">
          {words.filled(filled)}
        </p>
      )}
      <Labelled field="holidays" label={words.holidays} hint={words.holidaysHint} {...given(problems)}>
        {(attributes) => (
          <textarea {...attributes} name="holidays" rows={6} spellcheck={false}>
            {leading(form.holidays)}
          </textarea>
        )}
      </Labelled>
    </>
  )
}
