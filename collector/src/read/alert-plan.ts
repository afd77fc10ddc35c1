/**
 * Alert plan: who would be told if each service of a contract went down now. By the routes, steps and quiet hours that
 * tell of a real outage; nothing is sent.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { reportsOf } from '@constat/sla/alerting/documents'
import { nextDueMs } from '@constat/sla/alerting/report-schedule'
import { plannedBy } from '@constat/sla/alerting/plan'
import { endpointKey, type AlertingDocument } from '@constat/sla/alerting/route'
import { newest, type ContractState } from '@constat/sla/state/contract-state'
import { servicesAt } from '@constat/sla/state/in-force'
import type { Contracts } from '../contract/contracts.ts'
import { alertingOf } from '../db/alerting.ts'
import type { Database } from '../db/tx.ts'
import { listWebhooks, type WebhookView } from '../db/webhooks.ts'
import type { AlertPlanView, HeartbeatView, PlannedReportView, PlannedView } from '../view/alerting.ts'
import { hears } from '../view/setup.ts'

export type PlanDeps = {
  db: Database
  contracts: Contracts
  nowMs: () => UnixMs
  /** Letters can be sent. */
  canMail?: boolean
  heartbeats?: (contract: string) => HeartbeatView[]
}

type Hooks = { all: readonly WebhookView[]; byKey: ReadonlyMap<string, WebhookView> }

/** Null: there is no such contract. */
export async function alertPlanOf(contract: string, deps: PlanDeps): Promise<AlertPlanView | null> {
  const { db, contracts, canMail = false, heartbeats = () => [] } = deps
  const state = contracts.of(contract)
  if (!state) return null
  const nowMs = deps.nowMs()
  const { terms } = newest(state)
  const { alertAfterMs } = terms.measurement
  const documents = await alertingOf(db, contract)
  const hooks = hooksOf(await listWebhooks(db), contract)
  const atMs = nowMs + (alertAfterMs === 'default' ? 0 : alertAfterMs)
  return {
    contract,
    at: formatInstant(nowMs),
    timeZone: terms.guarantees[0]?.window.timeZone ?? 'UTC',
    alertAfterMs: alertAfterMs === 'default' ? null : alertAfterMs,
    documents: documents.map(({ name }) => name),
    paused: documents.filter(({ spec }) => spec.paused).map(({ name }) => name),
    endpoints: hooks.all.map((hook) => endpointView(hook, canMail)),
    services: servicePlans(state, { documents, hooks, nowMs, atMs }),
    heartbeats: heartbeats(contract),
    reports: documents.flatMap((document) => reportPlans(document, { hooks, nowMs })),
  }
}

/** Those that this contract's outages can reach: its own, and those made by hand. */
function hooksOf(webhooks: readonly WebhookView[], contract: string): Hooks {
  const all = webhooks.filter((hook) => hook.endedAt === null && hears(hook, contract))
  const own = all.flatMap((hook) => (hook.endpoint === null ? [] : [[hook.endpoint, hook] as const]))
  return { all, byKey: new Map(own) }
}

function reportPlans(
  document: AlertingDocument,
  { hooks, nowMs }: Pick<Asked, 'hooks' | 'nowMs'>,
): PlannedReportView[] {
  return reportsOf(document).map((schedule) => {
    const { id, every, forms, to } = schedule
    const nextMs = nextDueMs(schedule, nowMs)
    const { on, at, timeZone, of } =
      schedule.every === 'closing' ? { on: null, at: null, timeZone: null, of: 'closed' as const } : schedule
    const nextAt = nextMs === null ? null : formatInstant(nextMs)
    const webhooks = to.flatMap((one) => hooks.byKey.get(endpointKey(document.name, one))?.id ?? [])
    return { document: document.name, id, every, on, at, timeZone, of, forms, nextAt, webhooks }
  })
}

function endpointView(hook: WebhookView, canMail: boolean): AlertPlanView['endpoints'][number] {
  const { id: webhook, source, endpoint, url, shape, state } = hook
  const isStuck = shape === 'email' && !canMail
  const stopped = state === 'disabled' || state === 'paused' ? state : null
  const problem = stopped ?? (isStuck ? 'no-mail-server' : null)
  return { webhook, source, endpoint, address: addressText(url), shape, problem }
}

export function addressText(url: string): string {
  const [address = '', query] = url.replace(/^mailto:/, '').split('?', 2)
  return query === undefined ? address : `${address}?…`
}

type Asked = { documents: readonly AlertingDocument[]; hooks: Hooks; nowMs: UnixMs; atMs: UnixMs }

function servicePlans(state: ContractState, asked: Asked): AlertPlanView['services'] {
  const sites = newest(state).terms.sites.map(({ id }) => id)
  return servicesAt(state.life, asked.nowMs).map(({ name: service, revision }) => {
    const { guarantees, services } = revision.terms
    const isCritical = guarantees.some((one) => one.service === service && one.critical)
    const outage = { service, sites, isCritical, atMs: asked.atMs }
    const told = [...subscribed(asked), ...asked.documents.flatMap((one) => plannedView(one, outage, asked))]
    return {
      service,
      displayName: services.find(({ name }) => name === service)?.displayName ?? service,
      critical: isCritical,
      told: told.toSorted((a, b) => a.afterMs - b.afterMs),
    }
  })
}

/** Webhooks made by hand hear of every contract. */
function subscribed({ hooks, atMs }: Asked): PlannedView[] {
  return hooks.all
    .filter(({ source, types }) => source === 'api' && types.some((type) => OPENED.has(type)))
    .map(({ id: webhook }) => ({
      webhook,
      type: 'incident.opened' as const,
      step: null,
      afterMs: 0,
      everyMs: null,
      gatherMs: 0,
      at: formatInstant(atMs),
      heldUntil: null,
      why: 'subscription' as const,
    }))
}

const OPENED: ReadonlySet<string> = new Set(['*', 'incident.opened'])

function plannedView(
  document: AlertingDocument,
  outage: Parameters<typeof plannedBy>[1],
  { hooks }: Asked,
): PlannedView[] {
  const isRouted = document.spec.routes.length > 0
  return plannedBy(document, outage).flatMap((one) => {
    const hook = hooks.byKey.get(endpointKey(document.name, one.endpoint))
    if (!hook) return []
    const { type, step, afterMs, everyMs, gatherMs, heldUntilMs } = one
    return [
      {
        webhook: hook.id,
        type,
        step,
        afterMs,
        everyMs,
        gatherMs,
        at: formatInstant(outage.atMs + afterMs),
        heldUntil: heldUntilMs === null ? null : formatInstant(heldUntilMs),
        why: step === null ? (isRouted ? ('route' as const) : ('all' as const)) : ('step' as const),
      },
    ]
  })
}
