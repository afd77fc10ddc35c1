/** Sentences: lengths of time in two units, the worst state, and the one sentence of a contract. */
import { describe, expect, it } from 'vitest'
import { lengthText } from '@constat/sla/length'
import { contractSentence, worstState } from '../../../collector/src/judge/sentence.ts'
import type { GuaranteeView } from '../../../collector/src/view/guarantee.ts'
import type { State } from '../../../collector/src/view/parts.ts'

const S = 1_000
const MIN = 60 * S
const H = 60 * MIN
const D = 24 * H

const LENGTHS: [number, string][] = [
  [0, '0 s'],
  [999, '0 s'],
  [1_000, '1 s'],
  [59_999, '59 s'],
  [MIN, '1 min'],
  [48 * MIN + 12 * S, '48 min 12 s'],
  [H - 1, '59 min 59 s'],
  [H, '1 h'],
  [2 * H + 3 * MIN + 59 * S, '2 h 3 min'],
  [2 * H + 3 * S, '2 h'],
  [D, '1 d'],
  [3 * D + 4 * H + 59 * MIN, '3 d 4 h'],
  [400 * D, '400 d'],
]

describe('lengthText', () => {
  it.each(LENGTHS)('%d ms is %s', (ms, text) => expect(lengthText(ms)).toBe(text))
})

const WORST: [State[], State][] = [
  [[], 'unknown'],
  [['up'], 'up'],
  [['up', 'degraded'], 'degraded'],
  [['degraded', 'unknown', 'up'], 'unknown'],
  [['unknown', 'partial'], 'partial'],
  [['up', 'partial', 'down', 'unknown'], 'down'],
]

describe('worstState', () => {
  it.each(WORST)('of %j is %s', (states, worst) => expect(worstState(states)).toBe(worst))
})

type Part = { leftMs: number; measuredFrom?: string | null }

function guarantee({ leftMs, measuredFrom = null }: Part): GuaranteeView {
  return {
    metric: 'interval-availability',
    kind: 'downtime',
    worst: [],
    guarantee: 'g',
    service: 's',
    clause: null,
    contract: 'c',
    state: 'open',
    revision: 1,
    window: { key: '2026-10', start: '', end: '', timeZone: 'UTC', length: null },
    committedMs: 0,
    elapsedCommittedMs: 0,
    excludedMs: 0,
    knownMs: 0,
    coverage: '0.0000',
    blockedMs: 0,
    unknown: [],
    downMs: { provable: 0, point: 0, pessimistic: 0 },
    partialMs: 0,
    degradedMs: 0,
    unknownMs: 0,
    availability: { provable: '100.0000', point: '100.0000', pessimistic: '100.0000' },
    target: '99.9',
    verdict: 'indeterminate',
    outlook: 'on_track',
    insufficientEvidence: false,
    readiness: { claimable: false, lacks: [] },
    budget: { allowedMs: 0, spentMs: 0, leftMs },
    exhaustion: { exhaustedAt: null, projectedAt: null },
    measuredFrom,
    asOf: '',
    credit: null,
    contested: null,
  }
}

const READY = 'Not yet claimable: add two sites.'
const AT = '2026-10-05T14:02:11.000Z'

const SENTENCES: [string, State, Part[], string][] = [
  ['nothing promised', 'unknown', [], `Unknown. ${READY}`],
  [
    'as the product says it',
    'up',
    [{ leftMs: 31 * MIN, measuredFrom: AT }],
    `Up. Measured since 2026-10-05 14:02 UTC. 31 min of budget left. ${READY}`,
  ],
  [
    'the tightest budget counts',
    'partial',
    [{ leftMs: H }, { leftMs: 5 * MIN }],
    `Down for part of the vantages. 5 min of budget left. ${READY}`,
  ],
  ['nothing left', 'degraded', [{ leftMs: 0 }], `Up, but slow. 0 s of budget left. ${READY}`],
  [
    'the target is not met',
    'down',
    [{ leftMs: -90 * S }, { leftMs: H }],
    `Down. Target not met on measured data: 1 min 30 s over the allowance. ${READY}`,
  ],
]

describe('contractSentence', () => {
  it.each(SENTENCES)('%s', (_, state, parts, sentence) => {
    expect(contractSentence({ state, guarantees: parts.map(guarantee), readiness: READY })).toBe(sentence)
  })
})
