/**
 * Agents: who measures and how well, and the way to let one more in. Pure.
 */
import type { AgentInvitation } from '../../view/setup.ts'
import { may } from '../../http/scope.ts'
import type { AgentView } from '../../view/contract.ts'
import { agentEvents } from '../part/events.ts'
import { Layout, LiveRegion, SetupTabs } from '../part/layout.tsx'
import { Stamp } from '../part/mark.tsx'
import { Time } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { shareText, signedText, timeText } from '../text/format.ts'
import { reasonText } from '../text/reasons.ts'
import { listText } from '../text/words.ts'
import { Table, type Column } from '../part/table.tsx'

export type AgentPlace = { site: string | null; isolated: boolean }

type Props = {
  scene: Scene
  agents: readonly AgentView[]
  /** Where each stands, by agent id, as the contracts have it. */
  places: ReadonlyMap<string, AgentPlace>
  /** Just made, shown this once. */
  invitation?: AgentInvitation
  notice?: string
}

const AGENTS_PATH = '/setup/agents'
/** Somebody may be waiting for a new agent to appear. */
const REFRESH_S = 5

export function Agents({ scene, agents, places, invitation, notice }: Props) {
  const { text, caller } = scene
  return (
    <Layout scene={scene} title={text.agent.title} door="setup">
      <SetupTabs scene={scene} current="agents" />
      <header class="lead">
        <h1>{text.agent.title}</h1>
        <p class="sentence">{text.agent.intro}</p>
        {notice && (
          <p class="notice" role="status">
            {notice}
          </p>
        )}
      </header>
      {invitation && <Invitation invitation={invitation} scene={scene} />}
      <LiveRegion id="agents" events={agentEvents()} everyS={REFRESH_S} from={AGENTS_PATH}>
        {agents.length === 0 ? (
          <p class="sheet sentence">{text.agent.none}</p>
        ) : (
          <AgentTable agents={agents} places={places} scene={scene} />
        )}
      </LiveRegion>
      {caller && may(caller, 'manage') && <AddAgent scene={scene} />}
    </Layout>
  )
}

function Invitation({ invitation, scene }: { invitation: AgentInvitation; scene: Scene }) {
  const { text } = scene
  const until = timeText(Date.parse(invitation.expiresAt), 'minute', scene)
  return (
    <section class="sheet fresh" role="status">
      <h2>{text.agent.commandTitle}</h2>
      <CopyBlock scene={scene}>{invitation.command}</CopyBlock>
      <p class="sentence">{text.agent.commandDoes}</p>
      <p class="note">{text.agent.commandOnce(until)}</p>
    </section>
  )
}

/** Text to take away; the button shows where a script can copy. */
export function CopyBlock({ scene: { text }, children }: { scene: Scene; children: string }) {
  return (
    <copy-text data-done={text.agent.copied}>
      <pre>
        <code>{children}</code>
      </pre>
      <button type="button" hidden>
        {text.agent.copy}
      </button>
    </copy-text>
  )
}

function AgentTable({ agents, places, scene }: Pick<Props, 'agents' | 'places' | 'scene'>) {
  const { text, lang, caller } = scene
  const canManage = caller !== null && may(caller, 'manage')
  const revoke: Column<AgentView>[] = [
    { bare: true, cell: (agent) => <Revoke agent={agent} scene={scene} /> },
  ]
  return (
    <Table
      frame="sheet"
      label={text.agent.title}
      rows={agents}
      columns={[
        {
          head: text.agent.name,
          cell: (agent) => (
            <>
              {agent.name}
              <small>{text.agent.versionOf(agent.version)}</small>
              {agent.clonedAt !== null && <small class="blind">{text.agent.clonedHelp}</small>}
              {agent.excessAt !== null && <small class="blind">{text.agent.excessHelp}</small>}
              <Blind agent={agent} scene={scene} />
            </>
          ),
        },
        {
          head: text.agent.state,
          bare: true,
          cell: (agent) => (
            <Presence agent={agent} isolated={places.get(agent.id)?.isolated === true} scene={scene} />
          ),
        },
        { head: text.glance.site, cell: ({ id }) => places.get(id)?.site ?? '–' },
        {
          head: text.agent.lastSeen,
          cell: ({ lastSeenAt }) => <Time at={lastSeenAt} scene={scene} style="full" />,
        },
        {
          head: text.agent.clock,
          look: 'number',
          cell: ({ clockOffsetMs, clockErrorMs: error }) =>
            text.agent.clockValue({ offset: signedText(clockOffsetMs), error }),
        },
        {
          head: text.agent.spool,
          look: 'number',
          cell: ({ spoolBatches }) => text.agent.batches(spoolBatches),
        },
        { head: text.agent.coverage, look: 'number', cell: ({ coverage }) => shareText(coverage, lang) },
        ...(canManage ? revoke : []),
      ]}
    />
  )
}

/** What it knows nothing of, reason by reason. That a silent agent is silent its state says. */
function Blind({ agent, scene }: { agent: AgentView; scene: Scene }) {
  const { name, silent, unknown } = agent
  const byReason = new Map<string, string[]>()
  for (const { check, reason, since } of unknown) {
    if (silent && reason === 'silent') continue
    const said = reasonText({ reason, name, since }, scene)
    byReason.set(said, [...(byReason.get(said) ?? []), check])
  }
  return [...byReason].map(([reason, checks]) => (
    <small class="blind">
      {scene.text.unknown.check({ check: listText([...new Set(checks)], scene.text), reason })}
    </small>
  ))
}

function Revoke({ agent, scene: { text } }: { agent: AgentView; scene: Scene }) {
  return (
    <details class="confirm" id={`revoke-${agent.id}`}>
      <summary aria-label={`${text.agent.revoke}: ${agent.name}`}>{text.agent.revoke}</summary>
      <form method="post" action={`/setup/agents/${encodeURIComponent(agent.id)}/revoke`}>
        <p>{text.agent.revokeHelp(agent.name)}</p>
        <button>{text.agent.revokeYes(agent.name)}</button>
      </form>
    </details>
  )
}

type PresenceProps = { agent: AgentView; isolated: boolean; scene: Scene }

function Presence({ agent, isolated, scene: { text } }: PresenceProps) {
  if (agent.clonedAt !== null) return <Stamp tone="bad">{text.agent.cloned}</Stamp>
  if (agent.excessAt !== null) return <Stamp tone="warn">{text.agent.excess}</Stamp>
  if (agent.silent) return <Stamp tone="bad">{text.agent.silent}</Stamp>
  if (!agent.connected) return <Stamp tone="warn">{text.agent.away}</Stamp>
  if (isolated) return <Stamp tone="warn">{text.glance.siteState.isolated}</Stamp>
  return <Stamp tone="good">{text.agent.connected}</Stamp>
}

function AddAgent({ scene }: { scene: Scene }) {
  const { text } = scene
  return (
    <section class="sheet">
      <h2>{text.agent.add}</h2>
      <p class="sentence">{text.agent.addHelp}</p>
      <form method="post" action="/setup/agents/tokens" class="stack">
        <label for="agent-name">{text.agent.addName}</label>
        <input
          id="agent-name"
          name="name"
          type="text"
          maxlength={64}
          autocomplete="off"
          spellcheck={false}
          aria-describedby="agent-name-hint"
        />
        <span class="note" id="agent-name-hint">
          {text.agent.addNameHint}
        </span>
        <button class="primary">{text.agent.addButton}</button>
      </form>
    </section>
  )
}
