/** What people say of an incident: how each remark is called, and the forms of those who may say more. Pure. */
import { MAX_REASON_CHARS } from '../../http/limits.ts'
import { may } from '../../http/scope.ts'
import type { RemarkView } from '../../view/remark.ts'
import type { IncidentRoomView } from '../../view/timeline.ts'
import type { Scene } from '../scene.ts'
import { timeText } from '../text/format.ts'
import { incidentHref } from '../page/incidents.tsx'
import { msOf } from './time.tsx'

type Props = { incident: Pick<IncidentRoomView, 'id'>; scene: Scene }

/** Nothing for who may only read. */
export function Remarks(props: Props) {
  return (
    <>
      <Say kind="note" {...props} />
      <Say kind="dispute" {...props} />
    </>
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
