/**
 * Alerts: who is told, what was sent to them, and the way to add an address. Pure.
 */
import type { Child } from 'hono/jsx'
import type { Delivery, Webhook } from '../../view/setup.ts'
import type { AlertPlanView } from '../../view/alerting.ts'
import { AlertPlan } from '../part/alert-plan.tsx'
import { Answers } from '../part/answers.tsx'
import { Layout, SetupTabs } from '../part/layout.tsx'
import { Stamp } from '../part/mark.tsx'
import { contractName } from '../part/names.ts'
import { since, Time } from '../part/time.tsx'
import type { Scene } from '../scene.ts'
import { wordOf } from '../text/words.ts'
import { CopyBlock } from './agents.tsx'
import { Table } from '../part/table.tsx'
import type { Text } from '../text/en.ts'

export type WebhookDeliveries = { webhook: Webhook; deliveries: readonly Delivery[] }

type Props = {
  scene: Scene
  webhooks: readonly WebhookDeliveries[]
  offers: Offers
  /** Those in it alone; null: all. */
  state: Webhook['state'] | null
  plans: readonly AlertPlanView[]
  /** Contracts of which no plan is drawn. */
  more: number
  /** Just made, shown this once. */
  secret?: string
  notice?: string
}

type Offers = {
  shapes: readonly string[]
  types: readonly string[]
  contracts: readonly string[]
  publicUrl: string
}

export function Alerts({ scene, webhooks, plans, more, offers, state, secret, notice }: Props) {
  const { text } = scene
  const shown = webhooks.filter(({ webhook }) => state === null || webhook.state === state)
  const live = shown.filter(({ webhook }) => state !== null || webhook.endedAt === null)
  const ended = state === null ? shown.filter(({ webhook }) => webhook.endedAt !== null) : []
  return (
    <Layout scene={scene} title={text.alert.title} door="setup">
      <SetupTabs scene={scene} current="alerts" />
      <header class="lead">
        <h1>{text.alert.title}</h1>
        <p class="sentence">{webhooks.length === 0 ? text.alert.none : text.alert.intro}</p>
        {notice && (
          <p class="notice" role="status">
            {notice}
          </p>
        )}
      </header>
      {secret && (
        <section class="sheet fresh" role="status">
          <h2>{text.alert.secretTitle}</h2>
          <CopyBlock scene={scene}>{secret}</CopyBlock>
          <p class="note">{text.alert.secretOnce}</p>
        </section>
      )}
      {plans.map((plan) => (
        <AlertPlan plan={plan} scene={scene} />
      ))}
      {more > 0 && <p class="note">{text.alerting.more(more)}</p>}
      <States webhooks={webhooks} state={state} scene={scene} />
      {live.map((item) => (
        <WebhookSheet {...item} scene={scene} offers={offers} />
      ))}
      <AddWebhook scene={scene} offers={offers} />
      {ended.length > 0 && (
        <details id="ended">
          <summary>{text.alerting.ended(ended.length)}</summary>
          {ended.map((item) => (
            <WebhookSheet {...item} scene={scene} offers={offers} />
          ))}
        </details>
      )}
    </Layout>
  )
}

/** The list by state, where there is more than one. */
function States({ webhooks, state, scene }: Pick<Props, 'webhooks' | 'state' | 'scene'>) {
  const { states, everyState, stateLabel } = scene.text.alert
  const found = (['active', 'paused', 'disabled', 'ended'] as const).flatMap((one) => {
    const n = webhooks.filter(({ webhook }) => webhook.state === one).length
    return n > 0 ? [{ one, n }] : []
  })
  if (found.length < 2 && state === null) return null
  return (
    <nav class="ranges" aria-label={stateLabel}>
      <a href="/setup/alerts" {...(state === null && { 'aria-current': 'true' })}>
        {everyState}
      </a>
      {found.map(({ one, n }) => (
        <a href={`/setup/alerts?state=${one}`} {...(state === one && { 'aria-current': 'true' })}>
          {`${states[one]} (${n})`}
        </a>
      ))}
    </nav>
  )
}

/** The address without its query: what stands behind the mark is often a key. */
function shownUrl(url: string): string {
  const [address = '', query] = url.replace(/^mailto:/, '').split('?', 2)
  return query === undefined ? address : `${address}?…`
}

function WebhookSheet({
  webhook,
  deliveries,
  scene,
  offers,
}: WebhookDeliveries & { scene: Scene; offers: Offers }) {
  const { text } = scene
  const types = webhook.types.includes('*')
    ? text.alert.allTypes
    : webhook.types.map((type) => eventName(type, text)).join(', ')
  const contracts = (webhook.contracts ?? []).map((contract) => contractName({ contract }, scene)).join(', ')
  return (
    <section class="sheet" aria-labelledby={webhook.id}>
      <div class="sheet-head">
        <h2 id={webhook.id} class="address">
          {shownUrl(webhook.url)}
        </h2>
        <p class="provider">
          {[wordOf(text.alert.shapes, webhook.shape), types, contracts, originText(webhook, scene)]
            .filter((part) => part !== '')
            .join(' · ')}
        </p>
      </div>
      {webhook.endedAt === null ? (
        <Deeds webhook={webhook} scene={scene} />
      ) : (
        <p class="note">{text.alerting.endedAt(since(webhook.endedAt, scene))}</p>
      )}
      {webhook.publicKey && (
        <p class="note">
          {text.alert.publicKey} <code>{webhook.publicKey}</code>
        </p>
      )}
      {webhook.endedAt === null && webhook.shape === 'pagerduty' && (
        <Answers webhook={webhook} publicUrl={offers.publicUrl} text={text} />
      )}
      {webhook.endedAt === null && webhook.source === 'api' && (
        <EditWebhook webhook={webhook} scene={scene} offers={offers} />
      )}
      <Deliveries
        deliveries={deliveries}
        scene={scene}
        label={`${text.alert.deliveries}: ${shownUrl(webhook.url)}`}
      />
    </section>
  )
}

function originText({ contract, endpoint }: Webhook, scene: Scene): string {
  if (contract === null || endpoint === null) return ''
  return scene.text.alerting.fromContract({ contract: contractName({ contract }, scene), endpoint })
}

/** Endpoints of documents are removed there; a letter has no signature, so it needs no secret. */
function Deeds({ webhook, scene }: { webhook: Webhook; scene: Scene }) {
  const { text } = scene
  const action = `/setup/alerts/${encodeURIComponent(webhook.id)}`
  const { state, disabledAt, pausedAt } = webhook
  const first = { active: 'test', paused: 'resume', disabled: 'enable', ended: 'test' } as const
  return (
    <div class="deed">
      <Stamp tone={STATE_TONE[state]}>{text.alert.states[state]}</Stamp>
      {disabledAt !== null && <span class="note">{text.alert.disabled(since(disabledAt, scene))}</span>}
      {state === 'paused' && pausedAt !== null && (
        <span class="note">{text.alert.pausedSince(since(pausedAt, scene))}</span>
      )}
      <form method="post" action={`${action}/${first[state]}`}>
        <button>{text.alert[first[state]]}</button>
      </form>
      {state === 'active' && (
        <form method="post" action={`${action}/pause`}>
          <button class="quiet" title={text.alert.pauseNote}>
            {text.alert.pause}
          </button>
        </form>
      )}
      {webhook.shape !== 'email' && (
        <form method="post" action={`${action}/secret`}>
          <button class="quiet" title={text.alerting.renewNote}>
            {text.alerting.renew}
          </button>
        </form>
      )}
      {webhook.source === 'api' ? (
        <form method="post" action={`${action}/remove`}>
          <button class="quiet">{text.alert.remove}</button>
        </form>
      ) : (
        <span class="note">{text.alerting.changeThere}</span>
      )}
    </div>
  )
}

function Deliveries({
  deliveries,
  scene,
  label,
}: {
  deliveries: readonly Delivery[]
  scene: Scene
  label: string
}) {
  const { text } = scene
  if (deliveries.length === 0) return <p class="note">{text.alert.noDeliveries}</p>
  return (
    <Table
      label={label}
      rows={deliveries}
      columns={[
        { head: text.alert.type, cell: ({ type }) => eventName(type, text) },
        {
          head: text.alert.state,
          bare: true,
          cell: ({ state }) => <Stamp tone={TONE[state]}>{text.alert.delivery[state]}</Stamp>,
        },
        { head: text.alert.at, cell: ({ createdAt }) => <Time at={createdAt} scene={scene} style="full" /> },
        { head: text.alert.attempts, look: 'number', cell: ({ attempts }) => attempts },
        {
          head: text.alert.answer,
          cell: ({ lastStatus, lastError }) =>
            [lastStatus, lastError].filter((part) => part !== null).join(' ') || '–',
        },
        {
          head: text.alert.next,
          cell: ({ nextAt }) => (nextAt === null ? '–' : <Time at={nextAt} scene={scene} style="full" />),
        },
        { bare: true, cell: (delivery) => <Replay delivery={delivery} text={text} /> },
      ]}
    />
  )
}

/** Of one type, or of all about one thing: `incident.*`. */
function eventName(type: string, { alert }: Text): string {
  return type.endsWith('.*') ? wordOf(alert.eventGroups, type.slice(0, -2)) : wordOf(alert.events, type)
}

const STATE_TONE = { active: 'good', paused: 'warn', disabled: 'bad', ended: 'calm' } as const
const TONE = {
  pending: 'calm',
  gathered: 'calm',
  delivered: 'good',
  failed: 'bad',
  disabled: 'warn',
} as const

function Replay({ delivery: { id, type }, text }: { delivery: Delivery; text: Text }) {
  return (
    <form method="post" action={`/setup/alerts/deliveries/${encodeURIComponent(id)}/replay`}>
      <button class="quiet" aria-label={`${text.alert.replay}: ${eventName(type, text)}`}>
        {text.alert.replay}
      </button>
    </form>
  )
}

function AddWebhook({ scene, offers }: Pick<Props, 'scene' | 'offers'>) {
  const { text } = scene
  return (
    <section class="sheet">
      <h2>{text.alert.add}</h2>
      <form method="post" action="/setup/alerts" class="stack">
        <WebhookFields scene={scene} offers={offers} />
        <button class="primary">{text.alert.addButton}</button>
      </form>
    </section>
  )
}

function EditWebhook({ webhook, scene, offers }: { webhook: Webhook; scene: Scene; offers: Offers }) {
  const { text } = scene
  return (
    <details id={`edit-${webhook.id}`}>
      <summary>{text.alert.edit}</summary>
      <form method="post" action={`/setup/alerts/${encodeURIComponent(webhook.id)}/edit`} class="stack">
        <WebhookFields scene={scene} offers={offers} webhook={webhook} />
        <button class="primary">{text.alert.save}</button>
      </form>
    </details>
  )
}

/** Of a new one, or as they are. */
function WebhookFields({ scene, offers, webhook }: { scene: Scene; offers: Offers; webhook?: Webhook }) {
  const { text } = scene
  const idOf = (field: string): string => (webhook ? `${field}-${webhook.id}` : field)
  const contracts = [...new Set([...offers.contracts, ...(webhook?.contracts ?? [])])]
  return (
    <>
      <label for={idOf('url')}>{text.alert.url}</label>
      <input
        id={idOf('url')}
        name="url"
        type="url"
        required
        maxlength={2048}
        autocomplete="off"
        value={webhook?.url ?? ''}
        aria-describedby={idOf('url-hint')}
      />
      <span class="note" id={idOf('url-hint')}>
        {text.alert.urlHint}
      </span>
      <label for={idOf('shape')}>{text.alert.shape}</label>
      <select id={idOf('shape')} name="shape">
        {offers.shapes.map((shape) => (
          <option value={shape} selected={shape === webhook?.shape}>
            {wordOf(text.alert.shapes, shape)}
          </option>
        ))}
      </select>
      <Choices
        id={idOf('types')}
        name="types"
        legend={text.alert.types}
        summary={text.alert.chooseTypes}
        options={typeOptions(offers, text)}
        chosen={webhook?.types ?? []}
      />
      {contracts.length > 0 && (
        <Choices
          id={idOf('contracts')}
          name="contracts"
          legend={text.alert.contracts}
          summary={text.alert.chooseContracts}
          options={contracts.map((value) => ({ value, shown: contractName({ contract: value }, scene) }))}
          chosen={webhook?.contracts ?? []}
        />
      )}
      <label class="choice">
        <input type="checkbox" name="ed25519" checked={(webhook?.publicKey ?? null) !== null} />{' '}
        {text.alert.ed25519}
      </label>
    </>
  )
}

function typeOptions({ types }: Offers, text: Text): Choosing['options'] {
  const shown = (type: string) => (
    <>
      {eventName(type, text)} <code>{type}</code>
    </>
  )
  return types.filter((type) => type !== '*').map((type) => ({ value: type, shown: shown(type) }))
}

type Choosing = {
  id: string
  name: string
  legend: string
  summary: string
  options: readonly { value: string; shown: Child }[]
  chosen: readonly string[]
}

/** Ticked out of a list that is folded until something of it is. */
export function Choices({ id, name, legend, summary, options, chosen }: Choosing) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      <details id={id} open={options.some(({ value }) => chosen.includes(value))}>
        <summary>{summary}</summary>
        {options.map(({ value, shown }) => (
          <label class="choice">
            <input type="checkbox" name={name} value={value} checked={chosen.includes(value)} /> {shown}
          </label>
        ))}
      </details>
    </fieldset>
  )
}
