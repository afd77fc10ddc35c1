/**
 * Demo with everything: the demo's hosting contract as it would be read with every metric, exclusions in
 * every standing, credits and losses, a window in two versions and a statement that differs in every way.
 * Other contracts stay as they are. Pure.
 */
import type { CreditsView, LossView } from '@constat/collector/view/credit'
import type { ExclusionView } from '@constat/collector/view/exclusion'
import type { GuaranteeView, ViewOf } from '@constat/collector/view/guarantee'
import type { ReadModel } from '@constat/collector/view/reads'
import type { ReconciliationView } from '@constat/collector/view/window'
import { MATCH_CLASSES } from '@constat/sla/reconciliation/answer'
import { DEMO_EXCLUSION } from './demo-exclusions.ts'
import { demoModel } from './demo-model.ts'

const CONTRACT = 'acme-hosting-2026'
const MINUTE_MS = 60_000
type Model = ReturnType<typeof demoModel>

export function demoOfEverything(model: Model = demoModel()): Model {
  const { read } = model
  const more: ReadModel = {
    ...read,
    terms: (name) => withKinds(name, read),
    exclusions: (filter) => [
      ...declared(read).filter(
        ({ contract }) => filter.contract === undefined || filter.contract === contract,
      ),
      ...read.exclusions(filter),
    ],
    async window(name, key, version) {
      const found = await read.window(name, key, name === CONTRACT ? undefined : version)
      if (!found || name !== CONTRACT) return found
      const [first] = found.versions
      const guarantees = everyMetric(found.guarantees)
      const rich = { ...found, guarantees, credits: CREDITS, losses: [LOSS] }
      if (!first) return rich
      const second = { ...first, version: 2, previous: first.digest, digest: 'd2'.repeat(32) }
      const versions = [first, { ...second, credit: { total: '3600.00', currency: 'EUR' } }]
      return { ...rich, state: version === 1 ? 'final' : 'amended', version: version ?? 2, versions }
    },
    async reconciliation(name, id) {
      const found = await read.reconciliation(name, id)
      return found && name === CONTRACT ? everyClass(found) : found
    },
  }
  return { ...model, read: more }
}

function withKinds(name: string, read: ReadModel) {
  const terms = read.terms(name)
  if (!terms || name !== CONTRACT) return terms
  const kind = {
    id: 'planned-maintenance',
    clause: 'A.4.1',
    notice: null,
    announcedInterval: 'required',
    needs: 'acceptance',
    recurrence: null,
  }
  // The page reads the id, the clause and who must accept; the rest stands as a contract would have it.
  const kinds = [kind] as unknown as typeof terms.exclusions.kinds
  return { ...terms, exclusions: { ...terms.exclusions, kinds } }
}

function declared(read: ReadModel): ExclusionView[] {
  const plain = read.exclusion(DEMO_EXCLUSION)
  if (!plain) return []
  const effect = { guarantee: 'portal-availability', window: '2026-11', excusedMs: 0, contested: false }
  const answer = {
    by: 'customer',
    side: 'customer',
    at: '2026-11-11T10:00:00.000Z',
    note: 'Our till was still open then.',
  } as const
  const base = { ...plain, kind: 'planned-maintenance', declaredBy: 'outsourcer', answers: [] }
  return [
    {
      ...base,
      id: 'exc_valid',
      standing: 'counts',
      refusals: [],
      reason: 'Storage upgrade',
      answers: [{ ...answer, answer: 'accepted', note: '' }],
      effects: [{ ...effect, excusedMs: 60 * MINUTE_MS }],
    },
    {
      ...base,
      id: 'exc_contested',
      service: 'order-portal',
      standing: 'contested',
      announcementOnRecord: false,
      announcedAt: '2026-11-09T09:00:00.000Z',
      answers: [{ ...answer, answer: 'disputed' }],
      effects: [{ ...effect, excusedMs: 48 * MINUTE_MS, contested: true }],
    },
    {
      ...base,
      id: 'exc_refused',
      service: 'mail-relay',
      kind: 'force-majeure',
      clause: null,
      standing: 'refused',
      refusals: ['not-announced', 'notice-too-short'],
      effects: [],
    },
    {
      ...base,
      id: 'exc_afterwards',
      afterwards: true,
      declaredAt: '2026-11-21T08:00:00.000Z',
      side: 'customer',
      declaredBy: 'customer',
      reason: 'Our own move to the new building, as agreed by phone with the desk of the provider',
    },
  ]
}

function everyMetric(guarantees: readonly GuaranteeView[]): GuaranteeView[] {
  const [first] = guarantees
  if (first?.metric !== 'interval-availability') return [...guarantees]
  const { accepted, refused } = {
    accepted: { verdict: 'met', committedMs: first.committedMs, downMs: null, percent: PERCENT },
    refused: { verdict: 'not_met', committedMs: first.committedMs, downMs: null, percent: LESS },
  } as const
  const exhaustion = { exhaustedAt: '2026-11-19T16:52:00.000Z', projectedAt: null }
  return [
    { ...first, ...(first.budget.leftMs < 0 && { exhaustion }), contested: { accepted, refused } },
    ...guarantees.slice(1),
    ...otherMetrics(first),
  ]
}

const PERCENT = { provable: '99.9312', point: '99.9120', pessimistic: '99.9044' }
const LESS = { provable: '99.8012', point: '99.7720', pessimistic: '99.7644' }
const SHARE = {
  n: 241_133,
  within: 239_800,
  missing: 1_204,
  doubtful: { n: 0, within: 0 },
  percent: '99.4471',
  point: '99.4471',
  provable: '99.4499',
  pessimistic: '98.9530',
}

function otherMetrics({
  kind: _kind,
  downMs: _down,
  worst: _worst,
  partialMs: _partial,
  degradedMs: _degraded,
  unknownMs: _unknown,
  availability: _availability,
  budget: _budget,
  exhaustion: _exhaustion,
  sites: _sites,
  metric: _metric,
  ...common
}: ViewOf<'interval-availability'>): GuaranteeView[] {
  const site = (id: 'lyon' | 'lille', displayName: string, verdict: 'met' | 'not_met') => ({
    ...common,
    site: id,
    displayName,
    administeredBy: 'internal-it',
    verdict,
  })
  const sites = [site('lyon', 'Lyon', 'met'), site('lille', 'Lille', 'not_met')]
  const clock = (onsetAt: string, minutes: number | null) => ({
    id: `inc_${onsetAt.slice(0, 10)}`,
    onsetAt,
    ms:
      minutes === null
        ? null
        : {
            provable: (minutes - 1) * MINUTE_MS,
            point: minutes * MINUTE_MS,
            pessimistic: (minutes + 1) * MINUTE_MS,
          },
    isRunning: minutes === 17,
    verdict: (minutes ?? 0) > 60 ? ('not_met' as const) : ('met' as const),
  })
  const perIncident = [
    clock('2026-11-05T08:12:00.000Z', 48),
    clock('2026-11-19T16:04:00.000Z', 92),
    clock('2026-11-22T17:12:00.000Z', 17),
  ]
  const acknowledged = [clock('2026-11-05T08:12:00.000Z', 4), clock('2026-11-19T16:04:00.000Z', null)]
  const timing = {
    kind: 'timing' as const,
    eachMs: 60 * MINUTE_MS,
    clock: { start: 'onset', stop: 'provider-acknowledgement' },
  }
  const mean = {
    kind: 'mean' as const,
    sliceMs: 5 * MINUTE_MS,
    slices: 6_212,
    slicesOfWindow: 8_640,
    lost: { provable: '21/5', point: '27/5', pessimistic: '6' },
    availability: PERCENT,
  }
  return [
    {
      ...common,
      guarantee: 'portal-requests',
      clause: 'A.3.5',
      metric: 'request-share',
      target: '99.5',
      kind: 'share',
      share: SHARE,
      sites: sites.map((one) => ({ ...one, kind: 'share', share: SHARE })),
    },
    {
      ...common,
      guarantee: 'portal-errors',
      clause: 'A.3.6',
      metric: 'mean-error-rate',
      target: '99.5',
      ...mean,
      sites: sites.map((one) => ({ ...one, ...mean })),
    },
    {
      ...common,
      guarantee: 'portal-incidents',
      clause: 'A.3.7',
      metric: 'incident-count',
      target: '2',
      kind: 'count',
      count: { provable: 2, point: 3, pessimistic: 4 },
      sites: sites.map((one) => ({
        ...one,
        kind: 'count',
        count: { provable: 1, point: 1, pessimistic: 2 },
      })),
    },
    {
      ...common,
      guarantee: 'portal-restoration',
      clause: 'A.3.8',
      metric: 'restoration-time',
      ...timing,
      clock: { start: 'onset', stop: 'recovery' },
      perIncident,
      sites: sites.map((one) => ({ ...one, ...timing, perIncident })),
    },
    {
      ...common,
      guarantee: 'portal-response',
      clause: 'A.3.9',
      metric: 'response-time',
      ...timing,
      perIncident: acknowledged,
    },
  ]
}

const line = { guarantee: 'portal-availability', service: 'order-portal', clause: 'A.5.1' }
const CREDITS: CreditsView = {
  state: 'theoretical',
  currency: 'EUR',
  tax: 'outside-vat',
  total: '3600.00',
  lines: [
    { ...line, rule: 'schedule', text: '99.4012 % lies below 99.5 %: 10 % of the charge', amount: '4000.00' },
    {
      ...line,
      rule: 'repeat',
      clause: 'A.5.3',
      text: 'second miss in 6 windows: times 1.5',
      amount: '2000.00',
    },
    { ...line, rule: 'earn-back', clause: null, text: 'earned back by the window before', amount: '-0.50' },
    {
      guarantee: null,
      service: null,
      clause: 'A.5.6',
      rule: 'cap',
      text: 'no more than 9 % of the monthly fee',
      amount: '-2399.50',
    },
  ],
  rights: [
    { id: 'chronic', right: 'termination', clause: 'A.6', text: '3 windows of 6 were missed' },
    { id: 'review', right: 'review-meeting', clause: null, text: 'asked for by either side' },
  ],
  exclusive: false,
  claim: { deadlineAt: '2026-12-30T22:59:59.000Z', formalNotice: 'required', silence: 'acceptance' },
}

const LOSS: LossView = {
  model: 'shop',
  currency: 'EUR',
  total: '21480.00',
  lines: [
    { service: 'order-portal', onsetAt: '2026-11-05T08:12:00.000Z', minutes: '48', amount: '7400.00' },
    { service: 'order-portal', onsetAt: '2026-11-19T16:04:00.000Z', minutes: '92.5', amount: '14080.00' },
  ],
  showToProvider: false,
}

function everyClass(found: ReconciliationView): ReconciliationView {
  const [first] = found.guarantees
  const [plain] = first?.matches ?? []
  if (!first || !plain) return found
  const matches = MATCH_CLASSES.map((match, n) => {
    const day = String(3 + 3 * n).padStart(2, '0')
    const isAbsent = match === 'absent-from-the-statement'
    const isDeclared = match === 'declared-only-by-the-provider'
    return {
      ...plain,
      class: match,
      start: `2026-10-${day}T07:00:00.000Z`,
      end: `2026-10-${day}T08:10:00.000Z`,
      bothMs: isAbsent || isDeclared ? 0 : 30 * MINUTE_MS,
      measuredOnlyMs: isDeclared ? 0 : 18 * MINUTE_MS,
      providerOnlyMs: isDeclared || match === 'longer-in-the-statement' ? 22 * MINUTE_MS : 0,
    }
  })
  const waterfall: (typeof first)['waterfall'] = [
    { step: 'stated', ms: 120 * MINUTE_MS },
    { step: 'arithmetic-of-the-statement', ms: -5 * MINUTE_MS },
    { step: 'shorter-in-the-statement', ms: 18 * MINUTE_MS },
    { step: 'longer-in-the-statement', ms: -22 * MINUTE_MS },
    { step: 'absent-from-the-statement', ms: 70 * MINUTE_MS },
    { step: 'measured', ms: 181 * MINUTE_MS },
  ]
  const itemised = { ...first, guarantee: 'portal-availability', service: 'order-portal', matches, waterfall }
  const agreed = { ...first, guarantee: 'vpn-availability', service: 'branch-vpn', agrees: true, matches: [] }
  const level: (typeof first)['waterfall'] = [
    { step: 'stated', ms: 0 },
    { step: 'measured', ms: 0 },
  ]
  return {
    ...found,
    leftOut: ['portal-latency'],
    guarantees: [itemised, { ...agreed, waterfall: level, credits: null }],
  }
}
