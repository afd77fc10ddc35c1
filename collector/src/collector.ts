/**
 * Collector: database, line, sockets, pages and alerts put together, started in order and stopped in the
 * opposite one. Everything real comes in as an argument.
 */
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import type { HostClock } from '@constat/shared/time'
import { openBus, type EventBus } from './alert/bus.ts'
import type { AccessDeps } from './access.ts'
import type { CollectorConfig } from './config.ts'
import { makeDataDir, openIdentity, tellRunning, tellStopped } from './data-dir.ts'
import { lockCollector } from './db/lock.ts'
import { migrateDatabase } from './db/migrate.ts'
import { openDatabase, type OpenDatabase } from './db/open.ts'
import { actionsOf } from './actions.ts'
import { openDoor, type Door } from './door.ts'
import type { Actions, AppDeps } from './http/actions.ts'
import { createApp } from './http/app.ts'
import { Guesses } from './http/guesses.ts'
import { PROVER_THREADS, startProver } from './intake/prover.ts'
import { joinLine, openInstaller } from './installer.ts'
import { openVerifier, type Verifier } from './verifier.ts'
import type { ConnectionDeps } from './intake/connection.ts'
import { serveAgents, type AgentSockets } from './intake/socket.ts'
import { openAlerts } from './alerts.ts'
import { Passwords } from './people/password.ts'
import { isReady } from './view/health.ts'
import { Health } from './health.ts'
import { HeldClock } from './held-clock.ts'
import { hostNames } from './host-names.ts'
import { metricsOf } from './metrics.ts'
import { Pipeline } from './pipeline.ts'
import type { Log, Random, Shell } from './shell.ts'
import type { Cosigner } from './witness/cosign.ts'
import { AgentProofs, type AgentProofsDeps } from './witness/agent-proofs.ts'
import { DayRoots } from './witness/day-roots.ts'
import { Timestamps } from './witness/timestamps.ts'
import { Witnesses, type WitnessesDeps } from './witness/witnesses.ts'
import { assignmentsOf } from './contract/assign.ts'
import { startCallers } from './callers/threads.ts'

export type CollectorOptions = {
  config: CollectorConfig
  clock: HostClock
  random: Random
  log: Log
  version: string
  /** What it shows was made up: every page says so. */
  isDemonstration?: boolean
  /** The database is gone for good, or another collector took over: nothing more can be written. */
  lost: (reason: string) => void
}

export type RunningCollector = {
  door: Door
  pipeline: Pipeline
  access: AccessDeps
  actions: Actions
  stop(): Promise<void>
}

/** What was opened is closed in the opposite order, also when something after it could not be. */
type Closers = (() => Promise<void> | void)[]

export async function startCollector(options: CollectorOptions): Promise<RunningCollector> {
  makeDataDir(options.config.dataDir)
  const closers: Closers = []
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close()
  }
  try {
    // The port first: a busy one is told before a database is made.
    const door = await openDoor(options)
    closers.push(() => door.close())
    const database = await openData(options, closers)
    return { ...(await openLine(options, { database, door }, closers)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The database, with its tables, ours alone. */
async function openData({ config, log, lost }: CollectorOptions, closers: Closers): Promise<OpenDatabase> {
  const { databaseUrl, dataDir } = config
  const database = await openDatabase({ databaseUrl, dataDir, log })
  closers.push(() => database.close())
  database.embedded?.onExit(lost)
  await migrateDatabase(database, { log })
  const lock = await lockCollector(database, { log, onLost: () => lost('another collector took over') })
  closers.push(() => lock.release())
  return database
}

async function openLine(
  options: CollectorOptions,
  { database, door }: { database: OpenDatabase; door: Door },
  closers: Closers,
): Promise<Omit<RunningCollector, 'stop'>> {
  const { config, random, log } = options
  const { sql: db, pgConfig } = database
  const clock = new HeldClock(options.clock, log)
  const health = new Health({ db, clock, dataDir: config.databaseUrl === null ? config.dataDir : null })
  closers.push(() => health.close())
  const shell: Shell = { clock, random, log, identity: openIdentity(config.dataDir, random) }
  const access = { db, random, nowMs: () => clock.nowMs() }
  const { publicUrl } = door
  const bus = await openBus({ db, log })
  const prover = startProver({ threads: PROVER_THREADS, log })
  closers.push(() => prover.close())
  let sockets: AgentSockets | null = null
  const verifier = openVerifier(config.dataDir)
  const { asked, startAsking } = await openWitnesses(config, { db, shell, publicUrl, bus })
  const isWell = () => isReady(health.known())
  const told = () => bus.publish()
  const alerts = await openAlerts({ config, database, bus, clock, random, log, publicUrl, isWell, told })
  const pipeline = new Pipeline({
    db,
    shell,
    prove: prover.prove,
    hasRoom: () => !health.isFull,
    heard: (known) => clock.startsAfter(known),
    publicUrl,
    bus,
    callers: startCallers(),
    pgConfig,
    configured: () => sockets?.assignAll() ?? Promise.resolve(),
    ask: (asked, look) => sockets?.ask(asked, look),
    ...asked,
    verifier: () => verifierDigest(verifier),
    alerts: alerts.shown,
  })
  await pipeline.open()
  closers.push(() => pipeline.close())
  await health.start(pipeline)
  const answersTo = hostNames(publicUrl, [config.listen.host, hostname()])
  const reach = { db, shell, clock, bus, publicUrl }
  sockets = serveAgents({ ...door, answersTo }, connectionDeps(pipeline, reach))
  closers.push(() => sockets?.close())
  const installer = openInstaller({ dataDir: config.dataDir, log })
  const passwords = new Passwords(random)
  const invite = () => invitation(door, installer)
  const actions = actionsOf({ pipeline, shell, access, passwords, sockets, publicUrl, invite })
  const openId = await openIdOf(options, { publicUrl, clock })
  const gives = { installer, verifier, cosigner: asked.witnesses.cosigner, links: alerts.links }
  const app = appOf(options, { pipeline, actions, bus, publicUrl, ...gives, clock, health, openId })
  door.serve(listenerOf(app))
  pipeline.start()
  closers.push(...startAsking(pipeline))
  await alerts.start(pipeline)
  closers.push(() => alerts.stop())
  closers.push(tellWhere(door, config.dataDir))
  return { door, pipeline, access, actions }
}

/** Those outside who are asked about the logs, or told of them. */
async function openWitnesses(config: CollectorConfig, deps: WitnessesDeps) {
  const witnesses = await Witnesses.open(config.witnessPolicy, deps)
  const timestamps = await Timestamps.open(config.timestamps, { ...deps, witnesses })
  const startAsking = ({ contracts }: Pipeline): Closers => [
    witnesses.start(),
    timestamps.start(contracts),
    ...(config.mail ? [new DayRoots(deps).start()] : []),
  ]
  return { asked: { witnesses, timestamps }, startAsking }
}

function listenerOf(app: ReturnType<typeof createApp>): Parameters<Door['serve']>[0] {
  const answer = getRequestListener(app.fetch)
  return (request, response) => void answer(request, response)
}

/** Loaded where it is set up, and not else. */
async function openIdOf(
  { config, log }: CollectorOptions,
  { publicUrl, clock }: { publicUrl: string; clock: HeldClock },
): Promise<AppDeps['openId']> {
  if (config.openId === null) return null
  const { openOpenId } = await import('./openid.ts')
  return openOpenId(config.openId, { publicUrl, nowMs: () => clock.nowMs(), log })
}

/** Commands find it there while it runs; the answer is how to take that back. */
function tellWhere(door: Door, dataDir: string): () => void {
  const { url, publicUrl } = door
  const tell = (): void => tellRunning(dataDir, { url, publicUrl, tlsPin: door.tlsPin(), pid: process.pid })
  tell()
  door.onPin(tell)
  return () => tellStopped(dataDir)
}

function connectionDeps(
  { agents, intake, assign, restored, secondLooks, sequencer, contracts }: Pipeline,
  { clock, ...given }: Pick<AgentProofsDeps, 'db' | 'shell' | 'bus' | 'publicUrl'> & { clock: HeldClock },
): ConnectionDeps {
  const { shell } = given
  const proofs = new AgentProofs({ ...given, sequencer, contracts, lost: restored.lost })
  return {
    shell,
    agents,
    intake,
    assign: (agent) => assignmentsOf(agent, assign),
    compare: (agent, theirMs) => clock.compare(agent, theirMs),
    recall: restored.recall,
    prove: proofs.prove,
    forked: proofs.forked,
    hanging: (agent, place) => secondLooks.hanging(agent, place),
  }
}

/** How a command is made of a token. Without an agent to give away one is left that takes one that is there. */
async function invitation(
  door: Door,
  installer: ReturnType<typeof openInstaller>,
): Promise<(joinToken: string) => string> {
  const scriptDigest = await installer().then(
    (known) => known.scriptDigest,
    () => null,
  )
  const invited = { url: door.publicUrl, tlsPin: door.joinPin(), scriptDigest }
  return (joinToken) => joinLine(invited, joinToken)
}

/** A bundle is as good without: its README says that there is none. */
function verifierDigest(verifier: () => Promise<Verifier>): Promise<string | null> {
  return verifier().then(
    ({ digest }) => digest,
    () => null,
  )
}

type Parts = Pick<
  AppDeps,
  'installer' | 'verifier' | 'publicUrl' | 'clock' | 'health' | 'links' | 'openId'
> & {
  pipeline: Pipeline
  actions: Actions
  bus: EventBus
  cosigner: Cosigner
}

function appOf(
  { config, log, version, isDemonstration = false }: CollectorOptions,
  { pipeline, actions, bus, publicUrl, installer, verifier, cosigner, clock, health, links, openId }: Parts,
) {
  return createApp({
    read: pipeline.model,
    actions,
    events: bus,
    links,
    guesses: new Guesses(() => clock.monotonicUs() / 1_000),
    openId,
    metrics: metricsOf(pipeline),
    health,
    publicUrl,
    installer,
    verifier,
    addCheckpoint: (body) => cosigner.answer(body),
    hosts: [config.listen.host, hostname()],
    language: config.language,
    version,
    isDemonstration,
    assetDir: fileURLToPath(new URL(assetPath(import.meta.url), import.meta.url)),
    clock,
    log,
  })
}

/** The style sheet and the script lie beside the bundle, or under web/ in a checkout. */
function assetPath(module: string): string {
  return module.endsWith('.ts') ? './web/static' : './static'
}
