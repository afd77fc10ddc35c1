/**
 * Seed: seven weeks of four contracts, written through the real line into a database: terms, signed frames of
 * three agents, declarations and answers, a statement, closings, messages to webhooks. Every state that a page
 * can show is somewhere in it. The same leaves at the same instants whenever it is written.
 */
import { createHash } from 'node:crypto'
import type { UnixMs } from '@constat/shared/time'
import { incidentsIn } from '@constat/sla/state/contract-state'
import { keepStatement, type StatementDeps } from '../../collector/src/closing/statements.ts'
import { statementLinesIn } from '@constat/sla/reconciliation/statement-bytes'
import {
  answerExclusion,
  declareExclusion,
  type ExclusionDraft,
} from '../../collector/src/contract/declare.ts'
import { recordAttempt, type Attempted, type DueDelivery } from '../../collector/src/db/deliveries.ts'
import { createWebhook } from '../../collector/src/db/webhooks.ts'
import type { Pipeline } from '../../collector/src/pipeline.ts'
import type { Random } from '../../collector/src/shell.ts'
import { openClosingWorld, type ClosingWorld, type Seen } from './closing-world.ts'
import {
  AGENTS,
  ARCHIVE_TERMS,
  HOSTING,
  hostingTerms,
  INTRANET_TERMS,
  PAYROLL_TERMS,
  SLOT_MS,
  STATEMENT,
} from './seed-terms.ts'
import { at, SEED_NOW_MS, SEED_START_MS, SEED_STORY, SILENT_SINCE_MS, type Story } from './seed-story.ts'
import { createKeptLog } from './silent-log.ts'

const MINUTE_MS = 60_000
/** So long after the slots of the first agent the others probe. */
const PHASE_MS = 100_000
const HEALTH = [
  { clockOffsetMs: 3, clockErrorMs: 2, spoolFrames: 0, clockBase: null },
  { clockOffsetMs: -12, clockErrorMs: 6, spoolFrames: 4, clockBase: null },
  { clockOffsetMs: 480, clockErrorMs: 900, spoolFrames: 212, clockBase: null },
]

/** Bytes that look random, and are the same in every run. */
export function repeatableRandom(name: string): Random {
  let count = 0
  return {
    bytes: (length) => {
      const parts: Buffer[] = []
      for (let made = 0; made < length; made += 32) {
        parts.push(
          createHash('sha256')
            .update(`${name}/${(count += 1)}`)
            .digest(),
        )
      }
      return Buffer.concat(parts).subarray(0, length)
    },
  }
}

/** An agent is silent after 90 s, while somebody looks every 30 s. */
const SILENCE_SEEN = Array.from({ length: 7 }, (_, i) => SILENT_SINCE_MS - 10_000 + i * 20_000)

type Deed = (world: ClosingWorld) => Promise<void>

/** Writes the seed into `dataDir`, and leaves it as a collector does that was stopped. */
export async function writeSeed(dataDir: string): Promise<void> {
  const log = createKeptLog()
  const random = repeatableRandom('seed')
  const world = await openClosingWorld({ dataDir, wallMs: SEED_START_MS, log, random })
  for (const [when, deed] of DEEDS) await live(world, at(`${when}:00`), deed)
  await lastMinutes(world)
  await send((shape, age) => (shape === 'slack' ? GONE : age === 1 ? BUSY : ACCEPTED))(world)
  await world.line().close()
  await world.close()
  const failed = log.lines.filter(({ level }) => level === 'error')
  if (failed.length > 0) throw new Error(JSON.stringify(failed))
}

/** All that the agents saw up to `untilMs` is received then; after that the deed is done. */
async function live(world: ClosingWorld, untilMs: UnixMs, deed: Deed): Promise<void> {
  const fromMs = world.clock.nowMs()
  await world.jumpTo(untilMs)
  await receive(world, fromMs, untilMs)
  await deed(world)
}

async function receive(world: ClosingWorld, fromMs: UnixMs, untilMs: UnixMs): Promise<void> {
  const parts = seenByAll(world.line(), { fromMs, untilMs }, SEED_STORY)
  if (parts.length > 0) await world.sendAll(parts)
}

/** Samples of every check of every contract in a span. */
export function seenByAll(
  { contracts }: Pick<Pipeline, 'contracts'>,
  { fromMs, untilMs }: { fromMs: UnixMs; untilMs: UnixMs },
  story: Story,
): { agent: string; seen: Seen }[] {
  return contracts.all().flatMap(({ contract }) => {
    const checks = contracts.of(contract)?.configuration?.config.checks ?? []
    // Whoever should measure the archive was never enrolled.
    if (checks.length === 0 || contract === 'archive') return []
    return AGENTS.flatMap((agent, i) => {
      const slot = Math.ceil((fromMs - i * PHASE_MS) / SLOT_MS) * SLOT_MS + i * PHASE_MS
      if (slot >= untilMs) return []
      const seen: Seen = {
        contract,
        fromMs: slot,
        untilMs,
        stepMs: SLOT_MS,
        isReprobed: true,
        outcome: (atMs, check) => story.outcomeOf(agent, atMs, check),
        cause: (atMs, check) => story.causeOf(agent, atMs, check),
        latencyUs: (atMs, check) => story.latencyOf(agent, atMs, check),
      }
      return [{ agent, seen }]
    })
  })
}

/** Close enough together that the silence of one agent is seen. */
async function lastMinutes(world: ClosingWorld): Promise<void> {
  for (const untilMs of [...SILENCE_SEEN, SEED_NOW_MS]) {
    const fromMs = world.clock.nowMs()
    await world.jumpTo(untilMs)
    hear(world)
    await receive(world, fromMs, untilMs)
    await world.line().advance()
  }
}

/** What their sockets would have told of the agents. */
export function hear(world: ClosingWorld): void {
  const { agents } = world.line()
  for (const agent of agents.enrolled()) {
    const isHere = world.clock.nowMs() < SILENT_SINCE_MS || agent.name !== 'agent-nantes'
    agent.connections = isHere ? 1 : 0
    if (isHere) agents.seen(agent)
  }
}

const declare =
  (
    side: 'customer' | 'provider',
    draft: Partial<ExclusionDraft> & { kind: string; span: [string, string] },
  ): Deed =>
  async (world) => {
    const { span, ...given } = draft
    const whole = { service: null, announcedMs: null, announced: null, reason: '', ...given }
    const wanted = { ...whole, startMs: at(`${span[0]}:00`), endMs: at(`${span[1]}:00`) }
    const said = await declareExclusion({ contract: HOSTING, side, draft: wanted }, world.declaring())
    if (said.kind === 'refused') throw new Error(said.problems.join('\n'))
  }

/** Answers the latest declaration of a kind. */
const answer =
  (kind: string, given: 'accepted' | 'disputed', note = ''): Deed =>
  async (world) => {
    const of = world.line().contracts.of(HOSTING)?.exclusions ?? []
    const exclusion = of.findLast(({ declared }) => declared.kind === kind)!.declared.id
    const said = { answer: given, note, isDecision: false }
    await answerExclusion({ exclusion, side: 'customer', given: said }, world.declaring())
  }

const apply =
  (text: string, options: { stopProbing?: boolean } = {}): Deed =>
  async (world) => {
    await world.apply(text, options)
    // Whoever is enrolled is told what to run now.
    for (const [i, agent] of AGENTS.entries()) await world.join(agent, HEALTH[i])
  }

/** Windows are closed one at a time, and not before agents could send what they had kept. */
const close: Deed = (world) => world.moveTo(world.clock.nowMs() + 60 * MINUTE_MS)

const webhook =
  (url: string, shape: string, types: readonly string[]): Deed =>
  async ({ database, clock, shell }) => {
    const draft = { url, shape, types }
    await createWebhook(database.sql, { draft, nowMs: clock.nowMs(), random: shell.random })
  }

const state: Deed = async (world) => {
  const { shell } = world
  const { sequencer, contracts } = world.line()
  const wanted = {
    contract: HOSTING,
    window: '2026-10',
    bytes: Buffer.from(STATEMENT),
    by: 'provider' as const,
  }
  const readable: StatementDeps['readable'] = (bytes, terms) =>
    Promise.resolve(statementLinesIn(bytes, terms))
  await keepStatement(wanted, { shell, sequencer, contracts, readable })
}

const acknowledge: Deed = async (world) => {
  const open = incidentsIn(world.line().contracts.of(HOSTING)!).find(({ closedMs }) => closedMs === null)
  await world.line().judge.acknowledge(open!.id, 'provider')
}

const rest: Deed = () => Promise.resolve()

const TRIED_MS = 84
type Answered = Pick<Attempted, 'next'> & { status: number | null; error: string | null }
const ACCEPTED: Answered = { next: { state: 'delivered' }, status: 204, error: null }
const BUSY: Answered = { next: { state: 'pending', delayMs: 290_000 }, status: 503, error: null }
const GONE: Answered = { next: { state: 'failed' }, status: null, error: 'ECONNREFUSED <b>' }

/** What receivers answered to all that waits for them, oldest first. */
const send =
  (answered: (shape: string, age: number) => Answered): Deed =>
  async (world) => {
    const { sql } = world.database
    const waiting = await sql<(Pick<DueDelivery, 'id' | 'type' | 'attempts'> & { shape: string })[]>`
      select d.id, d.type, d.attempts, w.shape from delivery d join webhook w on w.id = d.webhook
      where d.state = 'pending' order by d.created_ms, d.payload`
    for (const [n, { id, type, attempts, shape }] of waiting.entries()) {
      const { status, error, next } = answered(shape, waiting.length - n)
      const made = { atMs: world.clock.nowMs() - TRIED_MS, status, error, tookMs: TRIED_MS }
      await recordAttempt(sql, { id, attemptsBefore: attempts, made, body: null, next })
      if (next.state === 'delivered') world.line().delivered(type)
    }
    await world.line().advance()
  }
export const accept = send(() => ACCEPTED)

/** UTC. */
const DEEDS: readonly (readonly [string, Deed])[] = [
  ['2026-09-30 22:00', apply(hostingTerms(1))],
  ['2026-10-01 00:00', apply(PAYROLL_TERMS[0]!)],
  [
    '2026-10-12 09:00',
    declare('provider', {
      kind: 'planned',
      span: ['2026-10-27 14:00', '2026-10-27 15:10'],
      reason: 'Storage upgrade',
    }),
  ],
  ['2026-10-15 08:00', apply(PAYROLL_TERMS[1]!)],
  ['2026-10-20 08:00', apply(INTRANET_TERMS[0]!)],
  ['2026-10-28 10:00', apply(INTRANET_TERMS[1]!)],
  ['2026-10-31 22:59', rest],
  ['2026-11-01 09:00', apply(ARCHIVE_TERMS)],
  [
    '2026-11-02 10:00',
    declare('provider', {
      kind: 'force-majeure',
      service: 'order-portal',
      span: ['2026-10-13 12:00', '2026-10-13 12:40'],
      reason: 'Flood in the data centre',
    }),
  ],
  ['2026-11-03 09:00', answer('force-majeure', 'disputed', 'It rained, no more.')],
  ['2026-11-04 03:00', close],
  ['2026-11-04 09:00', webhook('https://hooks.example/ops?key=<script>', 'generic', ['*'])],
  ['2026-11-05 08:20', rest],
  ['2026-11-05 08:21', accept],
  ['2026-11-05 08:24', acknowledge],
  ['2026-11-05 09:10', accept],
  ['2026-11-06 09:12', state],
  ['2026-11-06 10:00', answer('force-majeure', 'accepted', 'The insurer has confirmed it.')],
  ['2026-11-06 10:05', close],
  ['2026-11-10 08:00', apply(hostingTerms(2))],
  [
    '2026-11-18 09:00',
    declare('provider', {
      kind: 'planned',
      service: 'order-portal',
      span: ['2026-11-19 18:00', '2026-11-19 19:00'],
      reason: 'New certificates',
    }),
  ],
  ['2026-11-19 16:14', accept],
  ['2026-11-19 17:46', accept],
  [
    '2026-11-20 09:00',
    declare('provider', {
      kind: 'force-majeure',
      service: 'order-portal',
      span: ['2026-11-19 16:04', '2026-11-19 17:36'],
      reason: 'Power cut of the region',
    }),
  ],
  ['2026-11-20 09:20', answer('force-majeure', 'disputed', 'Our till next door was open.')],
  ['2026-11-20 09:30', (world) => world.archive('payroll')],
  [
    '2026-11-20 10:00',
    declare('provider', {
      kind: 'planned',
      span: ['2026-11-30 21:00', '2026-11-30 22:00'],
      reason: 'A new release',
    }),
  ],
  ['2026-11-20 11:00', apply(INTRANET_TERMS[2]!, { stopProbing: true })],
  [
    '2026-11-21 08:00',
    declare('customer', {
      kind: 'customer-cause',
      service: 'order-portal',
      span: ['2026-11-12 09:00', '2026-11-12 09:30'],
      reason: 'Our own move to the new building, as agreed by phone with the desk of the provider',
    }),
  ],
  [
    '2026-11-21 09:00',
    declare('provider', {
      kind: 'customer-cause',
      service: 'order-portal',
      span: ['2026-11-05 08:10', '2026-11-05 09:00'],
      reason: 'Wrong password in the till',
    }),
  ],
  ['2026-11-21 10:00', apply(INTRANET_TERMS[3]!)],
  ['2026-11-21 11:00', apply(hostingTerms(3))],
  [
    '2026-11-22 16:50',
    webhook('https://chat.example/services/T0/B0/x', 'slack', ['incident.opened', 'incident.closed']),
  ],
  ['2026-11-22 17:12', rest],
]
