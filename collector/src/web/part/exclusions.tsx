/**
 * Exclusions of a contract: who declared what and when, what the contract's rule makes of it, what it
 * excuses; and the forms of those who may declare or answer. Pure.
 */
import { may } from '../../http/scope.ts'
import type { ExclusionView } from '../../view/exclusion.ts'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { Scene } from '../scene.ts'
import { durationText } from '../text/format.ts'
import { windowName } from '../text/sentence.ts'
import { wordOf } from '../text/words.ts'
import { contractHref } from '../page/contracts.tsx'
import { storeyHref } from './storeys.tsx'
import { Stamp } from './mark.tsx'
import { guaranteeName, partyOf, serviceName, spoken } from './names.ts'
import { Time, TimeSpan } from './time.tsx'

export type ExclusionsProps = {
  terms: ExpandedContract
  /** One more than are shown where there are earlier ones. */
  exclusions: readonly ExclusionView[]
  scene: Scene
  /** Of a declaration that was not taken. */
  problems: readonly string[]
}

export const EXCLUSIONS_SHOWN = 50
const TONE = { counts: 'good', contested: 'warn', waiting: 'warn', refused: 'calm' } as const

export function Exclusions({ terms, exclusions, scene, problems }: ExclusionsProps) {
  const { text, caller } = scene
  const words = text.metric.exclusion
  if (terms.exclusions.kinds.length === 0 && exclusions.length === 0) return null
  const shown = exclusions.slice(0, EXCLUSIONS_SHOWN)
  const canDeclare = caller !== null && may(caller, 'declare') && terms.exclusions.kinds.length > 0
  return (
    <section class="sheet wide" id="exclusions">
      <h2>{words.title}</h2>
      {exclusions.length === 0 && <p class="note">{words.none}</p>}
      {shown.map((one) => (
        <Exclusion exclusion={one} terms={terms} scene={scene} />
      ))}
      {exclusions.length > shown.length && (
        <p>
          <a href={`${storeyHref(terms.name, 'exclusions')}?before=${shown.at(-1)?.id}`}>{words.earlier}</a>
        </p>
      )}
      {problems.length > 0 && (
        <div role="alert" class="problem">
          <p>{words.refused}</p>
          <ul>
            {problems.map((problem) => (
              <li>{problem}</li>
            ))}
          </ul>
        </div>
      )}
      {canDeclare && <Declare terms={terms} scene={scene} />}
    </section>
  )
}

type Of = { exclusion: ExclusionView; terms: ExpandedContract; scene: Scene }

function Exclusion({ exclusion: e, terms, scene }: Of) {
  const { text } = scene
  const words = text.metric.exclusion
  return (
    <article class={`exclusion is-${e.standing}`}>
      <p class="label-row">
        <b class="exclusion-name">
          {spoken(e.kind)} ·{' '}
          {e.service === null
            ? words.everyService
            : serviceName({ contract: e.contract, service: e.service }, scene)}
        </b>
        <Stamp tone={TONE[e.standing]}>{words.standings[e.standing]}</Stamp>
      </p>
      <p>
        <TimeSpan from={e.start} to={e.end} scene={scene} />
        {e.clause !== null && ` · ${text.figure.clause(e.clause)}`}
      </p>
      {e.reason !== '' && <p>{e.reason}</p>}
      <p class="note">
        {words.who} {nameOf(terms, e.declaredBy)}, <Time at={e.declaredAt} scene={scene} style="minute" />
        {e.afterwards && ` · ${words.afterwards}`}
        {!e.announcementOnRecord && ` · ${words.unconfirmed}`}
      </p>
      {e.refusals.length > 0 && (
        <p class="note">{e.refusals.map((code) => wordOf(words.refusals, code)).join(' · ')}</p>
      )}
      <Answers exclusion={e} terms={terms} scene={scene} />
      <p class="note">{text.glance.pair(words.effect, effectText(e, scene))}</p>
      <AnswerForm exclusion={e} scene={scene} />
    </article>
  )
}

function nameOf(terms: ExpandedContract, party: string): string {
  return partyOf(terms, party)?.name ?? party
}

function effectText({ contract, effects }: ExclusionView, scene: Scene): string {
  const words = scene.text.metric.exclusion
  const said = effects
    .filter(({ excusedMs }) => excusedMs > 0)
    .map(({ guarantee, window, excusedMs, contested }) => {
      const said = words.excuses({
        length: durationText(excusedMs, scene.lang),
        guarantee: guaranteeName({ contract, guarantee }, scene),
        window: windowName(window, scene),
      })
      return contested ? `${said} (${words.standings.contested})` : said
    })
  return said.length === 0 ? words.nothing : said.join(' · ')
}

function Answers({ exclusion, terms, scene }: Of) {
  const words = scene.text.metric.exclusion
  return (
    <>
      {exclusion.answers.map(({ answer, by, at, note }) => {
        const who = by === 'decision' ? words.decision : nameOf(terms, by)
        const said = (answer === 'accepted' ? words.accepted : words.disputed)({ who, at: '\u0000' })
        return (
          <p class="note">
            {said.split('\u0000')[0]}
            <Time at={at} scene={scene} style="minute" />
            {note !== '' && `: ${note}`}
          </p>
        )
      })}
    </>
  )
}

/** Only the other side has something to answer. */
function AnswerForm({ exclusion, scene }: Pick<Of, 'exclusion' | 'scene'>) {
  const { caller, text } = scene
  const words = text.metric.exclusion
  const side = caller?.role === 'provider' ? 'provider' : 'customer'
  if (caller === null || !may(caller, 'declare') || side === exclusion.side) return null
  const path = `/exclusions/${encodeURIComponent(exclusion.id)}`
  const noteId = `note-${exclusion.id}`
  return (
    <form method="post" class="deed">
      <label for={noteId}>{words.note}</label>
      <input id={noteId} name="note" type="text" maxlength={1000} />
      <button formaction={`${path}/accept`}>{words.accept}</button>
      <button formaction={`${path}/dispute`}>{words.dispute}</button>
    </form>
  )
}

function Declare({ terms, scene }: { terms: ExpandedContract; scene: Scene }) {
  const { text, caller, zone } = scene
  const words = text.metric.exclusion
  const side = caller?.role === 'provider' ? 'provider' : 'customer'
  // Kinds that recur by the contract itself are never declared.
  const kinds = terms.exclusions.kinds.filter(({ recurrence, needs }) => !recurrence || needs !== 'nothing')
  return (
    <details class="declare" id="declare">
      <summary>{words.declare}</summary>
      <form method="post" action={`${contractHref(terms.name)}/exclusions`}>
        <p class="note">{words.declareHelp[side]}</p>
        <Field id="exclusion-kind" label={words.kind}>
          <select id="exclusion-kind" name="kind">
            {kinds.map(({ id, clause }) => (
              <option value={id}>
                {clause === null ? spoken(id) : `${spoken(id)} · ${text.figure.clause(clause)}`}
              </option>
            ))}
          </select>
        </Field>
        <Field id="exclusion-service" label={words.service}>
          <select id="exclusion-service" name="service">
            <option value="">{words.everyService}</option>
            {terms.services.map(({ name }) => (
              <option value={name}>{serviceName({ contract: terms.name, service: name }, scene)}</option>
            ))}
          </select>
        </Field>
        <Instant name="start" label={words.from} hint={words.instantHint(zone)} isRequired="yes" />
        <Instant name="end" label={words.to} hint={words.instantHint(zone)} isRequired="yes" />
        <Instant name="announcedAt" label={words.announcedAt} hint={words.announcedHint} isRequired="no" />
        <Field id="exclusion-reason" label={words.reason}>
          <textarea id="exclusion-reason" name="reason" rows={2} maxlength={1000} />
        </Field>
        <button class="primary">{words.send}</button>
      </form>
    </details>
  )
}

function Field({ id, label, children }: { id: string; label: string; children: unknown }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
    </div>
  )
}

type InstantProps = { name: string; label: string; hint: string; isRequired: 'yes' | 'no' }

function Instant({ name, label, hint, isRequired }: InstantProps) {
  const id = `exclusion-${name}`
  return (
    <Field id={id} label={label}>
      <input
        id={id}
        name={name}
        type="datetime-local"
        step="1"
        aria-describedby={`${id}-hint`}
        {...(isRequired === 'yes' && { required: true })}
      />
      <p class="note" id={`${id}-hint`}>
        {hint}
      </p>
    </Field>
  )
}
