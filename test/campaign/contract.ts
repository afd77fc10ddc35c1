/**
 * The contract of the campaign: the zones, sites and references of a real outsourcing, at a pace at which
 * a fault is confirmed within seconds.
 */
import type { GuaranteeView, IncidentView, State, TimelineView } from '../../collector/src/judge/view.ts'
import type { Program } from '../support/program.ts'
import { ANCHOR_A, ANCHOR_B, EDGE_REFERENCE, LINE_REFERENCE, PORTAL, PORTAL_SIX } from './world.ts'

export const CONTRACT = 'campaign'
export const SERVICE = 'portal'
export const SERVICE_SIX = 'portal-six'
export const INTERVAL_MS = 2_000
const TIMEOUT_MS = 800
/** Twice the interval and the timeout. */
export const HOLD_MS = 2 * INTERVAL_MS + TIMEOUT_MS
/** A service is down at the first failed sample, so a cut's downtime may miss or add as much as this. */
export const BLUR_MS = HOLD_MS

const PACE = 'interval: PT2S, timeout: PT0.8S, reprobe: PT1S'
const check = (name: string, spec: string): string => `---
apiVersion: constat/v1
kind: Check
metadata: {name: ${name}}
spec: {${spec}, ${PACE}}
`
const guarantee = (id: string, rest: string): string =>
  `    - {id: ${id}, ${rest}, window: {period: P1M, timeZone: UTC}, metric: interval-availability, ` +
  'target: {op: gte, percent: "99.9999"}}\n'

/** `sites`: names of the agents, each a site of its own. */
export function contractText(sites: readonly string[]): string {
  const siteLines = sites.map(
    (name) => `    - {id: ${name}, agents: [${name}], administeredBy: internal-it}\n`,
  )
  return `${check('portal-login', `service: ${SERVICE}, http: {url: "${PORTAL}"}`)}${check(
    'portal-login-six',
    `service: ${SERVICE_SIX}, http: {url: "${PORTAL_SIX}"}`,
  )}${check('lan-gateway', 'icmp: {host: gateway, packets: 1}')}${check(
    'cpe-wan',
    `icmp: {host: "${LINE_REFERENCE}", packets: 1}`,
  )}${check('dc-edge', `tcp: {host: "${EDGE_REFERENCE.host}", port: ${EDGE_REFERENCE.port}}`)}${check(
    'anchor-a',
    `dns: {server: "${ANCHOR_A.server}", name: ${ANCHOR_A.name}}`,
  )}${check('anchor-b', `tcp: {host: "${ANCHOR_B.host}", port: ${ANCHOR_B.port}}`)}---
apiVersion: constat/v1
kind: Contract
metadata: {name: ${CONTRACT}}
spec:
  effective: {timeZone: UTC}
  parties:
    - {id: customer, role: customer, name: Acme Retail}
    - {id: outsourcer, role: provider, name: Northstar Hosting}
    - {id: internal-it, role: customer-department, of: customer, name: Acme internal IT}
    - {id: telco, role: subcontractor, of: outsourcer, name: Fibreline}
  sites:
${siteLines.join('')}  zones:
    - {id: branch-lan, owner: internal-it, boundary: branch switch port, reference: [lan-gateway]}
    - {id: access-line, owner: telco, boundary: provider router LAN side, reference: [cpe-wan]}
    - {id: core, owner: outsourcer, boundary: data centre edge, reference: [dc-edge]}
    - {id: application, owner: outsourcer, boundary: portal URL, reference: []}
  measurement:
    isolation: {rule: all-references-failed, references: [lan-gateway, anchor-a, anchor-b]}
    confirm: {down: 2, up: 1, by: reprobes}
    quorum: {down: 2, minKnown: 2}
    mergeGap: {gap: PT0S}
  guarantees:
${guarantee('portal-up', `service: ${SERVICE}`)}${guarantee(
    'portal-each-site',
    `service: ${SERVICE}, scope: each-site`,
  )}${guarantee('portal-six-up', `service: ${SERVICE_SIX}`)}`
}

/** What the API says, in the words of the scenarios. */
export type Readings = {
  state(service: string): Promise<State>
  /** The last state that each agent was seen in, by its name. */
  vantages(service: string): Promise<Record<string, State>>
  timeline(service: string, span: { fromMs: number; toMs: number }): Promise<TimelineView>
  /** Those whose onset is no earlier, oldest first. */
  incidentsSince(fromMs: number): Promise<IncidentView[]>
  guarantees(): Promise<GuaranteeView[]>
}

/** How far back the newest state of an agent is looked for. */
const RECENT_MS = 30_000

export function readingsOf(program: Program): Readings {
  const timeline: Readings['timeline'] = (service, { fromMs, toMs }) => {
    const span = `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`
    return program.get<TimelineView>(`/services/${service}/timeline?contract=${CONTRACT}&${span}`)
  }
  return {
    timeline,
    state: async (service) => {
      const { services } = await program.get<{ services: { service: string; state: State }[] }>(
        `/contracts/${CONTRACT}`,
      )
      return services.find((one) => one.service === service)?.state ?? 'unknown'
    },
    vantages: async (service) => {
      const nowMs = Date.now()
      const { vantages, agentNames } = await timeline(service, { fromMs: nowMs - RECENT_MS, toMs: nowMs })
      return Object.fromEntries(
        Object.entries(vantages).map(([agent, segments]) => [
          agentNames[agent] ?? agent,
          segments.at(-1)?.state ?? 'unknown',
        ]),
      )
    },
    incidentsSince: async (fromMs) => {
      const { items } = await program.get<{ items: IncidentView[] }>('/incidents')
      return items
        .filter(({ onsetAt }) => Date.parse(onsetAt) >= fromMs)
        .toSorted((a, b) => Date.parse(a.onsetAt) - Date.parse(b.onsetAt))
    },
    guarantees: async () =>
      (await program.get<{ guarantees: GuaranteeView[] }>(`/contracts/${CONTRACT}`)).guarantees,
  }
}
