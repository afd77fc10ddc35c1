/**
 * Terms of the seed: an outsourcing contract with every metric in three revisions, after the published example,
 * and three small ones. Text of documents, as somebody would apply it.
 */
import { readFileSync } from 'node:fs'

export const HOSTING = 'acme-hosting-2026'
/** Called otherwise than the sites that they stand at. */
export const AGENTS = ['agent-lyon', 'agent-lille', 'agent-nantes'] as const
export const SLOT_MS = 5 * 60_000

const EXAMPLE = readFileSync(new URL('../vectors/contract-example.yaml', import.meta.url), 'utf8')

const NAMES: Record<string, string> = {
  'portal-availability': 'Portal availability',
  'portal-latency': 'Portal response time',
  'portal-restoration': 'Portal restoration',
  'portal-response': 'Response to portal outages',
  'vpn-availability': 'Network availability, each site',
}

/** Guarantees of the metrics that the example does without. */
const MORE_GUARANTEES = `
    - {id: portal-requests, displayName: Portal requests, service: order-portal, clause: "A.3.1", metric: request-share, target: {op: gte, percent: "99.5"}}
    - {id: portal-slices, displayName: Portal minutes, service: order-portal, clause: "A.3.1", calendar: paris-office, metric: error-rate-slices, slice: PT15M, badWhen: all-failed, target: {op: gte, percent: "99.5"}}
    - {id: portal-errors, displayName: Portal errors, service: order-portal, clause: "A.3.1", calendar: paris-office, metric: mean-error-rate, slice: PT15M, target: {op: gte, percent: "99.5"}}
    - {id: vpn-core, displayName: Network availability, service: branch-vpn, clause: "A.3.4", metric: interval-availability, target: {op: gte, percent: "99"}}
    - {id: portal-incidents, displayName: Portal outages, service: order-portal, clause: "A.3.3", metric: incident-count, target: {op: lte, count: 4}}`

const MORE_SERVICES = `apiVersion: openslo/v1
kind: Service
metadata: {name: stock-api, displayName: Stock API}
spec: {description: Stock of the branches}
---
apiVersion: openslo/v1
kind: Service
metadata: {name: mail-relay, displayName: Mail relay}
spec: {description: Outgoing mail}
---
apiVersion: constat/v1
kind: Check
metadata: {name: stock-api-health}
spec: {service: stock-api, http: {url: "https://stock.example/health", expect: {within: PT0.5S}}, interval: PT5M, timeout: PT5S}
---
apiVersion: constat/v1
kind: Check
metadata: {name: mail-relay-banner}
spec: {service: mail-relay, tcp: {host: mail.example, port: 25, banner: smtp}, interval: PT5M, timeout: PT5S}
---
`

/** What stands in the example, changed where the seed needs it; a change that finds nothing is a mistake. */
function changed(text: string, changes: readonly (readonly [RegExp, string])[]): string {
  return changes.reduce((before, [found, put]) => {
    if (before.search(found) < 0) throw new Error(`the example has no ${found}`)
    return before.replaceAll(found, put)
  }, text)
}

/** 1: as it was agreed. 2: two more services. 3: answers within less time. */
export function hostingTerms(revision: 1 | 2 | 3, from = '2026-10-01'): string {
  const text = changed(EXAMPLE, [
    [/interval: PT\d+S/g, 'interval: PT5M'],
    [/hold: PT150S/g, 'hold: PT11M'],
    [/effective: \{from: "2026-01-01"/g, `effective: {from: "${from}"`],
    [/revision: 3/g, `revision: ${revision}`],
    [/- \{id: lyon, /g, '- {id: lyon, displayName: Lyon, '],
    [/- \{id: lille, /g, '- {id: lille, displayName: Lille, '],
    [/- \{id: nantes, /g, '- {id: nantes, displayName: Nantes, '],
    [/minimumSamples: 1000/g, 'minimumSamples: 100'],
    ...Object.entries(NAMES).map(
      ([id, name]) => [new RegExp(`\\{id: ${id},`, 'g'), `{id: ${id}, displayName: "${name}",`] as const,
    ),
    [/( {4}- \{id: vpn-availability, .*)/g, `$1${MORE_GUARANTEES}`],
    ...(revision === 3 ? [[/threshold: PT0\.4S/g, 'threshold: PT0.35S'] as const] : []),
  ])
  return revision === 1
    ? text
    : text.replace(
        '---\napiVersion: constat/v1\nkind: Calendar',
        `---\n${MORE_SERVICES}apiVersion: constat/v1\nkind: Calendar`,
      )
}

type Small = {
  name: string
  displayName: string
  provider: string
  timeZone: string
  /** service → host. */
  services: Record<string, string>
  vantages?: readonly string[]
  /** Of every guarantee. */
  clause?: string
  /** Further members of the specification. */
  more?: object
}

/** A check, a service and a promise of 99.9 % each. */
export function smallTerms({ services, vantages, clause, more, name, displayName, ...spec }: Small): string {
  const checks = Object.entries(services).map(([service, host]) => ({
    apiVersion: 'constat/v1',
    kind: 'Check',
    metadata: { name: `${service}-check` },
    spec: { service, tcp: { host, port: 443 }, interval: 'PT5M', timeout: 'PT5S' },
  }))
  const guarantees = Object.keys(services).map((service) => ({
    id: `${service}-availability`,
    service,
    metric: 'interval-availability',
    target: { percent: '99.9' },
    ...(clause !== undefined && { clause }),
  }))
  const contract = {
    apiVersion: 'constat/v1',
    kind: 'Contract',
    metadata: { name, displayName },
    spec: { ...spec, guarantees, ...(vantages && { measurement: { vantages } }), ...more },
  }
  return [...checks, contract].map((document) => JSON.stringify(document)).join('\n---\n')
}

const INTRANET = { name: 'intranet', displayName: 'Intranet', provider: 'Northstar' }
const HOME = { intranet: 'intranet.example' }
const [WIKI, PHONES] = [{ wiki: 'wiki.example' }, { directory: 'phones.example' }]

/** A service leaves with October, one is not probed any more, one leaves with November. */
export const INTRANET_TERMS = [
  { ...INTRANET, timeZone: 'UTC', services: { ...HOME, ...WIKI, ...PHONES, badges: 'badges.example' } },
  { ...INTRANET, timeZone: 'Europe/Paris', services: { ...HOME, ...WIKI, ...PHONES } },
  { ...INTRANET, timeZone: 'Europe/Paris', services: { ...HOME, ...PHONES } },
  { ...INTRANET, timeZone: 'Europe/Paris', services: HOME },
].map(smallTerms)

const PAYROLL = {
  name: 'payroll',
  displayName: 'Payroll as a service',
  provider: 'Paie & Fils <SARL>',
  // A name that another contract has, too.
  services: { payroll: 'payroll.example', 'order-portal': 'orders.payroll.example' },
}

export const PAYROLL_TERMS = [
  { ...PAYROLL, timeZone: 'UTC' },
  { ...PAYROLL, timeZone: 'America/New_York' },
].map(smallTerms)

/** Nobody measures it: the agent that should was never enrolled. */
export const ARCHIVE_TERMS = smallTerms({
  name: 'archive',
  displayName: 'Document archive',
  provider: 'Fibreline',
  timeZone: 'Europe/Paris',
  services: { 'archive-search': 'archive.example' },
  vantages: ['brest'],
})

/** By the provider's clock, which reads some times twice. */
export const STATEMENT = `service,start,end,kind,note
branch-vpn,2026-10-08 02:00,2026-10-08 11:00,,Access line of Lille cut by works
order-portal,2026-10-13 14:00,2026-10-13 14:20,,Disk full
order-portal,2026-10-15 11:00,2026-10-15 11:30,customer-cause,Certificate of the customer
order-portal,2026-10-20 09:40,2026-10-20 11:10,,Database restarted
order-portal,2026-10-22 10:00,2026-10-22 10:30,,Slow answers
order-portal,2026-10-24 10:00,2026-10-24 11:00,,On a Saturday
branch-vpn,2026-10-25 02:10,2026-10-25 02:40,,In the night of the clock
order-portal,2026-10-27 15:00,2026-10-27 16:10,planned,Storage upgrade
order-portal,2026-10-29 10:00,2026-10-29 10:30,,Load balancer
`
