/**
 * `constat evaluate`: what people on a terminal read, what a pipe gets, and the code it ends with.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { scenarioAnswerSchema } from '@constat/sla/scenario/answer'
import { evaluate, type EvaluateFlags } from '../../../collector/src/cli/evaluate.ts'
import { AVAILABILITY, contractOf, january, statesWith, type Json } from '../../support/scenario.ts'

const folder = mkdtempSync(join(tmpdir(), 'constat-evaluate-'))
afterAll(() => rmSync(folder, { recursive: true }))

function run(scenario: Json, { isOutTerminal, ...flags }: EvaluateFlags & { isOutTerminal: boolean }) {
  const path = join(folder, 'scenario.json')
  writeFileSync(path, JSON.stringify(scenario))
  const out: string[] = []
  const code = evaluate(path, flags, { isOutTerminal, out: (text) => void out.push(text) })
  return { code, out }
}

const LOST: Json = {
  contract: contractOf({
    spec: {
      guarantees: [
        AVAILABILITY,
        { ...AVAILABILITY, id: 'quick', metric: 'restoration-time', target: { each: 'PT4H' } },
        { ...AVAILABILITY, id: 'few', metric: 'incident-count', target: { count: 2 } },
      ],
      charges: { currency: 'EUR', monthly: [{ service: 'portal', amount: '1000' }] },
      credits: {
        clause: 'A',
        schedules: { up: { kind: 'flat', percent: '10' } },
        claim: { deadline: { endOfMonth: 2 } },
      },
    },
  }),
  window: '2026-01',
  states: { portal: statesWith([['08 10:00', '08 11:00', 'down']]) },
  exclusions: [
    { kind: 'picnic', start: january('09 00:00'), end: january('09 01:00'), declaredBy: 'nobody' },
  ],
  statement: { incidents: [{ start: january('08 10:00'), end: january('08 10:30') }] },
  policies: ['nagios'],
}

const SUMMARY = [
  '2026-01-01T00:00:00.000Z to 2026-02-01T00:00:00.000Z, closed',
  'up (portal, A): not met',
  '  99.8655 % (at least 1 h down, at most 1 h) of 99.9 %; coverage 1.0000',
  'quick (portal, A): met',
  '  1 incident, the longest 1 h of 4 h at most; coverage 1.0000',
  'few (portal, A): met',
  '  1 incident of 2 at most; coverage 1.0000',
  'exclusion 1, picnic: refused (unknown kind)',
  'credit: 100.00 EUR, to be claimed before 2026-04-01T00:00:00.000Z',
  '  A: not met: 10 % of 1000: 100.00',
  'statement on up: 30 min stated, 1 h measured, 30 min both',
  'nagios would say of portal: 99.866 %',
  'note: exclusions[0].declaredBy: nobody stands on neither side of hosting: its parties are customer, hoster, it, telco',
  'note: statement: is not held against quick, few: it says nothing of them, or they are no availability of a whole service',
  'As JSON: --json.',
]

describe('constat evaluate', () => {
  test('tells people on a terminal what came out', () => {
    expect(run(LOST, { isOutTerminal: true })).toEqual({ code: 0, out: SUMMARY })
    expect(run(LOST, { isOutTerminal: true, check: true }).code).toBe(1)
  })

  test.each<[string, EvaluateFlags & { isOutTerminal: boolean }]>([
    ['into a pipe', { isOutTerminal: false }],
    ['on a terminal that asks for it', { isOutTerminal: true, json: true }],
  ])('answers in the published shape: %s', (_, how) => {
    const { out } = run(LOST, how)
    const answer: unknown = JSON.parse(out.join('\n'))
    expect(scenarioAnswerSchema.parse(answer)).toEqual(answer)
  })

  test('tells of an open window, of a service alone, of a calendar alone', () => {
    const open = run({ ...LOST, asOf: january('10 00:00') }, { isOutTerminal: true }).out
    expect(open.slice(0, 2)).toEqual([
      '2026-01-01T00:00:00.000Z to 2026-02-01T00:00:00.000Z, open, as of 2026-01-10T00:00:00.000Z',
      'up (portal, A): not met',
    ])
    const { window, states } = LOST
    expect(run({ window, states }, { isOutTerminal: true }).out[1]).toBe(
      'portal: 99.8655 %, down 1 h measured',
    )
    const calendar = contractOf({}).slice(0, 1)
    expect(run({ window, contract: calendar }, { isOutTerminal: true }).out[1]).toBe(
      'office: 10 d 12 h of service',
    )
  })
})
