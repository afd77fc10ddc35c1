/**
 * Contracts: the whole example, the smallest one, what the example leaves out, digest and explanation.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import { contractDigest, termsJson } from '@constat/sla/contract/digest'
import { quorumFor } from '@constat/sla/contract/expanded'
import { explain } from '@constat/sla/contract/explain'
import { calendarGaps, parseContract } from '@constat/sla/contract/parse'
import { parseDuration } from '@constat/sla/duration'
import { describe, expect, test } from 'vitest'
import { accepted, EXAMPLE, problemsOf, SMALL } from '../../support/contract-text.ts'

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
    // Also one by which only a time limit is counted.
    const counted = { ...terms, guarantees: terms.guarantees.filter(({ calendar }) => calendar === 'always') }
    expect(calendarGaps(counted, span)).toEqual([{ calendar: 'paris-office', years: [2027] }])
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

test('brackets are said for the contract or for one check, and are absent where nobody says', () => {
  const terms = (measurement: string, own: string) =>
    accepted(`apiVersion: constat/v1
kind: Contract
metadata: {name: two}
spec:
  provider: Northstar
  timeZone: UTC
  target: "99"
  watch: [https://a.example]
  measurement: {clause: m${measurement}}
  clauses: [{id: m, title: Measurement, text: How it is measured.}]
---
apiVersion: constat/v1
kind: Check
metadata: {name: own}
spec: {service: a-example, tcp: {host: société.example, port: 1}, interval: PT30S, timeout: PT5S${own}}
`).checks.map(({ name, spec }) => [name, spec.brackets])
  expect(terms('', '')).toEqual([
    ['a-example', undefined],
    ['own', undefined],
  ])
  expect(terms(', brackets: false', '')).toEqual([
    ['a-example', false],
    ['own', false],
  ])
  expect(terms(', brackets: false', ', brackets: true')).toEqual([
    ['a-example', false],
    ['own', true],
  ])
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

describe('explanation of every clause', () => {
  const rest = `apiVersion: constat/v1
kind: Contract
metadata: {name: clauses}
spec:
  provider: Northstar
  timeZone: Europe/Paris
  watch: ["tcp://a:1"]
  target: "99"
  monthlyFee: {amount: "100", currency: EUR}
  guarantees:
    - {id: billed, service: a-1, metric: request-share, target: {percent: "99.5"}, window: {period: P1M, anchor: "2026-01-31"}}
    - {id: restore, service: a-1, metric: restoration-time, target: {each: PT4H}}
  credits:
    schedules:
      billed: {kind: points, points: [{from: "99.5", points: 0}, {from: "0", points: 3}], amountPerPoint: "10"}
      restore: {kind: late-restoration, per: PT1H, divisor: "1000", partialStep: up}
`

  test('what the newest clauses say', () => {
    const lines = explain(accepted(rest)).map((line) => line.trim())
    for (const line of [
      'anchor: 2026-01-31',
      'metric: request-share',
      'points: 3',
      'partialStep: up',
      'divisor: 1000',
      'start: measured-onset (default)',
    ])
      expect(lines).toContain(line)
  })

  test.each([
    ['the example', EXAMPLE],
    ['the smallest', SMALL],
    ['the newest clauses', rest],
  ])('%s: every member of the terms has its line', (_, text) => {
    const { zoneTables: _zones, source: _source, schema: _schema, ...terms } = accepted(text)
    const lines = explain(accepted(text)).map((line) => line.trim())
    const untold = membersOf(terms).filter((name) => {
      const label = `${name.replace(/(?<=[a-z])Ms$/, '')}:`
      return !lines.some((line) => line.startsWith(label))
    })
    expect(untold).toEqual([])
  })

  function membersOf(value: unknown): string[] {
    if (typeof value !== 'object' || value === null) return []
    const inner = Object.values(value).flatMap(membersOf)
    return Array.isArray(value) ? inner : [...Object.keys(value), ...inner]
  }
})

describe('an anchor', () => {
  const text = (window: string) => `apiVersion: constat/v1
kind: Contract
metadata: {name: billed}
spec: {provider: N, timeZone: UTC, target: "99", watch: ["tcp://a:1"], guarantees: [{id: g, service: a-1, metric: incident-count, target: {count: 1}, window: ${window}}]}
`

  test('stands in the terms where it is written, and only there', () => {
    const windows = (window: string) => accepted(text(window)).guarantees.map((one) => one.window)
    expect(windows('{period: P3M, anchor: "2026-02-01"}')).toEqual([
      { period: 'P1M', timeZone: 'UTC' },
      { period: 'P3M', timeZone: 'UTC', anchor: '2026-02-01' },
    ])
    expect(windows('{period: P3M}')[1]).toEqual({ period: 'P3M', timeZone: 'UTC' })
  })
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

test.each([
  [{ kind: 'default' }, 1, { down: 1, minKnown: 1 }],
  [{ kind: 'default' }, 2, { down: 2, minKnown: 1 }],
  [{ kind: 'default' }, 9, { down: 2, minKnown: 1 }],
  [{ kind: 'fixed', down: 3, minKnown: 2 }, 9, { down: 3, minKnown: 2 }],
] as const)('quorum %j of %i vantages', (rule, vantages, expected) => {
  expect(quorumFor(rule, vantages)).toEqual(expected)
})
