/**
 * Refusals: every rule that refuses a contract, what it says, and where.
 */
import { MAX_DEPTH, MAX_DOCUMENTS, MAX_FILE_BYTES, MAX_NODES } from '@constat/sla/contract/document'
import { MAX_PROBLEMS } from '@constat/sla/contract/problem'
import { describe, expect, test } from 'vitest'
import { EXAMPLE, problemsOf, SMALL } from '../../support/contract-text.ts'

/** The example with one piece of text replaced, which must be there. */
function changed(...changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }, EXAMPLE)
}

describe('refused, each with what to do', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    // what is changed in the example, into what, and what is said about it
    [
      'percent: "99.9"}',
      'percent: 99.9}',
      'spec.guarantees[0].target.percent: should be a decimal in quotes, such as "99.9", not 99.9',
    ],
    ['percent: "99.9"}', 'percent: "100.1"}', 'should be a percentage from "0" to "100", not "100.1"'],
    ['percent: "99.9"}', 'percent: "0"}', 'a target of 0 % promises nothing'],
    [
      'clause: "A.3.2"',
      'clause: "A.9"',
      'spec.guarantees[1].clause: names no clause: there is no A.9; write one of A.3.1',
    ],
    [' clause: "A.3.2",', '', 'spec.guarantees[1]: is missing its clause'],
    ['calendar: always, metric', 'calendar: alway, metric', 'names no calendar: there is no alway'],
    [
      'service: branch-vpn, clause',
      'service: vpn, clause',
      'spec.guarantees[4].service: names no service with a check: there is no vpn',
    ],
    ['sloRef: order-portal-availability', 'sloRef: other', 'names no SLO: there is no other'],
    ['owner: telco', 'owner: nobody', 'spec.zones[1].owner: names no party'],
    ['reference: [dc-edge]', 'reference: [edge]', 'spec.zones[2].reference[0]: names no check'],
    ['pausedWhile: [customer-cause]', 'pausedWhile: [rain]', 'names no exclusion kind: there is no rain'],
    ['zones: [branch-lan]', 'zones: [moon]', 'names no zone'],
    [
      'portal-latency:      {kind: flat',
      'portal-speed:      {kind: flat',
      'spec.credits.schedules.portal-speed: names no guarantee',
    ],
    [
      'guarantee: portal-availability, failedWindows: 3',
      'guarantee: portal, failedWindows: 3',
      'spec.credits.chronic[0].guarantee: names no guarantee',
    ],
    ['{from: "99.0", percent: "10"}', '{from: "99.95", percent: "10"}', 'tiers[1].from: is out of order'],
    ['{from: "99.0", percent: "10"}', '{from: "99.9", percent: "10"}', 'tiers[1].from: is out of order'],
    ['{from: "0", percent: "50"}', '{from: "1", percent: "50"}', 'leaves results below 1 without a tier'],
    ['{from: "0", percent: "50"}', '{from: "0", percent: "5"}', 'pays less for a worse result: 5 after 25'],
    [
      'quorum: {down: 2',
      'quorum: {down: 4',
      'spec.measurement.quorum.down: can never be reached: it asks for 4 vantages and 3 are named',
    ],
    ['minKnown: 2}', 'minKnown: 5}', 'spec.measurement.quorum.minKnown: can never be reached'],
    [
      'hold: PT150S',
      'hold: PT129S',
      'needs a hold of at least two intervals and a timeout (PT2M10S), and it is PT2M9S',
    ],
    ['timeout: PT10S', 'timeout: PT60S', 'spec.timeout: should be below the interval (PT1M)'],
    [
      'references: [lan-gateway, anchor-a',
      'references: [cpe-wan, anchor-a',
      'spec.measurement.isolation.references[0]: stands in zone access-line, which the provider answers for (telco)',
    ],
    [
      'references: [lan-gateway, anchor-a',
      'references: [dc-edge, anchor-a',
      'stands in zone core, which the provider answers for (outsourcer)',
    ],
    [
      'duration: 1M',
      'duration: 1Q',
      'spec.guarantees[0].window: differs from the window of SLO order-portal-availability (1Q in Europe/Paris)',
    ],
    [
      'startTime: "2026-01-01 00:00:00", timeZone: Europe/Paris',
      'startTime: "2026-01-01 00:00:00", timeZone: UTC',
      'differs from the window of SLO',
    ],
    ['isRolling: false', 'isRolling: true', '(rolling 1M in Europe/Paris)'],
    [
      '- {date: "2026-05-14"}',
      '- {date: "2026-02-30"}',
      'spec.holidays[4].date: should be a date that exists, written 2026-05-01, not "2026-02-30"',
    ],
    ['to: "2029-01-01"', 'to: "2025-01-01"', 'spec.effective.to: should be after from'],
    [
      '  timeZone: Europe/Paris\n  weekly',
      '  timeZone: CET\n  weekly',
      'spec.timeZone: is not an IANA time zone this host knows',
    ],
    ['start: "08:00", end: "20:00"}]   #', 'start: "08:00", end: "08:00"}]   #', 'starts when it ends'],
    [
      'start: "08:00", end: "20:00"}]   #',
      'start: "08:00", end: "25:00"}]   #',
      'should be a clock reading from "00:00" to "24:00"',
    ],
    ['grace: PT72H', 'grace: 72', 'spec.finalisation.grace: should be an ISO 8601 duration'],
    ['grace: PT72H', 'grace: P1M', 'spec.finalisation.grace: should be an ISO 8601 duration'],
    [
      'rrule: "FREQ=MONTHLY;BYDAY=1SU"',
      'rrule: "FREQ=FORTNIGHTLY"',
      'is not a recurrence rule that can be used',
    ],
    [
      'prevailingLanguage: fr',
      'prevalingLanguage: fr',
      'spec.prevalingLanguage: is not a key here: did you mean prevailingLanguage? Write that, or remove it',
    ],
    ['role: subcontractor, of: outsourcer', 'role: provider', 'is a second provider'],
    ['id: lille, ', 'id: lyon, ', 'spec.sites[1].id: is taken: lyon stands twice'],
    [
      'metadata: {name: anchor-b}',
      'metadata: {name: anchor-a}',
      'metadata.name: is taken: another Check is named anchor-a',
    ],
    ['agents: [agent-lille]', 'agents: [agent-lyon]', 'stands in site lyon too'],
    [
      'icmp: {host: "192.0.2.1"}',
      'icmp: {host: "192.0.2.1"}, tcp: {host: h, port: 1}',
      'spec: should have exactly one of http, transaction, tcp, tls, dns, icmp, host',
    ],
    ['port: 443}', 'port: 70000}', 'should be a port from 1 to 65535'],
    [
      'metric: share-within',
      'metric: speed',
      'spec.guarantees[1].metric: should be one of interval-availability',
    ],
    [
      ', dayKind: working, calendar: paris-office',
      ', dayKind: working',
      'counts working days: name the calendar whose holidays they leave out',
    ],
    [
      'monthly: [{service: order-portal, amount: "18000.00"}, ',
      'monthly: [',
      'credits a share of the charge of order-portal, which charges.monthly does not list',
    ],
    ['  contract: acme-hosting-2026', '  contract: acme', 'spec.contract: names no Contract'],
    [
      'apiVersion: constat/v1\nkind: Calendar',
      'apiVersion: constat/v2\nkind: Calendar',
      'apiVersion: should be constat/v1 for a Calendar',
    ],
    ['kind: Calendar', 'kind: Almanac', 'kind: should be one of Calendar, Check, Contract'],
    ['metadata: {name: paris-office}', 'metadata: {name: always}', 'metadata.name: is built in'],
    ['indicatorRef: order-portal-up', 'indicatorRef: other', 'names no SLI'],
    ['check: order-portal-login, outcome: ok', 'check: login, outcome: ok', 'names no Check'],
  ]
  test.each(cases)('%s → %s', (from, to, said) => {
    expect(problemsOf(changed([from, to])).join('\n')).toContain(said)
  })

  test.each([
    ['spec: {target: "99.9", timeZone: UTC, watch: [https://a.example]}', 'spec: is missing provider'],
    ['spec: {provider: N, timeZone: UTC, watch: [https://a.example]}', 'spec: is missing target'],
    ['spec: {provider: N, target: "99.9", watch: [https://a.example]}', 'spec: is missing timeZone'],
    ['spec: {provider: N, target: "99.9", timeZone: UTC}', 'spec: promises nothing'],
    [
      'spec: {provider: N, target: "99.9", timeZone: UTC, watch: [ftp://a.example]}',
      'spec.watch[0]: has a scheme that cannot be watched',
    ],
    [
      'spec: {provider: N, target: "99.9", timeZone: UTC, watch: ["tcp://a.example"]}',
      'names no port: write tcp://host:port',
    ],
    [
      'spec: {provider: N, target: "99.9", timeZone: UTC, watch: [https://a.example], every: PT5S, timeout: PT10S}',
      'spec.timeout: should be below the interval (PT5S)',
    ],
    [
      'spec: {provider: N, target: "99.9", timeZone: UTC, watch: [https://a.example], hold: PT60S}',
      'spec.hold: needs a hold',
    ],
    [
      'spec: {provider: N, target: "99.9", timeZone: UTC, watch: [https://a.example], parties: [{id: p, role: provider, name: P}]}',
      'spec.provider: is said twice',
    ],
    [
      'spec: {provider: N, target: "99.9", timeZone: UTC, watch: [https://a.example], services: [{name: s, tree: {all: [{service: t}]}}, {name: t, tree: {service: s}}]}',
      'go in a circle: s → t → s',
    ],
    [
      'spec: {provider: N, target: "99.9", timeZone: UTC, watch: [https://a.example], services: [{name: s, tree: {atLeast: 2, of: [{check: a-example}]}}]}',
      'spec.services[0].tree: asks for more parts than it lists',
    ],
    [
      'spec: {provider: N, target: "99.9", timeZone: UTC, watch: [https://a.example], services: [{name: s, tree: {all: [{check: nix}]}}]}',
      'names no check: there is no nix',
    ],
    ['spec: 7', 'spec: should be a map of keys, not 7'],
    ['', 'spec: is missing: it should be a map of keys'],
  ])('%s', (spec, said) => {
    expect(
      problemsOf(`apiVersion: constat/v1\nkind: Contract\nmetadata: {name: c}\n${spec}\n`).join('\n'),
    ).toContain(said)
  })

  test('all at once, in order, each at its place', () => {
    const text = changed(
      ['percent: "99.9"}', 'percent: 99.9}'],
      ['clause: "A.3.2"', 'clause: "A.9"'],
      ['grace: PT72H', 'grace: 72'],
      ['- {date: "2026-05-14"}', '- {date: "2026-02-30"}'],
      ['prevailingLanguage: fr', 'prevalingLanguage: fr'],
      ['quorum: {down: 2', 'quorum: {down: 4'],
      ['calendar: always, scope', 'calendar: never, scope'],
    )
    const lines = text.split('\n')
    const lineOf = (piece: string) => lines.findIndex((line) => line.includes(piece)) + 1
    expect(problemsOf(text).map((problem) => problem.split(': ')[0]!.replace(/:\d+ /, ' '))).toEqual([
      `c.yaml:${lineOf('2026-02-30')} spec.holidays[4].date`,
      `c.yaml:${lineOf('prevaling')} spec.prevalingLanguage`,
      `c.yaml:${lineOf('down: 4')} spec.measurement.quorum.down`,
      `c.yaml:${lineOf('grace: 72')} spec.finalisation.grace`,
      `c.yaml:${lineOf('percent: 99.9}')} spec.guarantees[0].target.percent`,
      `c.yaml:${lineOf('clause: "A.9"')} spec.guarantees[1].clause`,
      // The refused guarantee before it does not shift this one.
      `c.yaml:${lineOf('calendar: never')} spec.guarantees[4].calendar`,
    ])
  })

  test('a check that none of several contracts uses', () => {
    const two = `${EXAMPLE}\n---\n${SMALL}\n---\napiVersion: constat/v1\nkind: Check\nmetadata: {name: stray}\nspec: {tcp: {host: h, port: 1}, interval: PT60S, timeout: PT5S}\n`
    expect(problemsOf(two).join('\n')).toContain('metadata.name: is used by none of the contracts')
  })
})

describe('strict YAML 1.2', () => {
  test.each([
    ['a: 1\na: 2\n', 'is not strict YAML 1.2: Map keys must be unique'],
    ['a: [1, 2\n', 'is not strict YAML 1.2'],
    ['? [a, b]\n: 1\n', 'is a key that is no plain text'],
    ['a: !!python/object 1\n', 'is not strict YAML 1.2: Unresolved tag'],
    ['%YAML 1.1\n---\na: yes\n', 'is not YAML 1.2: remove the %YAML directive'],
    ['', 'holds no document'],
    ['just text', 'kind: is missing'],
    ['['.repeat(200_000), `is nested deeper than ${MAX_DEPTH} levels`],
    [`${'- '.repeat(50_000)}1`, `is nested deeper than ${MAX_DEPTH} levels`],
    [`a: ${'x'.repeat(MAX_FILE_BYTES)}`, `is larger than ${MAX_FILE_BYTES} bytes`],
    [`--- 1\n`.repeat(MAX_DOCUMENTS + 1), `more than ${MAX_DOCUMENTS} documents`],
    [bomb(), 'expands more than 100 aliases'],
  ])('%#', (text, said) => {
    expect(problemsOf(text)[0]).toContain(said)
  })

  test.each([
    ['keys that nobody knows', (i: number) => `  key${i}: ${i}\n`, 40_000, MAX_PROBLEMS],
    ['values', (i: number) => `  - ${i}\n`, 80_000, 1],
  ])('many thousand %s are read in proportion', { timeout: 60_000 }, (_, line, count, told) => {
    const body = Array.from({ length: count }, (__, i) => line(i)).join('')
    const text = `apiVersion: constat/v1\nkind: Contract\nmetadata: {name: c}\nspec:\n${body}`
    expect(problemsOf(text)).toHaveLength(told)
  })

  test.each([
    ['holds itself', 'a: &a [*a]\n'],
    ['holds itself far below', 'a: &a {b: {c: [{d: *a}]}}\n'],
    [
      'is too deep once written out',
      `a: &a ${'['.repeat(40)}${']'.repeat(40)}\nb: ${'['.repeat(40)}*a${']'.repeat(40)}\n`,
    ],
  ])('an anchor that %s', (_, text) => {
    expect(problemsOf(text)[0]).toContain('once its aliases are written out: write the values instead')
  })

  test('more keys and values than a file may hold', () => {
    expect(problemsOf(`a: [${'1,'.repeat(MAX_NODES)}1]`)[0]).toContain(
      `more than ${MAX_NODES} keys and values`,
    )
  })

  test.each([
    'a: !!binary aGk=\n',
    'a: !!set {b}\n',
    'a: !!timestamp 2026-01-01\n',
    '? !!binary aGk=\n: 1\n',
  ])('%j is no JSON', (text) =>
    expect(problemsOf(text)[0]).toContain('is not strict YAML 1.2: Unresolved tag'),
  )

  test('an alias is a value of its own: one mistake of two does not take the other away', () => {
    const text = `apiVersion: constat/v1
kind: Contract
metadata: {name: c}
spec:
  provider: N
  timeZone: UTC
  watch: [https://a.example]
  target: "99"
  guarantees:
    - &g {id: g, service: a-example, metric: incident-count, target: {count: x}}
    - *g
`
    expect(problemsOf(text)).toEqual([
      // An alias stands where its anchor is written.
      expect.stringContaining('spec.guarantees[1].id: is taken'),
      expect.stringContaining('spec.guarantees[0].target.count: should be a whole number'),
      expect.stringContaining('spec.guarantees[1].target.count: should be a whole number'),
    ])
  })

  test('the largest that is allowed is read', () => {
    const text = `# ${'x'.repeat(MAX_FILE_BYTES - Buffer.byteLength(SMALL) - 3)}\n${SMALL}`
    expect(Buffer.byteLength(text)).toBe(MAX_FILE_BYTES)
    expect(problemsOf(text)).toEqual([])
  })

  function bomb(): string {
    const lists = Array.from({ length: 8 }, (_, i) => {
      const before = i === 0 ? 'lol' : `*a${i - 1}`
      return `a${i}: &a${i} [${Array.from({ length: 10 }, () => before).join(', ')}]`
    })
    return lists.join('\n')
  }
})
