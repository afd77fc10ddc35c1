/** Demo windows: the life of the demo's windows, and one statement that leaves an outage out. */
import type { GuaranteeView } from '@constat/collector/view/guarantee'
import type {
  ClosedWindowView,
  ClosingView,
  ReconciliationView,
  ReplayView,
  StatementView,
  WindowLifeView,
  WindowView,
} from '@constat/collector/view/window'

export const STATEMENT_ID = 'stm_demo'
const DIGEST = 'd1'.repeat(32)
const DAY_MS = 86_400_000

export function demoLife(
  { state, end, guarantees }: WindowView,
  nowMs: number,
): Omit<WindowLifeView, keyof WindowView> {
  const isClosed = state === 'final' || state === 'amended'
  if (!isClosed) {
    const closesAt = new Date(Math.max(Date.parse(end), nowMs) + 3 * DAY_MS).toISOString()
    return { version: null, provisional: true, closesAt, amendableUntil: null, versions: [] }
  }
  const at = new Date(Date.parse(end) + 3 * DAY_MS).toISOString()
  const first = {
    version: 1,
    at,
    digest: DIGEST,
    previous: null,
    semantics: 1,
    revision: 3,
    contractDigest: '3'.repeat(64),
    ledger: { size: 120_000, root: 'e0'.repeat(32), leaf: 120_004 },
    guarantees: guarantees.map(({ guarantee, verdict }) => ({ guarantee, verdict, credit: null })),
    credit: null,
  }
  const amendableUntil = new Date(Date.parse(at) + 30 * DAY_MS).toISOString()
  return { version: 1, provisional: false, closesAt: null, amendableUntil, versions: [first] }
}

export function closedWindow(window: string, guarantees: GuaranteeView[], nowMs: number): ClosedWindowView[] {
  const [first] = guarantees
  if (!first) return []
  const { start, end } = first.window
  const view = { key: window, start, end, state: 'final' as const, guarantees, credits: null, losses: [] }
  return demoLife(view, nowMs).versions.map((version) => ({ ...version, window, start, end }))
}

export function demoClosing(contract: string, window: string): ClosingView {
  const { versions } = demoLife(
    {
      key: window,
      start: '',
      end: '2026-10-31T23:00:00.000Z',
      state: 'final',
      guarantees: [],
      credits: null,
      losses: [],
    },
    0,
  )
  const step = { step: 'verdict' as const, guarantee: 'demo', clause: 'A.3', text: 'met' }
  return {
    ...versions[0]!,
    contract,
    window,
    asOf: '2026-11-03T23:00:00.000Z',
    trace: [step],
    results: { guarantees: [] },
  }
}

export function demoStatement(contract: string): StatementView {
  return {
    id: STATEMENT_ID,
    contract,
    window: '2026-10',
    sha256: 'f0'.repeat(32),
    bytes: 412,
    by: 'provider',
    receivedAt: '2026-11-06T09:12:00.000Z',
  }
}

export function demoReconciliation(contract: string): ReconciliationView {
  const outage = { start: '2026-10-12T07:00:00.000Z', end: '2026-10-12T07:48:00.000Z' }
  return {
    statement: demoStatement(contract),
    window: '2026-10',
    asOf: '2026-10-31T23:00:00.000Z',
    version: 1,
    leftOut: [],
    guarantees: [
      {
        guarantee: 'demo',
        service: 'demo',
        agrees: false,
        isItemised: true,
        reportedPercent: null,
        linesOutside: [],
        downMs: { reported: null, stated: 0, both: 0, measured: 2_880_000 },
        waterfall: [
          { step: 'stated', ms: 0 },
          { step: 'absent-from-the-statement', ms: 2_880_000 },
          { step: 'measured', ms: 2_880_000 },
        ],
        matches: [
          {
            class: 'absent-from-the-statement',
            ...outage,
            measured: [outage],
            lines: [],
            bothMs: 0,
            measuredOnlyMs: 2_880_000,
            providerOnlyMs: 0,
            startDifferenceMs: null,
            endDifferenceMs: null,
            readings: [],
            excuses: [],
          },
        ],
        credits: {
          currency: 'EUR',
          credits: { stated: '0.00', agreed: '0.00', provable: '1800.00', point: '1800.00' },
          inDispute: '1800.00',
        },
      },
    ],
  }
}

export function demoReplay(contract: string, window: string): ReplayView {
  const formula = 'up / (up + down)'
  const base = { guarantee: 'demo', service: 'demo', policy: 'zabbix', formula }
  const result = { ...base, percent: '99.93', fraction: '9993/10000', says: '99.93 %' }
  return { contract, window, asOf: '2026-10-31T23:00:00.000Z', results: [result] }
}
