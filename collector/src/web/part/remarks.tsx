/** What people said of an incident, and the forms of those who may say more. Pure. */
import { MAX_REASON_CHARS } from '../../http/limits.ts'
import { may } from '../../http/scope.ts'
import type { RemarkView } from '../../view/remark.ts'
import type { IncidentRoomView } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { timeText } from '../text/format.ts'
import { incidentHref } from '../page/incidents.tsx'
import { msOf, Time } from './time.tsx'

type Props = { incident: IncidentRoomView; scene: Scene }

export function Remarks({ incident, scene }: Props) {
  const { room: text } = scene.text
  return (
    <section class="sheet" id="said">
      <h2>{text.said}</h2>
      {incident.remarks.length === 0 && <p class="note">{text.nobodySaid}</p>}
      {incident.remarks.map((one) => (
        <Remark remark={one} scene={scene} />
      ))}
      <Say kind="note" incident={incident} scene={scene} />
      <Say kind="dispute" incident={incident} scene={scene} />
    </section>
  )
}

function Remark({ remark, scene }: { remark: RemarkView; scene: Scene }) {
  return (
    <article class="exclusion">
      <p class="label-row">
        <b class="exclusion-name">{remarkName(remark, scene)}</b>
        <Time at={remark.at} scene={scene} style="full" />
      </p>
      {remark.text !== null && <p class="words">{remark.text}</p>}
    </article>
  )
}

/** "It fails for a user, since 14:02, they say". */
export function remarkName({ kind, side, since }: RemarkView, scene: Scene): string {
  const { room: text } = scene.text
  const said = text.kind[kind][side]
  return since === null ? said : `${said}, ${text.sinceThen(timeText(msOf(since), 'minute', scene))}`
}

function Say({ kind, incident, scene }: Props & { kind: 'note' | 'dispute' }) {
  const { text, caller } = scene
  if (caller === null || !may(caller, kind)) return null
  const { room } = text
  const id = `say-${kind}`
  return (
    <details class="declare" id={`${id}-form`}>
      <summary>{room[kind]}</summary>
      <form method="post" action={`${incidentHref(incident.id)}/${kind}`} class="stack">
        <label for={id}>{room[kind]}</label>
        <textarea
          id={id}
          name="text"
          rows={3}
          required
          maxlength={MAX_REASON_CHARS}
          aria-describedby={`${id}-help`}
        />
        <p class="note" id={`${id}-help`}>
          {room[`${kind}Help`]}
        </p>
        <button class="primary">{room[`${kind}Send`]}</button>
      </form>
    </details>
  )
}
