/**
 * Comparing terms: what a revision changes, in words, and that nothing it changes goes untold.
 */
import { changeText, compareTerms, revisionProblem } from '@constat/sla/contract/compare'
import { contractDigest } from '@constat/sla/contract/digest'
import { describe, expect, test } from 'vitest'
import { accepted, EXAMPLE, SMALL } from '../../support/contract-text.ts'

const BEFORE = accepted(EXAMPLE)

function linesOf(...changes: readonly (readonly [string, string])[]): string[] {
  const text = changes.reduce((now, [from, to]) => {
    expect(now).toContain(from)
    return now.replace(from, to)
  }, EXAMPLE)
  return compareTerms(BEFORE, accepted(text)).map(changeText)
}

describe('one change, one line', () => {
  test.each([
    ['revision: 3', 'revision: 4', 'revision: was 3, now 4; from the moment of apply'],
    ['grace: PT72H', 'grace: PT48H', 'finalisation grace: was PT72H, now PT48H; from the next window'],
    [
      'percent: "95"}}',
      'percent: "90"}}',
      'guarantee portal-latency, target percent (A.3.2): was 95, now 90; from the next window',
    ],
    [
      'threshold: PT0.4S',
      'threshold: PT0.5S',
      'guarantee portal-latency, threshold (A.3.2): was PT0.4S, now PT0.5S; from the next window',
    ],
    [
      'pausedWhile: [customer-cause]',
      'pausedWhile: []',
      'guarantee portal-restoration, clock pausedWhile (A.3.3): removed customer-cause; from the next window',
    ],
    [
      'owner: telco',
      'owner: outsourcer',
      'zone access-line, owner: was telco, now outsourcer; from the next window',
    ],
    [
      'interval: PT60S\n  timeout: PT10S',
      'interval: PT60S\n  timeout: PT9S',
      'check order-portal-login, spec timeout: was PT10S, now PT9S; from the moment of apply',
    ],
    [
      'capPerMonth: PT8H',
      'capPerMonth: PT10H',
      'exclusions capPerMonth: was PT8H, now PT10H; from the next window',
    ],
    [
      'maxPerOccurrence: PT4H',
      'maxPerOccurrence: PT6H',
      'exclusion kind planned, maxPerOccurrence (A.4.1): was PT4H, now PT6H; from the next window',
    ],
    [
      'to: "2029-01-01"',
      'to: "2028-01-01"',
      'effective to: was 2028-12-31T23:00:00.000Z, now 2027-12-31T23:00:00.000Z; from the next window',
    ],
    [
      '{from: "95.0", percent: "25"}',
      '{from: "95.0", percent: "30"}',
      'credit for portal-availability, tiers 3 percent (A.5): was 25, now 30; from the next window',
    ],
    [
      'exclusive: false',
      'exclusive: true',
      'credits exclusive (A.5): was false, now true; from the next window',
    ],
    [
      'amount: "18000.00"',
      'amount: "17000.00"',
      'charges monthly order-portal amount: was 18000.00, now 17000.00; from the next window',
    ],
    [
      'text: "As the law defines it"',
      'text: "As the civil code defines it"',
      'clause A.4.4, text: was As the law defines it, now As the civil code defines it; from the next window',
    ],
    [
      'displayName: Hosting and network outsourcing',
      'displayName: Hosting',
      'displayName: was Hosting and network outsourcing, now Hosting; from the moment of apply',
    ],
    [
      'hold: PT150S',
      'hold: PT160S',
      'check anchor-a, anchor-b, branch-vpn-echo, cpe-wan, dc-edge and 2 more, fold hold: was PT2M30S, now PT2M40S; from the next window',
    ],
  ])('%s → %s', (from, to, line) => {
    expect(linesOf([from, to])).toEqual([line])
  })

  test('what comes and what goes', () => {
    const guarantee =
      '    - {id: calm, service: order-portal, clause: "A.3.1", metric: incident-count, target: {count: 2}}\n'
    const lines = linesOf(
      ['  credits:\n', `${guarantee}  credits:\n`],
      ['      portal-response:     {kind: flat, percent: "1"}\n', ''],
    )
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^guarantee calm \(A\.3\.1\): added \{id calm.*count 2\}\}; at once: it is new$/)
    expect(lines[1]).toBe(
      'credit for portal-response (A.5): removed {kind flat, percent 1}; from the next window',
    )
  })

  test('zones answer in their order', () => {
    const lan =
      '    - {id: branch-lan,  owner: internal-it, boundary: branch switch port,       reference: [lan-gateway]}\n'
    const line =
      '    - {id: access-line, owner: telco,       boundary: provider router LAN side, reference: [cpe-wan]}\n'
    expect(linesOf([lan + line, line + lan])).toEqual([
      'zones order: was branch-lan, access-line, core, application, now access-line, branch-lan, core, application; from the next window',
    ])
  })
})

describe('order that says nothing', () => {
  test.each([
    ['guarantees', { ...BEFORE, guarantees: BEFORE.guarantees.toReversed() }],
    ['parties', { ...BEFORE, parties: BEFORE.parties.toReversed() }],
    ['clauses', { ...BEFORE, clauses: BEFORE.clauses.toReversed() }],
  ])('of %s', (_, after) => {
    expect(compareTerms(BEFORE, after)).toEqual([])
    expect(contractDigest(after)).not.toEqual(contractDigest(BEFORE))
  })
})

test('rules of a zone that another tzdb gives', () => {
  const table = BEFORE.zoneTables['Europe/Paris']!
  const moved = table.transitions.map(
    ([atMs, seconds], i) => [i === 40 ? atMs + 3_600_000 : atMs, seconds] as const,
  )
  const after = { ...BEFORE, zoneTables: { 'Europe/Paris': { ...table, transitions: moved } } }
  expect(compareTerms(BEFORE, after).map(changeText)).toEqual([
    expect.stringMatching(
      /^time zone rules Europe\/Paris: was as applied, now differs from 20\d\d-.*Z on; from the next window$/,
    ),
  ])
})

test('whatever leaf of the terms changes is told', () => {
  const untold: string[] = []
  for (const path of leavesOf(BEFORE, [])) {
    if (['schema', 'source', 'zoneTables'].includes(path[0]!)) continue
    const after = structuredClone(BEFORE)
    const parent = path.slice(0, -1).reduce<unknown>((node, step) => Reflect.get(Object(node), step), after)
    const old: unknown = Reflect.get(Object(parent), path.at(-1)!)
    Reflect.set(Object(parent), path.at(-1)!, typeof old === 'number' ? old + 1 : `${String(old)}x`)
    if (compareTerms(BEFORE, after).length === 0) untold.push(path.join('.'))
  }
  expect(untold).toEqual([])
})

function leavesOf(value: unknown, path: string[]): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member, [...path, key]))
}

describe('the number of a revision', () => {
  const of = (revision: number | null) => ({ ...accepted(SMALL), revision })
  test.each([
    [null, null, undefined],
    [4, 3, undefined],
    [4, null, undefined],
    [null, 3, undefined],
    [3, 3, 'spec.revision: is 3, which is in force with other terms: write 4'],
    [2, 3, 'spec.revision: is 2, and 3 is in force: revision numbers rise; write 4'],
  ])('%s after %s', (next, before, said) => {
    expect(revisionProblem(of(next), of(before))).toBe(said)
  })

  test('nothing in force', () => expect(revisionProblem(of(1), null)).toBeUndefined())
})
