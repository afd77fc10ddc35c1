/**
 * Sign-in: for whoever comes without a session, and says where the owner link is. Whom another page has sent
 * with a link is asked first. Pure.
 */
import { MAX_TOKEN_CHARS } from '../../http/limits.ts'
import { Layout } from '../part/layout.tsx'
import type { Scene } from '../scene.ts'

type Props = { scene: Scene; next: string; outcome?: 'wrong' | 'signed-out' }

export function SignIn({ scene, next, outcome }: Props) {
  const { text } = scene
  return (
    <Layout scene={scene} title={text.signIn.title}>
      <section class="sheet door-sheet">
        <h1>{outcome === 'wrong' ? text.signIn.wrongTitle : text.signIn.title}</h1>
        {outcome === 'wrong' && (
          <p class="problem" role="alert">
            {text.signIn.wrongText}
          </p>
        )}
        {outcome === 'signed-out' && <p role="status">{text.signIn.signedOut}</p>}
        <p>{text.signIn.lead}</p>
        <form method="post" action="/sign-in" class="stack">
          <input type="hidden" name="next" value={next} />
          <label for="token">{text.signIn.token}</label>
          <input
            id="token"
            name="token"
            type="password"
            required
            maxlength={MAX_TOKEN_CHARS}
            autocomplete="current-password"
            spellcheck={false}
          />
          <button class="primary">{text.signIn.button}</button>
        </form>
        <h2>{text.signIn.where}</h2>
        <p>{text.signIn.whereText}</p>
        <pre>npx constat token owner</pre>
      </section>
    </Layout>
  )
}

/** `token` is one that is good: the page of a wrong one never has it. */
export function AskFirst({ scene, token }: { scene: Scene; token: string }) {
  const { text } = scene
  return (
    <Layout scene={scene} title={text.signIn.askTitle}>
      <section class="sheet door-sheet">
        <h1>{text.signIn.askTitle}</h1>
        <p>{text.signIn.askText}</p>
        <form method="post" action="/sign-in" class="stack">
          <input type="hidden" name="token" value={token} />
          <button class="primary">{text.signIn.askButton}</button>
        </form>
      </section>
    </Layout>
  )
}
