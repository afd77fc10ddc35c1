/**
 * Sign-in: by name and password, by what an OpenID provider says, or by a token, for whoever comes without a session.
 * Whom another page has sent with a link is asked first. Pure.
 */
import type { Child } from 'hono/jsx'
import { MAX_TOKEN_CHARS } from '../../http/limits.ts'
import { MAX_PASSWORD_CHARS, MAX_PERSON_CHARS } from '../../view/people.ts'
import { Layout } from '../part/layout.tsx'
import type { Scene } from '../scene.ts'

/** What became of the last attempt, or why one is asked for. */
export type Outcome =
  | 'wrong'
  | 'wrong-name'
  | 'elsewhere-wrong'
  | 'elsewhere-broken'
  | 'late'
  | 'signed-out'
  | 'again'

type Props = {
  scene: Scene
  next: string
  outcome?: Outcome
  /** What was typed, for another try. */
  name?: string
  /** The OpenID provider that may sign people in. */
  provider?: string | null
}

export function SignIn({ scene, next, outcome, name = '', provider = null }: Props) {
  const { signIn, entry } = scene.text
  return (
    <Layout scene={scene} title={signIn.title}>
      <section class="sheet door-sheet">
        <Told scene={scene} outcome={outcome} />
        <p>{signIn.lead}</p>
        <h2>{entry.byName}</h2>
        <form method="post" action="/sign-in" class="stack">
          <input type="hidden" name="next" value={next} />
          <label for="name">{entry.name}</label>
          <input
            id="name"
            name="name"
            type="text"
            required
            value={name}
            maxlength={MAX_PERSON_CHARS}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
          />
          <Password id="password" label={entry.password} autocomplete="current-password" />
          <button class="primary">{signIn.button}</button>
        </form>
        {provider !== null && (
          <p>
            <a class="button" href={elsewhereHref(next, outcome)}>
              {entry.elsewhere(provider)}
            </a>
          </p>
        )}
        <p class="note">{entry.forgotten}</p>
        <h2>{entry.byToken}</h2>
        <form method="post" action="/sign-in" class="stack">
          <input type="hidden" name="next" value={next} />
          <label for="token">{signIn.token}</label>
          <input
            id="token"
            name="token"
            type="password"
            required
            maxlength={MAX_TOKEN_CHARS}
            autocomplete="off"
            spellcheck={false}
          />
          <button>{signIn.button}</button>
        </form>
        <h2>{signIn.where}</h2>
        <p>{signIn.whereText}</p>
        <pre>npx constat token owner</pre>
      </section>
    </Layout>
  )
}

/** Who signs in again does so there, too. */
function elsewhereHref(next: string, outcome: Outcome | undefined): string {
  const again = outcome === 'again' ? { done: 'again' } : {}
  return `/sign-in/elsewhere?${new URLSearchParams({ next, ...again }).toString()}`
}

/** The heading, and what was wrong. */
function Told({ scene, outcome }: { scene: Scene; outcome: Outcome | undefined }) {
  const { signIn, entry } = scene.text
  const wrong: Partial<Record<Outcome, { title: string; text: string }>> = {
    wrong: { title: signIn.wrongTitle, text: signIn.wrongText },
    'wrong-name': { title: entry.wrongTitle, text: entry.wrongText },
    'elsewhere-wrong': { title: entry.wrongTitle, text: entry.elsewhereWrong },
    'elsewhere-broken': { title: entry.wrongTitle, text: entry.elsewhereBroken },
    late: { title: entry.wrongTitle, text: entry.stepLate },
  }
  const said = outcome && wrong[outcome]
  return (
    <>
      <h1>{said?.title ?? signIn.title}</h1>
      {said && <Problem>{said.text}</Problem>}
      {outcome === 'signed-out' && <p role="status">{signIn.signedOut}</p>}
      {outcome === 'again' && <p role="status">{signIn.again}</p>}
    </>
  )
}

export function Problem({ children }: { children: Child }) {
  return (
    <p class="problem" role="alert">
      {children}
    </p>
  )
}

type PasswordProps = {
  id: string
  name?: string
  label: string
  autocomplete: 'current-password' | 'new-password'
  describedBy?: string
}

export function Password({ id, name = id, label, autocomplete, describedBy }: PasswordProps) {
  return (
    <>
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type="password"
        required
        maxlength={MAX_PASSWORD_CHARS}
        autocomplete={autocomplete}
        {...(describedBy !== undefined && { 'aria-describedby': describedBy })}
      />
    </>
  )
}

/** The second step, after the password: the code of the phone, or one that was written down. */
export function SecondStep({
  scene,
  step,
  next,
  isWrong = false,
}: {
  scene: Scene
  step: string
  next: string
  isWrong?: boolean
}) {
  const { entry } = scene.text
  const hidden = (
    <>
      <input type="hidden" name="step" value={step} />
      <input type="hidden" name="next" value={next} />
    </>
  )
  return (
    <Layout scene={scene} title={entry.stepTitle}>
      <section class="sheet door-sheet">
        <h1>{entry.stepTitle}</h1>
        {isWrong && <Problem>{entry.stepWrong}</Problem>}
        <p>{entry.stepText}</p>
        <form method="post" action="/sign-in/code" class="stack">
          {hidden}
          <label for="code">{entry.code}</label>
          <input id="code" name="code" type="text" required {...CODE_FIELD} />
          <button class="primary">{entry.stepButton}</button>
        </form>
        <details id="lost">
          <summary>{entry.lost}</summary>
          <p>{entry.lostText}</p>
          <form method="post" action="/sign-in/code" class="stack">
            {hidden}
            <label for="recovery">{entry.recovery}</label>
            <input
              id="recovery"
              name="code"
              type="text"
              required
              maxlength={40}
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
            />
            <button>{entry.stepButton}</button>
          </form>
        </details>
      </section>
    </Layout>
  )
}

/** Six figures, which phones and password managers fill in. */
export const CODE_FIELD = { inputmode: 'numeric', maxlength: 10, autocomplete: 'one-time-code' } as const

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

/** Where somebody signs in once more, and comes back to the page. */
export function againHref(page: string): string {
  return `/sign-in?done=again&next=${encodeURIComponent(page)}`
}

/** In place of a form that gives others a way in, for whoever signed in long ago. */
export function SignInAgain({ scene: { text, address } }: { scene: Scene }) {
  return (
    <section class="sheet" id="invite">
      <p>{text.signIn.againFirst}</p>
      <p class="deed">
        <a class="button" href={againHref(address)}>
          {text.signIn.againButton}
        </a>
      </p>
    </section>
  )
}
