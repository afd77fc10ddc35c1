/**
 * Credits by hand: a contract of a few lines, and results of a window made up for it. A month here is
 * 30 days, 43 200 min, all of it committed, so that percentages are easy to check.
 */
import type { ExpandedContract, GuaranteeTerms } from '@constat/sla/contract/expanded'
import { creditStatement, type CreditQuestion, type PastWindow } from '@constat/sla/credit/statement'
import type { Judged } from '@constat/sla/judgement/judge-guarantee'
import type { Measure } from '@constat/sla/metric/table'
import { formatInstant } from '@constat/shared/time'
import type { IncidentFacts } from '@constat/sla/judgement/timing'
import { accepted } from './contract-text.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000
/** 1 June 2026, 00:00 UTC: June has 30 days. */
export const MONTH = { startMs: Date.UTC(2026, 5, 1), endMs: Date.UTC(2026, 6, 1) }

type Spec = {
  guarantees: readonly Record<string, unknown>[]
  credits?: Record<string, unknown>
  /** Monthly charge of each service; portal: 10 000 unless told. */
  charges?: readonly { service?: string; amount: string }[]
  tax?: string
  measurement?: Record<string, unknown>
}

/** Two services are checked: portal and vpn. */
export function contractOf({ guarantees, credits, charges, tax, measurement }: Spec): ExpandedContract {
  const check = (service: string) => ({
    apiVersion: 'constat/v1',
    kind: 'Check',
    metadata: { name: `${service}-check` },
    spec: { service, tcp: { host: 'service.example', port: 443 }, interval: 'PT60S', timeout: 'PT10S' },
  })
  const contract = {
    apiVersion: 'constat/v1',
    kind: 'Contract',
    metadata: { name: 'credits' },
    spec: {
      provider: 'Northstar',
      timeZone: 'UTC',
      services: [{ name: 'portal' }, { name: 'vpn' }],
      charges: {
        currency: 'EUR',
        ...(tax !== undefined && { tax }),
        monthly: charges ?? [
          { service: 'portal', amount: '10000.00' },
          { service: 'vpn', amount: '4000.00' },
        ],
      },
      guarantees,
      ...(credits && { credits }),
      ...(measurement && { measurement }),
    },
  }
  return accepted(JSON.stringify([check('portal'), check('vpn'), contract]))
}

export function availabilityOf(id: string, target = '99.9', service = 'portal'): Record<string, unknown> {
  return { id, service, metric: 'interval-availability', target: { percent: target } }
}

export function restorationOf(id: string, each: string, service = 'portal'): Record<string, unknown> {
  return { id, service, metric: 'restoration-time', target: { each } }
}

type Window = {
  /** Downtime: min from the start of the month, and how many. */
  outages?: readonly (readonly [fromMin: number, minutes: number])[]
  verdict?: 'met' | 'not_met' | 'indeterminate'
}

/** A guarantee in the month as it would be judged with these outages and nothing in doubt. */
export function judgedWith(
  terms: ExpandedContract,
  id: string,
  { outages = [], verdict }: Window,
): CreditQuestion['judged'][number] {
  const guarantee = terms.guarantees.find((one) => one.id === id)
  if (!guarantee) throw new Error(`the contract has no guarantee ${id}`)
  const incidents = outages.map(([fromMin, minutes]) => incidentAt(fromMin, minutes))
  const committedMs = MONTH.endMs - MONTH.startMs
  const measure = measureOf(guarantee, outages, committedMs)
  const result: Judged['result'] = {
    guarantee: id,
    service: guarantee.service,
    clause: guarantee.clause,
    metric: guarantee.metric,
    scope: 'service',
    target: '',
    excludedMs: 0,
    verdict: verdict ?? (isLost(measure) ? 'not_met' : 'met'),
    outlook: null,
    insufficientEvidence: false,
    committedMs,
    elapsedMs: committedMs,
    knownMs: committedMs,
    coverage: '1.0000',
    blockedMs: 0,
    measure,
    sites: [],
    contested: null,
  }
  return {
    result,
    incidents,
    commitment: { inHours: [MONTH], excluded: [], committed: [MONTH], isKept: false },
  }
}

function measureOf(
  { target, metric }: GuaranteeTerms,
  outages: NonNullable<Window['outages']>,
  committedMs: number,
): Measure {
  if ('eachMs' in target) {
    const { eachMs } = target
    const perIncident = outages.map(([fromMin, minutes]) => {
      const ms = msOf(minutes)
      return {
        id: null,
        onsetAt: formatInstant(MONTH.startMs + fromMin * MINUTE_MS),
        ms: { provable: ms, point: ms, pessimistic: ms },
        isRunning: false,
        verdict: ms > eachMs ? ('not_met' as const) : ('met' as const),
      }
    })
    const clock = { start: 'measured-onset', stop: 'measured-recovery' }
    return { kind: 'timing', eachMs, clock, perIncident }
  }
  if (!('percent' in target)) throw new Error(`no result is made up for ${metric}`)
  const spentMs = outages.reduce((ms, [, minutes]) => ms + msOf(minutes), 0)
  // Targets of the tests have at most two digits behind the point.
  const allowedMs = (committedMs * (10_000 - Math.round(Number(target.percent) * 100))) / 10_000
  return {
    kind: 'downtime',
    downMs: { provable: spentMs, point: spentMs, pessimistic: spentMs },
    availability: { provable: '100.0000', point: '100.0000', pessimistic: '100.0000' },
    budget: { allowedMs, spentMs, leftMs: allowedMs - spentMs },
    exhaustion: { exhaustedAt: null, projectedAt: null },
    worst: [],
    partialMs: 0,
    degradedMs: 0,
    unknownMs: 0,
  }
}

/** Lengths are whole ms. */
function msOf(minutes: number): number {
  return Math.round(minutes * MINUTE_MS)
}

function isLost(measure: Measure): boolean {
  if (measure.kind === 'timing') return measure.perIncident.some(({ verdict }) => verdict === 'not_met')
  return measure.kind === 'downtime' && measure.budget.leftMs < 0
}

function incidentAt(fromMin: number, minutes: number): IncidentFacts {
  const startMs = MONTH.startMs + fromMin * MINUTE_MS
  const span = { startMs, endMs: startMs + msOf(minutes) }
  return {
    id: null,
    onsetMs: span.startMs,
    endMs: span.endMs,
    proved: [span],
    possible: span,
    zone: null,
    cause: null,
    alertedMs: null,
    notifiedMs: null,
    acknowledgedMs: null,
    providerClosedMs: null,
  }
}

export type Asked = {
  windows: Readonly<Record<string, Window>>
  history?: Readonly<Record<string, readonly PastWindow[]>>
  absentMs?: Readonly<Record<string, readonly number[]>>
  earlier?: Readonly<Record<string, readonly { onsetMs: number; ms: number }[]>>
}

export function questionOf(terms: ExpandedContract, asked: Asked): CreditQuestion {
  return {
    terms,
    judged: Object.entries(asked.windows).map(([id, window]) => judgedWith(terms, id, window)),
    history: new Map(Object.entries(asked.history ?? {})),
    absentMs: asked.absentMs ? new Map(Object.entries(asked.absentMs)) : null,
    earlier: new Map(Object.entries(asked.earlier ?? {})),
  }
}

/** The statement of a contract that has credits. */
export function statementFor(terms: ExpandedContract, asked: Asked) {
  const statement = creditStatement(questionOf(terms, asked))
  if (!statement) throw new Error('the contract credits nothing')
  return statement
}
