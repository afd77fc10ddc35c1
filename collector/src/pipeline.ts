/**
 * THE LINE: sample → batch → ledger → timeline → window → verdict → report / alert. Read this first.
 *
 *   receive   frames of the agents → desk (prove, admit) → sequencer (append, one group commit) → ack
 *   advance   what was committed → fold (tracks) → judge (incidents, what is told) → readers
 *
 * Data walks one way. Only the ledger is ground: `advance` is safe to run twice and to be killed
 * anywhere, because every stage begins from what the one before has stored.
 */
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { exclusionFact } from './alert/facts.ts'
import { tell } from './db/events.ts'
import type { Database, Tx } from './db/tx.ts'
import { Closer } from './closing/closer.ts'
import { Closings } from './closing/closings.ts'
import { LiveState } from './closing/live-state.ts'
import type { KeptStatement } from './closing/statement.ts'
import { keepStatement, Statements, type StatementWanted } from './closing/statements.ts'
import { WindowModel } from './closing/window-model.ts'
import { Fold, type Touched } from './fold/fold.ts'
import { Desk } from './intake/desk.ts'
import type { Prove } from './intake/proof.ts'
import { Registry } from './intake/registry.ts'
import { Judge } from './judge/judge.ts'
import { LatencyWatch } from './judge/latency-watch.ts'
import type { FactSources } from './judge/facts.ts'
import { liveJudgement } from './judge/live.ts'
import { Losses } from './judge/losses.ts'
import { Objectives } from './judge/objectives.ts'
import { servicesOf, Timelines } from './judge/timelines.ts'
import { Latencies } from './latency/latencies.ts'
import { CHECKPOINT_EVERY_MS, signCheckpoints } from './ledger/checkpoints.ts'
import type { Draft } from './ledger/leaf.ts'
import { Sequencer, type Committed } from './ledger/sequencer.ts'
import type { Shell } from './shell.ts'
import {
  answerLeaf,
  declarationLeaf,
  spokenOf,
  type DeclaredExclusion,
  type ExclusionAnswer,
} from './terms/declarations.ts'
import { newest, Register, type Terms } from './terms/register.ts'

/** What is committed within this is folded together. */
export const GATHER_MS = 50
/** Under load the line gathers for longer, so that it leaves most of the time to the intake. */
const GATHER_FACTOR = 4
const MAX_GATHER_MS = 1_000
/** Time alone changes things too: silences, delays of alerts, ends of windows. */
export const TICK_MS = 1_000
const SAVE_EVERY_MS = 5_000

export type PipelineDeps = {
  db: Database
  shell: Shell
  prove: Prove
  publicUrl: string
  told: () => void
  heard?: (frame: Buffer) => void
}

export class Pipeline {
  readonly sequencer: Sequencer
  readonly register = new Register()
  readonly registry: Registry
  readonly desk: Desk
  readonly fold: Fold
  readonly timelines: Timelines
  readonly judge: Judge
  readonly model: WindowModel
  readonly closings = new Closings()
  readonly statements = new Statements()
  readonly closer: Closer
  readonly #state: LiveState
  readonly #latencyWatch: LatencyWatch
  readonly #objectives: Objectives
  readonly #deps: PipelineDeps
  #committed: Committed[] = []
  #advancing: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #ticker: NodeJS.Timeout | null = null
  #gatherMs = GATHER_MS
  #savedMs: UnixMs = 0
  #signedMs: UnixMs = 0
  /** Contracts to judge as a whole: their terms or their vantages changed, or a step failed. */
  readonly #whole = new Set<string>()
  readonly #losses: Losses

  constructor(deps: PipelineDeps) {
    const { db, shell, publicUrl, told } = deps
    const { register } = this
    const nowMs = (): UnixMs => shell.clock.nowMs()
    this.#deps = deps
    this.sequencer = new Sequencer(db, shell, (committed) => this.#gather(committed))
    this.registry = new Registry(db, shell)
    const nameOf = (agent: string): string => register.nameOf(agent)
    this.fold = new Fold(db, register)
    const { sequencer, registry } = this
    // What a silent host has not sent is missing; what any other has not sent is on its way.
    const isAwaited = (agent: string): boolean => {
      const known = this.registry.byId(agent)
      return known !== null && known.revokedMs === null && known.silentSinceMs === null
    }
    const timelines = (this.timelines = new Timelines(this.fold.tracks, { nameOf, isAwaited }))
    this.desk = this.#makeDesk()
    this.judge = new Judge({ db, shell, sequencer, register, registry, timelines, publicUrl, told })
    const latencies = new Latencies({ db, register, fold: this.fold, nowMs })
    const incidents = (contract: string) => this.judge.incidents(contract)
    const { fold, closings, statements } = this
    const shared = { db, nowMs, nameOf, sequencer, latencies, incidents, closings, statements }
    this.#state = new LiveState({ ...shared, fold })
    this.closer = this.#makeCloser()
    const facts = { timelines, nameOf, incidents }
    this.#latencyWatch = new LatencyWatch({
      register,
      latencies,
      facts,
      nowMs,
      log: shell.log,
      changed: (contract) => this.model.forget(contract),
    })
    this.#objectives = this.#makeObjectives(facts)
    this.#losses = new Losses(db, timelines)
    this.model = new WindowModel({
      nowMs,
      register,
      registry,
      timelines,
      tracks: this.fold.tracks,
      judge: this.judge,
      sequencer,
      latencies,
      latencyWatch: this.#latencyWatch,
      facts,
      losses: this.#losses,
      closedOf: (contract, key) => this.closings.newest(contract, key)?.guarantees ?? null,
      db,
      closings: this.closings,
      statements: this.statements,
      state: this.#state,
    })
  }

  #makeDesk(): Desk {
    const { db, prove, shell } = this.#deps
    const { register, sequencer } = this
    return new Desk({
      db,
      prove,
      shell,
      sequencer,
      checkIntervals: (log, digest) => register.checkIntervalsMs(log, digest),
      isMember: (log, agent) => register.isMember(log, agent.toString('hex')),
    })
  }

  #makeObjectives(facts: FactSources): Objectives {
    const { sequencer, register } = this
    const { shell, publicUrl, told } = this.#deps
    return new Objectives({
      sequencer,
      register,
      nowMs: () => shell.clock.nowMs(),
      judge: (asked) => liveJudgement(asked, { facts, watch: this.#latencyWatch }),
      isDown: (contract, service) =>
        this.judge.incidents(contract).some((one) => one.service === service && one.closedMs === null),
      publicUrl,
      told,
    })
  }

  /** Reads the ground state, then folds and judges what came in before this process began. */
  async open(): Promise<void> {
    const { db } = this.#deps
    await this.sequencer.open()
    await this.registry.open()
    await this.register.open(db, this.sequencer.heads())
    await this.fold.load()
    await this.judge.open()
    await this.statements.open(db, this.sequencer.heads())
    await this.closer.open()
    for (const { contract } of this.register.all()) this.#whole.add(contract)
    await this.advance()
  }

  start(): void {
    this.#ticker = setInterval(() => void this.advance(), TICK_MS)
  }

  /** Terms or vantages of a contract changed: everything of it is judged again. */
  changed(contract: string): void {
    this.timelines.forgetContract(contract)
    this.#losses.forget(contract)
    this.model.forget(contract)
    this.closer.changed(contract)
    this.#whole.add(contract)
  }

  /** Somebody says that some time should not count: a leaf, and whoever listens is told, or neither. */
  async declare(terms: Terms, declared: DeclaredExclusion): Promise<void> {
    const { publicUrl, told } = this.#deps
    const news = { contract: terms.contract, exclusion: spokenOf(declared), publicUrl }
    await this.#declared(terms, declarationLeaf(declared), async (tx) => {
      await tell(tx, exclusionFact({ ...news, atMs: declared.declaredMs }))
    })
    told()
  }

  /** What the other side says of it. */
  async answer(terms: Terms, answer: ExclusionAnswer): Promise<void> {
    await this.#declared(terms, answerLeaf(answer), () => Promise.resolve())
  }

  async #declared(terms: Terms, draft: Draft, within: (tx: Tx) => Promise<void>): Promise<void> {
    const { firstIndex } = await this.sequencer.append({ log: terms.log, drafts: [draft], within })
    const { type, body, receivedMs } = draft
    this.register.take(terms.log, { type, index: firstIndex, receivedMs, body, agent: null })
    this.model.forget(terms.contract)
    this.closer.changed(terms.contract)
    this.#latencyWatch.forget(terms.contract)
  }

  /** Takes what the provider says of a window, as it came. Fault `bad-request` where it cannot be read. */
  async keepStatement(wanted: StatementWanted): Promise<KeptStatement> {
    const { db, shell } = this.#deps
    const { sequencer, register, statements } = this
    const kept = await keepStatement(wanted, { db, shell, sequencer, register, statements })
    this.changed(kept.contract)
    return kept
  }

  /** One step of the line after the ledger. Runs alone; a call during a step is part of the next one. */
  async advance(): Promise<void> {
    if (this.#advancing) return this.#advancing
    const { clock } = this.#deps.shell
    const startUs = clock.monotonicUs()
    this.#advancing = this.#step().catch((error: unknown) => {
      this.#deps.shell.log.error('a step of the line failed; it will be made again', {
        reason: messageOf(error),
      })
      for (const { contract } of this.register.all()) this.changed(contract)
    })
    await this.#advancing
    this.#advancing = null
    const tookMs = (clock.monotonicUs() - startUs) / 1_000
    this.#gatherMs = Math.min(MAX_GATHER_MS, Math.max(GATHER_MS, GATHER_FACTOR * tookMs))
    if (this.#committed.length > 0) this.#gather()
  }

  /** Ends after what is committed is folded, judged and saved. */
  async close(): Promise<void> {
    if (this.#ticker) clearInterval(this.#ticker)
    if (this.#timer) clearTimeout(this.#timer)
    await this.sequencer.close()
    await this.advance()
    await this.#latencyWatch.close()
    await this.fold.save()
    await this.registry.save()
    await signCheckpoints(this.#deps.db, this.#deps.shell, this.sequencer)
  }

  #makeCloser(): Closer {
    const { db, shell, publicUrl, told } = this.#deps
    return new Closer({
      db,
      shell,
      sequencer: this.sequencer,
      register: this.register,
      closings: this.closings,
      incidents: (contract) => this.judge.incidents(contract),
      publicUrl,
      state: this.#state,
      told,
      changed: (contract) => this.model.forget(contract),
    })
  }

  #gather(committed?: Committed): void {
    if (committed) this.#committed.push(committed)
    if (this.#timer || this.#advancing) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.advance()
    }, this.#gatherMs)
  }

  async #step(): Promise<void> {
    const touched = this.#state.takeCarried()
    const committed = this.#committed
    this.#committed = []
    this.#hear(committed)
    await this.fold.take(committed, touched)
    for (const { id, size } of this.sequencer.heads()) await this.fold.catchUp(id, size, touched)
    for (const terms of this.register.all()) {
      this.#forget(terms, touched.extended.get(terms.log))
      await this.#judge(terms, touched.changed.get(terms.log))
      this.#tellCloser(terms, touched)
    }
    await this.judge.silences()
    await this.#objectives.advance()
    await this.closer.advance()
    await this.#keep()
    // Beside the line: it reads back from the ledger, and nothing waits for it.
    this.#latencyWatch.advance()
  }

  /** What frames say of their agents: clock and spool, for people to see. */
  #hear(committed: readonly Committed[]): void {
    for (const { drafts } of committed) {
      for (const { frame, body } of drafts) {
        if (frame) this.#deps.heard?.(body)
        const agent = frame && this.registry.byId(frame.agent.toString('hex'))
        if (!agent) continue
        agent.clockOffsetMs = frame.batch.clock.offsetMs
        agent.clockErrorMs = frame.batch.clock.errorMs
        agent.spoolFrames = frame.batch.health.spoolFrames
      }
    }
  }

  /** What readers were shown of these checks is no longer the newest. */
  #forget(terms: Terms, checks: ReadonlySet<string> | undefined): void {
    const contract = newest(terms).terms
    for (const check of checks ?? []) {
      for (const service of servicesOf(contract, check)) this.timelines.forget(terms.contract, service)
    }
  }

  /** Windows that have closed may come out otherwise where something older has changed. */
  #tellCloser(terms: Terms, { since }: Touched): void {
    const watchedMs = this.closer.watchedUntilMs(terms.contract)
    for (const [check, sinceMs] of since.get(terms.log) ?? []) {
      if (sinceMs >= watchedMs) continue
      const services = new Set(this.judge.attributedBy(terms, check))
      for (const { terms: contract } of terms.revisions) {
        for (const service of servicesOf(contract, check)) services.add(service)
      }
      this.closer.touched(terms.contract, { sinceMs, services })
    }
  }

  async #judge(terms: Terms, checks: ReadonlySet<string> | undefined): Promise<void> {
    const contract = newest(terms).terms
    const services = new Set(this.judge.waiting(terms))
    for (const check of checks ?? []) {
      for (const service of servicesOf(contract, check)) services.add(service)
      for (const service of this.judge.attributedBy(terms, check)) services.add(service)
    }
    const isWhole = this.#whole.delete(terms.contract)
    if (isWhole) for (const { name } of contract.services) services.add(name)
    if (services.size === 0) return
    try {
      await this.judge.services(terms, services)
    } catch (error) {
      this.changed(terms.contract)
      throw error
    }
    this.model.forget(terms.contract)
  }

  async #keep(): Promise<void> {
    const { db, shell } = this.#deps
    const nowMs = shell.clock.nowMs()
    if (nowMs - this.#savedMs >= SAVE_EVERY_MS) {
      this.#savedMs = nowMs
      await this.fold.save()
      await this.registry.save()
    }
    if (nowMs - this.#signedMs >= CHECKPOINT_EVERY_MS) {
      this.#signedMs = nowMs
      await signCheckpoints(db, shell, this.sequencer)
    }
  }
}
