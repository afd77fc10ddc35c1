/**
 * Writes the history of the demonstration through the real line into a data directory: terms, frames signed by the keys
 * of three agents that exist here alone, answers, closings, messages. It leaves it as a collector does that was stopped.
 */
import type { UnixMs } from '@constat/shared/time'
import { schedulesOf } from '../../collector/src/alerts.ts'
import type { Pipeline } from '../../collector/src/pipeline.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { seenByAll } from '../support/seed.ts'
import { storyOf, type Span } from '../support/seed-story.ts'
import { createKeptLog } from '../support/silent-log.ts'
import { worldDeps } from '../support/world-app.ts'
import { history } from './history.ts'
import { troubles, yearUntil } from './year.ts'

const STEP_MS = 20_000
/** Before now the history is written in small steps, so that what is heard of the agents is fresh. */
const LAST_MS = 3 * 60_000

export type Written = { world: ClosingWorld; troubles: readonly Span[] }

type Wanted = {
  dataDir: string
  publicUrl: string
  /** Where messages of the chat go. */
  sink: string
  nowMs: UnixMs
  /** How many months, the one that goes on too; absent: thirteen. */
  months?: number
  signal?: AbortSignal
}

/** The world is closed; its agents can go on: see `goOn`. */
export async function writeHistory({
  dataDir,
  publicUrl,
  sink,
  nowMs,
  months,
  signal,
}: Wanted): Promise<Written> {
  const year = yearUntil(nowMs, months)
  const spans = troubles(year, nowMs)
  const log = createKeptLog()
  const world = await openClosingWorld({ dataDir, wallMs: year.months[year.first]!, log, publicUrl })
  // What is lost with the machine is made again in a minute.
  await world.database.sql`alter system set synchronous_commit = off`
  await world.database.sql`select pg_reload_conf()`
  const { deps } = await worldDeps(world, { publicUrl })
  const { database, clock, shell } = world
  const told = (): void => undefined
  const given = { ...shell, db: database.sql, nowMs: () => clock.nowMs(), publicUrl, told }
  const schedules = schedulesOf(world.line(), { ...given, language: 'en' })
  const until = async (atMs: UnixMs): Promise<void> => {
    const fromMs = clock.nowMs()
    clock.advanceUs((atMs - fromMs) * 1_000)
    hear(world.line().agents)
    const parts = seenIn(world.line(), { fromMs, untilMs: atMs }, spans)
    if (parts.length > 0) await world.sendAll(parts)
  }
  for (const [atMs, deed] of history({
    world,
    actions: deps.actions,
    schedules,
    year,
    sink,
    troubles: spans,
  })) {
    if (atMs >= nowMs - LAST_MS || signal?.aborted) break
    if (atMs > clock.nowMs()) await until(atMs)
    await deed()
  }
  for (let atMs = nowMs - LAST_MS; atMs <= nowMs; atMs += STEP_MS) await until(atMs)
  await schedules.stop()
  await world.line().close()
  await world.close()
  const failed = log.lines.filter(({ level }) => level === 'error')
  if (failed.length > 0) throw new Error(JSON.stringify(failed.slice(0, 3)))
  return { world, troubles: spans }
}

/** What every agent has seen in a span, of which only the troubles that meet it are looked at. */
export function seenIn(
  line: Pick<Pipeline, 'contracts'>,
  span: { fromMs: UnixMs; untilMs: UnixMs },
  spans: readonly Span[],
): ReturnType<typeof seenByAll> {
  // A sample is compared with the one before it.
  const near = spans.filter(({ fromMs, untilMs }) => fromMs < span.untilMs && untilMs > span.fromMs - LAST_MS)
  return seenByAll(line, span, storyOf(near))
}

/** What their sockets would tell of the agents. */
export function hear(agents: Pipeline['agents']): void {
  for (const agent of agents.enrolled()) {
    agent.connections = 1
    agents.seen(agent)
  }
}
