/** Closings without a database: what is promised in a window, when it may be closed, what is told of it. */
import { describe, expect, it } from 'vitest'
import { parseInstant, type UnixMs } from '@constat/shared/time'
import { MAX_PAYLOAD_BYTES, envelopeText, payloadBytes } from '../../../collector/src/alert/types.ts'
import { jsonOf, resultDigest, type ClosedGuarantee, type ClosingBody } from '@constat/sla/state/closing'
import type { Life } from '@constat/sla/state/contract-state'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import { windowGroup, windowGroups } from '@constat/sla/state/in-force'
import {
  AMENDABLE_MS,
  amendableUntilMs,
  DECIDING_MS,
  earliestCloseMs,
  isDecided,
} from '../../../collector/src/closing/due.ts'
import { windowFact } from '../../../collector/src/closing/window-fact.ts'
import { keptOf } from '@constat/sla/judgement/window-judgement'
import { revisionLeaf, stateOf } from '../../support/contract-state.ts'
import { accepted } from '../../support/contract-text.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const at = (text: string): UnixMs => parseInstant(`${text}T00:00:00Z`)!

type Shape = { guarantees?: string[]; from?: string; until?: string; period?: string }

const text = ({ guarantees = ['a'], from, until, period = 'P1M' }: Shape = {}): string => `
apiVersion: constat/v1
kind: Check
metadata: {name: page}
spec: {service: shop, tcp: {host: 192.0.2.1, port: 80}, interval: PT1M, timeout: PT10S, confirm: {down: 3, up: 1, by: slots}}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: shop}
spec:
  effective: {timeZone: UTC${from ? `, from: "${from}"` : ''}${until ? `, to: "${until}"` : ''}}
  parties:
    - {id: customer, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  clauses: [{id: "1", title: Up, text: Available}]
  measurement: {minimumOutage: PT5M}
  finalisation: {grace: PT24H}
  guarantees:
${guarantees.map((id) => `    - {id: ${id}, service: shop, clause: "1", metric: interval-availability, target: {op: gte, percent: "99"}, window: {period: ${period}, timeZone: UTC}, calendar: always}\n`).join('')}`

function termsOf(...revisions: { applied: string; shape?: Shape }[]): Life {
  const leaves = revisions.map(({ applied, shape }, i) =>
    revisionLeaf(accepted(text(shape)), { revision: i + 1, appliedMs: at(applied) }),
  )
  return stateOf('shop', leaves).life
}

const judgedBy = (terms: Life, until: string) =>
  windowGroups(terms, at(until)).map(({ key, promised }) => [
    key,
    ...promised.map(({ guarantee, revision }) => `${guarantee.id}${revision.revision}`),
  ])

describe('what is promised in a window', () => {
  it.each([
    [
      'begins with the month it was applied in',
      termsOf({ applied: '2026-10-20' }),
      [
        ['2026-10', 'a1'],
        ['2026-11', 'a1'],
      ],
    ],
    [
      'is judged by the next revision from the next window on',
      termsOf({ applied: '2026-10-01' }, { applied: '2026-10-20' }),
      [
        ['2026-10', 'a1'],
        ['2026-11', 'a2'],
      ],
    ],
    [
      'is judged by a revision whose very edge is its start',
      termsOf({ applied: '2026-10-01' }, { applied: '2026-11-01' }),
      [
        ['2026-10', 'a1'],
        ['2026-11', 'a2'],
      ],
    ],
    [
      'waits for the date of a revision that was applied before it',
      termsOf({ applied: '2026-09-01' }, { applied: '2026-09-10', shape: { from: '2026-11-01' } }),
      [
        ['2026-09', 'a1'],
        ['2026-10', 'a1'],
        ['2026-11', 'a2'],
      ],
    ],
    [
      'is kept to the end of the window in which it was dropped',
      termsOf({ applied: '2026-10-01', shape: { guarantees: ['a', 'b'] } }, { applied: '2026-10-20' }),
      [
        ['2026-10', 'a1', 'b1'],
        ['2026-11', 'a2'],
      ],
    ],
    [
      'is judged by the revision that first promises it',
      termsOf({ applied: '2026-10-01' }, { applied: '2026-10-20', shape: { guarantees: ['a', 'b'] } }),
      [
        ['2026-10', 'a1', 'b2'],
        ['2026-11', 'a2', 'b2'],
      ],
    ],
    [
      'has another period from its next window on',
      termsOf({ applied: '2026-10-01' }, { applied: '2026-10-20', shape: { period: 'P3M' } }),
      [
        ['2026-10', 'a1'],
        ['2026-Q4', 'a2'],
      ],
    ],
    [
      'ends with the contract',
      termsOf({ applied: '2026-10-01', shape: { from: '2026-10-01', until: '2026-11-01' } }),
      [['2026-10', 'a1']],
    ],
  ])('%s', (_, terms, expected) => {
    expect(judgedBy(terms, '2026-11-15')).toEqual(expected)
  })
})

const group = (terms = termsOf({ applied: '2026-10-01' })) => windowGroup(terms, '2026-10', at('2026-11-15'))!

describe('a closing', () => {
  it('comes no earlier than end + (N − 1) × interval + hold + grace', () => {
    // Three failures a minute apart confirm; a sample stands for two intervals and the timeout.
    expect(earliestCloseMs(group())).toBe(at('2026-11-01') + 2 * 60_000 + 130_000 + 24 * HOUR_MS)
  })

  const incident = (onset: UnixMs, endMs: UnixMs | null): IncidentRecord =>
    // What is not named here decides nothing.
    ({
      service: 'shop',
      onsetMs: onset,
      endMs,
      closeReason: endMs === null ? null : 'recovered',
    }) as IncidentRecord
  const lateMs = at('2026-11-01') - 60_000

  it.each([
    ['of an incident that has ended', incident(lateMs, lateMs + 1), lateMs + 2, true],
    ['of one shorter than the minimum outage', incident(lateMs, null), lateMs + 60_000, false],
    ['of one that counts whatever comes', incident(lateMs, null), lateMs + 6 * 60_000, true],
    ['of one that began later', incident(at('2026-11-02'), null), at('2026-11-02') + 1, true],
    ['for ever', incident(lateMs, null), earliestCloseMs(group()) + DECIDING_MS, true],
  ])('waits for no decision but one that is open: %s', (_, row, nowMs, expected) => {
    expect(isDecided(group(), { incidents: [row], nowMs })).toBe(expected)
  })

  it('may be amended for a while where the contract says no deadline, and never where it is final at once', () => {
    const finalMs = at('2026-11-05')
    expect(amendableUntilMs(group(), finalMs)).toBe(finalMs + AMENDABLE_MS)
    const final = termsOf({ applied: '2026-10-01' })
    final.revisions[0]!.terms.finalisation.amendmentsUntil = 'window-final'
    expect(amendableUntilMs(group(final), finalMs)).toBe(finalMs)
  })

  it('keeps what nothing has changed of', () => {
    const body = bodyOf(['a', 'b'].map((service) => guaranteeOf(service)))
    expect([...keptOf(body, new Set(['a'])).keys()]).toEqual(['g-b'])
  })

  it('has a digest of its results that no order of keys moves', () => {
    const { results } = bodyOf([guaranteeOf('a')])
    const turned = Object.fromEntries(Object.entries(results).toReversed()) as ClosingBody['results']
    expect(resultDigest(turned)).toBe(resultDigest(results))
    expect(resultDigest(bodyOf([guaranteeOf('b')]).results)).not.toBe(resultDigest(results))
    expect(jsonOf({ endMs: Infinity, gone: undefined })).toEqual({ endMs: null })
  })

  it('is told in one message, however many guarantees it has', () => {
    const many = Array.from({ length: 500 }, (_, i) => guaranteeOf(`service-of-a-long-name-${i}`.repeat(2)))
    const fact = windowFact({
      body: bodyOf(many),
      displayName: 'Shop',
      atMs: at('2026-11-05'),
      publicUrl: 'https://constat.example',
    })
    expect(payloadBytes(envelopeText(fact))).toBeLessThan(MAX_PAYLOAD_BYTES)
    expect(fact).toMatchObject({ type: 'window.finalised', contract: 'shop' })
    expect(fact.data['guaranteesLeftOut']).toBe(460)
    expect(JSON.stringify(fact.data['links'])).toContain('/contracts/shop/windows/2026-10')
  })
})

function guaranteeOf(service: string): ClosedGuarantee {
  // Only what a closing says of a guarantee is read here.
  const result = {
    guarantee: `g-${service}`,
    service,
    verdict: 'met',
    coverage: '1.0000',
    insufficientEvidence: false,
  } as ClosedGuarantee['result']
  const window = { key: '2026-10', startMs: at('2026-10-01'), endMs: at('2026-11-01'), timeZone: 'UTC' }
  return { revision: 1, contractDigest: '1', window, result, incidents: [], rulings: [] }
}

function bodyOf(guarantees: ClosedGuarantee[]): ClosingBody {
  const results = { guarantees, credit: null, outages: {} }
  return {
    kind: 'closing',
    contract: 'shop',
    window: '2026-10',
    startMs: at('2026-10-01'),
    endMs: at('2026-11-01'),
    version: 1,
    semantics: 1,
    revision: 1,
    contractDigest: '1',
    ledger: { size: 10, root: 'ab' },
    asOfMs: at('2026-11-04'),
    amendableUntilMs: at('2026-11-04') + 30 * DAY_MS,
    digest: resultDigest(results),
    previous: null,
    trace: guarantees.map(({ result }) => ({
      step: 'verdict',
      guarantee: result.guarantee,
      clause: null,
      text: 'met',
    })),
    results,
  }
}
