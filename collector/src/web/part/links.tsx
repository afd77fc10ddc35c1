/** Links without an account: the forms that make them, and a new one, shown this once. Pure. */
import { may } from '../../http/scope.ts'
import type { LinkIssued } from '../../view/access.ts'
import type { IncidentView } from '../../view/timeline.ts'
import { CopyBlock } from '../page/agents.tsx'
import type { Scene } from '../scene.ts'

const LINKS_PATH = '/setup/access/links'
const LIVES = ['PT8H', 'P1D', 'P7D', 'P30D'] as const

export function NewLink({ link, scene }: { link: LinkIssued; scene: Scene }) {
  const { text } = scene
  return (
    <section class="sheet fresh" role="status">
      <h2>{text.links.newTitle}</h2>
      <CopyBlock scene={scene}>{link.url}</CopyBlock>
      <p class="note">{text.access.newOnce}</p>
    </section>
  )
}

type Contracts = readonly { name: string; displayName: string }[]

export function MakeStatus({ contracts, scene }: { contracts: Contracts; scene: Scene }) {
  const { links: text, access } = scene.text
  if (contracts.length === 0) return null
  return (
    <section class="sheet" id="links">
      <h2>{text.title}</h2>
      <p class="note">{text.lead}</p>
      <form method="post" action={LINKS_PATH} class="stack">
        <label for="link-contract">{access.contract}</label>
        <select id="link-contract" name="contract" aria-describedby="link-help">
          {contracts.map(({ name, displayName }) => (
            <option value={name}>{displayName}</option>
          ))}
        </select>
        <p class="note" id="link-help">
          {text.makeHelp}
        </p>
        <button>{text.make}</button>
      </form>
    </section>
  )
}

export function Share({ incident, scene }: { incident: Pick<IncidentView, 'id'>; scene: Scene }) {
  const { text, caller } = scene
  if (caller === null || !may(caller, 'manage')) return null
  const { links } = text
  return (
    <details class="declare" id="share">
      <summary>{links.share}</summary>
      <form method="post" action={LINKS_PATH} class="stack">
        <input type="hidden" name="incident" value={incident.id} />
        <p class="note">{links.shareHelp}</p>
        <label for="share-life">{links.life}</label>
        <select id="share-life" name="expires">
          {LIVES.map((life) => (
            <option value={life} {...(life === 'P1D' && { selected: true })}>
              {links.lives[life]}
            </option>
          ))}
        </select>
        <button>{links.shareSend}</button>
      </form>
    </details>
  )
}
