/**
 * The story of a bundle: a real ledger of three days with all that a verifier has to follow: two agents, an outage,
 * an exclusion accepted afterwards and one disputed, a statement of the provider, a day amended twice, a second
 * revision, a log of a restart, samples that came late, slow answers, one day still open.
 */
import { createHash } from 'node:crypto'
import { parseInstant, type UnixMs } from '@constat/shared/time'
import type { Asker } from '../../collector/src/view/parts.ts'
import { keepStatement } from '../../collector/src/closing/statements.ts'
import { answerExclusion, declareExclusion } from '../../collector/src/contract/declare.ts'
import type { Random } from '../../collector/src/shell.ts'
import type { ClosingWorld, Seen } from './closing-world.ts'

export const OWNER: Asker = { key: 'owner', role: 'owner' }
export const CONTRACT = 'daily'
export const AMENDED = '2026-10-05'
export const CLOSED = '2026-10-06'
export const OPEN = '2026-10-08'

const MINUTE_MS = 60_000
const STEP_MS = 5 * MINUTE_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
export const STORY_START = parseInstant('2026-10-05T00:00:00Z')!

const storyContract = (target = '99'): string => `apiVersion: constat/v1
kind: Check
metadata: {name: shop-page}
spec: {service: shop, tcp: {host: 192.0.2.1, port: 80}, interval: PT5M, timeout: PT5S, confirm: {down: 2, up: 1, by: slots}}
---
apiVersion: constat/v1
kind: Contract
metadata: {name: ${CONTRACT}}
spec:
  effective: {timeZone: Europe/Paris}
  parties:
    - {id: customer, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
  clauses: [{id: "1", title: Up, text: "Available"}]
  charges:
    currency: EUR
    tax: outside-vat
    monthly: [{amount: "1000.00"}]
  finalisation: {grace: PT1H, amendmentsUntil: claim-deadline}
  exclusions: {kinds: [{id: customer-cause, clause: "1", needs: customer-acceptance}]}
  guarantees:
    - {id: shop-day, service: shop, clause: "1", metric: interval-availability, target: {op: gte, percent: "${target}"}, window: {period: P1D, timeZone: UTC}, calendar: always}
    - {id: shop-fast, service: shop, clause: "1", metric: share-within, threshold: PT0.1S, target: {op: gte, percent: "90"}, window: {period: P1D, timeZone: UTC}, calendar: always}
    - {id: shop-mended, service: shop, clause: "1", metric: restoration-time, clock: {start: measured-onset, stop: measured-recovery}, target: {op: lte, each: PT30M}, window: {period: P1D, timeZone: UTC}, calendar: always}
  credits:
    clause: "1"
    base: monthly-charge-of-contract
    exclusive: false
    schedules:
      shop-day: {kind: flat, percent: "5"}
    sameCause: highest-only
    claim:
      deadline: {days: 5, dayKind: calendar, after: window-final, calendar: always}
      formalNotice: not-required
      silence: none
    rounding: {money: half-up, digits: 2}
`

/** Hours in which nothing comes, then the steps in which a line that was away lets agents return. */
async function pass(world: ClosingWorld, atMs: UnixMs): Promise<void> {
  await world.jumpTo(atMs - 4 * STEP_MS)
  await world.moveTo(atMs)
}

type Down = { fromMs: UnixMs; untilMs: UnixMs } | null

const hours = (fromMs: UnixMs, untilMs: UnixMs, down: Down = null): Seen => ({
  contract: CONTRACT,
  fromMs,
  untilMs,
  stepMs: STEP_MS,
  outcome: (atMs) => (down && down.fromMs <= atMs && atMs < down.untilMs ? 'fail' : 'ok'),
  latencyUs: (atMs) => ((atMs / STEP_MS) % 20 === 0 ? 250_000 : 20_000 + (atMs % 977)),
})

/** Frames as agents send them: one for every `everyMs`, each received as it is closed. */
export async function tellStory(world: ClosingWorld): Promise<void> {
  await world.apply(storyContract())
  await world.join('paris')
  await world.join('lyon')
  const down = { fromMs: STORY_START + 10 * HOUR_MS, untilMs: STORY_START + 11 * HOUR_MS }
  for (let at = STORY_START; at < STORY_START + DAY_MS; at += 6 * HOUR_MS) {
    await pass(world, at + 6 * HOUR_MS)
    await world.send('paris', hours(at, at + 6 * HOUR_MS, down))
    // Lyon was silent in the evening, and sends it the next day.
    if (at < STORY_START + 18 * HOUR_MS) await world.send('lyon', hours(at, at + 6 * HOUR_MS, down))
  }
  await pass(world, STORY_START + DAY_MS + 2 * HOUR_MS)
  await world.crash()
  await world.restart()
  await world.send('lyon', hours(STORY_START + 18 * HOUR_MS, STORY_START + DAY_MS, down))
  await declare(world, down)
  await world.apply(storyContract('99.5'))
  await secondDay(world)
  for (let at = STORY_START + 2 * DAY_MS; at < STORY_START + 3 * DAY_MS; at += 6 * HOUR_MS) {
    await pass(world, at + 6 * HOUR_MS)
    for (const agent of ['paris', 'lyon']) await world.send(agent, hours(at, at + 6 * HOUR_MS))
  }
  await pass(world, STORY_START + 3 * DAY_MS + 3 * HOUR_MS)
  for (const agent of ['paris', 'lyon']) {
    await world.send(agent, hours(STORY_START + 3 * DAY_MS, STORY_START + 3 * DAY_MS + 3 * HOUR_MS))
  }
  await world.moveTo(world.clock.nowMs() + MINUTE_MS)
}

async function declare(world: ClosingWorld, down: NonNullable<Down>): Promise<void> {
  const draft = (fromMs: UnixMs, untilMs: UnixMs) => ({
    kind: 'customer-cause',
    service: 'shop',
    startMs: fromMs,
    endMs: untilMs,
    announcedMs: null,
    announced: null,
    reason: 'the uplink of the customer',
  })
  const half = down.fromMs + 30 * MINUTE_MS
  const accepted = await exclude(world, draft(down.fromMs, half))
  const disputed = await exclude(world, draft(half, down.untilMs))
  await pass(world, world.clock.nowMs() + HOUR_MS)
  for (const [exclusion, answer] of [
    [accepted, 'accepted'],
    [disputed, 'disputed'],
  ] as const) {
    const given = { answer, note: '', isDecision: false }
    await answerExclusion({ exclusion, side: 'customer', given }, world.declaring())
  }
}

async function exclude(
  world: ClosingWorld,
  draft: Parameters<typeof declareExclusion>[0]['draft'],
): Promise<string> {
  const declared = await declareExclusion({ contract: CONTRACT, side: 'provider', draft }, world.declaring())
  if (declared.kind === 'refused') throw new Error(declared.problems.join('\n'))
  return declared.id
}

/** Lyon is not there for an hour, the provider states an outage, and the day closes. */
async function secondDay(world: ClosingWorld): Promise<void> {
  const startMs = STORY_START + DAY_MS
  for (let at = startMs; at < startMs + DAY_MS; at += 6 * HOUR_MS) {
    await pass(world, at + 6 * HOUR_MS)
    await world.send('paris', hours(at, at + 6 * HOUR_MS))
    if (at > startMs) await world.send('lyon', hours(at, at + 6 * HOUR_MS))
  }
  await pass(world, startMs + DAY_MS + 2 * HOUR_MS)
  const bytes = Buffer.from('start,end\n2026-10-06T10:00:00Z,2026-10-06T10:20:00Z\n')
  const wanted = { contract: CONTRACT, window: CLOSED, bytes, by: 'provider' as const }
  await keepStatement(wanted, world.declaring())
}

/** Frames of one sample each, of the next hours. */
export async function sendMany(world: ClosingWorld, count: number): Promise<void> {
  const stepMs = 20_000
  const fromMs = world.clock.nowMs()
  await world.jumpTo(fromMs + (count + 1) * stepMs)
  const parts = Array.from({ length: count }, (_, i) => {
    const seen = hours(fromMs + i * stepMs, fromMs + (i + 1) * stepMs)
    return { agent: 'paris', seen: { ...seen, stepMs } }
  })
  await world.sendAll(parts)
}

/** A bundle whole. */
export async function bundleOf(world: ClosingWorld, window: string): Promise<Buffer> {
  const found = await world.line().model.bundle(CONTRACT, window, OWNER)
  if (!found) throw new Error(`there is a window ${window}`)
  const pieces: Buffer[] = []
  for await (const piece of found.bytes) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The same bytes at every run. Its first 32 are the seed of the key of the collector. */
export function seededRandom(): Random {
  let drawn = 0
  return {
    bytes: (count) => {
      const parts: Buffer[] = []
      for (let length = 0; length < count; length += 32) {
        parts.push(createHash('sha256').update(`story ${drawn}`).digest())
        drawn += 1
      }
      return Buffer.concat(parts).subarray(0, count)
    },
  }
}
