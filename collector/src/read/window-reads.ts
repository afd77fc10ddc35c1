/**
 * Windows as they are shown, with their life: what is closed as its leaf has it, version by version; what is
 * not is provisional. Of a window that was ever promised there is an answer, whatever the terms say now.
 */
import { Fault } from '@constat/shared/fault'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { SourceFile } from '@constat/sla/contract/document'
import { readinessOf } from '@constat/sla/readiness'
import { rulesOf } from '@constat/sla/semantics'
import type { ClosedGuarantee, ClosingBody, ClosingHead } from '@constat/sla/state/closing'
import {
  closedWindows,
  closingVersions,
  newestClosing,
  type ContractState,
} from '@constat/sla/state/contract-state'
import { windowGroup, windowGroups, type WindowGroup } from '@constat/sla/state/in-force'
import { LINE_READER, type KeptStatement } from '@constat/sla/state/statement-record'
import { readingTerms } from '../closing/statements.ts'
import { readingView } from '../view/statement.ts'
import { closingBody } from '../closing/closings.ts'
import { earliestCloseMs } from '../closing/due.ts'
import type { LedgerStates } from '../closing/ledger-state.ts'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import type { Callers } from '../callers/threads.ts'
import type { Asker } from '../view/parts.ts'
import {
  precedentOf,
  reconciliationOf,
  replayOf,
  statementView,
  type Reconcile,
  type WindowLooked,
} from '../closing/window-answers.ts'
import { judgedAgain } from '@constat/sla/judgement/window-judgement'
import type { Contracts } from '../contract/contracts.ts'
import type { PgConfig } from '../db/open.ts'
import type { Database } from '../db/tx.ts'
import type { Agents } from '../intake/agents.ts'
import { creditOf, creditsView } from '../judge/credits.ts'
import { sitesAsked, stateFacts } from '@constat/sla/judgement/facts'
import { guaranteeView } from '../judge/guarantee-view.ts'
import { liveJudgement } from '../judge/live.ts'
import type { Losses } from '../judge/losses.ts'
import { readinessFacts } from '../judge/readiness.ts'
import type { SlotJudge } from '../judge/slot-judge.ts'
import type { Timelines } from '@constat/sla/fold/timelines'
import type { GuaranteeView } from '../view/guarantee.ts'
import type { WindowState } from '../view/parts.ts'
import { penaltyOf } from '../contract/penalties.ts'
import type { PenaltyView } from '../view/penalty.ts'
import { penaltyView, penaltyViews } from './penalty-views.ts'
import {
  questionsOf,
  rollingQuestions,
  stateOfWindow,
  type WindowQuestion,
} from '../judge/window-question.ts'
import type {
  ClosedWindowView,
  ClosingView,
  PreviewView,
  ReconciliationView,
  ReplayView,
  StatementView,
  WindowLifeView,
  WindowVersionView,
} from '../view/window.ts'
import type { SetAside } from '../set-aside.ts'
import type { JudgedReads, GroundsOf } from './judged.ts'

/** Windows listed for one contract at most, newest first. */
const MAX_WINDOWS = 400

export type WindowReadsDeps = {
  db: Database
  nowMs: () => UnixMs
  contracts: Contracts
  agents: Agents
  timelines: Timelines
  slots: Pick<SlotJudge, 'ask' | 'last'>
  losses: Losses
  judged: JudgedReads
  states: Pick<LedgerStates, 'now'>
  setAside: SetAside
  grounds: GroundsOf
  callers: Pick<Callers, 'run'>
  pgConfig: PgConfig
}

export class WindowReads {
  readonly #deps: WindowReadsDeps

  constructor(deps: WindowReadsDeps) {
    this.#deps = deps
  }

  /** Keys of the windows that have begun, newest first; also of what was promised once. */
  windowKeys(contract: string): string[] {
    const state = this.#deps.contracts.of(contract)
    if (!state) return []
    const groups = windowGroups(state.life, this.#deps.nowMs()).toSorted((a, b) => b.startMs - a.startMs)
    return groups.slice(0, MAX_WINDOWS).map(({ key }) => key)
  }

  /** Fault `unavailable` where the contract cannot be judged. */
  async window(contract: string, key: string, version?: number): Promise<WindowLifeView | null> {
    const state = this.#deps.contracts.of(contract)
    return state && this.#deps.setAside.whole(contract, () => this.#window(state, key, version))
  }

  async #window(state: ContractState, key: string, version?: number): Promise<WindowLifeView | null> {
    const head = headOf(state, key, version)
    if (head) return this.#closed(state, head)
    if (version !== undefined) return null
    const nowMs = this.#deps.nowMs()
    const rolling = rollingQuestions(state, key, nowMs)
    if (rolling.length > 0) return this.#rolling(state, rolling)
    const group = windowGroup(state.life, key, nowMs)
    return group && this.#live(state, group, nowMs)
  }

  /** The whole closing of one version. */
  async closing(contract: string, key: string, version?: number): Promise<ClosingView | null> {
    const state = this.#deps.contracts.of(contract)
    const head = state && headOf(state, key, version)
    if (!head) return null
    const { trace, results, asOfMs } = await closingBody(this.#deps.db, head)
    return { ...versionView(head), contract, window: key, asOf: formatInstant(asOfMs), trace, results }
  }

  closedWindows(contract: string): ClosedWindowView[] {
    const state = this.#deps.contracts.of(contract)
    return (state ? closedWindows(state) : []).toReversed().map((head) => ({
      ...versionView(head),
      window: head.window,
      start: formatInstant(head.startMs),
      end: formatInstant(head.endMs),
    }))
  }

  async penalties(contract: string): Promise<PenaltyView[]> {
    const { db, contracts, nowMs } = this.#deps
    const state = contracts.of(contract)
    return state ? penaltyViews(db, state, nowMs()) : []
  }

  async penalty(contract: string, key: string): Promise<PenaltyView | null> {
    const { db, contracts, nowMs } = this.#deps
    const state = contracts.of(contract)
    return state && penaltyView(db, state, { key, nowMs: nowMs() })
  }

  statements(contract: string): StatementView[] {
    return (this.#deps.contracts.of(contract)?.statements ?? []).map(statementView).toReversed()
  }

  async reconciliation(contract: string, id: string, by: Asker): Promise<ReconciliationView | null> {
    const kept = this.#deps.contracts.of(contract)?.statements.find((one) => one.id === id)
    const looked = kept && this.#looked(contract, kept.window)
    if (!kept || !looked) return null
    const bytes = await looked.level.bytesOf(kept)
    return this.#held(bytes, { kept, looked }, by)
  }

  async reconcile(
    contract: string,
    key: string,
    bytes: Buffer,
    by: Asker,
  ): Promise<ReconciliationView | null> {
    const looked = this.#looked(contract, key)
    return looked && this.#held(bytes, { kept: null, looked }, by)
  }

  /** One that is not handed in is read as it would be. */
  async #held(
    bytes: Buffer,
    { kept, looked }: { kept: KeptStatement | null; looked: WindowLooked & { level: LedgerState } },
    by: Asker,
  ): Promise<ReconciliationView> {
    const { callers } = this.#deps
    const reader = kept ? kept.reader : LINE_READER
    const { startMs, endMs, promised } = looked.group
    const terms = promised[0]?.revision.terms
    const window = { startMs, endMs }
    const lines =
      terms && (await callers.run('statement', { bytes, terms: { ...readingTerms(terms), window } }, by))
    const reconcile: Reconcile = (guarantees) =>
      callers.run('reconciliation', { bytes, reader, guarantees }, by)
    const found = await reconciliationOf(looked.level, { kept, looked }, reconcile)
    const reading = lines ? readingView(lines) : null
    // Nothing is agreed while a line could not be read or placed.
    const isUnsure = reading !== null && reading.isList && !reading.saysWhatIsAbsent
    const guarantees = found.guarantees.map((one) => ({ ...one, agrees: one.agrees && !isUnsure }))
    return { ...found, guarantees, reading }
  }

  async replay(contract: string, key: string, policy?: string): Promise<ReplayView | null> {
    const looked = this.#looked(contract, key)
    return looked && replayOf(looked.level, looked, policy)
  }

  async preview(contract: string, source: readonly SourceFile[], by: Asker): Promise<PreviewView | null> {
    const { contracts, callers, pgConfig, nowMs } = this.#deps
    const state = contracts.of(contract)
    const closing = state && closedWindows(state).at(-1)
    if (!state || !closing) return null
    const log = { id: state.log, contract }
    const precedent = precedentOf(state.life)
    return callers.run('preview', { contract, source, pgConfig, log, nowMs: nowMs(), closing, precedent }, by)
  }

  async #live(state: ContractState, group: WindowGroup, nowMs: UnixMs): Promise<WindowLifeView> {
    const { judged, losses, slots } = this.#deps
    const asked = questionsOf(state, group, nowMs)
    for (const one of asked) await slots.ask(one)
    const { guarantees, live, credit } = judged.judged(state, asked)
    const first = firstOf(asked)
    return {
      key: group.key,
      start: formatInstant(group.startMs),
      end: formatInstant(group.endMs),
      state: stateOfWindow(first.window, nowMs),
      guarantees,
      credits: creditsView(credit(live), first, null),
      losses: await losses.of(state, live),
      version: null,
      provisional: true,
      closesAt: formatInstant(earliestCloseMs(group)),
      amendableUntil: null,
      versions: [],
    }
  }

  /** Never at its end, so never final, and nothing is credited by it. */
  #rolling(state: ContractState, asked: readonly WindowQuestion[]): WindowLifeView {
    const { key, startMs, endMs } = firstOf(asked).window
    const guarantees = this.#deps.judged.judged(state, asked).guarantees.map((one) => ({
      ...one,
      state: 'open' as const,
      credit: null,
    }))
    return {
      key,
      start: formatInstant(startMs),
      end: formatInstant(endMs),
      state: 'open',
      guarantees,
      credits: null,
      losses: [],
      version: null,
      provisional: true,
      closesAt: null,
      amendableUntil: null,
      versions: [],
    }
  }

  #looked(contract: string, key: string): (WindowLooked & { level: LedgerState }) | null {
    const { nowMs, states } = this.#deps
    const level = states.now(contract)
    const group = level && windowGroup(level.state.life, key, nowMs())
    if (!group) return null
    return { level, group, closing: newestClosing(level.state, key), nowMs: nowMs() }
  }

  async #closed(state: ContractState, head: ClosingHead): Promise<WindowLifeView | null> {
    const { db, losses, timelines, slots, nowMs } = this.#deps
    const body = await closingBody(db, head)
    const group = windowGroup(state.life, head.window, head.asOfMs)
    if (!group) {
      throw new Fault('evidence', `the terms promise nothing in window ${head.window}, which was closed`, {
        hint: 'Do not delete anything: run `constat rebuild`, which checks every closing.',
      })
    }
    const asked = questionsOf(state, group, nowMs())
    const live = asked.map((one) => liveJudgement(one, { timelines, slots }))
    const stage = head.version === 1 ? 'final' : 'amended'
    return {
      key: head.window,
      start: formatInstant(head.startMs),
      end: formatInstant(head.endMs),
      state: stage,
      guarantees: this.#closedViews(state, { body, asked, stage }),
      credits: creditsView(body.results.credit, firstOf(asked), penaltyOf(state, head.window, nowMs())),
      losses: await losses.of(state, live),
      version: head.version,
      provisional: false,
      closesAt: null,
      amendableUntil: formatInstant(head.amendableUntilMs),
      versions: closingVersions(state, head.window).map(versionView),
    }
  }

  #closedViews(
    state: ContractState,
    given: { body: ClosingBody; asked: readonly WindowQuestion[]; stage: WindowState },
  ): GuaranteeView[] {
    const { body, asked, stage } = given
    // Measures of a version that has no rules here are of another shape: its verdicts stand with its versions.
    if (!rulesOf(body.semantics)) return []
    return body.results.guarantees.flatMap((closed) => {
      const own = asked.find(({ guarantee }) => guarantee.id === closed.result.guarantee)
      if (!own) return []
      const view = this.#closedView(state, own, closed)
      return [{ ...view, state: stage, credit: creditOf(body.results.credit, closed.result.guarantee) }]
    })
  }

  #closedView(state: ContractState, asked: WindowQuestion, closed: ClosedGuarantee): GuaranteeView {
    const { timelines, agents, grounds } = this.#deps
    return guaranteeView({
      asked,
      judged: judgedAgain(asked, closed),
      facts: stateFacts({ ...asked, asOfMs: asked.nowMs }, timelines),
      sites: sitesAsked(asked, timelines),
      timelines,
      readiness: readinessOf(readinessFacts(state, agents.enrolled(), grounds(state), [asked.revision])),
      counted: null,
    })
  }
}

function headOf(state: ContractState, key: string, version: number | undefined): ClosingHead | null {
  if (version === undefined) return newestClosing(state, key)
  return closingVersions(state, key).find((one) => one.version === version) ?? null
}

function firstOf(asked: readonly WindowQuestion[]): WindowQuestion {
  const [first] = asked
  if (!first) throw new Error('a window has a guarantee')
  return first
}

function versionView(head: ClosingHead): WindowVersionView {
  const { version, atMs, digest, previous, semantics, revision, contractDigest, ledger, leaf } = head
  return {
    version,
    at: formatInstant(atMs),
    digest,
    previous,
    semantics,
    revision,
    contractDigest,
    ledger: { ...ledger, leaf },
    guarantees: head.guarantees.map(({ guarantee, verdict, credit }) => ({ guarantee, verdict, credit })),
    credit: head.credit,
  }
}
