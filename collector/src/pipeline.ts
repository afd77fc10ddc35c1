/**
 * THE LINE: sample → batch → ledger → timeline → window → verdict → report / alert. Read this first.
 *
 *   receive   frames of the agents → intake (prove, admit) → sequencer (append, one group commit) → ack
 *   commit    every leaf → the state of its contract, before its answer; a first failure → the other vantages probe
 *   advance   what was committed → the steps below, contract by contract
 *
 * Data walks one way, from the ledger on: `advance` is safe to run twice, and to be killed anywhere.
 */
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { ContractState } from '@constat/sla/state/contract-state'
import { nextChangeMs, serviceNames } from '@constat/sla/state/in-force'
import type { EventBus } from './alert/bus.ts'
import type { MessageType } from './alert/types.ts'
import { Scrub } from './audit/scrub.ts'
import { Closer } from './closing/closer.ts'
import { LedgerStates } from './closing/ledger-state.ts'
import type { Callers } from './callers/threads.ts'
import { catchUpAlerting } from './contract/alerting-kept.ts'
import { configure, type AssignDeps } from './contract/assign.ts'
import { Contracts } from './contract/contracts.ts'
import { Restored } from './contract/restored.ts'
import { SecondLooks, type SecondLookDeps } from './contract/second-looks.ts'
import type { PgConfig } from './db/open.ts'
import type { Database } from './db/tx.ts'
import type { Touched } from '@constat/sla/fold/fold'
import { LedgerFold } from './fold/ledger-fold.ts'
import { FrameIntake } from './intake/frame-intake.ts'
import type { Prove } from '@constat/evidence/frame-proof'
import { Agents, type KnownAgent } from './intake/agents.ts'
import { Judge } from './judge/judge.ts'
import { SlotJudge } from './judge/slot-judge.ts'
import { Telling } from './judge/telling.ts'
import { servicesOn, Timelines } from '@constat/sla/fold/timelines'
import type { ReadModel } from './view/reads.ts'
import { Pace } from './pace.ts'
import { Latencies } from './latency/latencies.ts'
import { CHECKPOINT_EVERY_MS, signCheckpoints } from './ledger/checkpoints.ts'
import { Lie } from './ledger/lie.ts'
import { Sequencer, type Committed } from './ledger/sequencer.ts'
import type { PlanDeps } from './read/alert-plan.ts'
import { openModel } from './read/model.ts'
import { SetAside } from './set-aside.ts'
import type { Timestamps } from './witness/timestamps.ts'
import type { Witnesses } from './witness/witnesses.ts'
import type { Shell } from './shell.ts'

/** Time alone changes things too: silences, delays of alerts, ends of windows. */
export const TICK_MS = 1_000
const SAVE_EVERY_MS = 5_000

export type PipelineDeps = {
  db: Database
  shell: Shell
  prove: Prove
  /** Whether the disk has room for more frames. */
  hasRoom: () => boolean
  publicUrl: string
  bus: Pick<EventBus, 'publish'>
  /** What was heard of agents before this process began. */
  heard?: (agents: readonly KnownAgent[]) => void
  /** Where they are read and worked on who send something. */
  callers: Callers
  pgConfig: PgConfig
  /** What agents run has changed: those that are connected are told. */
  configured?: () => Promise<void>
  /** Agents that are connected are asked for a probe. */
  ask?: SecondLookDeps['ask']
  witnesses: Witnesses
  timestamps: Timestamps
  /** What is known of the ways out. */
  alerts?: Pick<PlanDeps, 'canMail' | 'heartbeats'>
  /** SHA-256 of the program that checks bundles, hex; null where there is none to give away. */
  verifier?: () => Promise<string | null>
}

export class Pipeline {
  readonly callers: Callers
  readonly sequencer: Sequencer
  readonly contracts: Contracts
  readonly agents: Agents
  readonly intake: FrameIntake
  readonly fold: LedgerFold
  readonly judge: Judge
  readonly setAside: SetAside
  readonly model: ReadModel
  readonly assign: AssignDeps
  readonly scrub: Scrub
  readonly restored: Restored
  readonly secondLooks: SecondLooks
  readonly #telling: Telling
  readonly #closer: Closer
  readonly #states: LedgerStates
  readonly #slots: SlotJudge
  readonly #deps: PipelineDeps
  readonly #listeners: ((committed: Committed) => void)[] = []
  #committed: Committed[] = []
  #advancing: Promise<void> | null = null
  /** Asked for while a step was under way, which may not have what was asked for. */
  #next: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #ticker: NodeJS.Timeout | null = null
  readonly #pace: Pace
  #savedMs: UnixMs = 0
  #signedMs: UnixMs = 0
  /** contract → the terms and vantages that all of it was judged by, and until when they are in force. */
  readonly #judged = new Map<string, { termsVersion: number; untilMs: UnixMs }>()

  constructor(deps: PipelineDeps) {
    const { db, shell, prove, publicUrl } = deps
    const nowMs = (): UnixMs => shell.clock.nowMs()
    this.#deps = deps
    this.#pace = new Pace(shell.clock.monotonicUs() / 1_000)
    this.callers = deps.callers
    this.sequencer = new Sequencer(db, shell, {
      committed: (committed) => this.#take(committed),
      found: async (heads) => {
        await this.contracts.catchUp(heads, this.sequencer)
        deps.bus.publish()
      },
    })
    const { sequencer } = this
    this.scrub = new Scrub({
      db,
      shell,
      prove,
      sequencer,
      publicUrl,
      lied: (lie) => this.setAside.standing(lie.contract, lie),
    })
    const contracts = (this.contracts = new Contracts(db, () => sequencer.settled()))
    const agents = (this.agents = new Agents(db, shell))
    const { identity } = shell
    this.assign = { contracts, sequencer, identity, nowMs }
    this.restored = new Restored({ ...this.assign, log: shell.log, publicUrl })
    this.secondLooks = new SecondLooks({ contracts, agents, identity, nowMs, ask: deps.ask ?? (() => {}) })
    this.setAside = new SetAside({ nowMs, log: shell.log })
    const fold = (this.fold = new LedgerFold(db, contracts, (log, { index, agent, reason }) => {
      const facts = { contract: contracts.ofLog(log)?.contract ?? '', index, agent, reason }
      shell.log.error('a frame cannot be folded: what it told of is unknown', facts)
    }))
    this.intake = this.#makeFrameIntake()
    const timelines = new Timelines(fold.tracks, (agent) => agents.isAwaited(agent))
    const lied = (lie: Lie): void => sequencer.stop(lie)
    const latencies = new Latencies({
      db,
      contracts,
      fold,
      nowMs,
      lied,
      passed: (id) => this.agents.passed(id),
    })
    const slots = (this.#slots = new SlotJudge({ contracts, latencies, timelines, nowMs, log: shell.log }))
    const states = (this.#states = new LedgerStates({ db, nowMs, contracts, sequencer, fold, latencies }))
    this.judge = new Judge({ db, shell, sequencer, contracts, agents, timelines, publicUrl })
    const { judge } = this
    const told = (): void => deps.bus.publish()
    this.#telling = new Telling({ db, shell, sequencer, contracts, publicUrl, judge, timelines, slots, told })
    this.#closer = new Closer({ db, shell, sequencer, contracts, publicUrl, states })
    const { fold: folded, setAside } = this
    const line = { contracts, agents, sequencer, judge, setAside, timelines, slots, states, latencies }
    this.model = openModel({ ...deps, ...line, nowMs, tracks: folded.tracks, paths: this.#telling.paths })
  }

  #makeFrameIntake(): FrameIntake {
    const { db, prove, hasRoom, shell, publicUrl } = this.#deps
    const { contracts, sequencer } = this
    return new FrameIntake({
      db,
      prove,
      hasRoom,
      shell,
      sequencer,
      configuration: (log, digest) => contracts.configuration(log, digest),
      isMember: (log, agent) => contracts.isMember(log, agent.toString('hex')),
      namesOf: (log, bytes) => {
        const id = bytes.toString('hex')
        const contract = contracts.ofLog(log)?.contract ?? ''
        return { contract, agent: { id, name: contracts.nameOf(log, id) } }
      },
      publicUrl,
      agentName: (id) => this.agents.byId(id)?.name ?? id,
      told: () => this.#deps.bus.publish(),
      allowances: this.agents.allowances,
      passed: (id) => this.agents.passed(id),
    })
  }

  /** Reads the ground state, then folds and judges what came in before this process began. */
  async open(): Promise<void> {
    await this.sequencer.open()
    await this.scrub.open()
    await this.agents.open()
    this.#deps.heard?.(this.agents.enrolled())
    await this.contracts.catchUp(this.sequencer.heads(), this.sequencer)
    await catchUpAlerting(this.contracts.all(), { db: this.#deps.db, nowMs: this.#deps.shell.clock.nowMs() })
    await this.fold.load()
    await this.#closer.open()
    await this.advance()
  }

  start(): void {
    this.scrub.start()
    // A tick asks for nothing that a step under way does not do.
    this.#ticker = setInterval(() => void (this.#advancing ?? this.advance()), TICK_MS)
  }

  /** One step of the line after the ledger. Runs alone; a call during a step is part of the next one. */
  advance(): Promise<void> {
    if (!this.#advancing) return this.#advance()
    this.#next ??= this.#advancing.then(() => {
      this.#next = null
      return this.advance()
    })
    return this.#next
  }

  async #advance(): Promise<void> {
    const { clock } = this.#deps.shell
    const startUs = clock.monotonicUs()
    this.#advancing = this.#step().catch((error: unknown) => {
      for (const { contract } of this.contracts.all()) this.#forgetJudged(contract)
      this.#deps.shell.log.error('a step of the line failed; it will be made again', {
        reason: messageOf(error),
        stack: error instanceof Error ? (error.stack ?? null) : null,
      })
    })
    await this.#advancing
    this.#advancing = null
    const endUs = clock.monotonicUs()
    this.#pace.worked((endUs - startUs) / 1_000, endUs / 1_000)
    if (this.#committed.length > 0) this.#gather()
  }

  /** A receiver has accepted a message of this type, and that is written down. */
  readonly delivered = (type: MessageType): void => {
    if (!type.startsWith('incident.')) return
    this.#telling.accepted()
    this.#gather()
  }

  /** Ends after what is committed is folded, judged and saved. */
  async close(): Promise<void> {
    if (this.#ticker) clearInterval(this.#ticker)
    await this.scrub.close()
    await this.sequencer.close()
    // A step under way does not have what was committed since.
    await this.#advancing
    await this.advance()
    if (this.#timer) clearTimeout(this.#timer)
    await this.#slots.close()
    await this.callers.close()
    await this.fold.save()
    await this.agents.save()
    await signCheckpoints(this.#deps.db, this.#deps.shell, this.sequencer)
  }

  /** Called for everything that is stored from now on. */
  onCommitted(listener: (committed: Committed) => void): void {
    this.#listeners.push(listener)
  }

  #take(committed: Committed): void {
    this.contracts.committed(committed)
    this.secondLooks.committed(committed)
    this.#committed.push(committed)
    if (committed.facts.length > 0) this.#deps.bus.publish()
    for (const listener of this.#listeners) listener(committed)
    this.#gather()
  }

  #gather(): void {
    if (this.#timer || this.#advancing) return
    this.#timer = setTimeout(
      () => {
        this.#timer = null
        void this.advance()
      },
      this.#pace.gatherMs(this.#deps.shell.clock.monotonicUs() / 1_000),
    )
  }

  /** The steps, in order. What fails for one contract is set aside, and the others go on. */
  async #step(): Promise<void> {
    const [touched, committed] = [this.#states.takeCarried(), this.#committed]
    this.#committed = []
    this.#note(committed)
    this.#telling.heard(committed)
    await this.#fold(committed, touched)
    if (await this.judge.silences()) this.#deps.bus.publish()
    if (await this.scrub.tell()) this.#deps.bus.publish()
    this.#closer.begin()
    let isConfigured = false
    for (const { contract } of this.contracts.all()) {
      await this.#alone(contract, async (state) => {
        isConfigured = (await configure(contract, this.assign)) || isConfigured
        await this.#judge(state, touched)
        await this.#telling.advance(state)
        this.#touchClosed(state, touched)
        await this.#closer.advance(state)
      })
    }
    await this.#telling.gather()
    if (isConfigured) await this.#deps.configured?.()
    await this.#keep()
    // Beside the line: it reads back from the ledger, and nothing waits for it.
    this.#slots.advance()
  }

  async #alone(contract: string, step: (state: ContractState) => Promise<void>): Promise<void> {
    const state = this.contracts.of(contract)
    if (!state || this.setAside.isPaused(contract) || this.sequencer.lieIn(state.log)) return
    try {
      await step(state)
      this.setAside.passed(contract)
    } catch (error) {
      this.#failed(contract, error)
    }
  }

  #failed(contract: string, error: unknown): void {
    this.#forgetJudged(contract)
    if (error instanceof Lie) this.sequencer.stop(error)
    this.setAside.failed(contract, error)
  }

  /** What was touched of it may have gone unheard: all of it is judged again. */
  #forgetJudged(contract: string): void {
    this.#judged.delete(contract)
    this.#closer.lookAgain(contract)
  }

  /** Frames into tracks, log by log; whatever was committed without an answer is read back first. */
  async #fold(committed: readonly Committed[], touched: Touched): Promise<void> {
    const byLog = new Map<number, Committed[]>()
    for (const one of committed) byLog.set(one.log, [...(byLog.get(one.log) ?? []), one])
    for (const { id, contract, size } of this.sequencer.heads()) {
      if (this.sequencer.lieIn(id)) continue
      try {
        await this.fold.take(id, byLog.get(id) ?? [], touched)
        await this.fold.catchUp(id, size, touched)
      } catch (error) {
        this.#failed(contract, error)
      }
    }
  }

  /** What frames say of their agents: clock and spool, for people to see. */
  #note(committed: readonly Committed[]): void {
    for (const { drafts } of committed) {
      for (const { frame } of drafts) {
        const agent = frame && this.agents.byId(frame.agent.toString('hex'))
        if (agent) Object.assign(agent, frame.health)
      }
    }
  }

  /** Windows that have closed may come out otherwise where something older has changed. */
  #touchClosed(state: ContractState, { since }: Touched): void {
    const watchedMs = this.#closer.watchedUntilMs(state)
    for (const [check, sinceMs] of since.get(state.log) ?? []) {
      if (sinceMs >= watchedMs) continue
      const services = new Set([...this.judge.attributedBy(state, check), ...servicesOn(state, check)])
      this.#closer.touched(state, { sinceMs, services })
    }
  }

  /** Services of which something moved, those that time alone can change, and all where terms are others. */
  async #judge(state: ContractState, { changed }: Touched): Promise<void> {
    const services = new Set(this.judge.waiting(state))
    for (const check of changed.get(state.log) ?? []) {
      for (const service of servicesOn(state, check)) services.add(service)
      for (const service of this.judge.attributedBy(state, check)) services.add(service)
    }
    const nowMs = this.#deps.shell.clock.nowMs()
    const last = this.#judged.get(state.contract)
    const isWhole = last?.termsVersion !== state.termsVersion || nowMs >= last.untilMs
    if (isWhole) for (const name of serviceNames(state.life)) services.add(name)
    if (services.size > 0) await this.judge.services(state.contract, services)
    if (!isWhole) return
    const untilMs = nextChangeMs(state.life, nowMs)
    this.#judged.set(state.contract, { termsVersion: state.termsVersion, untilMs })
  }

  async #keep(): Promise<void> {
    const { db, shell } = this.#deps
    const nowMs = shell.clock.nowMs()
    if (nowMs - this.#savedMs >= SAVE_EVERY_MS) {
      this.#savedMs = nowMs
      await this.fold.save()
      await this.agents.save()
    }
    if (nowMs - this.#signedMs >= CHECKPOINT_EVERY_MS) {
      this.#signedMs = nowMs
      await signCheckpoints(db, shell, this.sequencer)
    }
  }
}
