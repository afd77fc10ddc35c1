/**
 * Scenarios for tests: a small contract as JSON documents, whose clauses each test turns, and the engine on it.
 */
import type { GuaranteeAnswer, ScenarioAnswer } from '@constat/sla/scenario/answer'
import { evaluateScenario } from '@constat/sla/scenario/evaluate'
import { readScenario } from '@constat/sla/scenario/read'

export type Json = Record<string, unknown>

export const HOUR_MS = 3_600_000
export const MINUTE_MS = 60_000

/** Monday to Friday, 08:00 to 20:00 UTC; the Wednesday 14 January 2026 is a holiday. */
export const OFFICE = {
  apiVersion: 'constat/v1',
  kind: 'Calendar',
  metadata: { name: 'office' },
  spec: {
    timeZone: 'UTC',
    weekly: [{ days: ['MO', 'TU', 'WE', 'TH', 'FR'], start: '08:00', end: '20:00' }],
    holidays: ['2026-01-14'],
    yearsCovered: [2026],
  },
}

/** Every minute, two failures confirm, a sample stands for 130 s. */
export const CHECK = {
  apiVersion: 'constat/v1',
  kind: 'Check',
  metadata: { name: 'web' },
  spec: {
    service: 'portal',
    http: { url: 'https://portal.example/' },
    interval: 'PT60S',
    timeout: 'PT10S',
  },
}

const CLAUSES = [
  { id: 'A', title: 'Promise', text: 'What was promised' },
  { id: 'M', title: 'Measurement', text: 'How it is measured' },
  { id: 'X', title: 'Exclusions', text: 'What does not count' },
]

const PARTIES = [
  { id: 'customer', role: 'customer', name: 'Acme' },
  { id: 'hoster', role: 'provider', name: 'Northstar' },
  { id: 'it', role: 'customer-department', of: 'customer', name: 'Acme IT' },
  { id: 'telco', role: 'subcontractor', of: 'hoster', name: 'Fibreline' },
]

export const AVAILABILITY = {
  id: 'up',
  service: 'portal',
  clause: 'A',
  window: { period: 'P1M', timeZone: 'UTC' },
  calendar: 'always',
  metric: 'interval-availability',
  target: { op: 'gte', percent: '99.9' },
}

/** The documents of one contract; `spec` goes over the defaults key by key. */
export function contractOf({ spec = {}, others = [] }: { spec?: Json; others?: readonly Json[] }): Json[] {
  const contract = {
    apiVersion: 'constat/v1',
    kind: 'Contract',
    metadata: { name: 'hosting' },
    spec: { parties: PARTIES, clauses: CLAUSES, guarantees: [AVAILABILITY], ...spec },
  }
  return [OFFICE, CHECK, ...others, contract]
}

export function evaluated(scenario: Json): ScenarioAnswer {
  return evaluateScenario(readScenario(scenario), [])
}

/** The one guarantee that the scenario judges. */
export function onlyGuarantee(scenario: Json): GuaranteeAnswer {
  const { guarantees } = evaluated(scenario)
  const [first, second] = guarantees
  if (!first || second) throw new Error(`the scenario judges ${guarantees.length} guarantees`)
  return first
}

/** January 2026 in UTC, begun on a Thursday. */
export const JANUARY = { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' }

/** Up all January but for the given stretches, as `[start, end, state]` within it. */
export function statesWith(stretches: readonly (readonly [string, string, string])[]): unknown[] {
  return [
    [JANUARY.start, 'up'],
    ...stretches.flatMap(([start, end, state]) => [
      [january(start), state],
      [january(end), 'up'],
    ]),
  ]
}

/** `08 10:00` as an instant of January 2026. */
export function january(text: string): string {
  const [day, clock] = text.split(' ')
  return `2026-01-${day}T${clock}${clock?.length === 5 ? ':00' : ''}Z`
}
