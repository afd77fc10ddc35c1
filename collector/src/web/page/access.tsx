/**
 * Access: the tokens that are good, the way to take one or to put another in its place, and who gave and took
 * them. Pure.
 */
import type { ContractView } from '../../view/contract.ts'
import type { AuditView, LinkIssued, TokenIssued, TokenView } from '../../view/access.ts'
import { Layout, SetupTabs } from '../part/layout.tsx'
import { Table } from '../part/table.tsx'
import { Time } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { MakeStatus, NewLink } from '../part/links.tsx'
import { CopyBlock } from './agents.tsx'
import { SignInAgain } from './sign-in.tsx'

type Props = {
  scene: Scene
  tokens: readonly TokenView[]
  /** Newest first. */
  audit: readonly AuditView[]
  /** Just made, shown this once. */
  issued?: Pick<TokenIssued, 'token'>
  link?: LinkIssued
  /** That a status page can be made for. */
  contracts: readonly Pick<ContractView, 'name' | 'displayName' | 'provider'>[]
  /** False: whoever looks signs in again before they give anything. */
  mayGive: boolean
  notice?: string
}

export function Access({ scene, tokens, audit, issued, link, contracts, mayGive, notice }: Props) {
  const { access: text } = scene.text
  return (
    <Layout scene={scene} title={text.title} door="setup">
      <SetupTabs scene={scene} current="access" />
      <header class="lead">
        <h1>{text.title}</h1>
        <p class="sentence">{text.intro}</p>
        {notice && (
          <p class="notice" role="status">
            {notice}
          </p>
        )}
      </header>
      {issued && (
        <section class="sheet fresh" role="status">
          <h2>{text.newTitle}</h2>
          <CopyBlock scene={scene}>{issued.token}</CopyBlock>
          <p class="note">{text.newOnce}</p>
        </section>
      )}
      {link && <NewLink link={link} scene={scene} />}
      {!mayGive && <SignInAgain scene={scene} />}
      <TokenTable tokens={tokens} scene={scene} />
      <section class="sheet">
        <p>{text.make}</p>
        <pre>npx constat token api --role viewer --expires P90D</pre>
      </section>
      <MakeStatus contracts={contracts} scene={scene} />
      <section class="sheet">
        <h2>{text.audit}</h2>
        {audit.length === 0 ? <p>{text.auditNone}</p> : <Audit audit={audit} scene={scene} />}
      </section>
    </Layout>
  )
}

type Granted = Pick<AuditView, 'kind' | 'role' | 'name'> & { incident?: string | null }

function grantText({ kind, role, name, incident }: Granted, { text }: Scene): string {
  const { access, links } = text
  if (kind === 'link' && incident === undefined) return links.any
  if (kind === 'link') return incident ? links.incident(incident) : links.status
  if (kind === 'invite' && role !== null && name !== null) return access.invite(name, access[role])
  if (kind === 'person' && role !== null && name !== null) return access.person(name, access[role])
  if (role !== null) return access[role]
  return name === null ? access.agent : access.agentNamed(name)
}

function TokenTable({ tokens, scene }: { tokens: readonly TokenView[]; scene: Scene }) {
  const { access: text } = scene.text
  return (
    <Table
      frame="sheet"
      label={text.title}
      rows={tokens}
      columns={[
        {
          head: text.id,
          cell: ({ id }) => (
            <>
              <code>{id}</code>
              {id === scene.caller?.token && <small> {text.yours}</small>}
            </>
          ),
        },
        { head: text.grant, cell: (token) => grantText(token, scene) },
        { head: text.contract, cell: ({ contracts }) => contracts?.join(', ') ?? text.all },
        {
          head: text.made,
          cell: (token) => (
            <>
              <Time at={token.createdAt} scene={scene} style="full" />
              <br />
              <small>{byText(token, scene)}</small>
            </>
          ),
        },
        {
          head: text.expires,
          cell: ({ expiresAt }) =>
            expiresAt === null ? text.never : <Time at={expiresAt} scene={scene} style="full" />,
        },
        { head: text.sessions, look: 'number', cell: ({ sessions }) => String(sessions) },
        { bare: true, cell: (token) => <Deeds token={token} scene={scene} /> },
      ]}
    />
  )
}

function Deeds({ token: { id, kind }, scene }: { token: TokenView; scene: Scene }) {
  const { access: text } = scene.text
  const path = `/setup/access/${encodeURIComponent(id)}`
  return (
    <>
      <details class="confirm" id={`revoke-${id}`}>
        <summary aria-label={`${text.revoke}: ${id}`}>{text.revoke}</summary>
        <form method="post" action={`${path}/revoke`}>
          <p>{text.revokeHelp}</p>
          <button>{text.revokeYes(id)}</button>
        </form>
      </details>
      {kind === 'api' && (
        <details class="confirm" id={`renew-${id}`}>
          <summary aria-label={`${text.renew}: ${id}`}>{text.renew}</summary>
          <form method="post" action={`${path}/renew`}>
            <p>{text.renewHelp}</p>
            <button>{text.renewYes(id)}</button>
          </form>
        </details>
      )}
    </>
  )
}

function byText({ by, byName }: Pick<TokenView, 'by' | 'byName'>, { text: { access } }: Scene) {
  if (by === 'operator' || by === 'start') return access[by]
  return byName ?? (by !== null && <code>{by}</code>)
}

function Audit({ audit, scene }: { audit: readonly AuditView[]; scene: Scene }) {
  const { access: text } = scene.text
  return (
    <Table
      label={text.audit}
      rows={audit}
      columns={[
        { head: text.at, cell: ({ at }) => <Time at={at} scene={scene} style="full" /> },
        { head: text.by, cell: (entry) => byText(entry, scene) },
        { head: text.deed, cell: ({ deed }) => text.deeds[deed] },
        { head: text.id, cell: ({ token, kind, name }) => (kind === 'person' ? name : <code>{token}</code>) },
        { head: text.grant, cell: (entry) => grantText(entry, scene) },
        { head: text.contract, cell: ({ contracts }) => contracts?.join(', ') ?? text.all },
      ]}
    />
  )
}
