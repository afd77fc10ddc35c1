/**
 * Demo model: a read model in memory that tells the demo's story: up, degraded, partial, down, unknown,
 * three agents of which one is silent. Figures follow from the timelines, so that pages agree with themselves.
 */
import type { AgentView, ContractView, ServiceView } from '@constat/collector/view/contract'
import type { GuaranteeView, ViewOf } from '@constat/collector/view/guarantee'
import type { State } from '@constat/collector/view/parts'
import type { ReadModel } from '@constat/collector/view/reads'
import type { IncidentView, Segment } from '@constat/collector/view/timeline'
import { intersect, normalise, totalMs, type Interval, type IntervalSet } from '@constat/shared/time'
import { eachSite, placeOf, SILENT, siteViews, zoneFacts } from './demo-places.ts'
import { termsOf } from './demo-terms.ts'
import { demoExclusions } from './demo-exclusions.ts'
import { demoLatency } from './demo-latency.ts'
import {
  closedWindow,
  demoClosing,
  demoLife,
  demoReconciliation,
  demoReplay,
  demoStatement,
  STATEMENT_ID,
} from './demo-windows.ts'
import { AGENTS, minutesMs, STORY, type StoryContract, type StoryService } from './demo-story.ts'
import { demoReasons, demoShares, demoWhy } from './demo-unknown.ts'

/** Sunday 22 November 2026, 18:29:04.250 in Paris. */
export const DEMO_NOW_MS = Date.UTC(2026, 10, 22, 17, 29, 4, 250)
const DAY_MS = 86_400_000
const WINDOW = { startMs: Date.UTC(2026, 9, 31, 23), endMs: Date.UTC(2026, 10, 30, 23) }
const WINDOW_KEYS = ['2026-11', '2026-10', '2026-09']

type Piece = { startMs: number; endMs: number; state: State }
const SEVERITY: readonly State[] = ['up', 'degraded', 'partial', 'unknown', 'down']

const iso = (atMs: number): string => new Date(Math.round(atMs)).toISOString()

/** Cuts `span` at every edge and asks for the state of each part; equal neighbours are joined. */
function paint(span: Interval, edges: number[], stateAt: (atMs: number) => State): Piece[] {
  const inside = edges.filter((edge) => edge > span.startMs && edge < span.endMs)
  const cuts = [...new Set([span.startMs, ...inside, span.endMs])].toSorted((a, b) => a - b)
  const pieces: Piece[] = []
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const state = stateAt(cuts[i]!)
    const last = pieces.at(-1)
    if (last?.state === state) last.endMs = cuts[i + 1]!
    else pieces.push({ startMs: cuts[i]!, endMs: cuts[i + 1]!, state })
  }
  return pieces
}

type Line = { pieces: Piece[]; byAgent: Record<string, Piece[]> }

function lineOf(contract: StoryContract, service: StoryService, nowMs: number, span: Interval): Line {
  const troubles = service.troubles.map((trouble) => ({
    ...trouble,
    startMs: nowMs - minutesMs(trouble.agoMin),
    endMs: trouble.lastMin === undefined ? Infinity : nowMs - minutesMs(trouble.agoMin - trouble.lastMin),
  }))
  const beganMs = contract.measuredForMin === null ? Infinity : nowMs - minutesMs(contract.measuredForMin)
  const seen = { startMs: span.startMs, endMs: Math.min(span.endMs, nowMs) }
  const edges = [beganMs, ...troubles.flatMap(({ startMs, endMs }) => [startMs, endMs])]
  const agentAt =
    (agent: string) =>
    (atMs: number): State => {
      if (atMs < beganMs) return 'unknown'
      const on = troubles.filter((t) => t.agents.includes(agent) && t.startMs <= atMs && atMs < t.endMs)
      return on.map((t) => t.state).toSorted((a, b) => SEVERITY.indexOf(b) - SEVERITY.indexOf(a))[0] ?? 'up'
    }
  const byAgent = Object.fromEntries(AGENTS.map(({ id, name }) => [id, paint(seen, edges, agentAt(name))]))
  const pieces = paint(seen, edges, (atMs) => quorum(AGENTS.map(({ name }) => agentAt(name)(atMs))))
  return { pieces, byAgent }
}

function quorum(states: State[]): State {
  const count = (state: State): number => states.filter((s) => s === state).length
  if (count('down') >= 2) return 'down'
  if (count('unknown') === states.length) return 'unknown'
  if (count('down') === 1) return 'partial'
  return count('degraded') > 0 ? 'degraded' : 'up'
}

function setOf(pieces: Piece[], ...states: State[]): IntervalSet {
  return normalise(pieces.filter(({ state }) => states.includes(state)))
}

function segments(pieces: Piece[], agent?: string): Segment[] {
  return pieces.map(({ startMs, endMs, state }) => {
    const span = { start: iso(startMs), end: iso(endMs) }
    return { ...span, state, ...(state === 'unknown' && { reasons: demoReasons(span, agent) }) }
  })
}

/** Percent with 4 digits, truncated. */
function percent(committedMs: number, downMs: number): string {
  if (committedMs === 0) return '100.0000'
  const ppm = (BigInt(committedMs - downMs) * 1_000_000n) / BigInt(committedMs)
  return `${ppm / 10_000n}.${String(ppm % 10_000n).padStart(4, '0')}`
}

type Wanted = StoryContract['guarantees'][number]

function guaranteeView(
  contract: StoryContract,
  wanted: Wanted,
  nowMs: number,
  key: string,
): ViewOf<'interval-availability'> {
  const back = WINDOW_KEYS.indexOf(key) * 30 * DAY_MS
  const window = { startMs: WINDOW.startMs - back, endMs: WINDOW.endMs - back }
  const service = contract.services.find((s) => s.service === wanted.service)!
  // C starts when the terms came into force; what was never measured counts from the start of the window.
  const beganMs =
    contract.measuredForMin === null ? window.startMs : nowMs - minutesMs(contract.measuredForMin)
  const startMs = Math.min(Math.max(window.startMs, beganMs), window.endMs)
  const elapsed = { startMs, endMs: Math.max(startMs, Math.min(nowMs, window.endMs)) }
  const { pieces } = lineOf(contract, service, nowMs, elapsed)
  const committedMs = window.endMs - startMs
  const elapsedMs = elapsed.endMs - elapsed.startMs
  const ms = (...states: State[]): number => totalMs(intersect([elapsed], setOf(pieces, ...states)))
  const provable = Math.max(0, ms('down') - 60_000 * setOf(pieces, 'down').length)
  const downMs = { provable, point: ms('down'), pessimistic: ms('down', 'unknown') }
  const allowedMs = Math.trunc((committedMs * (100 - Number(wanted.target))) / 100)
  const insufficientEvidence = ms('unknown') > elapsedMs / 20
  const over = provable > allowedMs
  const { guarantee, service: serviceOf, target, clause } = wanted
  return {
    guarantee,
    service: serviceOf,
    target,
    clause,
    metric: 'interval-availability',
    kind: 'downtime',
    worst: [],
    contract: contract.name,
    state: key === WINDOW_KEYS[0] ? 'open' : 'final',
    revision: 3,
    window: {
      key,
      start: iso(window.startMs),
      end: iso(window.endMs),
      timeZone: contract.zone,
      length: null,
    },
    committedMs,
    elapsedCommittedMs: elapsedMs,
    excludedMs: 0,
    knownMs: elapsedMs - ms('unknown'),
    coverage: (Math.trunc((1 - ms('unknown') / Math.max(1, elapsedMs)) * 10_000) / 10_000).toFixed(4),
    blockedMs: Math.trunc(ms('unknown') / 3),
    unknown: demoShares(ms('unknown')),
    downMs,
    partialMs: ms('partial'),
    degradedMs: ms('degraded'),
    unknownMs: ms('unknown'),
    availability: {
      provable: percent(elapsedMs, downMs.provable),
      point: percent(elapsedMs, downMs.point),
      pessimistic: percent(elapsedMs, downMs.pessimistic),
    },
    verdict: over ? 'not_met' : key === WINDOW_KEYS[0] ? 'indeterminate' : 'met',
    outlook:
      over || insufficientEvidence || key !== WINDOW_KEYS[0]
        ? null
        : provable > allowedMs / 2
          ? 'at_risk'
          : 'on_track',
    insufficientEvidence,
    readiness: { claimable: contract.lacks.length === 0, lacks: [...contract.lacks] },
    budget: { allowedMs, spentMs: provable, leftMs: allowedMs - provable },
    measuredFrom:
      contract.measuredForMin === null
        ? null
        : iso(Math.max(window.startMs, nowMs - minutesMs(contract.measuredForMin))),
    asOf: iso(elapsed.endMs),
    exhaustion: { exhaustedAt: null, projectedAt: null },
    credit: null,
    contested: null,
  }
}

/** The speed promised of a service: most of its answers were in time, some slots have none. */
function speedView(
  contract: StoryContract,
  { guarantee, service, target, clause, thresholdMs }: NonNullable<StoryContract['speeds']>[number],
  nowMs: number,
  key: string,
): ViewOf<'share-within'> {
  const of = { guarantee, service, target, clause }
  const {
    downMs,
    partialMs: _,
    degradedMs: __,
    unknownMs,
    availability: ___,
    budget: ____,
    exhaustion: _exhaustion,
    worst: _worst,
    ...rest
  } = guaranteeView(contract, of, nowMs, key)
  const { sites: _____, ...whole } = rest
  const n = Math.trunc((whole.elapsedCommittedMs - downMs.pessimistic) / 10_000)
  const missing = Math.trunc(unknownMs / 10_000)
  const within = n - Math.trunc(n / 31)
  return {
    ...whole,
    metric: 'share-within',
    kind: 'share',
    verdict: key === WINDOW_KEYS[0] ? 'indeterminate' : 'met',
    outlook: key === WINDOW_KEYS[0] ? 'on_track' : null,
    thresholdUs: thresholdMs * 1000,
    share: {
      n,
      within,
      missing,
      doubtful: { n: 0, within: 0 },
      percent: percent(n, n - within),
      point: percent(n, n - within),
      provable: percent(n + missing, n - within),
      pessimistic: percent(n + missing, n + missing - within),
    },
    percentileUs: { p50: 84_120, p95: 312_540, p99: 1_241_900 },
    percentileErrorPercent: key === WINDOW_KEYS[0] ? '1' : '0',
  }
}

/** Every promise of a contract in one window. */
function guaranteesOf(contract: StoryContract, nowMs: number, key: string): GuaranteeView[] {
  return [
    ...contract.guarantees.map((wanted) => {
      const whole = guaranteeView(contract, wanted, nowMs, key)
      return wanted.scope === 'each-site' ? eachSite(contract, whole) : whole
    }),
    ...(contract.speeds ?? []).map((wanted) => speedView(contract, wanted, nowMs, key)),
  ]
}

function serviceView(contract: StoryContract, service: StoryService, nowMs: number): ServiceView {
  const { pieces } = lineOf(contract, service, nowMs, { startMs: nowMs - 40 * DAY_MS, endMs: nowMs })
  const last = pieces.at(-1)!
  return {
    service: service.service,
    contract: contract.name,
    state: last.state,
    since: contract.measuredForMin === null ? null : iso(last.startMs),
    until: null,
    leavesAt: null,
    unmeasuredSince: null,
    reasons: last.state === 'unknown' ? demoWhy(iso(last.startMs)) : [],
    checks: [
      { name: `${service.service}-check`, kind: service.kind, target: service.target, intervalMs: 10_000 },
    ],
  }
}

const WORST: readonly State[] = ['up', 'unknown', 'degraded', 'partial', 'down']
const rank = (state: State): number => WORST.indexOf(state)

function contractView(contract: StoryContract, nowMs: number): ContractView {
  const services = contract.services.map((service) => serviceView(contract, service, nowMs))
  const state = services.map((s) => s.state).toSorted((a, b) => rank(b) - rank(a))[0]!
  return {
    name: contract.name,
    displayName: contract.displayName,
    provider: contract.provider,
    revision: 3,
    terms: contract.terms,
    effectiveFrom: '2025-12-31T23:00:00.000Z',
    endedAt: null,
    pastServices: [],
    trouble: null,
    state,
    sentence: `${state}.`,
    readiness: { claimable: contract.lacks.length === 0, lacks: [...contract.lacks] },
    services,
    guarantees: guaranteesOf(contract, nowMs, WINDOW_KEYS[0]!),
    openIncidents: services.filter((service) => service.state === 'down').length,
    silentAgents: contract === STORY[0] ? [SILENT] : [],
    sites: siteViews(contract),
    log: {
      origin: `constat.example/${contract.name}`,
      size: 184_233,
      root: '6f1c'.repeat(16),
    },
  }
}

function incidentViews(story: readonly StoryContract[], nowMs: number): IncidentView[] {
  return story
    .flatMap((contract) =>
      contract.services.flatMap((service) =>
        service.troubles
          .filter(({ state, agents }) => state === 'down' && agents.length > 1)
          .map((trouble) => incidentView(contract, service, trouble, nowMs)),
      ),
    )
    .toSorted((a, b) => b.onsetAt.localeCompare(a.onsetAt))
}

function incidentView(
  contract: StoryContract,
  service: StoryService,
  trouble: StoryService['troubles'][number],
  nowMs: number,
): IncidentView {
  const onsetMs = nowMs - minutesMs(trouble.agoMin)
  const endMs = trouble.lastMin === undefined ? null : onsetMs + minutesMs(trouble.lastMin)
  const lastedMs = (endMs ?? nowMs) - onsetMs
  return {
    id: `inc_${contract.name}_${service.service}_${Math.round(trouble.agoMin)}`,
    contract: contract.name,
    service: service.service,
    check: `${service.service}-check`,
    onsetAt: iso(onsetMs),
    alertedAt: iso(onsetMs + 4_200),
    openedAt: iso(onsetMs + 4_120),
    closedAt: endMs === null ? null : iso(endMs + 12_000),
    endAt: endMs === null ? null : iso(endMs),
    closeReason: endMs === null ? null : 'recovered',
    cause: trouble.agoMin < 60 ? 'timeout' : 'status',
    fault: 'target',
    failure: {
      agent: trouble.agents[0] ?? 'lyon',
      at: iso(onsetMs),
      code: trouble.agoMin < 60 ? null : '503',
      target: `https://${service.service}.northstar.example/health`,
      latencyUs: trouble.agoMin < 60 ? 5_002_311 : 31_400,
      connectedUs: trouble.agoMin < 60 ? null : 12_300,
    },
    ...zoneFacts(contract, trouble),
    downMs: { provable: Math.max(0, lastedMs - 10_000), point: lastedMs, pessimistic: lastedMs + 10_000 },
    vantages: AGENTS.map(({ id, name }) => ({
      agent: id,
      name,
      state: trouble.agents.includes(name) ? (endMs === null ? 'down' : 'up') : 'unknown',
      since: iso(endMs ?? onsetMs),
      reasons: trouble.agents.includes(name) ? [] : demoWhy(iso(onsetMs)).filter(({ agent }) => agent === id),
      ...placeOf(contract, name),
    })),
    acknowledgedAt: trouble.lastMin === 22 ? iso(onsetMs + 300_000) : null,
    acknowledgedBy: trouble.lastMin === 22 ? ('owner' as const) : null,
    providerAcknowledgedAt: null,
    pagedAt: iso(onsetMs + 4_500),
  }
}

function demoBlind(name: string, nowMs: number): AgentView['unknown'] {
  const reason = name === 'nantes' ? ('silent' as const) : ('no-program' as const)
  const checks = name === 'nantes' ? ['order-portal-check', 'stock-api-check'] : ['branch-vpn-check']
  const since = iso(nowMs - minutesMs(6.5))
  return checks.map((check) => ({ contract: 'acme-hosting-2026', check, reason, since }))
}

function agentViews(nowMs: number): AgentView[] {
  return AGENTS.map(({ id, name }, index) => ({
    id,
    name,
    enrolledAt: iso(nowMs - 200 * DAY_MS),
    lastSeenAt: iso(nowMs - (name === 'nantes' ? minutesMs(6.5) : 2_000 + index * 700)),
    connected: name !== 'nantes',
    silent: name === 'nantes',
    version: '0.1.0',
    clockOffsetMs: [3, -12, 480][index]!,
    clockErrorMs: [2, 6, 900][index]!,
    spoolBatches: [0, 4, 212][index]!,
    coverage: ['1.0000', '0.9987', '0.9412'][index]!,
    unknown: name === 'lyon' ? [] : demoBlind(name, nowMs),
  }))
}

/** A model whose acknowledgements can be made; `story` is the demo's unless given. */
export function demoModel({
  nowMs = () => DEMO_NOW_MS,
  story = STORY,
}: { nowMs?: () => number; story?: readonly StoryContract[] } = {}) {
  const acknowledged = new Map<string, string>()
  const { exclusions, declare, answer } = demoExclusions()
  const incidents = (): IncidentView[] =>
    incidentViews(story, nowMs()).map((incident) => ({
      ...incident,
      acknowledgedAt: acknowledged.get(incident.id) ?? incident.acknowledgedAt,
    }))
  const find = (name: string): StoryContract | undefined => story.find((contract) => contract.name === name)
  const contracts = (): ContractView[] =>
    story.map((contract) => contractView(contract, nowMs())).toSorted((a, b) => rank(b.state) - rank(a.state))
  const read: ReadModel = {
    contracts,
    contract: (name) => contracts().find((contract) => contract.name === name) ?? null,
    windowKeys: (name) => (find(name) ? WINDOW_KEYS : []),
    async window(name, key, version) {
      const contract = find(name)
      if (!contract || !WINDOW_KEYS.includes(key) || version !== undefined) return null
      const guarantees = guaranteesOf(contract, nowMs(), key)
      const { start, end } = guarantees[0]!.window
      const { state } = guarantees[0]!
      const view = { key, start, end, state, guarantees, credits: null, losses: [] }
      return { ...view, ...demoLife(view, nowMs()) }
    },
    closedWindows: (name) => {
      const contract = find(name)
      return (contract ? WINDOW_KEYS.slice(1) : []).flatMap((key) =>
        closedWindow(key, guaranteesOf(contract!, nowMs(), key), nowMs()),
      )
    },
    closing: async (name, key) => (find(name) && key !== WINDOW_KEYS[0] ? demoClosing(name, key) : null),
    statements: (name) => (find(name) ? [demoStatement(name)] : []),
    reconciliation: async (name, id) => (find(name) && id === STATEMENT_ID ? demoReconciliation(name) : null),
    reconcile: async (name) => (find(name) ? { ...demoReconciliation(name), statement: null } : null),
    replay: async (name, key) => (find(name) ? demoReplay(name, key) : null),
    preview: async () => null,
    revisions: async (name) =>
      find(name)
        ? [3, 2, 1].map((revision) => ({
            revision,
            digest: String(revision).repeat(64),
            appliedAt: iso(nowMs() - (4 - revision) * 60 * DAY_MS),
            effectiveFrom: iso(nowMs() - (4 - revision) * 59 * DAY_MS),
            stopProbing: false,
            terms: revision === 3 ? find(name)!.terms : 'agreed',
          }))
        : [],
    terms: (name) => {
      const contract = find(name)
      return contract ? termsOf(contract) : null
    },
    latency: async (check, span, { agent, contract }) =>
      story.some(
        ({ name, services }) =>
          (contract === undefined || name === contract) &&
          services.some(({ service }) => `${service}-check` === check),
      ) &&
      (agent === undefined || AGENTS.some(({ id, name }) => agent === id || agent === name))
        ? demoLatency(check, span)
        : null,
    timeline(service, { fromMs, toMs }, contractName) {
      const contract = story.find(
        (c) =>
          (contractName === undefined || c.name === contractName) &&
          c.services.some((s) => s.service === service),
      )
      const told = contract?.services.find((s) => s.service === service)
      if (!contract || !told) return null
      const line = lineOf(contract, told, nowMs(), { startMs: fromMs, endMs: toMs })
      return {
        service,
        contract: contract.name,
        from: iso(fromMs),
        to: iso(toMs),
        segments: segments(line.pieces),
        vantages: Object.fromEntries(Object.entries(line.byAgent).map(([id, p]) => [id, segments(p, id)])),
        agentNames: Object.fromEntries(AGENTS.map(({ id, name }) => [id, name])),
        administeredBy: Object.fromEntries(AGENTS.map(({ id }) => [id, null])),
      }
    },
    async incidents({ open, contract, before, limit }) {
      const wanted = incidents().filter(
        (incident) =>
          (open === undefined || (incident.closedAt === null) === open) &&
          (contract === undefined || incident.contract === contract),
      )
      const start = before === undefined ? 0 : wanted.findIndex(({ id }) => id === before) + 1
      return wanted.slice(start, start + limit)
    },
    incident: async (id) => incidents().find((incident) => incident.id === id) ?? null,
    exclusions: ({ contract }) =>
      exclusions.filter((one) => contract === undefined || one.contract === contract),
    exclusion: (id) => exclusions.find((one) => one.id === id) ?? null,
    agents: () => agentViews(nowMs()),
  }
  return { read, acknowledged, declare, answer }
}
