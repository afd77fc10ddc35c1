/**
 * Closing world: the line on a real database under a clock that only the test moves. Frames of agents are
 * admitted as the intake would have, so months pass in seconds.
 */
import { createHash, randomBytes } from 'node:crypto'
import { sealBatch, type Batch } from '@constat/shared/batch'
import { configDigest } from '@constat/shared/check'
import { causeCode, outcomeCode, type Cause, type Outcome } from '@constat/shared/sample'
import { agentIdOf, privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import { openIdentity } from '../../collector/src/data-dir.ts'
import { insertAgent, type AgentRow } from '../../collector/src/db/agent-rows.ts'
import { migrateDatabase } from '../../collector/src/db/migrate.ts'
import { openDatabase, type OpenDatabase } from '../../collector/src/db/open.ts'
import type { AgentHealth } from '../../collector/src/ledger/draft.ts'
import { Timestamps } from '../../collector/src/witness/timestamps.ts'
import { Witnesses } from '../../collector/src/witness/witnesses.ts'
import { Pipeline, type PipelineDeps } from '../../collector/src/pipeline.ts'
import type { Random, Shell } from '../../collector/src/shell.ts'
import { parseContract } from '@constat/sla/contract/parse'
import { startCallers } from '../../collector/src/callers/threads.ts'
import type { StatementDeps } from '../../collector/src/closing/statements.ts'
import { statementLinesIn } from '@constat/sla/reconciliation/statement-bytes'
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
  declaring: () => DeclareDeps & StatementDeps
  /** Enrols an agent in every contract, also when it is known already; `health` is what its frames say of it. */
  join: (name: string, health?: AgentHealth) => Promise<void>
  /** Moves the clock to `atMs` in one step, as over a night in which nothing ran. */
  jumpTo: (atMs: UnixMs) => Promise<void>
  /** Moves the clock to `atMs` in steps that the line would have made. */
  moveTo: (atMs: UnixMs) => Promise<void>
  /** One sample of every check each `stepMs`, received now. */
  send: (agent: string, seen: Seen) => Promise<void>
  /** The same of many, in one step of the line. */
  sendAll: (parts: readonly { agent: string; seen: Seen }[]) => Promise<void>
  /** The agents go on sending to another line, which has this database now. */
  goOn: (
    to: Pick<Pipeline, 'contracts' | 'sequencer' | 'advance'>,
    nowMs: () => UnixMs,
  ) => ClosingWorld['sendAll']
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
  /** Null: no sample. */
  outcome: (atMs: UnixMs, check: string) => Outcome | null
  /** Absent: 20 ms. */
  latencyUs?: (atMs: UnixMs, check: string) => number
  /** Of a failure; absent: a timeout. */
  cause?: (atMs: UnixMs, check: string) => Cause
  /** Absent: nothing. */
  value?: (atMs: UnixMs, check: string) => number
  /** The first failure is looked at again after 2 s. */
  isReprobed?: boolean
}

const SAMPLES_PER_FRAME = 500
const REPROBE_MS = 2_000
const MINUTE_MS = 60_000
const STEP_MS = 5 * MINUTE_MS
/** Far from where it is to arrive, the clock takes longer ones: each is a dozen questions to the database. */
const LONG_STEP_MS = 30 * MINUTE_MS
const NEAR_MS = 2 * 60 * MINUTE_MS
const TYPE_ALL = '%'

const REAL_RANDOM: Random = { bytes: (count) => randomBytes(count) }

export async function openClosingWorld({
  dataDir,
  wallMs,
  log,
  random = REAL_RANDOM,
  told = () => undefined,
  publicUrl = 'http://127.0.0.1:1',
}: {
  dataDir: string
  wallMs: UnixMs
  log: KeptLog
  random?: Random
  /** Something was told, and is committed. */
  told?: () => void
  publicUrl?: string
}): Promise<ClosingWorld> {
  const clock = createSimulatedClock({ wallMs })
  const database = await openDatabase({ databaseUrl: null, dataDir, log })
  await migrateDatabase(database, { log })
  const shell = { clock, random, log, identity: openIdentity(dataDir, random) }
  const { sql: db } = database
  const witnesses = await Witnesses.open(null, { db, shell, publicUrl, bus: { publish: told } })
  const timestamps = await Timestamps.open(null, { db, shell, witnesses })
  const open = async (): Promise<Living> => {
    const made = living({
      db,
      shell,
      prove: () => Promise.reject(new Error('frames are admitted by the test')),
      hasRoom: () => true,
      publicUrl,
      witnesses,
      timestamps,
      bus: { publish: told },
      callers: startCallers(),
      pgConfig: database.pgConfig,
    })
    await made.line.open()
    return made
  }
  let { line, end } = await open()
  const senders = new Map<string, Sender>()
  const goOn: ClosingWorld['goOn'] = (to, nowMs) => async (parts) => {
    const atMs = nowMs()
    // At once, so that they are committed as one group.
    await Promise.all(
      parts.map(({ agent, seen }) => {
        const sender = senders.get(agent)
        if (!sender) throw new Error(`${agent} has not joined`)
        return admit(to, sender, { seen, nowMs: atMs })
      }),
    )
    await to.advance()
  }
  const sendAll: ClosingWorld['sendAll'] = (parts) => goOn(line, () => clock.nowMs())(parts)
  return {
    database,
    clock,
    shell,
    line: () => line,
    restart: async () => {
      await end()
      ;({ line, end } = await open())
    },
    crash: () => line.sequencer.drain(),
    apply: async (text, { stopProbing = false } = {}) => {
      const { sequencer, contracts } = line
      const nowMs = (): UnixMs => clock.nowMs()
      const files = [{ name: 'contract.yaml', text }]
      const answer = await applyContract(files, parseContract(files), {
        db,
        sequencer,
        contracts,
        nowMs,
        stopProbing,
      })
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
      const readable: StatementDeps['readable'] = async (bytes, terms) => statementLinesIn(bytes, terms)
      return { sequencer, contracts, shell, publicUrl, readable }
    },
    join: async (name, health = { clockOffsetMs: 0, clockErrorMs: 3, spoolFrames: 0, clockBase: null }) => {
      const sender = senders.get(name) ?? { ...senderOf(name, random), health }
      if (!senders.has(name)) {
        senders.set(name, sender)
        await db.begin((tx) => insertAgent(tx, agentRow(name, sender, clock.nowMs())))
        await line.agents.open()
      }
      const known = line.agents.byId(sender.agent.toString('hex'))
      if (!known) throw new Error('an agent that was written is there')
      await assignmentsOf(known, line.assign)
      await line.advance()
    },
    moveTo: async (atMs) => {
      while (clock.nowMs() < atMs) {
        const leftMs = atMs - clock.nowMs()
        clock.advanceUs(Math.min(leftMs, leftMs > NEAR_MS ? LONG_STEP_MS : STEP_MS) * 1_000)
        await line.advance()
      }
    },
    jumpTo: async (atMs) => {
      clock.advanceUs(Math.max(0, atMs - clock.nowMs()) * 1_000)
      await line.advance()
    },
    send: (agent, seen) => sendAll([{ agent, seen }]),
    sendAll,
    goOn,
    told: async () => {
      const rows = await db<Told[]>`select type, data from event where type like ${TYPE_ALL} order by id`
      return [...rows]
    },
    close: async () => {
      await line.sequencer.close()
      await end()
      await database.close()
    },
  }
}

/** `end`: its process dies. The step under way ends, and it makes no other over what the next line has written. */
type Living = { line: Pipeline; end: () => Promise<void> }

function living(deps: PipelineDeps): Living {
  const line = new Pipeline(deps)
  const advance = line.advance.bind(line)
  let isOver = false
  let step: Promise<void> = Promise.resolve()
  line.advance = () => (isOver ? Promise.resolve() : (step = advance()))
  const end = (): Promise<void> => {
    isOver = true
    return step
  }
  return { line, end }
}

type Sender = {
  key: ReturnType<typeof privateKeyOf>
  agent: Buffer
  /** What those of its contracts are made of: each log has a session of its own. */
  seed: Buffer
  sessions: Map<string, Session>
  health: AgentHealth
}
type Session = { session: Buffer; seq: number; prev: Buffer }

function sessionIn({ seed, sessions }: Sender, contract: string): Session {
  const known = sessions.get(contract)
  if (known) return known
  const session = createHash('sha256').update(seed).update(contract).digest().subarray(0, 16)
  const made = { session, seq: 0, prev: Buffer.alloc(32) }
  sessions.set(contract, made)
  return made
}

function agentRow(name: string, { agent, key }: Sender, nowMs: UnixMs): AgentRow {
  return {
    id: agent.toString('hex'),
    name,
    publicKey: rawPublicKey(key),
    enrolledMs: nowMs,
    revokedMs: null,
    version: '0.1.0',
    lastSeenMs: nowMs,
    silentSinceMs: null,
    clockOffsetMs: 0,
    clockErrorMs: 0,
    spoolFrames: 0,
    inHand: [],
  }
}

function senderOf(name: string, random: Random): Omit<Sender, 'health'> {
  const key = privateKeyOf(createHash('sha256').update(name).digest())
  const agent = Buffer.from(agentIdOf(rawPublicKey(key)))
  return { key, agent, seed: random.bytes(16), sessions: new Map() }
}

async function admit(
  { contracts, sequencer }: Pick<Pipeline, 'contracts' | 'sequencer'>,
  sender: Sender,
  { seen, nowMs }: { seen: Seen; nowMs: UnixMs },
): Promise<void> {
  const state = contracts.of(seen.contract)
  const head = sequencer.headOf(seen.contract)
  if (!state?.configuration || !head) throw new Error(`${seen.contract} is applied`)
  const { config } = state.configuration
  const perFrame = Math.max(1, Math.floor(SAMPLES_PER_FRAME / config.checks.length))
  const session = sessionIn(sender, seen.contract)
  const drafts = []
  for (let fromMs = seen.fromMs; fromMs < seen.untilMs; fromMs += perFrame * seen.stepMs) {
    const untilMs = Math.min(seen.untilMs, fromMs + perFrame * seen.stepMs)
    const batch = batchOf({ ...seen, fromMs, untilMs }, { sender, session, config, origin: head.origin })
    if (batch.samples.check.length === 0) continue
    const body = sealBatch(batch, sender.key)
    const digest = createHash('sha256').update(body).digest()
    const { agent, health } = sender
    const toMs = fromMs + Math.floor((untilMs - 1 - fromMs) / seen.stepMs) * seen.stepMs
    const isGood = batch.samples.outcome.every((code) => code === 0)
    const frame = { agent, session: session.session, seq: session.seq, digest, fromMs, toMs, health, isGood }
    drafts.push({ type: 'frame' as const, body, receivedMs: nowMs, frame })
    session.seq += 1
    session.prev = digest
  }
  for (let at = 0; at < drafts.length; at += 500)
    await sequencer.append({ log: head.id, drafts: drafts.slice(at, at + 500) })
}

type Config = Parameters<typeof configDigest>[0]

function batchOf(
  seen: Seen,
  { sender, session, config, origin }: { sender: Sender; session: Session; config: Config; origin: string },
): Batch {
  const baseS = Math.floor(seen.fromMs / 1_000)
  const rows = rowsOf(seen, config)
  const none = rows.map(() => 0)
  const { clockOffsetMs: offsetMs, clockErrorMs: errorMs, spoolFrames } = sender.health
  const { clock, health } = sampleBatch()
  return sampleBatch({
    beacon: null,
    origin,
    configDigest: configDigest(config),
    agent: sender.agent,
    ...session,
    gapCount: 0,
    clock: { ...clock, offsetMs, errorMs },
    schedule: { check: [], firstMs: [], count: [] },
    health: { ...health, spoolFrames },
    baseS,
    samples: {
      check: rows.map(({ check }) => check),
      offsetMs: rows.map(({ atMs }) => atMs - baseS * 1_000),
      outcome: rows.map(({ outcome }) => outcomeCode(outcome)),
      attempt: rows.map(({ attempt }) => attempt),
      latencyUs: rows.map(({ latencyUs }) => latencyUs),
      value: rows.map(({ value }) => value),
      phases: [none, none, none, none, none],
      cause: rows.map(({ cause }) => causeCode(cause)),
    },
  })
}

type Row = {
  check: number
  atMs: UnixMs
  outcome: Outcome
  attempt: number
  latencyUs: number
  value: number
  cause: Cause
}

/** In the order of their instants. */
function rowsOf({ fromMs, untilMs, stepMs, only, ...seen }: Seen, { checks }: Config): Row[] {
  const {
    outcome: outcomeAt,
    latencyUs = () => 20_000,
    cause = () => 'timeout',
    value = () => 0,
    isReprobed,
  } = seen
  const rows: Row[] = []
  for (let atMs = fromMs; atMs < untilMs; atMs += stepMs) {
    for (const [check, { name }] of checks.entries()) {
      const outcome = only === undefined || name === only ? outcomeAt(atMs, name) : null
      if (outcome === null) continue
      const isFailure = outcome === 'fail'
      const row = {
        check,
        atMs,
        outcome,
        attempt: 0,
        latencyUs: latencyUs(atMs, name),
        value: value(atMs, name),
        cause: isFailure ? cause(atMs, name) : ('none' as const),
      }
      rows.push(row)
      if (isReprobed && isFailure && outcomeAt(atMs - stepMs, name) !== 'fail')
        rows.push({ ...row, atMs: atMs + REPROBE_MS, attempt: 1 })
    }
  }
  return rows.toSorted((a, b) => a.atMs - b.atMs)
}
