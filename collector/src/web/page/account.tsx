/** Account: what somebody may change of their own, and where they are signed in. Pure. */
import type { SessionView } from '../../view/access.ts'
import type { AccountView } from '../../view/people.ts'
import { Choice } from '../part/field.tsx'
import { Layout } from '../part/layout.tsx'
import { contractName } from '../part/names.ts'
import { Table } from '../part/table.tsx'
import { Time } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { LANGS, TEXTS } from '../text/words.ts'
import { CODE_FIELD, Password, Problem } from './sign-in.tsx'

type Props = {
  scene: Scene
  /** Null: whoever looks has a token. */
  account: AccountView | null
  sessions: readonly SessionView[]
  zones: readonly string[]
  provider: string | null
  notice?: string
  problem?: string
  /** Just made, shown this once. */
  codes?: readonly string[]
}

export const ACCOUNT_PATH = '/account'

export function Account({ scene, account, sessions, zones, provider, notice, problem, codes }: Props) {
  const { account: text, access } = scene.text
  const { caller } = scene
  const contracts = caller?.contracts?.map((contract) => contractName({ contract }, scene)).join(', ')
  return (
    <Layout scene={scene} title={text.title}>
      <header class="lead">
        <h1>{account?.name ?? text.title}</h1>
        {caller && <p class="sentence">{text.as(access[caller.role], contracts ?? access.all)}</p>}
        {account === null && <p class="sentence">{text.token}</p>}
        {account === null && caller?.role === 'owner' && <p class="note">{text.tokenMake}</p>}
        {notice && (
          <p class="notice" role="status">
            {notice}
          </p>
        )}
        {problem && <Problem>{problem}</Problem>}
      </header>
      {codes && <Codes codes={codes} scene={scene} />}
      <Sessions sessions={sessions} scene={scene} />
      {account && <Settings account={account} zones={zones} scene={scene} />}
      {account && <PasswordSheet account={account} provider={provider} scene={scene} />}
      {account?.hasPassword && <Factor account={account} scene={scene} />}
    </Layout>
  )
}

function Codes({ codes, scene: { text } }: { codes: readonly string[]; scene: Scene }) {
  return (
    <section class="sheet fresh" role="status">
      <h2>{text.account.codesTitle}</h2>
      <p>{text.account.codesText}</p>
      <pre>{codes.join('\n')}</pre>
    </section>
  )
}

function Sessions({ sessions, scene }: Pick<Props, 'sessions' | 'scene'>) {
  const { account: text } = scene.text
  const nameOf = ({ browser }: SessionView): string => browser ?? text.unknownBrowser
  return (
    <section class="sheet" id="sessions">
      <h2>{text.sessions}</h2>
      <Table
        label={text.sessions}
        rows={sessions}
        columns={[
          {
            head: text.browser,
            cell: (session) => (
              <>
                {nameOf(session)}
                {session.isThis && <small> {text.this}</small>}
              </>
            ),
          },
          { head: text.begun, cell: ({ createdAt }) => <Time at={createdAt} scene={scene} style="full" /> },
          { head: text.ends, cell: ({ expiresAt }) => <Time at={expiresAt} scene={scene} style="full" /> },
          {
            bare: true,
            cell: (session) =>
              !session.isThis && (
                <form method="post" action={`${ACCOUNT_PATH}/sessions/${encodeURIComponent(session.id)}/end`}>
                  <button class="quiet" aria-label={text.endLabel(nameOf(session))}>
                    {text.end}
                  </button>
                </form>
              ),
          },
        ]}
      />
      {sessions.length > 1 && (
        <form method="post" action={`${ACCOUNT_PATH}/sessions/end`}>
          <button>{text.endOthers}</button>
        </form>
      )}
    </section>
  )
}

function Settings({ account, zones, scene }: { account: AccountView } & Pick<Props, 'zones' | 'scene'>) {
  const { account: text } = scene.text
  const langs = LANGS.map((code) => ({ code, name: TEXTS[code].name }))
  return (
    <section class="sheet" id="settings">
      <h2>{text.settings}</h2>
      <form method="post" action={`${ACCOUNT_PATH}/settings`} class="stack">
        <label for="own-lang">{text.lang}</label>
        <Choice id="own-lang" name="lang" chosen={account.lang ?? ''}>
          {[{ code: '', name: text.anyLang }, ...langs]}
        </Choice>
        <label for="own-zone">{text.zone}</label>
        <Choice id="own-zone" name="zone" chosen={account.zone ?? ''} describedBy="own-zone-hint">
          {[{ code: '', name: text.anyZone }, ...zones.map((zone) => ({ code: zone, name: zone }))]}
        </Choice>
        <p class="note" id="own-zone-hint">
          {text.zoneHint}
        </p>
        <button>{text.save}</button>
      </form>
    </section>
  )
}

/** For the password manager: whose password it is. */
function Whose({ account, scene }: { account: AccountView; scene: Scene }) {
  const { entry } = scene.text
  return (
    <input
      type="text"
      name="name"
      value={account.name}
      autocomplete="username"
      aria-label={entry.name}
      readonly
      hidden
    />
  )
}

function PasswordSheet({
  account,
  provider,
  scene,
}: { account: AccountView } & Pick<Props, 'provider' | 'scene'>) {
  const { account: text, entry } = scene.text
  return (
    <section class="sheet" id="password">
      <h2>{text.passwordTitle}</h2>
      {account.hasPassword ? (
        <form method="post" action={`${ACCOUNT_PATH}/password`} class="stack">
          <Whose account={account} scene={scene} />
          <Password id="old" label={text.oldPassword} autocomplete="current-password" />
          <Password
            id="new"
            name="password"
            label={text.newPassword}
            autocomplete="new-password"
            describedBy="new-hint"
          />
          <p class="note" id="new-hint">
            {entry.passwordHint}
          </p>
          <Password id="again" label={entry.again} autocomplete="new-password" />
          <button>{text.changePassword}</button>
        </form>
      ) : (
        <p>{text.noPassword(provider ?? text.otherProvider)}</p>
      )}
    </section>
  )
}

function Factor({ account, scene }: { account: AccountView; scene: Scene }) {
  const { account: text } = scene.text
  if (!account.hasFactor) {
    return (
      <section class="sheet" id="factor">
        <h2>{text.factorTitle}</h2>
        <p>{text.factorOff}</p>
        <p>
          <a class="button" href={`${ACCOUNT_PATH}/factor`}>
            {text.factorBegin}
          </a>
        </p>
      </section>
    )
  }
  const deeds = [
    { id: 'codes', label: text.newCodes },
    { id: 'off', label: text.turnOff },
  ]
  return (
    <section class="sheet" id="factor">
      <h2>{text.factorTitle}</h2>
      <p>{text.factorOn}</p>
      <p>{text.codesLeft(account.codesLeft)}</p>
      {deeds.map(({ id, label }) => (
        <details class="confirm" id={`factor-${id}`}>
          <summary>{label}</summary>
          <form method="post" action={`${ACCOUNT_PATH}/factor/${id}`} class="stack">
            <Whose account={account} scene={scene} />
            <Password
              id={`password-${id}`}
              name="password"
              label={text.oldPassword}
              autocomplete="current-password"
            />
            <button>{label}</button>
          </form>
        </details>
      ))}
    </section>
  )
}

type SetUpProps = {
  scene: Scene
  account: AccountView
  /** Base32. */
  factor: string
  /** Rows of the QR code: black or not. */
  qr: readonly (readonly boolean[])[]
  wrong?: 'code' | 'password'
}

/** The secret for the phone, and the proof that the phone has it. */
export function FactorSetUp({ scene, account, factor, qr, wrong }: SetUpProps) {
  const { account: text, entry } = scene.text
  return (
    <Layout scene={scene} title={text.setUpTitle}>
      <section class="sheet door-sheet">
        <h1>{text.setUpTitle}</h1>
        {wrong && <Problem>{wrong === 'code' ? text.setUpWrong : text.wrongPassword}</Problem>}
        <p>{text.setUpScan}</p>
        <QrCode rows={qr} label={text.qr} />
        <p>{text.setUpType}</p>
        <pre>{(factor.match(/.{1,4}/g) ?? []).join(' ')}</pre>
        <form method="post" action={`${ACCOUNT_PATH}/factor`} class="stack">
          <input type="hidden" name="factor" value={factor} />
          <Whose account={account} scene={scene} />
          <label for="code">{entry.code}</label>
          <input id="code" name="code" type="text" required aria-describedby="code-hint" {...CODE_FIELD} />
          <p class="note" id="code-hint">
            {text.setUpCode}
          </p>
          <Password id="password" label={text.oldPassword} autocomplete="current-password" />
          <button class="primary">{text.setUpButton}</button>
        </form>
        <p>
          <a href={ACCOUNT_PATH}>{text.back}</a>
        </p>
      </section>
    </Layout>
  )
}

/** Black on white in either theme: that is what cameras read. */
function QrCode({ rows, label }: { rows: SetUpProps['qr']; label: string }) {
  const dark = rows.flatMap((row, y) => row.flatMap((is, x) => (is ? [`M${x} ${y}h1v1h-1z`] : [])))
  const size = rows.length
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <rect width={size} height={size} fill="#fff" />
      <path d={dark.join('')} fill="#000" shape-rendering="crispEdges" />
    </svg>
  )
}
