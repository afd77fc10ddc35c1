/**
 * Acknowledge: where the link of a letter leads. It shows what it is about and a button; opening it does nothing, since the
 * scanners of mail servers open every link. Pure.
 */
import type { IncidentView } from '../../view/timeline.ts'
import { Layout } from '../part/layout.tsx'
import { StateMark } from '../part/mark.tsx'
import { contractName, serviceName } from '../part/names.ts'
import { since } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { headingOf } from './incidents.tsx'

type Props = { scene: Scene; incidents: readonly [IncidentView, ...IncidentView[]]; seal: string }

export function AcknowledgePage({ scene, incidents, seal }: Props) {
  const { text } = scene
  const { page } = text.message
  const [first, ...others] = incidents
  // What asks for an answer stands for all of them.
  const incident = incidents.find(isAsking) ?? incidents.find(({ closedAt }) => closedAt === null) ?? first
  const isOpen = incident.closedAt === null
  return (
    <Layout scene={scene} title={page.title}>
      <section class="sheet door-sheet">
        <h1>{others.length === 0 ? headingOf(incident, scene) : page.together(incidents.length)}</h1>
        <p class="marks">
          <StateMark state={isOpen ? 'down' : 'up'} text={text} />
        </p>
        {incidents.map((one) => (
          <p>
            {contractName(one, scene)} · {serviceName(one, scene)} ·{' '}
            {one.closedAt === null || one.endAt === null
              ? text.sentence.state.down(since(one.onsetAt, scene))
              : text.message.gathered.isOver(since(one.endAt, scene))}
          </p>
        ))}
        {incident.acknowledgedAt !== null && incident.unansweredSince === null ? (
          <p role="status">{page.done(since(incident.acknowledgedAt, scene))}</p>
        ) : isOpen ? (
          <>
            <p>{page.sentence}</p>
            <form
              method="post"
              action={`/acknowledge/${encodeURIComponent(incidents.map(({ id }) => id).join(','))}`}
              class="stack"
            >
              <input type="hidden" name="key" value={seal} />
              <button class="primary">{page.button}</button>
            </form>
          </>
        ) : (
          <p>{page.over}</p>
        )}
      </section>
    </Layout>
  )
}

function isAsking({ closedAt, acknowledgedAt, unansweredSince }: IncidentView): boolean {
  return closedAt === null && (acknowledgedAt === null || unansweredSince !== null)
}

export function LinkRefused({ scene }: { scene: Scene }) {
  const { page } = scene.text.message
  return (
    <Layout scene={scene} title={page.title}>
      <section class="sheet door-sheet">
        <h1>{page.refused}</h1>
        <p>{page.refusedHelp}</p>
        <p>
          <a href="/">{scene.text.signIn.title}</a>
        </p>
      </section>
    </Layout>
  )
}
