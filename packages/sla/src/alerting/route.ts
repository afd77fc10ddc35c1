/**
 * Routes: which endpoints of an Alerting document are told of an event, and when. Pure.
 */
import type { UnixMs } from '@constat/shared/time'
import { GATHERING_DEFAULTS, SHAPES_FOR_PEOPLE, type AlertingSpec } from '../contract/schema-private.ts'
import { ms } from '../contract/scalar.ts'
import type { Rules } from './gathered.ts'
import { hoursUntilMs, isWithin } from './hours.ts'

/** A document as it is kept: its name, and what it says with every default filled in. */
export type AlertingDocument = { name: string; spec: AlertingSpec }

/** What an event is about, as far as it says. */
export type Told = {
  type: string
  service: string | null
  sites: readonly string[]
  /** A guarantee that the contract calls critical is concerned. */
  isCritical: boolean
  atMs: UnixMs
}

/** `*`, `incident.*` or one type by its name. */
export function typeMatches(pattern: string, type: string): boolean {
  if (pattern === '*' || pattern === type) return true
  return pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))
}

/** Endpoint ids. Without routes all of them hear everything. */
export function routedTo({ endpoints, routes, paused }: AlertingSpec, told: Told): Set<string> {
  if (paused) return new Set()
  if (routes.length === 0) return new Set(endpoints.map(({ id }) => id))
  return new Set(routes.filter((route) => isOn(route, told)).flatMap(({ to }) => to))
}

type Route = AlertingSpec['routes'][number]

/** A route that names services, sites or a severity carries nothing that says none. */
function isOn({ types, services, sites, severity, hours }: Route, told: Told): boolean {
  return (
    types.some((pattern) => typeMatches(pattern, told.type)) &&
    (services === undefined || (told.service !== null && services.includes(told.service))) &&
    (sites === undefined || sites.some((site) => told.sites.includes(site))) &&
    (severity === undefined || told.isCritical) &&
    (hours === undefined || isWithin(hours, told.atMs))
  )
}

/** When a message may leave: the end of the quiet hours, or null where it may at once. */
export function heldUntilMs({ quietHours }: AlertingSpec, { type, atMs }: Told): UnixMs | null {
  if (!quietHours || quietHours.except.some((pattern) => typeMatches(pattern, type))) return null
  return hoursUntilMs(quietHours, atMs)
}

/**
 * How what an endpoint is told of incidents is gathered; null: each message by itself, as machines take them. A document
 * that was kept before there was any gathering has the defaults.
 */
export function gatheredBy(spec: AlertingSpec, endpoint: Endpoint): Rules | null {
  const { grouping, damping }: Pick<AlertingSpec, 'grouping' | 'damping'> = { ...GATHERING_DEFAULTS, ...spec }
  const isForPeople = endpoint.email !== undefined || SHAPES_FOR_PEOPLE.has(endpoint.shape)
  const rules = { holdMs: ms(grouping.hold), opens: damping.opens, withinMs: ms(damping.within) }
  return isForPeople && (rules.holdMs > 0 || rules.withinMs > 0) ? rules : null
}

type Endpoint = AlertingSpec['endpoints'][number]

/** How an endpoint of a document is called where documents meet. */
export function endpointKey(document: string, endpoint: string): string {
  return `${document}/${endpoint}`
}
