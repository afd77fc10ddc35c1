/**
 * The demo's story: who measures what, and what went wrong when, counted back from now. The demo model
 * tells it as views. Pure.
 */
import type { State } from '@constat/collector/view/parts'

const MINUTE_MS = 60_000

/** Trouble of one service as some agents see it; `lastMin` absent: still going on. */
export type Trouble = {
  agoMin: number
  lastMin?: number
  state: State
  agents: readonly string[]
  /** Where it failed; absent: nobody can tell. */
  zone?: string
}

export type StoryService = {
  service: string
  displayName?: string
  kind: string
  target: string
  troubles: readonly Trouble[]
}

export type StoryParty = { id: string; role: string; name: string; of?: string }
export type StoryZone = { id: string; owner: string; boundary: string; reference: readonly string[] }
export type StorySite = {
  id: string
  displayName: string
  agents: readonly string[]
  administeredBy: string | null
}

export type StoryContract = {
  name: string
  displayName: string
  provider: string
  zone: string
  terms: 'unilateral' | 'agreed' | 'objected'
  lacks: readonly string[]
  /** Measuring began so long ago; null: nothing was ever measured. */
  measuredForMin: number | null
  services: readonly StoryService[]
  guarantees: readonly {
    guarantee: string
    displayName?: string
    service: string
    target: string
    clause: string | null
    scope?: 'each-site'
  }[]
  speeds?: readonly {
    guarantee: string
    displayName: string
    service: string
    target: string
    clause: string
    thresholdMs: number
  }[]
  parties?: readonly StoryParty[]
  zones?: readonly StoryZone[]
  sites?: readonly StorySite[]
  hours?: object
  fee?: { amount: string; currency: string }
}

export const AGENTS = [
  { id: 'a1'.repeat(16), name: 'lyon' },
  { id: 'b2'.repeat(16), name: 'lille' },
  { id: 'c3'.repeat(16), name: 'nantes' },
] as const
const ALL = AGENTS.map((agent) => agent.name)
const MONTH_MIN = 31 * 24 * 60

const HOSTING: StoryContract = {
  name: 'acme-hosting-2026',
  displayName: 'Hosting and network outsourcing',
  provider: 'Northstar Hosting',
  zone: 'Europe/Paris',
  terms: 'agreed',
  lacks: ['witness'],
  measuredForMin: MONTH_MIN * 6,
  services: [
    {
      service: 'order-portal',
      displayName: 'Order portal',
      kind: 'http',
      target: 'https://orders.example/login',
      troubles: [
        { agoMin: 17.07, state: 'down', agents: ['lyon', 'lille'], zone: 'access-line' },
        { agoMin: 19.5, lastMin: 2.43, state: 'degraded', agents: ['lyon', 'lille'] },
        { agoMin: 410, lastMin: 22, state: 'down', agents: ['lyon', 'lille'] },
        { agoMin: 3 * 1440, lastMin: 48.2, state: 'down', agents: ['lyon', 'lille', 'nantes'], zone: 'core' },
        { agoMin: 9 * 1440, lastMin: 95, state: 'unknown', agents: ALL },
        { agoMin: 6.5, state: 'unknown', agents: ['nantes'] },
      ],
    },
    {
      service: 'branch-vpn',
      displayName: 'Branch VPN',
      kind: 'icmp',
      target: '10.20.0.1',
      troubles: [
        { agoMin: 34, state: 'down', agents: ['lille'] },
        { agoMin: 6.5, state: 'unknown', agents: ['nantes'] },
      ],
    },
    {
      service: 'stock-api',
      displayName: 'Stock API',
      kind: 'http',
      target: 'https://stock.example/health',
      troubles: [
        { agoMin: 8, state: 'degraded', agents: ['lyon', 'lille'] },
        { agoMin: 6.5, state: 'unknown', agents: ['nantes'] },
      ],
    },
    {
      service: 'mail-relay',
      displayName: 'Mail relay',
      kind: 'tcp',
      target: 'mail.example:25',
      troubles: [],
    },
  ],
  guarantees: [
    {
      guarantee: 'portal-availability',
      displayName: 'Portal availability',
      service: 'order-portal',
      target: '99.9',
      clause: 'A.3.1',
    },
    {
      guarantee: 'vpn-availability',
      displayName: 'Network availability, each site',
      service: 'branch-vpn',
      target: '99.5',
      clause: 'A.3.4',
      scope: 'each-site',
    },
  ],
  speeds: [
    {
      guarantee: 'portal-latency',
      displayName: 'Portal response time',
      service: 'order-portal',
      target: '95',
      clause: 'A.3.2',
      thresholdMs: 400,
    },
  ],
  parties: [
    { id: 'customer', role: 'customer', name: 'Acme Retail' },
    { id: 'outsourcer', role: 'provider', name: 'Northstar Hosting' },
    { id: 'internal-it', role: 'customer-department', of: 'customer', name: 'Acme internal IT' },
    { id: 'telco', role: 'subcontractor', of: 'outsourcer', name: 'Fibreline' },
  ],
  zones: [
    { id: 'branch-lan', owner: 'internal-it', boundary: 'branch switch port', reference: ['lan-gateway'] },
    { id: 'access-line', owner: 'telco', boundary: 'provider router LAN side', reference: ['cpe-wan'] },
    { id: 'core', owner: 'outsourcer', boundary: 'data centre edge', reference: ['dc-edge'] },
    { id: 'application', owner: 'outsourcer', boundary: 'portal URL', reference: [] },
  ],
  sites: [
    { id: 'lyon', displayName: 'Lyon', agents: ['lyon'], administeredBy: 'internal-it' },
    { id: 'lille', displayName: 'Lille', agents: ['lille'], administeredBy: 'internal-it' },
    { id: 'nantes', displayName: 'Nantes', agents: ['nantes'], administeredBy: 'outsourcer' },
  ],
  hours: {
    weekly: [{ days: ['MO', 'TU', 'WE', 'TH', 'FR'], start: '08:00', end: '20:00' }],
    holidays: ['2026-01-01', '2026-05-01', '2026-07-14', '2026-12-25'],
    yearsCovered: [2026],
  },
  fee: { amount: '40000.00', currency: 'EUR' },
}

const ARCHIVE: StoryContract = {
  name: 'archive',
  displayName: 'Document archive',
  provider: 'Fibreline',
  zone: 'Europe/Paris',
  terms: 'objected',
  lacks: ['more-sites', 'references', 'clock-bound', 'provider-agreement'],
  measuredForMin: null,
  services: [{ service: 'archive-search', kind: 'http', target: 'https://archive.example', troubles: [] }],
  guarantees: [{ guarantee: 'search', service: 'archive-search', target: '99', clause: null }],
}

const INTRANET: StoryContract = {
  name: 'intranet',
  displayName: 'Intranet',
  provider: 'Northstar',
  zone: 'Europe/Paris',
  terms: 'unilateral',
  lacks: ['more-sites', 'references', 'provider-agreement'],
  measuredForMin: 267,
  services: [
    {
      service: 'intranet',
      kind: 'http',
      target: 'https://intranet.example',
      troubles: [{ agoMin: 150, lastMin: 1.2, state: 'down', agents: ALL }],
    },
  ],
  guarantees: [{ guarantee: 'intranet', service: 'intranet', target: '99.9', clause: null }],
}

const PAYROLL: StoryContract = {
  name: 'payroll',
  displayName: 'Payroll as a service',
  provider: 'Paie & Fils <SARL>',
  zone: 'America/New_York',
  terms: 'agreed',
  lacks: [],
  measuredForMin: MONTH_MIN * 3,
  services: [
    { service: 'payroll', kind: 'http', target: 'https://payroll.example', troubles: [] },
    { service: 'order-portal', kind: 'tls', target: 'payroll.example:443', troubles: [] },
  ],
  guarantees: [{ guarantee: 'payroll', service: 'payroll', target: '99.95', clause: '7.2' }],
}

export const STORY: readonly StoryContract[] = [HOSTING, ARCHIVE, INTRANET, PAYROLL]

export function minutesMs(minutes: number): number {
  return Math.round(minutes * MINUTE_MS)
}
