/**
 * Alerts: who is told, what was sent to them, and the way to add an address. Pure.
 */
import type { Delivery, Webhook } from '../../view/setup.ts'
import type { AlertPlanView } from '../../view/alerting.ts'
import { AlertPlan } from '../part/alert-plan.tsx'
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
  offers: { shapes: readonly string[]; types: readonly string[] }
  plans: readonly AlertPlanView[]
  /** Contracts of which no plan is drawn. */
  more: number
  /** Just made, shown this once. */
  secret?: string
  notice?: string
}

export function Alerts({ scene, webhooks, plans, more, offers, secret, notice }: Props) {
  const { text } = scene
  const live = webhooks.filter(({ webhook }) => webhook.endedAt === null)
  const ended = webhooks.filter(({ webhook }) => webhook.endedAt !== null)
  return (
    <Layout scene={scene} title={text.alert.title} door="setup">
      <SetupTabs scene={scene} current="alerts" />
      <header class="lead">
        <h1>{text.alert.title}</h1>
        <p class="sentence">{live.length === 0 ? text.alert.none : text.alert.intro}</p>
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
      {live.map((item) => (
        <WebhookSheet {...item} scene={scene} />
      ))}
      <AddWebhook scene={scene} offers={offers} />
      {ended.length > 0 && (
        <details id="ended">
          <summary>{text.alerting.ended(ended.length)}</summary>
          {ended.map((item) => (
            <WebhookSheet {...item} scene={scene} />
          ))}
        </details>
      )}
    </Layout>
  )
}

/** The address without its query: what stands behind the mark is often a key. */
function shownUrl(url: string): string {
  const [address = '', query] = url.replace(/^mailto:/, '').split('?', 2)
  return query === undefined ? address : `${address}?…`
}

function WebhookSheet({ webhook, deliveries, scene }: WebhookDeliveries & { scene: Scene }) {
  const { text } = scene
  const types = webhook.types.includes('*') ? text.alert.allTypes : webhook.types.join(', ')
  return (
    <section class="sheet" aria-labelledby={webhook.id}>
      <div class="sheet-head">
        <h2 id={webhook.id} class="address">
          {shownUrl(webhook.url)}
        </h2>
        <p class="provider">
          {[wordOf(text.alert.shapes, webhook.shape), types, originText(webhook, scene)]
            .filter((part) => part !== '')
            .join(' · ')}
        </p>
      </div>
      {webhook.endedAt === null ? (
        <Deeds webhook={webhook} scene={scene} />
      ) : (
        <p class="note">{text.alerting.endedAt(since(webhook.endedAt, scene))}</p>
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
  const isStopped = webhook.disabledAt !== null
  return (
    <div class="deed">
      {isStopped ? (
        <>
          <Stamp tone="bad">{text.alert.delivery.disabled}</Stamp>
          <span class="note">{text.alert.disabled(since(webhook.disabledAt ?? '', scene))}</span>
        </>
      ) : (
        <Stamp tone="good">{text.alert.active}</Stamp>
      )}
      <form method="post" action={`${action}/${isStopped ? 'enable' : 'test'}`}>
        <button>{isStopped ? text.alert.enable : text.alert.test}</button>
      </form>
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
        { head: text.alert.type, cell: ({ type }) => <code>{type}</code> },
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

const TONE = { pending: 'calm', delivered: 'good', failed: 'bad', disabled: 'warn' } as const

function Replay({ delivery: { id, type }, text }: { delivery: Delivery; text: Text }) {
  return (
    <form method="post" action={`/setup/alerts/deliveries/${encodeURIComponent(id)}/replay`}>
      <button class="quiet" aria-label={`${text.alert.replay}: ${type}`}>
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
        <label for="url">{text.alert.url}</label>
        <input
          id="url"
          name="url"
          type="url"
          required
          maxlength={2048}
          autocomplete="off"
          aria-describedby="url-hint"
        />
        <span class="note" id="url-hint">
          {text.alert.urlHint}
        </span>
        <label for="shape">{text.alert.shape}</label>
        <select id="shape" name="shape">
          {offers.shapes.map((shape) => (
            <option value={shape}>{wordOf(text.alert.shapes, shape)}</option>
          ))}
        </select>
        <fieldset>
          <legend>{text.alert.types}</legend>
          <details id="types">
            <summary>{text.alert.chooseTypes}</summary>
            {offers.types
              .filter((type) => type !== '*')
              .map((type) => (
                <label class="choice">
                  <input type="checkbox" name="types" value={type} /> <code>{type}</code>
                </label>
              ))}
          </details>
        </fieldset>
        <button class="primary">{text.alert.addButton}</button>
      </form>
    </section>
  )
}
