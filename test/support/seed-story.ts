/**
 * Story of the seed: what failed, where and when, and how long answers took. Every sample is a function of its
 * instant, agent and check, so the seed is the same whoever writes it. Pure.
 */
import type { Cause, Outcome } from '@constat/shared/sample'
import { parseInstant, type UnixMs } from '@constat/shared/time'
import { AGENTS } from './seed-terms.ts'

/** `2026-11-05 08:12`, UTC. */
export function at(text: string): UnixMs {
  const atMs = parseInstant(`${text.replace(' ', 'T')}Z`)
  if (atMs === undefined) throw new Error(`${text} is no time`)
  return atMs
}

/** Midnight in Paris: the first month begins. */
export const SEED_START_MS = at('2026-09-30 22:00:00')
/** Sunday 22 November 2026, 18:29:04.250 in Paris. */
export const SEED_NOW_MS = at('2026-11-22 17:29:04') + 250
/** Of the agent in Nantes nothing is heard from here on. */
export const SILENT_SINCE_MS = at('2026-11-22 17:22:30')

type Trouble = {
  checks: readonly string[]
  agents: readonly string[]
  from: string
  until: string
  /** Absent: it fails. Null: nobody probed. */
  outcome?: 'degraded' | null
  cause?: Cause
}

const ALL: readonly string[] = AGENTS
const [LYON, LILLE, NANTES] = AGENTS
const [LOGIN, ECHO, STOCK] = ['order-portal-login', 'branch-vpn-echo', 'stock-api-health']
const NOBODY = { checks: ['*'], agents: ALL, outcome: null }
const END = '2026-12-01 00:00:00'

const TROUBLES: readonly Trouble[] = [
  { checks: [LOGIN, 'dc-edge'], agents: ALL, from: '2026-10-06 07:10:00', until: '2026-10-06 07:58:00' },
  { checks: [ECHO, 'cpe-wan'], agents: [LILLE], from: '2026-10-08 00:00:00', until: '2026-10-08 09:00:00' },
  {
    checks: [LOGIN],
    agents: ALL,
    from: '2026-10-13 12:00:00',
    until: '2026-10-13 12:40:00',
    cause: 'status',
  },
  {
    checks: [LOGIN],
    agents: ALL,
    from: '2026-10-15 09:00:00',
    until: '2026-10-15 09:30:00',
    cause: 'certificate',
  },
  {
    checks: [LOGIN],
    agents: ALL,
    from: '2026-10-20 08:00:00',
    until: '2026-10-20 08:30:00',
    cause: 'status',
  },
  { checks: [ECHO], agents: ALL, from: '2026-10-25 01:10:00', until: '2026-10-25 01:40:00' },
  { checks: [LOGIN], agents: ALL, from: '2026-10-27 14:00:00', until: '2026-10-27 15:10:00' },
  {
    checks: [LOGIN],
    agents: ALL,
    from: '2026-10-29 09:00:00',
    until: '2026-10-29 09:30:00',
    cause: 'reset',
  },
  {
    checks: [LOGIN],
    agents: ALL,
    from: '2026-11-05 08:12:00',
    until: '2026-11-05 09:00:00',
    cause: 'status',
  },
  // Cut off from everything: what it says of others is not known.
  { checks: ['*'], agents: [LILLE], from: '2026-11-10 10:00:00', until: '2026-11-10 10:20:00' },
  {
    checks: [LOGIN, 'lan-gateway'],
    agents: [LYON, LILLE],
    from: '2026-11-12 09:00:00',
    until: '2026-11-12 09:30:00',
  },
  { ...NOBODY, from: '2026-11-13 09:00:00', until: '2026-11-13 10:35:00' },
  {
    checks: ['intranet-check'],
    agents: ALL,
    from: '2026-11-17 13:00:00',
    until: '2026-11-17 13:30:00',
    cause: 'connect',
  },
  { checks: [LOGIN, 'dc-edge'], agents: ALL, from: '2026-11-19 16:04:00', until: '2026-11-19 17:36:00' },
  { checks: [ECHO], agents: [LILLE], from: '2026-11-22 16:54:00', until: END },
  {
    checks: [STOCK],
    agents: [LYON, LILLE],
    from: '2026-11-22 17:08:00',
    until: END,
    outcome: 'degraded',
  },
  { checks: [LOGIN, 'cpe-wan'], agents: [LYON, LILLE], from: '2026-11-22 17:10:30', until: END },
]

/** What failed from when until when, and where. `checks`: `*` is all of them. */
export type Span = Omit<Trouble, 'from' | 'until'> & { fromMs: UnixMs; untilMs: UnixMs }

/** What each agent sees of these; the first one that meets an instant holds. */
export function storyOf(spans: readonly Span[]): Story {
  const troubleAt = (agent: string, atMs: UnixMs, check: string): Span | undefined =>
    spans.find(
      ({ checks, agents, fromMs, untilMs }) =>
        fromMs <= atMs &&
        atMs < untilMs &&
        agents.includes(agent) &&
        (checks.includes('*') || checks.includes(check)),
    )
  return {
    outcomeOf(agent, atMs, check) {
      const trouble = troubleAt(agent, atMs, check)
      if (trouble?.outcome === null) return null
      return trouble ? (trouble.outcome ?? 'fail') : 'ok'
    },
    causeOf: (agent, atMs, check) => troubleAt(agent, atMs, check)?.cause ?? 'timeout',
    latencyOf(agent, atMs, check) {
      const trouble = troubleAt(agent, atMs, check)
      const { outcome = 'fail', cause = 'timeout' } = trouble ?? { outcome: 'ok' }
      if (outcome === 'fail' && cause === 'timeout') return TIMEOUT_US
      return usualLatency(agent, atMs, check) + (outcome === 'degraded' ? 600_000 : 0)
    },
  }
}

export type Story = {
  /** Null: nothing was probed. */
  outcomeOf: (agent: string, atMs: UnixMs, check: string) => Outcome | null
  causeOf: (agent: string, atMs: UnixMs, check: string) => Cause
  latencyOf: (agent: string, atMs: UnixMs, check: string) => number
}

const TOLD = storyOf(
  TROUBLES.map((trouble) => ({ ...trouble, fromMs: at(trouble.from), untilMs: at(trouble.until) })),
)

export const SEED_STORY: Story = {
  ...TOLD,
  outcomeOf: (agent, atMs, check) =>
    agent === NANTES && atMs >= SILENT_SINCE_MS ? null : TOLD.outcomeOf(agent, atMs, check),
}

/** Of every check. */
const TIMEOUT_US = 5_000_000
/** What a check takes when all is well, ms; the others take 12. */
const USUAL_MS: Record<string, number> = { [LOGIN]: 150, [STOCK]: 110, [ECHO]: 24 }
const DAY_MS = 86_400_000

/** It breathes with the day, and one answer in about thirty is slow. */
function usualLatency(agent: string, atMs: UnixMs, check: string): number {
  const usualUs = (USUAL_MS[check] ?? 12) * 1_000
  const noise = mixed(Math.trunc(atMs / 1_000) + check.length * 7 + agent.length)
  const breath = 1 + 0.3 * Math.sin((2 * Math.PI * atMs) / DAY_MS)
  const isSlow = noise % 31 === 0
  const spread = 0.8 + (noise % 1_000) / 2_000
  return Math.round(usualUs * breath * spread * (isSlow ? 4 : 1))
}

/** Looks random, and is the same every time. */
function mixed(n: number): number {
  const once = Math.imul(n ^ (n >>> 16), 0x45d9f3b)
  return (Math.imul(once ^ (once >>> 15), 0x2c1b3c6d) >>> 8) & 0xffff
}
