/** Latency for each site: the worst decides, by exact shares, and no average hides a branch. */
import { expect, test } from 'vitest'
import { eachSiteLatency } from '../../collector/src/judge/latency-view.ts'
import type { LatencyGuaranteeView, Verdict } from '../../collector/src/judge/view.ts'

type Given = { verdict: Verdict; n: number; within: number; thin?: boolean }

function viewOf({ verdict, n, within, thin = false }: Given): LatencyGuaranteeView {
  return {
    metric: 'share-within',
    guarantee: 'speed',
    service: 'shop',
    clause: null,
    contract: 'shop',
    state: 'final',
    revision: 1,
    window: { key: '2026-10', start: '', end: '', timeZone: 'UTC' },
    committedMs: 0,
    elapsedCommittedMs: 0,
    excludedMs: 0,
    knownMs: 0,
    coverage: '1.0000',
    target: '95',
    verdict,
    outlook: null,
    insufficientEvidence: thin,
    readiness: { claimable: false, lacks: [] },
    measuredFrom: null,
    asOf: '',
    thresholdUs: 400_000,
    share: { n, within, missing: 0, percent: null, provable: null, pessimistic: null },
    percentileUs: { p50: null, p95: null, p99: null },
    percentileErrorPercent: '0',
  }
}

function judged(sites: Record<string, Given>): LatencyGuaranteeView {
  const found = Object.entries(sites).map(([id, given]) => ({
    site: { id, displayName: id, administeredBy: null, agents: [], isDeclared: true },
    view: viewOf(given),
  }))
  return eachSiteLatency(found, viewOf({ verdict: 'indeterminate', n: 0, within: 0 }))
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
  const view = judged(sites)
  expect([view.verdict, view.share.within]).toEqual([verdict, within])
  expect(view.sites?.map(({ site }) => site)).toEqual(['a', 'b'])
})

test('one site of thin evidence makes the whole thin; none at all is nothing', () => {
  expect(judged({ a: good, b: { ...good, thin: true } }).insufficientEvidence).toBe(true)
  expect(judged({})).toMatchObject({ verdict: 'indeterminate', sites: [] })
})
