/**
 * Plan: who would be told, when and why, if a service went down at an instant and nobody answered. Pure: by the same
 * routes, steps and quiet hours that tell of a real one.
 */
import type { UnixMs } from '@constat/shared/time'
import { ms } from '../contract/scalar.ts'
import { repeatMs } from './escalation.ts'
import { gatheredBy, heldUntilMs, routedTo, type AlertingDocument, type Told } from './route.ts'

export type Planned = {
  document: string
  endpoint: string
  type: 'incident.opened' | 'incident.escalated'
  /** After people were to be told. */
  afterMs: number
  /** Told again after this, until somebody answers; null: once. */
  everyMs: number | null
  /** Waits so long for what has the same cause; 0: not at all. */
  gatherMs: number
  /** Held by quiet hours until then. */
  heldUntilMs: UnixMs | null
  /** Number of the step, from 1; null: by a route, or because there are none. */
  step: number | null
}

/** `atMs`: when people are to be told. */
export type Outage = Pick<Told, 'service' | 'sites' | 'isCritical' | 'atMs'>

/** In order of time. */
export function plannedBy({ name, spec }: AlertingDocument, outage: Outage): Planned[] {
  if (spec.paused) return []
  const opened = { ...outage, type: 'incident.opened' as const }
  const first = [...routedTo(spec, opened)].map((endpoint) => ({
    document: name,
    endpoint,
    type: opened.type,
    afterMs: 0,
    everyMs: null,
    gatherMs: gatherMs(spec, endpoint),
    heldUntilMs: heldUntilMs(spec, opened),
    step: null,
  }))
  return [...first, ...spec.escalation.flatMap((_, i) => stepPlan({ name, spec }, { outage, i }))]
}

function stepPlan({ name, spec }: AlertingDocument, { outage, i }: { outage: Outage; i: number }): Planned[] {
  const { after, to } = spec.escalation[i]!
  const afterMs = ms(after)
  const type = 'incident.escalated' as const
  const told = { ...outage, type, atMs: outage.atMs + afterMs }
  const isLast = i === spec.escalation.length - 1
  return to.map((endpoint) => ({
    document: name,
    endpoint,
    type,
    afterMs,
    everyMs: isLast ? repeatMs(spec.escalation) : null,
    gatherMs: gatherMs(spec, endpoint),
    heldUntilMs: heldUntilMs(spec, told),
    step: i + 1,
  }))
}

function gatherMs(spec: AlertingDocument['spec'], id: string): number {
  const endpoint = spec.endpoints.find((one) => one.id === id)
  return (endpoint && gatheredBy(spec, endpoint)?.holdMs) ?? 0
}
