/**
 * Judging a guarantee: open and closed, which figure binds, each site, silence and who administers it, zones,
 * and what is told beside the figures.
 */
import { describe, expect, test } from 'vitest'
import {
  AVAILABILITY,
  HOUR_MS,
  JANUARY,
  MINUTE_MS,
  contractOf,
  evaluated,
  january,
  onlyGuarantee,
  statesWith,
  type Json,
} from '../../support/scenario.ts'

function judged({
  spec = {},
  stretches = [],
  ...more
}: { spec?: Json; stretches?: [string, string, string][] } & Json) {
  return onlyGuarantee({
    contract: contractOf({ spec }),
    window: JANUARY,
    states: { portal: statesWith(stretches) },
    ...more,
  })
}

// 0.1 % of January is 2,678,400 ms: 44 min 38.4 s.
describe('the limit', () => {
  test.each([
    ['exactly the allowance', '08 10:44:38.400', 'met'],
    ['one ms more', '08 10:44:38.401', 'not_met'],
  ])('%s', (_title, end, verdict) => {
    expect(judged({ stretches: [['08 10:00', end, 'down']] }).verdict).toBe(verdict)
  })
})

describe('open and closed', () => {
  const asOf = january('16 00:00')
  test.each([
    ['nothing lost yet', [], 'indeterminate', 'on_track'],
    ['more than half is spent', [['08 10:00', '08 10:23', 'down']], 'indeterminate', 'at_risk'],
    ['unseen for longer than the budget', [['08 10:00', '08 11:00', 'unknown']], 'indeterminate', 'at_risk'],
    ['lost before the end', [['08 10:00', '08 10:45', 'down']], 'not_met', null],
  ] as const)('open: %s', (_title, stretches, verdict, outlook) => {
    expect(judged({ stretches: stretches.map((one) => [...one]), asOf })).toMatchObject({ verdict, outlook })
  })

  test('an open window is measured to its instant, and allowed for the whole', () => {
    expect(judged({ asOf })).toMatchObject({
      committedMs: 31 * 24 * HOUR_MS,
      elapsedMs: 15 * 24 * HOUR_MS,
      budget: { allowedMs: 2_678_400 },
    })
  })

  test('what comes after that instant is not known yet', () => {
    expect(judged({ stretches: [['20 00:00', '21 00:00', 'down']], asOf })).toMatchObject({
      downMs: { pessimistic: 0 },
    })
  })

  test.each([
    ['kept', [], 'met', false],
    ['silent for an hour', [['08 10:00', '08 11:00', 'unknown']], 'indeterminate', false],
    [
      'silent for two days: below 95 % of evidence',
      [['08 10:00', '10 10:00', 'unknown']],
      'indeterminate',
      true,
    ],
  ] as const)('closed: %s', (_title, stretches, verdict, insufficientEvidence) => {
    const result = judged({ stretches: stretches.map((one) => [...one]) })
    expect(result).toMatchObject({ verdict, outlook: null, insufficientEvidence })
  })

  test('a window that committed to nothing has kept nothing', () => {
    const spec = { effective: { from: '2026-06-01', timeZone: 'UTC' } }
    expect(judged({ spec })).toMatchObject({
      verdict: 'indeterminate',
      committedMs: 0,
      coverage: null,
      insufficientEvidence: true,
    })
  })
})

describe('the binding figure', () => {
  // F at 10:00 … 10:45 each minute: proved from the first to the last, possibly from 09:59 to 10:46.
  const rows = (fails: number) =>
    Array.from({ length: 31 * 1440 }, (_, i) => {
      const k = i - (7 * 1440 + 600)
      return [Date.parse(JANUARY.start) + i * MINUTE_MS, k >= 0 && k < fails ? 'fail' : 'ok']
    })
  test.each([
    // 45 failures: at least 44 min, measured 45, at most 46 and the last minute of the month.
    [
      45,
      { provable: 44, point: 45, pessimistic: 47 },
      { provable: 'indeterminate', point: 'not_met', pessimistic: 'not_met' },
    ],
    [
      46,
      { provable: 45, point: 46, pessimistic: 48 },
      { provable: 'not_met', point: 'not_met', pessimistic: 'not_met' },
    ],
    [42, { provable: 41, point: 42, pessimistic: 44 }, { provable: 'met', point: 'met', pessimistic: 'met' }],
  ])('%i failures', (fails, minutes, verdicts) => {
    for (const bindingFigure of ['provable', 'point', 'pessimistic'] as const) {
      const contract = contractOf({ spec: { measurement: { bindingFigure } } })
      const result = onlyGuarantee({ contract, window: JANUARY, samples: { web: { lyon: rows(fails) } } })
      if (result.kind !== 'downtime') throw new Error('availability has a downtime')
      const { provable, point, pessimistic } = result.downMs
      expect([provable, point, pessimistic].map((ms) => ms / MINUTE_MS)).toEqual(Object.values(minutes))
      expect(result.verdict).toBe(verdicts[bindingFigure])
      expect(result.budget.spentMs).toBe(result.downMs[bindingFigure])
    }
  })
})

describe('told beside', () => {
  test('when the budget was gone, and where the worst hour, day and week lie', () => {
    const result = judged({
      stretches: [
        ['08 10:00', '08 10:30', 'down'],
        ['12 10:00', '12 10:30', 'down'],
      ],
    })
    expect(result).toMatchObject({
      exhaustion: { exhaustedAt: january('12 10:14:38.400'), projectedAt: null },
      worst: [
        { lengthMs: HOUR_MS, downMs: 30 * MINUTE_MS },
        { lengthMs: 24 * HOUR_MS, downMs: 30 * MINUTE_MS },
        { lengthMs: 168 * HOUR_MS, downMs: 60 * MINUTE_MS },
      ],
    })
  })

  test('when it would be gone at the rate so far', () => {
    // 15 min in 7.5 days: 44.64 min by day 22.32.
    const result = judged({ stretches: [['02 10:00', '02 10:15', 'down']], asOf: january('08 12:00') })
    expect(result).toMatchObject({
      exhaustion: { exhaustedAt: null, projectedAt: january('23 07:40:48.000') },
    })
  })
})

/** One row a minute from the 8th, 00:00, for a day; `fails` in minutes of the day. */
function dayOf(fails: [number, number] | null, { outcome = 'fail', until = 1440 } = {}): unknown[] {
  return Array.from({ length: until }, (_, i) => {
    const isBad = fails !== null && i >= fails[0] && i < fails[1]
    return [Date.parse(january('08 00:00')) + i * MINUTE_MS, isBad ? outcome : 'ok']
  })
}

const DAY = { start: january('08 00:00'), end: january('09 00:00') }
const SITES = [
  { id: 'lyon', agents: ['a-lyon'], administeredBy: 'it' },
  { id: 'lille', agents: ['a-lille'], administeredBy: 'it' },
  { id: 'nantes', agents: ['a-nantes'], administeredBy: 'hoster' },
]

describe('each site', () => {
  const asked = (scope: string, samples: Json, more: Json = {}) => {
    const guarantee = { ...AVAILABILITY, scope, target: { percent: '95' }, ...more }
    const contract = contractOf({ spec: { sites: SITES, guarantees: [guarantee] } })
    return onlyGuarantee({ contract, window: DAY, samples: { web: samples } })
  }
  const oneDead = { 'a-lyon': dayOf(null), 'a-lille': dayOf([600, 1000]), 'a-nantes': dayOf(null) }

  test('one of three is partial for the service and lost for the site', () => {
    expect(asked('service', oneDead)).toMatchObject({
      verdict: 'met',
      sites: [],
      partition: { committed: { down: 0, partial: 400 * MINUTE_MS } },
    })
    const result = asked('each-site', oneDead)
    expect(result).toMatchObject({ verdict: 'not_met', downMs: { point: 400 * MINUTE_MS } })
    expect(result.sites.map(({ site, verdict }) => [site, verdict])).toEqual([
      ['lille', 'not_met'],
      ['lyon', 'met'],
      ['nantes', 'met'],
    ])
  })

  test('kept where every one keeps it', () => {
    const fine = { 'a-lyon': dayOf(null), 'a-lille': dayOf([600, 660]), 'a-nantes': dayOf(null) }
    expect(asked('each-site', fine)).toMatchObject({ verdict: 'met', downMs: { point: 60 * MINUTE_MS } })
  })

  test('a site that is silent keeps the whole open', () => {
    const silent = { ...oneDead, 'a-lille': dayOf([600, 1000], { outcome: 'unknown' }) }
    expect(asked('each-site', silent).verdict).toBe('indeterminate')
  })

  test('restoration is timed at each of them', () => {
    const more = { metric: 'restoration-time', target: { each: 'PT4H' } }
    expect(asked('service', oneDead, more).verdict).toBe('met')
    expect(asked('each-site', oneDead, more).verdict).toBe('not_met')
  })
})

describe('silence of a host', () => {
  const asked = (agent: string, providerHostSilence: string) => {
    const spec = {
      sites: SITES,
      guarantees: [{ ...AVAILABILITY, target: { percent: '95' } }],
      measurement: { providerHostSilence, quorum: { down: 1, minKnown: 1 } },
    }
    const rows = dayOf(null).filter((_, i) => i < 600 || i >= 700)
    return onlyGuarantee({ contract: contractOf({ spec }), window: DAY, samples: { web: { [agent]: rows } } })
  }
  test.each([
    ['a-nantes', 'unknown', 'indeterminate'],
    ['a-nantes', 'down', 'not_met'],
    ['a-lyon', 'down', 'indeterminate'],
  ])('%s, silence is %s: %s', (agent, silence, verdict) =>
    expect(asked(agent, silence).verdict).toBe(verdict),
  )

  test('an agent that says it cannot tell is not silent', () => {
    const spec = { sites: SITES, measurement: { providerHostSilence: 'down' } }
    const rows = dayOf([600, 700], { outcome: 'unknown' })
    const result = onlyGuarantee({
      contract: contractOf({ spec }),
      window: DAY,
      samples: { web: { 'a-nantes': rows } },
    })
    expect(result).toMatchObject({ verdict: 'indeterminate', downMs: { point: 0 } })
  })
})

describe('zones and isolation', () => {
  const reference = (name: string) => ({
    apiVersion: 'constat/v1',
    kind: 'Check',
    metadata: { name },
    spec: { icmp: { host: '192.0.2.1' }, interval: 'PT60S', timeout: 'PT5S' },
  })
  const others = [reference('gateway'), reference('edge'), reference('anchor')]
  const zones = [
    { id: 'lan', owner: 'it', boundary: 'switch port', reference: ['gateway'] },
    { id: 'core', owner: 'hoster', boundary: 'edge', reference: ['edge'] },
    { id: 'application', owner: 'hoster', boundary: 'the URL', reference: [] },
  ]
  const kinds = [{ id: 'cause', clause: 'X', needs: 'customer-acceptance', zones: ['lan'] }]
  const target = { percent: '95' }
  const asked = (failing: string, more: Json = {}) => {
    const spec = { zones, exclusions: { kinds }, guarantees: [{ ...AVAILABILITY, target }], ...more }
    const samples = Object.fromEntries(
      ['web', 'gateway', 'edge', 'anchor'].map((check) => {
        const isDown = check === 'web' || failing.includes(check)
        return [check, { lyon: dayOf(isDown ? [600, 700] : null) }]
      }),
    )
    const exclusions = [{ kind: 'cause', start: january('08 09:00'), end: january('08 13:00') }]
    return evaluated({ contract: contractOf({ spec, others }), window: DAY, samples, exclusions })
  }
  test.each([
    ['gateway', 'lan', 'valid', 'met'],
    ['gateway edge', 'lan', 'valid', 'met'],
    ['edge', 'core', 'contested', 'not_met'],
    ['', 'application', 'contested', 'not_met'],
  ])('failing: %s', (failing, zone, standing, verdict) => {
    const { services, exclusions, guarantees } = asked(failing)
    expect(services[0]?.incidents[0]).toMatchObject({ zone })
    expect(exclusions[0]).toMatchObject({ standing })
    expect(guarantees[0]).toMatchObject({ verdict })
  })

  test('cut off from every reference, an agent knows nothing', () => {
    const isolation = { rule: 'all-references-failed', references: ['gateway', 'anchor'] }
    const requests = { ...AVAILABILITY, id: 'requests', metric: 'request-share', target }
    const more = { measurement: { isolation }, guarantees: [{ ...AVAILABILITY, target }, requests] }
    const verdicts = (failing: string) => asked(failing, more).guarantees.map(({ verdict }) => verdict)
    expect(verdicts('gateway anchor')).toEqual(['indeterminate', 'indeterminate'])
    expect(verdicts('edge anchor')).toEqual(['not_met', 'not_met'])
  })
})
