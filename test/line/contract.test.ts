/**
 * Contracts: the whole example, the smallest one, every rule that refuses, and documents nobody meant.
 */
import { readFileSync } from 'node:fs'
import { contractDigest, termsJson } from '@constat/sla/contract/digest'
import { MAX_DEPTH, MAX_DOCUMENTS, MAX_FILE_BYTES } from '@constat/sla/contract/document'
import { quorumFor, type ExpandedContract } from '@constat/sla/contract/expanded'
import { explain } from '@constat/sla/contract/explain'
import { contractJsonSchema } from '@constat/sla/contract/json-schema'
import { calendarGaps, parseContract } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import { probeOfWatch, slugsOfWatch, watchProblem } from '@constat/sla/contract/watch'
import { durationText, parseDuration } from '@constat/sla/duration'
import { readinessOf, readinessSentence } from '@constat/sla/readiness'
import { canonicalJson } from '@constat/shared/canonical-json'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const EXAMPLE = readFileSync(new URL('../vectors/contract-example.yaml', import.meta.url), 'utf8')
const SMALL = `apiVersion: constat/v1
kind: Contract
metadata: {name: intranet}
spec: {provider: Northstar, target: "99.9", timeZone: Europe/Paris, watch: [https://intranet.example]}
`

function accepted(text: string): ExpandedContract {
  const parsed = parseContract([{ name: 'contract.yaml', text }])
  if (parsed.kind === 'refused') throw new Error(parsed.problems.map(problemText).join('\n'))
  return parsed.contracts[0]!
}

function problemsOf(text: string): string[] {
  const parsed = parseContract([{ name: 'c.yaml', text }])
  return parsed.kind === 'refused' ? parsed.problems.map(problemText) : []
}

/** The example with one piece of text replaced, which must be there. */
function changed(...changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }, EXAMPLE)
}

describe('the whole example', () => {
  const terms = accepted(EXAMPLE)

  test('keeps what it says', () => {
    expect(terms).toMatchObject({
      name: 'acme-hosting-2026',
      reference: 'MSA-2026-017',
      revision: 3,
      provider: 'outsourcer',
      effective: { fromMs: Date.parse('2025-12-31T23:00:00Z'), toMs: Date.parse('2028-12-31T23:00:00Z') },
      measurement: {
        quorum: { kind: 'fixed', down: 2, minKnown: 2 },
        mergeGap: { gapMs: 300_000, countGapAsDown: false },
        alertAfterMs: 'default',
      },
      exclusions: { capPerMonthMs: 8 * 3_600_000, denominatorMode: 'remove' },
      reconciliation: {
        toleranceMs: 120_000,
        providerClock: { timeZone: 'Europe/Paris', resolutionMs: 60_000 },
      },
    })
    expect(terms.guarantees.map(({ id, metric, scope }) => [id, metric, scope])).toEqual([
      ['portal-availability', 'interval-availability', 'service'],
      ['portal-latency', 'share-within', 'service'],
      ['portal-restoration', 'restoration-time', 'service'],
      ['portal-response', 'response-time', 'service'],
      ['vpn-availability', 'interval-availability', 'each-site'],
    ])
    expect(terms.checks.map(({ name, service, zone }) => [name, service, zone])).toEqual([
      ['anchor-a', null, null],
      ['anchor-b', null, null],
      ['branch-vpn-echo', 'branch-vpn', 'application'],
      ['cpe-wan', null, 'access-line'],
      ['dc-edge', null, 'core'],
      ['lan-gateway', null, 'branch-lan'],
      ['order-portal-login', 'order-portal', 'application'],
    ])
    expect(Object.keys(terms.calendars)).toEqual(['always', 'paris-office'])
    expect(terms.credits?.schedules['portal-restoration']).toEqual({
      kind: 'step',
      perMs: 3_600_000,
      percent: '2',
      partialStep: 'up',
      capPercent: '10',
    })
  })

  test('gives every document', () => {
    const parsed = parseContract([{ name: 'c.yaml', text: EXAMPLE }])
    const kinds = parsed.kind === 'ok' ? parsed.documents.map(({ kind }) => kind) : []
    const checks = Array.from({ length: 7 }, () => 'Check')
    expect(kinds.sort()).toEqual([
      'Calendar',
      ...checks,
      'Contract',
      'LossModel',
      'SLI',
      'SLO',
      'Service',
      'Service',
    ])
  })

  test('no text of the contract document is lost: every scalar is in the terms', () => {
    const told = JSON.stringify(termsJson(terms))
    const lost = textsOf(terms.source.raw).filter((value) => {
      if (['constat/v1', 'Contract'].includes(value) || /^\d{4}-\d{2}-\d{2}$/.test(value)) return false
      const ms = parseDuration(value)
      return !told.includes(ms === undefined ? JSON.stringify(value) : String(ms))
    })
    expect(lost).toEqual([])
  })

  function textsOf(value: unknown): string[] {
    if (typeof value === 'string') return [value]
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
  }

  test('a calendar that ends is told of', () => {
    const span = { startMs: Date.UTC(2026, 5, 1), endMs: Date.UTC(2027, 5, 1) }
    expect(calendarGaps(terms, span)).toEqual([{ calendar: 'paris-office', years: [2027] }])
  })
})

describe('the smallest contract', () => {
  test('expands to the full shape', () => {
    const terms = accepted(SMALL)
    expect(terms.guarantees).toEqual([
      {
        id: 'intranet-example',
        displayName: 'https://intranet.example',
        service: 'intranet-example',
        clause: null,
        sloRef: null,
        window: { period: 'P1M', timeZone: 'Europe/Paris' },
        calendar: 'always',
        scope: 'service',
        critical: false,
        metric: 'interval-availability',
        target: { op: 'gte', percent: '99.9' },
      },
    ])
    expect(terms.checks[0]).toMatchObject({
      spec: { intervalMs: 60_000, timeoutMs: 10_000, reprobeMs: 2000, confirm: { down: 2, up: 1 } },
      fold: { holdMs: 130_000, confirm: { down: 2, up: 1, by: 'reprobes' } },
      vantages: 'all',
    })
    expect(terms.measurement.quorum).toEqual({ kind: 'default' })
    expect(terms.effective.fromMs).toBeNull()
    expect(Object.keys(terms)).toEqual(Object.keys(accepted(EXAMPLE)))
  })

  test('takes the keys that `up --watch` writes, hours and a fee', () => {
    const terms = accepted(`apiVersion: constat/v1
kind: Contract
metadata: {name: intranet}
spec:
  provider: Northstar
  target: "99.5"
  timeZone: Europe/Paris
  watch: [https://a.example/x, http://a.example/x, "tcp://db:5432", "tls://a.example", "dns://192.0.2.1/example.org?type=MX", "icmp://gw"]
  every: PT10S
  timeout: PT5S
  confirm: 3
  hold: PT30S
  alertAfter: PT0S
  monthlyFee: {amount: "1000.00", currency: EUR}
  hours:
    weekly: [{days: [MO, TU], start: "08:00", end: "20:00"}]
    holidays: ["2026-05-01", {date: "2027-05-01", name: Labour Day}]
`)
    expect(terms.checks.map(({ name, spec }) => [name, spec.probe.kind])).toEqual([
      ['a-example', 'tls'],
      ['a-example-x', 'http'],
      ['db-5432', 'tcp'],
      ['example-org-mx', 'dns'],
      ['gw', 'icmp'],
      ['http-a-example-x', 'http'],
    ])
    expect(terms.checks.every(({ fold }) => fold.holdMs === 30_000 && fold.confirm.down === 3)).toBe(true)
    expect(terms.measurement.alertAfterMs).toBe(0)
    expect(terms.charges?.monthly).toEqual([{ service: null, amount: '1000.00' }])
    expect(terms.guarantees.every(({ calendar }) => calendar === 'intranet-hours')).toBe(true)
    expect(terms.calendars['intranet-hours']).toMatchObject({ yearsCovered: [2026, 2027] })
  })

  test('JSON is the same contract', () => {
    const json = JSON.stringify([
      {
        apiVersion: 'constat/v1',
        kind: 'Contract',
        metadata: { name: 'intranet' },
        spec: {
          provider: 'Northstar',
          target: '99.9',
          timeZone: 'Europe/Paris',
          watch: ['https://intranet.example'],
        },
      },
    ])
    expect(contractDigest(accepted(json))).toEqual(contractDigest(accepted(SMALL)))
  })
})

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
      'spec.prevalingLanguage: is not a key here: remove it, or write one of',
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
      'spec: should have exactly one of http, tcp, tls, dns, icmp',
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

describe('what the example does not use', () => {
  const text = `apiVersion: constat/v1
kind: Contract
metadata: {name: rest}
spec:
  provider: Northstar
  customer: Acme
  timeZone: UTC
  watch: ["tcp://a:1", "tcp://b:1", "tcp://c:1"]
  target: "99"
  services: [{name: shop, displayName: Shop, tree: {atLeast: 2, of: [{check: a-1}, {service: b-1}, {any: [{check: c-1}]}]}}]
  charges: {currency: EUR, monthly: [{amount: "100"}]}
  measurement:
    confirm: {down: 3, by: slots}
    blocked: fail
    rounding: {verdict: {digits: 2, mode: half-up}}
  exclusions: {kinds: [{id: told, notice: {elapsed: PT72H}}, {id: agreed}]}
  guarantees:
    - {id: calm, service: shop, metric: incident-count, target: {count: 2}}
    - {id: slices, service: shop, metric: error-rate-slices, badWhen: {overPercent: "5"}, target: {percent: "99.9"}, window: {period: P3M}}
    - {id: all-fail, service: shop, metric: error-rate-slices, badWhen: all-failed, target: {percent: "99.9"}}
    - {id: rates, service: shop, metric: mean-error-rate, target: {percent: "99.9"}}
    - {id: restore, service: shop, metric: restoration-time, target: {each: PT4H}}
  credits:
    schedules:
      calm: {kind: points, points: 3, amountPerPoint: "10"}
      slices: {kind: linear, percentPerPoint: "2", capPercent: "10"}
      rates: {kind: pool, atRiskPercent: "10", poolPercent: "50", allocationPercent: "40"}
      restore: {kind: late-restoration, per: PT1H, divisor: "1000"}
    chronic: [{id: often, service: shop, outages: 3, eachOver: PT30M, withinDays: 30, aggregateOver: P1D, right: step-in}]
    earnBack: {windowsMet: 3, percent: "50"}
---
apiVersion: constat/v1
kind: Alerting
metadata: {name: calls}
spec:
  contract: rest
  endpoints: [{id: hook, url: "https://hooks.example/x", shape: slack}, {id: mail, email: ops@acme.example, shape: email, language: fr}]
  routes: [{types: ["incident.*"], to: [hook]}]
  escalation: [{after: PT0S, to: [hook]}, {after: PT15M, to: [mail]}]
  quietHours: {timeZone: Europe/Paris, weekly: [{days: [SA, SU], start: "00:00", end: "24:00"}], except: [incident.opened]}
  heartbeat: {url: "https://dead.example/x", every: PT1M}
`
  const terms = accepted(text)

  test('parses and expands', () => {
    expect(
      terms.guarantees.slice(3).map(({ id, window, ...rest }) => [id, window.period, rest.metric]),
    ).toEqual([
      ['calm', 'P1M', 'incident-count'],
      ['slices', 'P3M', 'error-rate-slices'],
      ['all-fail', 'P1M', 'error-rate-slices'],
      ['rates', 'P1M', 'mean-error-rate'],
      ['restore', 'P1M', 'restoration-time'],
    ])
    expect(terms.guarantees[4]).toMatchObject({ sliceMs: 60_000, badWhen: { overPercent: '5' } })
    expect(terms.guarantees[6]).toMatchObject({ sliceMs: 300_000 })
    expect(terms.guarantees[7]).toMatchObject({
      clock: { start: 'measured-onset', stop: 'measured-recovery', pausedWhile: [] },
      target: { op: 'lte', eachMs: 4 * 3_600_000 },
    })
    expect(terms.exclusions.kinds.map(({ id, needs, notice }) => [id, needs, notice])).toEqual([
      ['told', 'announcement', { elapsedMs: 72 * 3_600_000 }],
      ['agreed', 'agreement-or-decision', null],
    ])
    expect(terms.checks[0]!.fold.confirm).toEqual({ down: 3, up: 1, by: 'slots' })
    expect(terms.services.find(({ name }) => name === 'shop')?.tree).toEqual({
      atLeast: 2,
      of: [{ check: 'a-1' }, { service: 'b-1' }, { any: [{ check: 'c-1' }] }],
    })
    expect(terms.credits?.chronic[0]).toMatchObject({
      kind: 'outages',
      eachOverMs: 1_800_000,
      aggregateOverMs: 86_400_000,
    })
  })

  test.each([
    ['to: [mail]', 'to: [pager]', 'spec.escalation[1].to[0]: names no endpoint: there is no pager'],
    ['contract: rest', 'contract: other', 'spec.contract: names no Contract'],
    ['email: ops@acme.example', 'email: nobody', 'should be an e-mail address'],
    ['types: ["incident.*"]', 'types: [Incidents]', 'should be an event type'],
    ['right: step-in', 'right: sue', 'spec.credits.chronic[0]'],
    ['badWhen: all-failed', 'badWhen: sometimes', 'should be all-failed, or {overPercent: "5"}'],
    [
      'notice: {elapsed: PT72H}',
      'notice: {}',
      'should be either {days, dayKind, calendar} or {elapsed: PT72H}',
    ],
    ['monthly: [{amount: "100"}]', 'monthly: []', 'spec.charges.monthly'],
  ])('%s → %s', (from, to, said) => {
    expect(text).toContain(from)
    expect(problemsOf(text.replace(from, to)).join('\n')).toContain(said)
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

describe('documents nobody meant', () => {
  const PIECES = [
    '{',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '"',
    "'",
    '\n',
    '  ',
    '&a ',
    '*a',
    '!!',
    '---\n',
    '%',
    '|',
    '>',
    '#',
    '\t',
    '\u0000',
    '\uFFFF',
    '__proto__',
    'null',
    '-1',
    '1e999',
    '99.9',
    'PT0S',
    '~',
    '?',
    ',',
  ]
  const mutation = fc.record({
    at: fc.nat(),
    length: fc.nat(40),
    with: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 8 })),
  })
  const lines = EXAMPLE.split('\n')

  test('2,000 mutated contracts neither crash nor hang the parser', { timeout: 120_000 }, () => {
    let slowestMs = 0
    let refused = 0
    fc.assert(
      fc.property(
        fc.constantFrom(SMALL, EXAMPLE, ''),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (base, mutations, cut) => {
          // A few lines of the example stand for all of its grammar; the whole of it would only be slower.
          const start = cut % lines.length
          const text = mutations.reduce(
            (now, { at, length, with: piece }) => {
              const from = at % (now.length + 1)
              return now.slice(0, from) + piece + now.slice(from + length)
            },
            base === '' ? lines.slice(start, start + 12).join('\n') : base,
          )
          const before = performance.now()
          const parsed = parseContract([{ name: 'c.yaml', text }])
          slowestMs = Math.max(slowestMs, performance.now() - before)
          if (parsed.kind === 'ok') return
          refused += 1
          for (const { line, column, message } of parsed.problems) {
            expect(line >= 1 && column >= 1 && message.length > 0).toBe(true)
          }
        },
      ),
      { numRuns: 2000 },
    )
    expect(refused).toBeGreaterThan(1000)
    expect(slowestMs).toBeLessThan(5000)
  })

  test(
    'values of the wrong type anywhere in the contract are refused, not thrown',
    { timeout: 120_000 },
    () => {
      const parsed = parseContract([{ name: 'c.yaml', text: EXAMPLE }])
      const raw = parsed.kind === 'ok' ? parsed.contracts[0]!.source.raw : null
      const others = EXAMPLE.split('\n---\n')
        .filter((part) => !part.includes('kind: Contract'))
        .join('\n---\n')
      const paths = pathsOf(raw)
      fc.assert(
        fc.property(
          fc.nat(),
          fc.constantFrom(null, 0, -1, 1e300, '', 'x', true, [], {}, [null], { __proto__: 1 }),
          (at, value) => {
            const copy = structuredClone(raw)
            const path = paths[at % paths.length]!
            const parent = path
              .slice(0, -1)
              .reduce<unknown>((node, step) => Reflect.get(Object(node), step), copy)
            Reflect.set(Object(parent), path.at(-1)!, value)
            const result = parseContract([
              { name: 'c.yaml', text: `${others}\n---\n${JSON.stringify(copy)}` },
            ])
            expect(['ok', 'refused']).toContain(result.kind)
          },
        ),
        { numRuns: 120 },
      )
    },
  )

  function pathsOf(value: unknown, path: string[] = []): string[][] {
    if (typeof value !== 'object' || value === null) return [path]
    const inner = Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]))
    return path.length === 0 ? inner : [path, ...inner]
  }
})

describe('digest', () => {
  test('says the terms, not how they are written', () => {
    const spelled = SMALL.replace(
      'timeZone: Europe/Paris',
      'timeZone: "Europe/Paris", every: PT1M, timeout: PT10S, confirm: 2',
    )
    expect(contractDigest(accepted(spelled))).toEqual(contractDigest(accepted(SMALL)))
    expect(contractDigest(accepted(SMALL.replace('99.9', '99.8')))).not.toEqual(
      contractDigest(accepted(SMALL)),
    )
  })

  test('covers the zone transitions', () => {
    const terms = accepted(SMALL)
    const table = terms.zoneTables['Europe/Paris']!
    const other = { ...table, transitions: table.transitions.slice(0, -1) }
    expect(contractDigest({ ...terms, zoneTables: { 'Europe/Paris': other } })).not.toEqual(
      contractDigest(terms),
    )
    expect(canonicalJson(termsJson(terms))).toContain('"transitions":[[')
  })
})

describe('explanation', () => {
  test('shows each value and marks what nobody wrote', () => {
    const lines = explain(accepted(SMALL))
    expect(lines).toContain('      interval: PT1M (default)')
    expect(lines).toContain('      percent: 99.9')
    expect(lines).toContain('      period: P1M (default)')
    expect(lines).toContain('      timeZone: Europe/Paris')
    expect(lines).toContain('  minimumCoverage: 0.95 (default)')
    const whole = explain(accepted(EXAMPLE))
    expect(whole).toContain('      interval: PT30S')
    expect(whole).toContain('      hold: PT2M30S')
    expect(whole).toContain('      reprobe: PT2S (default)')
    expect(whole).toContain('  minimumCoverage: 0.95')
  })
})

test('JSON Schema comes from the same definitions', () => {
  const text = JSON.stringify(contractJsonSchema())
  for (const word of [
    'interval-availability',
    'LossModel',
    'openslo/v1',
    'watch',
    '"additionalProperties":false',
  ]) {
    expect(text).toContain(word)
  }
})

test.each([
  [{ kind: 'default' }, 1, { down: 1, minKnown: 1 }],
  [{ kind: 'default' }, 2, { down: 2, minKnown: 1 }],
  [{ kind: 'default' }, 9, { down: 2, minKnown: 1 }],
  [{ kind: 'fixed', down: 3, minKnown: 2 }, 9, { down: 3, minKnown: 2 }],
] as const)('quorum %j of %i vantages', (rule, vantages, expected) => {
  expect(quorumFor(rule, vantages)).toEqual(expected)
})

describe('watch URLs', () => {
  test.each([
    ['https://intranet.example/x?y=1', { kind: 'http', url: 'https://intranet.example/x?y=1' }],
    ['tcp://db.example:5432', { kind: 'tcp', host: 'db.example', port: 5432 }],
    ['tcp://[2001:db8::1]:22', { kind: 'tcp', host: '2001:db8::1', port: 22 }],
    ['tls://mail.example', { kind: 'tls', host: 'mail.example', port: 443 }],
    ['tls://mail.example:465/', { kind: 'tls', host: 'mail.example', port: 465 }],
    ['dns://192.0.2.1/example.org', { kind: 'dns', server: '192.0.2.1', name: 'example.org', type: 'A' }],
    ['dns:///example.org?type=mx', { kind: 'dns', name: 'example.org', type: 'MX' }],
    [
      'dns://ns.example:5353/x?type=AAAA',
      { kind: 'dns', server: 'ns.example:5353', name: 'x', type: 'AAAA' },
    ],
    ['ICMP://gateway', { kind: 'icmp', host: 'gateway', packets: 3 }],
  ])('%s', (url, probe) => {
    expect(probeOfWatch(url)).toEqual(probe)
  })

  test.each([
    '',
    'intranet.example',
    'file:///etc/passwd',
    'tcp://:80',
    'tcp://h:0',
    'tcp://h:65536',
    'icmp://h:1',
    'icmp://h/p',
    'dns://192.0.2.1',
    'dns://s/n?type=ANY',
    'http://',
    'tcp://a b:1',
    'tcp://-h:1',
  ])('%j cannot be watched', (url) => {
    expect(watchProblem(url)).toBeTypeOf('string')
    expect(() => probeOfWatch(url)).toThrow()
  })

  test('slugs are apart, whatever the URLs', () => {
    expect(
      slugsOfWatch(['https://a.example', 'http://a.example/', 'https://a.example#x', 'https://a.example']),
    ).toEqual(['a-example', 'http-a-example', 'a-example-x', 'https-a-example'])
    fc.assert(
      fc.property(fc.array(fc.webUrl(), { maxLength: 20 }), (urls) => {
        const slugs = slugsOfWatch([...urls, ...urls])
        expect(new Set(slugs).size).toBe(slugs.length)
        for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9][a-z0-9-]*$/)
      }),
    )
  })
})

describe('durations', () => {
  test.each([
    ['PT60S', 60_000],
    ['PT0.4S', 400],
    ['P1DT1H', 90_000_000],
    ['P2W', 14 * 86_400_000],
    ['PT0S', 0],
    ['P', undefined],
    ['PT', undefined],
    ['P1M', undefined],
    ['P1Y', undefined],
    ['PT1.0005S', undefined],
    ['PT1H30', undefined],
    ['-PT1S', undefined],
    ['P9999999D', undefined],
  ])('%s is %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })

  test('text and back', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000), (ms) => {
        expect(parseDuration(durationText(ms))).toBe(ms)
      }),
    )
  })
})

describe('claim readiness', () => {
  const ready = {
    sites: 2,
    providerFreeReferences: 1,
    administratorsDeclared: true,
    termsAgreed: true,
    clocksWithinBound: true,
    timestampsOrWitness: true,
    independentAlertPath: true,
  }

  test('everything there', () => {
    expect(readinessOf(ready)).toEqual({ claimable: true, lacks: [] })
    expect(readinessSentence(readinessOf(ready), ready)).toBe('Claimable.')
  })

  test.each([
    [{ sites: 1 }, 'more-sites'],
    [{ providerFreeReferences: 0 }, 'references'],
    [{ administratorsDeclared: false }, 'host-administrators'],
    [{ termsAgreed: false }, 'provider-agreement'],
    [{ clocksWithinBound: false }, 'clock-bound'],
    [{ timestampsOrWitness: false }, 'witness'],
    [{ independentAlertPath: false }, 'alert-path'],
  ])('%j lacks %s', (facts, code) => {
    expect(readinessOf({ ...ready, ...facts })).toEqual({ claimable: false, lacks: [code] })
  })

  test('in plain words, in order', () => {
    const facts = { ...ready, sites: 0, providerFreeReferences: 0, termsAgreed: false }
    expect(readinessSentence(readinessOf(facts), facts)).toBe(
      "Not yet claimable: add two sites, a reference that the provider does not own and the provider's agreement.",
    )
  })
})
