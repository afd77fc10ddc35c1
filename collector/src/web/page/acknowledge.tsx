/**
 * Acknowledge: where the link of a letter leads. It shows one incident and a button; opening it does nothing, since the
 * scanners of mail servers open every link. Pure.
 */
import type { IncidentView } from '../../view/timeline.ts'
import { Layout } from '../part/layout.tsx'
import { StateMark } from '../part/mark.tsx'
import { contractName, serviceName } from '../part/names.ts'
import { since } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { headingOf } from './incidents.tsx'

type Props = { scene: Scene; incident: IncidentView; seal: string }

export function AcknowledgePage({ scene, incident, seal }: Props) {
  const { text } = scene
  const { page } = text.message
  const isOpen = incident.closedAt === null
  return (
    <Layout scene={scene} title={page.title}>
      <section class="sheet door-sheet">
        <h1>{headingOf(incident, scene)}</h1>
        <p class="marks">
          <StateMark state={isOpen ? 'down' : 'up'} text={text} />
        </p>
        <p>
          {contractName(incident, scene)} · {serviceName(incident, scene)} ·{' '}
          {text.sentence.state.down(since(incident.onsetAt, scene))}
        </p>
        {incident.acknowledgedAt !== null && incident.unansweredSince === null ? (
          <p role="status">{page.done(since(incident.acknowledgedAt, scene))}</p>
        ) : isOpen ? (
          <>
            <p>{page.sentence}</p>
            <form method="post" action={`/acknowledge/${encodeURIComponent(incident.id)}`} class="stack">
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
