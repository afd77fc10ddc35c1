/** Shares for each site: the worst decides, by exact shares, and no average hides a branch. */
import { expect, test } from 'vitest'
import { overSites } from '@constat/sla/judgement/judge-guarantee'
import type { Scored } from '@constat/sla/judgement/result'

type Given = { verdict: Scored['verdict']; n: number; within: number; thin?: boolean }

function scored({ verdict, n, within, thin = false }: Given): Scored {
  return {
    verdict,
    outlook: null,
    insufficientEvidence: thin,
    committedMs: 0,
    elapsedMs: 0,
    knownMs: 0,
    coverage: '1.0000',
    blockedMs: 0,
    measure: {
      kind: 'share',
      share: {
        n,
        within,
        missing: 0,
        doubtful: { n: 0, within: 0 },
        provable: null,
        point: null,
        pessimistic: null,
        percent: null,
      },
    },
  }
}

function judged(sites: Record<string, Given>) {
  const given = Object.entries(sites).map(([site, one]) => ({ site, ...scored(one) }))
  const { scored: whole } = overSites(given, {
    metric: 'request-share',
    figure: 'point',
    ofNone: () => scored({ verdict: 'indeterminate', n: 0, within: 0 }),
  })
  return { ...whole, within: whole.measure.kind === 'share' ? whole.measure.share.within : null }
}

const good = { verdict: 'met', n: 1_000, within: 990 } as const

test.each([
  ['all met', { a: good, b: good }, 'met', 990],
  ['one not met', { a: good, b: { verdict: 'not_met', n: 10, within: 2 } }, 'not_met', 2],
  ['one undecided', { a: good, b: { verdict: 'indeterminate', n: 10, within: 10 } }, 'indeterminate', 10],
  [
    'shares that a float cannot tell apart',
    {
      a: { verdict: 'met', n: 9_007_199_254_740_991, within: 9_007_199_254_740_990 },
      b: { verdict: 'met', n: 9_007_199_254_740_990, within: 9_007_199_254_740_989 },
    },
    'met',
    9_007_199_254_740_989,
  ],
  ['a site without samples', { a: good, b: { verdict: 'met', n: 0, within: 0 } }, 'met', 0],
] as const)('%s', (_, sites, verdict, within) => {
  expect(judged(sites)).toMatchObject({ verdict, within })
})

test('one site of thin evidence makes the whole thin; none at all is nothing', () => {
  expect(judged({ a: good, b: { ...good, thin: true } }).insufficientEvidence).toBe(true)
  expect(judged({})).toMatchObject({ verdict: 'indeterminate' })
})
