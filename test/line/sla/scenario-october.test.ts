/**
 * The example contract over October 2026, worked out by hand. The month has 22 working days in Paris of 12
 * hours each, and one hour more than its days suggest, in the night of the 25th.
 */
import { readFileSync } from 'node:fs'
import { scenarioAnswerSchema, type ScenarioAnswer } from '@constat/sla/scenario/answer'
import { evaluateScenario } from '@constat/sla/scenario/evaluate'
import { readScenario } from '@constat/sla/scenario/read'
import { beforeAll, describe, expect, test } from 'vitest'
import { EXAMPLE } from '../../support/contract-text.ts'
import type { Json } from '../../support/scenario.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const FILES = [{ name: 'contract-example.yaml', text: EXAMPLE }]

function guarantee(answer: ScenarioAnswer, id: string) {
  const found = answer.guarantees.find((one) => one.guarantee === id)
  if (!found) throw new Error(`no guarantee ${id}`)
  return found
}

describe('given as states', () => {
  let answer: ScenarioAnswer
  beforeAll(() => {
    const url = new URL('../../vectors/scenario-october.json', import.meta.url)
    answer = evaluateScenario(readScenario(JSON.parse(readFileSync(url, 'utf8'))), FILES)
  })

  test('fits the published schema', () => expect(scenarioAnswerSchema.parse(answer)).toEqual(answer))

  test('availability of the portal', () => {
    // Office hours 22 × 12 h = 264 h; the release of the 14th takes 2: 262 h.
    // Down in them: the 6th 50 min (its hotfix was announced too late); the 10th is a Saturday; the 14th is
    // excluded; the 26th 08:00 to 08:05; the 27th 18:30 to 20:00 and the 28th 08:00 to 11:30, 300 min: 355 min.
    // Unknown: the 20th, 10 min. 0.1 % of 262 h is 943.2 s.
    expect(guarantee(answer, 'portal-availability')).toMatchObject({
      verdict: 'not_met',
      committedMs: 262 * HOUR_MS,
      excludedMs: 2 * HOUR_MS,
      knownMs: 262 * HOUR_MS - 10 * MINUTE_MS,
      // 15710 of 15720 min.
      coverage: '0.9993',
      downMs: { provable: 355 * MINUTE_MS, point: 355 * MINUTE_MS, pessimistic: 365 * MINUTE_MS },
      // 15365 of 15720 min, and 15355.
      availability: { provable: '97.7417', point: '97.7417', pessimistic: '97.6781' },
      budget: { allowedMs: 943_200, spentMs: 21_300_000, leftMs: -20_356_800 },
      // Into the first outage, at 10:00 local time.
      exhaustion: { exhaustedAt: '2026-10-06T08:15:43.200Z' },
      partition: { inHoursExcluded: { down: HOUR_MS, up: HOUR_MS } },
    })
  })

  test('restoration and response', () => {
    const minutes = (id: string) => {
      const result = guarantee(answer, id)
      if (result.kind !== 'timing') throw new Error(`${id} has timings`)
      return result.perIncident.map(({ ms }) => ms && ms.point / MINUTE_MS)
    }
    // The clock runs in office hours, and no planned kind pauses it: five hours on the 27th and 28th.
    expect(minutes('portal-restoration')).toEqual([50, 0, 60, 5, 300])
    expect(guarantee(answer, 'portal-restoration').verdict).toBe('not_met')
    // From the alert, at all hours: 20 min, then 30 min and a second.
    expect(minutes('portal-response')).toEqual([20, 30 + 1 / 60, null, null, null])
    expect(guarantee(answer, 'portal-response').verdict).toBe('not_met')
  })

  test('availability of the network', () => {
    // 745 h; the first Sunday, 02:00 to 05:00 local, is the standing window: 742 h. Down from 02:00 to 07:00 that
    // day, of which 2 h count, and 90 min of cabling that the customer has not accepted: 210 of 222.6 min.
    const result = guarantee(answer, 'vpn-availability')
    expect(result).toMatchObject({
      verdict: 'met',
      committedMs: 742 * HOUR_MS,
      excludedMs: 3 * HOUR_MS,
      downMs: { point: 210 * MINUTE_MS },
      budget: { allowedMs: 222.6 * MINUTE_MS, leftMs: 12.6 * MINUTE_MS },
      contested: {
        accepted: { committedMs: 740.5 * HOUR_MS, downMs: { point: 120 * MINUTE_MS } },
        refused: { committedMs: 742 * HOUR_MS, downMs: { point: 210 * MINUTE_MS } },
      },
    })
  })

  test('declarations', () => {
    const told = answer.exclusions.map(({ id, standing, refusals }) => [id, standing, ...refusals])
    expect(told).toEqual([
      ['standing@2026-10-04T00:00:00.000Z', 'valid'],
      // Clear working days before the 6th: 30 September, 1, 2 and 5 October.
      ['hotfix', 'refused', 'notice-too-short'],
      // Before the 14th: 7, 8, 9, 12, 13.
      ['release', 'valid'],
      ['standing@2026-10-04T00:00:00.000Z', 'valid'],
      ['cabling', 'contested', 'not-accepted'],
    ])
  })

  test('credits', () => {
    // 97.74 % is in the tier from 95: 25 % of 18,000. Restoration: one hour late, 2 %, the same incident, so the
    // higher alone stands. Response on the 10th, in no office hour, is another cause: 1 %.
    expect(answer.credits).toMatchObject({
      total: '4680.00',
      byGuarantee: {
        'portal-availability': '4500.00',
        'portal-restoration': '0.00',
        'portal-response': '180.00',
        'vpn-availability': '0.00',
      },
      // Final 72 h after 31 October 23:00 UTC, which is 4 November 00:00 in Paris; that day counts: 30 days.
      claim: { deadline: '2026-12-03T23:00:00.000Z' },
    })
  })

  test('what another tool would have said', () => {
    const percent = (policy: string) =>
      answer.policies.find((one) => one.policy === policy && one.guarantee === 'portal-availability')?.percent
    // Of 264 h = 15840 min: 120 in downtime, 10 unknown and 15355 up, 355 down: 15485 / 15840, cut.
    expect(percent('pandora')).toBe('97.75')
    // Without the downtime, the last state held: 15365 / 15720.
    expect(percent('zabbix')).toBe('97.7417')
  })
})

describe('given as samples', () => {
  const START_MS = Date.parse('2026-09-30T22:00:00Z')
  const MINUTES = 745 * 60
  const minuteOf = (text: string) => (Date.parse(text) - START_MS) / MINUTE_MS
  const FAIL = { from: minuteOf('2026-10-06T08:00:00Z'), to: minuteOf('2026-10-06T08:50:00Z') }
  const SLOW = minuteOf('2026-10-07T06:00:00Z')

  /** Each agent each minute; slow for the 720 min of the 7th in office hours, and `more` of the 8th at one. */
  function samples(more: number): Json {
    const next = minuteOf('2026-10-08T06:00:00Z')
    const rows = (own: number) =>
      Array.from({ length: MINUTES + 2 }, (_, i) => {
        const at = START_MS + i * MINUTE_MS
        if (i >= FAIL.from && i < FAIL.to) return [at, 'fail']
        const isSlow = (i >= SLOW && i < SLOW + 720) || (i >= next && i < next + own)
        return [at, 'ok', isSlow ? 400_001 : 400_000]
      })
    return { 'agent-lyon': rows(more), 'agent-lille': rows(0), 'agent-nantes': rows(0) }
  }

  const evaluated = (more: number) =>
    evaluateScenario(
      readScenario({
        contractFile: 'contract-example.yaml',
        window: { start: START_MS, end: START_MS + MINUTES * MINUTE_MS },
        asOf: START_MS + (MINUTES + 1) * MINUTE_MS,
        samples: { 'order-portal-login': samples(more) },
      }),
      FILES,
    )

  test('availability and latency', () => {
    const answer = evaluated(208)
    // 50 failures from 08:00:00 to 08:49:00: proved for 49 min, measured 50, perhaps from 07:59 to 08:50.
    expect(guarantee(answer, 'portal-availability')).toMatchObject({
      verdict: 'not_met',
      committedMs: 264 * HOUR_MS,
      downMs: { provable: 49 * MINUTE_MS, point: 50 * MINUTE_MS, pessimistic: 51 * MINUTE_MS },
    })
    // Office hours have 15840 minutes, 50 of them without an answer, from three agents: 47370 answers. Slow are
    // 3 × 720 + 208 = 2368; 5 % are 2368.5.
    expect(guarantee(answer, 'portal-latency')).toMatchObject({
      verdict: 'met',
      n: 47_370,
      within: 45_002,
      missing: 0,
      // 95.00105… %
      share: { point: '95.0010' },
      percentileUs: { p50: 400_000, p95: 400_000, p99: 400_001 },
    })
  })

  test('one slow answer more', () => {
    expect(guarantee(evaluated(209), 'portal-latency')).toMatchObject({
      verdict: 'not_met',
      within: 45_001,
      share: { point: '94.9989' },
      percentileUs: { p95: 400_001 },
    })
  })
})
