/**
 * Closing world: the line on a real database under a clock that only the test moves. Frames of agents are
 * admitted as the intake would have, so months pass in seconds.
 */
import { createHash, randomBytes } from 'node:crypto'
import { sealBatch, type Batch } from '@constat/shared/batch'
import { configDigest } from '@constat/shared/check'
import { outcomeCode, type Outcome } from '@constat/shared/sample'
import { agentIdOf, privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import { migrateQueue } from '../../collector/src/alert/deliver.ts'
import { openIdentity } from '../../collector/src/data-dir.ts'
import { insertAgent } from '../../collector/src/db/agent-rows.ts'
import { migrateDatabase } from '../../collector/src/db/migrate.ts'
import { openDatabase, type OpenDatabase } from '../../collector/src/db/open.ts'
import { Pipeline } from '../../collector/src/pipeline.ts'
import type { Random, Shell } from '../../collector/src/shell.ts'
import { startPreviews } from '../../collector/src/closing/preview.ts'
import { applyContract, type Applied } from '../../collector/src/contract/apply.ts'
import { archiveContract } from '../../collector/src/contract/archive.ts'
import { assignmentsOf } from '../../collector/src/contract/assign.ts'
import type { DeclareDeps } from '../../collector/src/contract/declare.ts'
import type { KeptLog } from './silent-log.ts'
import { createSimulatedClock, type SimulatedClock } from './simulated-clock.ts'
import { sampleBatch } from './sample-batch.ts'

export type Told = { type: string; data: Record<string, unknown> }

export type ClosingWorld = {
  database: OpenDatabase
  clock: SimulatedClock
  shell: Shell
  line: () => Pipeline
  /** Another line on the same database, as after a crash. */
  restart: () => Promise<void>
  /** From here on nothing runs, until `restart`. */
  crash: () => Promise<void>
  apply: (text: string, options?: { stopProbing?: boolean }) => Promise<Applied[]>
  archive: (contract: string) => Promise<void>
  /** What commands need. */
  declaring: () => DeclareDeps
  /** Enrols an agent, once, in every contract. */
  join: (name: string) => Promise<void>
  /** Moves the clock to `atMs` in steps that the line would have made. */
  moveTo: (atMs: UnixMs) => Promise<void>
  /** One sample of every check each `stepMs`, received now. */
  send: (agent: string, seen: Seen) => Promise<void>
  /** What was told so far, oldest first. */
  told: () => Promise<Told[]>
  close: () => Promise<void>
}

export type Seen = {
  contract: string
  fromMs: UnixMs
  untilMs: UnixMs
  stepMs: number
  /** Of this check alone; absent: of every one. */
  only?: string
  outcome: (atMs: UnixMs, check: string) => Outcome
}

const SAMPLES_PER_FRAME = 500
const MINUTE_MS = 60_000
const TYPE_ALL = '%'

const random: Random = { bytes: (count) => randomBytes(count) }

export async function openClosingWorld({
  dataDir,
  wallMs,
  log,
}: {
  dataDir: string
  wallMs: UnixMs
  log: KeptLog
}): Promise<ClosingWorld> {
  const clock = createSimulatedClock({ wallMs })
  const database = await openDatabase({ databaseUrl: null, dataDir, log })
  await migrateDatabase(database, { log })
  await migrateQueue({ pgConfig: database.pgConfig, log })
  const shell = { clock, random, log, identity: openIdentity(dataDir, random) }
  const { sql: db } = database
  const open = async (): Promise<Pipeline> => {
    const made = new Pipeline({
      db,
      shell,
      prove: () => Promise.reject(new Error('frames are admitted by the test')),
      publicUrl: 'http://127.0.0.1:1',
      bus: { publish: () => undefined },
      previews: startPreviews({ pgConfig: database.pgConfig, nowMs: () => clock.nowMs() }),
    })
    await made.open()
    return made
  }
  let line = await open()
  const senders = new Map<string, Sender>()
  return {
    database,
    clock,
    shell,
    line: () => line,
    restart: async () => {
      line = await open()
    },
    crash: () => line.sequencer.drain(),
    apply: async (text, { stopProbing = false } = {}) => {
      const { sequencer, contracts } = line
      const nowMs = (): UnixMs => clock.nowMs()
      const files = [{ name: 'contract.yaml', text }]
      const answer = await applyContract(files, { db, sequencer, contracts, nowMs, stopProbing })
      if (answer.kind === 'refused') throw new Error(answer.problems.join('\n'))
      await line.advance()
      return answer.contracts
    },
    archive: async (contract) => {
      const { sequencer, contracts } = line
      await archiveContract(contract, { sequencer, contracts, nowMs: () => clock.nowMs() })
      await line.advance()
    },
    declaring: () => {
      const { sequencer, contracts } = line
      return { sequencer, contracts, shell, publicUrl: 'http://127.0.0.1:1' }
    },
    join: async (name) => {
      const sender = senderOf(name)
      senders.set(name, sender)
      const nowMs = clock.nowMs()
      const publicKey = rawPublicKey(sender.key)
      await db.begin((tx) =>
        insertAgent(tx, {
          id: sender.agent.toString('hex'),
          name,
          publicKey,
          enrolledMs: nowMs,
          revokedMs: null,
          version: '0.1.0',
          lastSeenMs: nowMs,
          silentSinceMs: null,
          clockOffsetMs: 0,
          clockErrorMs: 0,
          spoolFrames: 0,
        }),
      )
      await line.agents.open()
      const known = line.agents.byId(sender.agent.toString('hex'))
      if (!known) throw new Error('an agent that was written is there')
      await assignmentsOf(known, line.assign)
      await line.advance()
    },
    moveTo: async (atMs) => {
      while (clock.nowMs() < atMs) {
        clock.advanceUs(Math.min(atMs - clock.nowMs(), 5 * MINUTE_MS) * 1_000)
        await line.advance()
      }
    },
    send: async (agent, seen) => {
      const sender = senders.get(agent)
      if (!sender) throw new Error(`${agent} has joined`)
      await sendAll(line, sender, { seen, nowMs: clock.nowMs() })
      await line.advance()
    },
    told: async () => {
      const rows = await db<Told[]>`select type, data from event where type like ${TYPE_ALL} order by id`
      return [...rows]
    },
    close: async () => {
      await line.sequencer.close()
      await database.close()
    },
  }
}

type Sender = {
  key: ReturnType<typeof privateKeyOf>
  agent: Buffer
  session: Buffer
  seq: number
  prev: Buffer
}

function senderOf(name: string): Sender {
  const key = privateKeyOf(createHash('sha256').update(name).digest())
  const agent = Buffer.from(agentIdOf(rawPublicKey(key)))
  return { key, agent, session: randomBytes(16), seq: 0, prev: Buffer.alloc(32) }
}

async function sendAll(
  { contracts, sequencer }: Pipeline,
  sender: Sender,
  { seen, nowMs }: { seen: Seen; nowMs: UnixMs },
): Promise<void> {
  const state = contracts.of(seen.contract)
  const head = sequencer.headOf(seen.contract)
  if (!state?.configuration || !head) throw new Error(`${seen.contract} is applied`)
  const { config } = state.configuration
  const perFrame = Math.max(1, Math.floor(SAMPLES_PER_FRAME / config.checks.length))
  const drafts = []
  for (let fromMs = seen.fromMs; fromMs < seen.untilMs; fromMs += perFrame * seen.stepMs) {
    const untilMs = Math.min(seen.untilMs, fromMs + perFrame * seen.stepMs)
    const batch = batchOf({ ...seen, fromMs, untilMs }, { sender, config, origin: head.origin })
    const body = sealBatch(batch, sender.key)
    const digest = createHash('sha256').update(body).digest()
    const { agent, session, seq } = sender
    const toMs = fromMs + Math.floor((untilMs - 1 - fromMs) / seen.stepMs) * seen.stepMs
    const health = { clockOffsetMs: 0, clockErrorMs: 0, spoolFrames: 0 }
    const isGood = batch.samples.outcome.every((code) => code === 0)
    const frame = { agent, session, seq, digest, fromMs, toMs, health, isGood }
    drafts.push({ type: 'frame' as const, body, receivedMs: nowMs, frame })
    sender.seq += 1
    sender.prev = digest
  }
  for (let at = 0; at < drafts.length; at += 500)
    await sequencer.append({ log: head.id, drafts: drafts.slice(at, at + 500) })
}

function batchOf(
  { fromMs, untilMs, stepMs, only, outcome }: Seen,
  { sender, config, origin }: { sender: Sender; config: Parameters<typeof configDigest>[0]; origin: string },
): Batch {
  const baseS = Math.floor(fromMs / 1_000)
  const atMs: UnixMs[] = []
  for (let at = fromMs; at < untilMs; at += stepMs) atMs.push(at)
  const all = atMs.flatMap((at) => config.checks.map(({ name }, check) => ({ at, name, check })))
  const rows = all.filter(({ name }) => only === undefined || name === only)
  const outcomes = rows.map(({ at, name }) => outcomeCode(outcome(at, name)))
  const none = rows.map(() => 0)
  return sampleBatch({
    origin,
    configDigest: configDigest(config),
    agent: sender.agent,
    session: sender.session,
    seq: sender.seq,
    prev: sender.prev,
    gapCount: 0,
    schedule: { check: [], firstMs: [], count: [] },
    baseS,
    samples: {
      check: rows.map(({ check }) => check),
      offsetMs: rows.map(({ at }) => at - baseS * 1_000),
      outcome: outcomes,
      attempt: none,
      latencyUs: rows.map(() => 20_000),
      value: none,
      phases: [none, none, none, none, none],
      cause: outcomes.map((code) => (code === outcomeCode('fail') ? 5 : 0)),
    },
  })
}
