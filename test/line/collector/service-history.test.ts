/**
 * The history of a service over the life of its contract: each outage once, under the terms that it began under,
 * and over where nothing measures it any more.
 */
import { parseInstant, type UnixMs } from '@constat/shared/time'
import type { Revision } from '@constat/sla/state/contract-state'
import { timelineOf, type Timeline } from '@constat/sla/timeline'
import { describe, expect, it } from 'vitest'
import {
  incidentsSeen,
  serviceTimelineOf,
  stoppedSinceMs,
} from '../../../collector/src/judge/service-history.ts'
import { archiveLeaf, revisionLeaf, stateOf } from '../../support/contract-state.ts'
import { accepted } from '../../support/contract-text.ts'

const at = (text: string): UnixMs => parseInstant(`2026-${text}:00Z`)!

/** A check and a guarantee by the month for each service, of the same name. */
function termsOf(services: readonly string[], target = '99') {
  const checks = services.map(
    (name) => `apiVersion: constat/v1
kind: Check
metadata: {name: ${name}-check}
spec: {service: ${name}, tcp: {host: 192.0.2.1, port: 80}, interval: PT1M, timeout: PT10S}
---
`,
  )
  const guarantees = services.map(
    (name) =>
      `    - {id: ${name}, service: ${name}, metric: interval-availability, target: {op: gte, percent: "${target}"}, window: {period: P1M, timeZone: UTC}}\n`,
  )
  return accepted(`${checks.join('')}apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  effective: {timeZone: UTC}
  parties: [{id: c, role: customer, name: Acme}, {id: p, role: provider, name: Northstar}]
  guarantees:
${guarantees.join('')}`)
}

type Event = { on: string; services?: string[]; target?: string; stopProbing?: boolean }

/** An event without services archives the contract. */
function stateAfter(...events: Event[]) {
  let revision = 0
  const leaves = events.map(({ on, services, target, stopProbing = false }) => {
    if (!services) return archiveLeaf(at(on))
    revision += 1
    return revisionLeaf(termsOf(services, target), { revision, appliedMs: at(on), stopProbing })
  })
  return stateOf('shop', leaves)
}

/** Up since long ago, down where it is said; the last stretch may go on. */
function downIn(...stretches: [from: string, to: string | null][]): Timeline {
  return timelineOf([
    { atMs: at('01-01T00:00'), state: 'up' },
    ...stretches.flatMap(([from, to]) => [
      { atMs: at(from), state: 'down' as const },
      ...(to === null ? [] : [{ atMs: at(to), state: 'up' as const }]),
    ]),
  ])
}

const seen = (
  state: ReturnType<typeof stateAfter>,
  given: { service?: string; now: string; timelineOf: (revision: Revision) => Timeline },
) =>
  incidentsSeen(state, { service: given.service ?? 'a', nowMs: at(given.now), timelineOf: given.timelineOf })

describe('incidents of a service', () => {
  const revised = stateAfter(
    { on: '10-01T00:00', services: ['a'] },
    { on: '10-20T00:00', services: ['a'], target: '98' },
  )
  const removed = stateAfter(
    { on: '10-01T00:00', services: ['a', 'b'] },
    { on: '10-20T00:00', services: ['a'] },
  )

  it('are one where an outage goes on under other terms, as long as the first terms have it', () => {
    const timelines = [
      downIn(['10-31T23:00', '11-01T02:00']),
      // These terms see it begin later, and what came after.
      downIn(['11-01T00:10', '11-01T02:30'], ['11-05T00:00', '11-05T01:00']),
    ]
    const timeline = ({ revision }: Revision): Timeline => timelines[revision - 1]!
    expect(seen(revised, { now: '11-10T00:00', timelineOf: timeline })).toEqual([
      { startMs: at('10-31T23:00'), endMs: at('11-01T02:00'), isEnded: false },
      { startMs: at('11-05T00:00'), endMs: at('11-05T01:00'), isEnded: false },
    ])
    expect(serviceTimelineOf(revised, 'a', timeline).at).toEqual(
      expect.arrayContaining([at('10-31T23:00'), at('11-01T02:30')]),
    )
  })

  it('end with the last instant at which anything measured the service', () => {
    const timeline = (): Timeline => downIn(['10-31T23:00', null])
    const asked = { service: 'b', timelineOf: timeline }
    const startMs = at('10-31T23:00')
    expect(seen(removed, { ...asked, now: '10-31T23:30' })).toEqual([
      { startMs, endMs: null, isEnded: false },
    ])
    expect(seen(removed, { ...asked, now: '11-02T00:00' })).toEqual([
      { startMs, endMs: at('11-01T00:00'), isEnded: true },
    ])
    expect(seen(removed, { now: '11-02T00:00', timelineOf: timeline })).toEqual([
      { startMs, endMs: null, isEnded: false },
    ])
  })

  it('end where the contract is archived, and begin again with it', () => {
    const state = stateAfter(
      { on: '10-01T00:00', services: ['a'] },
      { on: '10-10T00:00' },
      { on: '10-12T00:00', services: ['a'] },
    )
    const timeline = (): Timeline => downIn(['10-09T23:00', '10-12T01:00'])
    expect(seen(state, { now: '10-20T00:00', timelineOf: timeline })).toEqual([
      { startMs: at('10-09T23:00'), endMs: at('10-10T00:00'), isEnded: true },
      { startMs: at('10-12T00:00'), endMs: at('10-12T01:00'), isEnded: false },
    ])
    expect(stoppedSinceMs(state, 'a', at('10-11T00:00'))).toBe(at('10-10T00:00'))
    expect(stoppedSinceMs(state, 'a', at('10-13T00:00'))).toBeNull()
  })

  it('are not measured from the instant on at which probing is stopped', () => {
    const state = stateAfter(
      { on: '10-01T00:00', services: ['a', 'b'] },
      { on: '10-20T00:00', services: ['a'], stopProbing: true },
    )
    expect(stoppedSinceMs(state, 'b', at('10-19T00:00'))).toBeNull()
    expect(stoppedSinceMs(state, 'b', at('10-21T00:00'))).toBe(at('10-20T00:00'))
  })
})
