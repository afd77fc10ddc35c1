/**
 * OpenSLO v1 documents beside a contract: what that specification allows is read and changes no term; what it
 * does not allow is refused with what to write.
 */
import { describe, expect, test } from 'vitest'
import { contractDigest } from '@constat/sla/contract/digest'
import { accepted, problemsOf } from '../../support/contract-text.ts'

const CONTRACT = `apiVersion: constat/v1
kind: Contract
metadata: { name: portable }
spec: { provider: Northstar, target: '99.9', timeZone: Europe/Paris, watch: ['https://intranet.example'] }
---
apiVersion: openslo/v1
kind: Service
metadata: { name: shop }
spec: { description: web shop }
`
const SOURCE = '{ metricSource: { type: Prometheus, spec: { query: a } } }'
const RATIO = `{ ratioMetric: { counter: true, good: ${SOURCE}, total: ${SOURCE} } }`
const INDICATOR = `indicator: { metadata: { name: i }, spec: ${RATIO} }`

const documentOf = (kind: string, spec: string, metadata = '{ name: one }') =>
  `---\napiVersion: openslo/v1\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`
const sloOf = (more: string, metadata?: string) =>
  documentOf('SLO', `{ service: shop, budgetingMethod: Occurrences, ${more} }`, metadata)

const WHOLE = `${INDICATOR}, timeWindow: [{ duration: 28d, isRolling: true }], objectives: [{ target: 0.99 }]`
const CALENDAR = 'calendar: { startTime: 2026-01-01 00:00:00, timeZone: America/New_York }'

describe('is read, and changes nothing', () => {
  const digest = contractDigest(accepted(CONTRACT))
  test.each<[string, string]>([
    ['an objective', sloOf(WHOLE)],
    ['no window', sloOf(`${INDICATOR}, objectives: [{ targetPercent: 99 }]`)],
    [
      'windows for later, and a target of nothing',
      sloOf(`${INDICATOR}, timeWindow: , objectives: [{ target: 0 }]`),
    ],
    [
      'a window of the calendar, not said to be none that rolls',
      sloOf(`${INDICATOR}, timeWindow: [{ duration: 1Q, ${CALENDAR} }], objectives: [{ target: 0.9 }]`),
    ],
    ['alert policies for later', sloOf(`${WHOLE}, alertPolicies: `)],
    [
      'alert policies, by name and in line',
      sloOf(
        `${WHOLE}, alertPolicies: [{ alertPolicyRef: p }, { kind: AlertPolicy, metadata: { name: q }, spec: {} }]`,
      ),
    ],
    ['a description of nothing', sloOf(`${WHOLE}, description: ''`)],
    [
      'labels of several values',
      sloOf(
        WHOLE,
        '{ name: one, displayName: One, labels: { team: [a, b], cost: x }, annotations: { a.example/b: c } }',
      ),
    ],
    ['labels for later', sloOf(WHOLE, '{ name: one, labels: , annotations: }')],
    [
      'a composite',
      sloOf(
        `objectives: [{ target: 0.9, compositeWeight: 2.5, ${INDICATOR} }, { targetPercent: 99.5, ${INDICATOR} }]`,
      ),
    ],
    [
      'a composite by reference',
      `${sloOf('objectives: [{ target: 0.9, indicatorRef: one }]')}${documentOf('SLI', RATIO)}`,
    ],
    [
      'a slice in minutes',
      sloOf(`${INDICATOR}, objectives: [{ target: 0.9, timeSliceTarget: 1, timeSliceWindow: 5 }]`).replace(
        'Occurrences',
        'Timeslices',
      ),
    ],
    [
      'a slice as a duration',
      sloOf(`${INDICATOR}, objectives: [{ target: 0.9, timeSliceWindow: 1m }]`).replace(
        'Occurrences',
        'RatioTimeslices',
      ),
    ],
    ['a threshold', sloOf(`${INDICATOR}, objectives: [{ target: 0.9, op: lte, value: 200 }]`)],
    [
      'a source by reference alone',
      documentOf(
        'SLI',
        '{ thresholdMetric: { metricSource: { metricSourceRef: warehouse, spec: { query: select 1 } } } }',
      ),
    ],
    ['a source without a type', documentOf('SLI', '{ thresholdMetric: { metricSource: { spec: {} } } }')],
    [
      'raw ratios',
      documentOf('SLI', `{ ratioMetric: { counter: false, raw: ${SOURCE}, rawType: success } }`),
    ],
    [
      'bad ones of all',
      documentOf(
        'SLI',
        `{ description: d, ratioMetric: { counter: true, bad: ${SOURCE}, total: ${SOURCE} } }`,
      ),
    ],
    ['a service of few words', documentOf('Service', '{}')],
    [
      'a data source',
      documentOf('DataSource', '{ type: Prometheus, connectionDetails: { url: http://prometheus.example } }'),
    ],
    [
      'a policy',
      documentOf(
        'AlertPolicy',
        '{ alertWhenBreaching: true, conditions: [{ conditionRef: c }], notificationTargets: [{ targetRef: t }] }',
      ),
    ],
    [
      'a condition',
      documentOf(
        'AlertCondition',
        '{ severity: page, condition: { kind: burnrate, op: lte, threshold: 2, lookbackWindow: 1h, alertAfter: 5m } }',
      ),
    ],
    ['whom to tell', documentOf('AlertNotificationTarget', '{ target: email }')],
  ])('%s', (_, text) => {
    expect(problemsOf(CONTRACT + text)).toEqual([])
    expect(contractDigest(accepted(CONTRACT + text))).toEqual(digest)
  })
})

describe('is refused, with what to write', () => {
  test.each<[string, string, string]>([
    [
      'no indicator at all',
      sloOf('objectives: [{ target: 0.9 }]'),
      'spec: has no indicator: write indicatorRef with the name of an SLI',
    ],
    [
      'a composite half told',
      sloOf(`objectives: [{ target: 0.9, ${INDICATOR} }, { target: 0.9 }]`),
      'spec.objectives[1]: has no indicator',
    ],
    [
      'both kinds of objective',
      sloOf(`${INDICATOR}, objectives: [{ target: 0.9, ${INDICATOR} }]`),
      'spec: has an indicator of its own beside those of its objectives',
    ],
    [
      'an indicator twice',
      sloOf(`objectives: [{ target: 0.9, indicatorRef: one, ${INDICATOR} }]`) + documentOf('SLI', RATIO),
      'spec.objectives[0].indicator: stands beside indicatorRef',
    ],
    [
      'a composite of an unknown one',
      sloOf('objectives: [{ target: 0.9, indicatorRef: none }]'),
      'spec.objectives[0].indicatorRef: names no SLI: add one named none',
    ],
    [
      'two windows',
      sloOf(`${INDICATOR}, timeWindow: [{ duration: 1M }, { duration: 1Q }], objectives: [{ target: 0.9 }]`),
      'spec.timeWindow: should hold exactly one window',
    ],
    [
      'a slice of no length',
      sloOf(`${INDICATOR}, objectives: [{ target: 0.9, timeSliceWindow: 0 }]`),
      'spec.objectives[0].timeSliceWindow',
    ],
    [
      'a weight of nothing',
      sloOf(`objectives: [{ target: 0.9, compositeWeight: 0, ${INDICATOR} }]`),
      'spec.objectives[0].compositeWeight: should be above 0',
    ],
    [
      'a slip in a key',
      sloOf(`${WHOLE}, alertPolicie: []`),
      'spec.alertPolicie: is not a key here: did you mean alertPolicies?',
    ],
    ['no metric', documentOf('SLI', '{}'), 'spec: should have either thresholdMetric or ratioMetric'],
    [
      'two metrics',
      documentOf('SLI', `{ thresholdMetric: ${SOURCE}, ratioMetric: { total: ${SOURCE} } }`),
      'spec: should have either thresholdMetric or ratioMetric',
    ],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(CONTRACT + text)).toEqual([expect.stringContaining(problem)])
  })
})
