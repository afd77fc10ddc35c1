/**
 * `npm run demo`: thirteen months of an imaginary outsourcer, written through the real line into a data directory of its
 * own, and a collector on it that goes on. Frames are signed by the keys of three agents that exist here alone; messages
 * go to a sink on loopback. Ctrl-C ends everything, and takes the directory away.
 */
import type { UnixMs } from '@constat/shared/time'
import { issueApiToken } from '../../collector/src/access.ts'
import { schedulesOf } from '../../collector/src/alerts.ts'
import { startCollector, type RunningCollector } from '../../collector/src/collector.ts'
import { readConfig } from '../../collector/src/config.ts'
import { systemRandom } from '../../collector/src/data-dir.ts'
import { ownerLink } from '../../collector/src/cli/token.ts'
import { VERSION } from '../../collector/src/version.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { openMailServer } from '../support/mail-server.ts'
import { dropDataDir, freePort, makeDataDir } from '../support/program.ts'
import { REAL_CLOCK } from '../support/real-clock.ts'
import { openReceiver } from '../support/receiver.ts'
import { seenByAll } from '../support/seed.ts'
import { storyOf, type Story } from '../support/seed-story.ts'
import { createKeptLog } from '../support/silent-log.ts'
import { worldDeps } from '../support/world-app.ts'
import { history } from './history.ts'
import { troubles, yearUntil } from './year.ts'

const FEED_EVERY_MS = 10_000
const STEP_MS = 20_000
/** Before now the history is written in small steps, so that what is heard of the agents is fresh. */
const LAST_MS = 3 * 60_000

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())

const closers: (() => Promise<void> | void)[] = []
try {
  await run()
} finally {
  for (const close of closers.toReversed()) await close()
}

async function run(): Promise<void> {
  const startedMs = Date.now()
  const seconds = (): number => Math.round((Date.now() - startedMs) / 1_000)
  const dataDir = makeDataDir()
  closers.push(() => dropDataDir(dataDir))
  const listen = process.env['CONSTAT_LISTEN'] ?? `127.0.0.1:${await freePort()}`
  const publicUrl = `http://${listen}`
  const sink = await openReceiver((response, _n, { body }) => {
    response.end('ok')
    // What Constat sends in its generic shape.
    const { type, timestamp } = JSON.parse(body) as { type: string; timestamp: string }
    say(`  told the chat: ${type}, ${timestamp}`)
  })
  closers.push(() => sink.close())
  const mail = await openMailServer(() => 250)
  closers.push(() => mail.close())
  say('Writing thirteen months of an imaginary outsourcer …')
  const writing = await write({ dataDir, publicUrl, sink: sink.url, nowMs: startedMs })
  say(`  written in ${seconds()} s`)
  if (stopping.signal.aborted) return
  const config = readConfig({
    CONSTAT_DATA_DIR: dataDir,
    CONSTAT_LISTEN: listen,
    CONSTAT_LOG_LEVEL: 'error',
    CONSTAT_SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
    CONSTAT_MAIL_FROM: 'Constat <constat@acme.example>',
  })
  const [clock, random] = [REAL_CLOCK, systemRandom]
  const lost = (reason: string): void => {
    say(reason)
    stopping.abort()
  }
  const given = { config, clock, random, log: createKeptLog(), version: VERSION, lost }
  const collector = await startCollector({ ...given, isDemonstration: true })
  closers.push(() => collector.stop())
  const feeding = feed(collector, { ...writing, fromMs: startedMs })
  const { token } = await issueApiToken(collector.access, { role: 'owner', contract: null, by: 'start' })
  say(`A demonstration: everything in it is made up. Ready in ${seconds()} s.`)
  say(ownerLink(publicUrl, token))
  say('Ctrl-C ends it, and takes its data away.')
  await feeding
}

type Written = { world: ClosingWorld; story: Story }

async function write({
  dataDir,
  publicUrl,
  sink,
  nowMs,
}: {
  dataDir: string
  publicUrl: string
  sink: string
  nowMs: UnixMs
}): Promise<Written> {
  const year = yearUntil(nowMs)
  const spans = troubles(year, nowMs)
  const story = storyOf(spans)
  const log = createKeptLog()
  const world = await openClosingWorld({ dataDir, wallMs: year.months[0]!, log, publicUrl })
  const { deps } = await worldDeps(world, { publicUrl })
  const { database, clock, shell } = world
  const told = (): void => undefined
  const given = { ...shell, db: database.sql, nowMs: () => clock.nowMs(), publicUrl, told }
  const schedules = schedulesOf(world.line(), { ...given, language: 'en' })
  const until = async (atMs: UnixMs): Promise<void> => {
    const fromMs = clock.nowMs()
    await world.jumpTo(atMs)
    hear(world.line().agents)
    const parts = seenByAll(world.line(), { fromMs, untilMs: atMs }, story)
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
    if (atMs >= nowMs - LAST_MS || stopping.signal.aborted) break
    if (atMs > clock.nowMs()) await until(atMs)
    await deed()
  }
  for (let atMs = nowMs - LAST_MS; atMs <= nowMs; atMs += STEP_MS) await until(atMs)
  await schedules.stop()
  await world.line().close()
  await world.close()
  const failed = log.lines.filter(({ level }) => level === 'error')
  if (failed.length > 0) throw new Error(JSON.stringify(failed.slice(0, 3)))
  return { world, story }
}

/** What their sockets would tell of the agents. */
function hear(agents: RunningCollector['pipeline']['agents']): void {
  for (const agent of agents.enrolled()) {
    agent.connections = 1
    agents.seen(agent)
  }
}

/** The agents go on, until somebody has seen enough. */
async function feed(
  { pipeline }: RunningCollector,
  { world, story, fromMs }: Written & { fromMs: UnixMs },
): Promise<void> {
  const send = world.goOn(pipeline, () => Date.now())
  for (let sentMs = fromMs; !stopping.signal.aborted;) {
    hear(pipeline.agents)
    const untilMs = Date.now()
    const parts = seenByAll(pipeline, { fromMs: sentMs, untilMs }, story)
    if (parts.length > 0) await send(parts)
    sentMs = untilMs
    await new Promise<void>((settle) => {
      const timer = setTimeout(settle, FEED_EVERY_MS)
      stopping.signal.addEventListener('abort', () => (clearTimeout(timer), settle()), { once: true })
    })
  }
}
