/**
 * The contract of the campaign: the zones, sites and references of a real outsourcing, at a pace at which
 * a fault is confirmed within seconds.
 */
import type { State, Verdict } from '../../collector/src/view/parts.ts'
import type { IncidentView, TimelineView } from '../../collector/src/view/timeline.ts'
import type { Program } from '../support/program.ts'
import { ANCHOR_A, ANCHOR_B, EDGE_REFERENCE, LINE_REFERENCE, PORTAL, PORTAL_SIX } from './world.ts'

export const CONTRACT = 'campaign'
export const SERVICE = 'portal'
export const SERVICE_SIX = 'portal-six'
const EACH_SITE = 'portal-each-site'
export type Pace = { intervalMs: number; timeoutMs: number }
/** Faults are found within seconds. */
export const BRISK: Pace = { intervalMs: 2_000, timeoutMs: 800 }
/** Leaves room for three round trips of 300 ms. */
export const PATIENT: Pace = { intervalMs: 3_000, timeoutMs: 1_450 }
/** How long a sample stands. */
export const holdOf = ({ intervalMs, timeoutMs }: Pace): number => 2 * intervalMs + timeoutMs

const seconds = (ms: number): string => `PT${ms / 1_000}S`
const guarantee = (id: string, rest: string): string =>
  `    - {id: ${id}, ${rest}, window: {period: P1M, timeZone: UTC}, metric: interval-availability, ` +
  'target: {op: gte, percent: "99.9999"}}\n'
/** Name and probe of every check. */
const CHECKS = [
  ['portal-login', `service: ${SERVICE}, http: {url: "${PORTAL}"}`],
  ['portal-login-six', `service: ${SERVICE_SIX}, http: {url: "${PORTAL_SIX}"}`],
  ['lan-gateway', 'icmp: {host: gateway, packets: 1}'],
  ['cpe-wan', `icmp: {host: "${LINE_REFERENCE}", packets: 1}`],
  ['dc-edge', `tcp: {host: "${EDGE_REFERENCE.host}", port: ${EDGE_REFERENCE.port}}`],
  ['anchor-a', `dns: {server: "${ANCHOR_A.server}", name: ${ANCHOR_A.name}}`],
  ['anchor-b', `tcp: {host: "${ANCHOR_B.host}", port: ${ANCHOR_B.port}}`],
] as const

function checkText([name, probe]: readonly [string, string], { intervalMs, timeoutMs }: Pace): string {
  const pace = `interval: ${seconds(intervalMs)}, timeout: ${seconds(timeoutMs)}, reprobe: PT1S`
  return `---
apiVersion: constat/v1
kind: Check
metadata: {name: ${name}}
spec: {${probe}, ${pace}}
`
}

/** `sites`: names of the agents, each a site of its own. */
export function contractText(sites: readonly string[], pace: Pace): string {
  const siteLines = sites.map(
    (name) => `    - {id: ${name}, agents: [${name}], administeredBy: internal-it}\n`,
  )
  return `${CHECKS.map((check) => checkText(check, pace)).join('')}---
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
    brackets: true
  guarantees:
${guarantee('portal-up', `service: ${SERVICE}`)}${guarantee(
    EACH_SITE,
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
  /** Point downtime of a whole service in the open window. */
  downMs(service: string): Promise<number>
  /** The guarantee judged for each site: its figures and verdict, by the name of the site. */
  sites(): Promise<Record<string, { provable: number; verdict: Verdict }>>
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
    downMs: async (service) => {
      type Judged = { guarantee: string; downMs: { point: number } }
      const { guarantees } = await program.get<{ guarantees: Judged[] }>(`/contracts/${CONTRACT}`)
      const own = guarantees.find(({ guarantee: id }) => id === `${service}-up`)
      if (!own) throw new Error(`no guarantee of ${service} as a whole`)
      return own.downMs.point
    },
    sites: async () => {
      type Judged = { guarantee: string; sites?: Site[] }
      type Site = { site: string; downMs: { provable: number }; verdict: Verdict }
      const { guarantees } = await program.get<{ guarantees: Judged[] }>(`/contracts/${CONTRACT}`)
      const sites = guarantees.find(({ guarantee: id }) => id === EACH_SITE)?.sites ?? []
      return Object.fromEntries(
        sites.map(({ site, downMs, verdict }) => [site, { provable: downMs.provable, verdict }]),
      )
    },
  }
}
