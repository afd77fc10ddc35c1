/** Invitation: whoever has the link chooses a password, or another one, once. Pure. */
import type { Weakness } from '../../view/people.ts'
import type { Role } from '../../view/parts.ts'
import { Layout } from '../part/layout.tsx'
import type { Scene } from '../scene.ts'
import { Password, Problem } from './sign-in.tsx'

export type Refusal = Weakness | 'differ' | 'taken'

type Props = {
  scene: Scene
  invited: { name: string; role: Role; isNew: boolean }
  /** Path of the page itself. */
  path: string
  refused?: Refusal
  provider?: string | null
}

export function Invitation({ scene, invited, path, refused, provider = null }: Props) {
  const { entry, access } = scene.text
  const { name, role, isNew } = invited
  const title = isNew ? entry.acceptTitle : entry.renewTitle
  return (
    <Layout scene={scene} title={title}>
      <section class="sheet door-sheet">
        <h1>{title}</h1>
        {refused && <Problem>{refusalText(refused, scene)}</Problem>}
        <p>{isNew ? entry.acceptText(access[role]) : entry.renewText}</p>
        <form method="post" action={path} class="stack">
          <label for="name">{entry.name}</label>
          <input id="name" name="name" type="text" readonly value={name} autocomplete="username" />
          <Password
            id="password"
            label={entry.password}
            autocomplete="new-password"
            describedBy="password-hint"
          />
          <p class="note" id="password-hint">
            {entry.passwordHint}
          </p>
          <Password id="again" label={entry.again} autocomplete="new-password" />
          <button class="primary">{isNew ? entry.acceptButton : entry.renewButton}</button>
        </form>
        {provider !== null && (
          <p>
            <a href={`${path}/elsewhere`}>{entry.acceptElsewhere(provider)}</a>
          </p>
        )}
      </section>
    </Layout>
  )
}

export function refusalText(refused: Refusal, { text: { entry } }: Scene): string {
  return refused === 'differ' || refused === 'taken' ? entry[refused] : entry.weak[refused]
}

export function InvitationGone({ scene }: { scene: Scene }) {
  const { entry, trouble } = scene.text
  return (
    <Layout scene={scene} title={entry.goneTitle}>
      <section class="sheet door-sheet">
        <h1>{entry.goneTitle}</h1>
        <Problem>{entry.goneText}</Problem>
        <p>
          <a href="/">{trouble.back}</a>
        </p>
      </section>
    </Layout>
  )
}
