/**
 * Window model: the read model with the life of windows in it. What is closed is shown as its leaf has it,
 * version by version; what is not is provisional.
 */
import { formatInstant, type UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { readinessOf } from '@constat/sla/readiness'
import type { Database } from '../db/tx.ts'
import { creditOf, creditsView } from '../judge/credits.ts'
import { sitesAsked, stateFacts } from '../judge/facts.ts'
import { guaranteeView } from '../judge/guarantee-view.ts'
import { liveJudgement } from '../judge/live.ts'
import { Model, type ModelDeps } from '../judge/model.ts'
import { readinessFacts } from '../judge/readiness.ts'
import type { GuaranteeView, ReadModel, WindowState } from '../judge/view.ts'
import type {
  ClosedWindowView,
  ClosingView,
  PreviewView,
  ReconciliationView,
  ReplayView,
  StatementView,
  WindowLifeView,
  WindowVersionView,
} from '../judge/window-view.ts'
import type { Measurable } from '../judge/windows.ts'
import { foldRules, rulesOf, type Terms } from '../terms/register.ts'
import { rulesText } from '../fold/track.ts'
import type { ClosedGuarantee, ClosingBody } from './body.ts'
import { closingBody, type ClosingHead, type Closings } from './closings.ts'
import { earliestCloseMs } from './due.ts'
import type { LedgerState } from './ledger-state.ts'
import type { LiveState } from './live-state.ts'
import { windowGroup, type Promised, type WindowGroup } from './promised.ts'
import { requireReadable, type Statements } from './statements.ts'
import { previewOf, reconciliationOf, replayOf, statementView, type WindowLooked } from './window-answers.ts'
import { judgedAgain } from './window-judgement.ts'

export type WindowModelDeps = ModelDeps & {
  db: Database
  closings: Closings
  statements: Statements
  state: Pick<LiveState, 'now' | 'under'>
}

export class WindowModel extends Model implements ReadModel {
  readonly #own: WindowModelDeps

  constructor(deps: WindowModelDeps) {
    super(deps)
    this.#own = deps
  }

  override windowKeys(contract: string): string[] {
    const live = super.windowKeys(contract)
    // Of what an earlier revision promised too.
    const closed = this.#own.closings.closed(contract).toReversed()
    return [...live, ...closed.map(({ window }) => window).filter((key) => !live.includes(key))]
  }

  override async window(contract: string, key: string, version?: number): Promise<WindowLifeView | null> {
    const terms = this.#own.register.of(contract)
    const head = this.#head(contract, key, version)
    if (!terms || (version !== undefined && !head)) return null
    if (head) return this.#closed(terms, head)
    const live = await super.window(contract, key)
    if (!live) return null
    const group = windowGroup(terms, key, this.#own.nowMs())
    return {
      ...live,
      version: null,
      provisional: true,
      closesAt: group && formatInstant(earliestCloseMs(group)),
      amendableUntil: null,
      versions: [],
    }
  }

  async closing(contract: string, key: string, version?: number): Promise<ClosingView | null> {
    const head = this.#head(contract, key, version)
    if (!head) return null
    const { trace, results, asOfMs } = await closingBody(this.#own.db, head)
    return { ...versionView(head), contract, window: key, asOf: formatInstant(asOfMs), trace, results }
  }

  closedWindows(contract: string): ClosedWindowView[] {
    const closed = this.#own.closings.closed(contract).toReversed()
    return closed.map((head) => ({
      ...versionView(head),
      window: head.window,
      start: formatInstant(head.startMs),
      end: formatInstant(head.endMs),
    }))
  }

  statements(contract: string): StatementView[] {
    return this.#own.statements.of(contract).map(statementView).toReversed()
  }

  async reconciliation(contract: string, id: string): Promise<ReconciliationView | null> {
    const kept = this.#own.statements.of(contract).find((one) => one.id === id)
    const looked = kept && this.#looked(contract, kept.window)
    if (!kept || !looked) return null
    return reconciliationOf(looked.state, { kept, bytes: await looked.state.bytesOf(kept) }, looked)
  }

  async reconcile(contract: string, key: string, bytes: Buffer): Promise<ReconciliationView | null> {
    const looked = this.#looked(contract, key)
    if (looked) requireReadable(bytes, looked.group)
    return looked && reconciliationOf(looked.state, { kept: null, bytes }, looked)
  }

  async replay(contract: string, key: string, policy?: string): Promise<ReplayView | null> {
    const looked = this.#looked(contract, key)
    return looked && replayOf(looked.state, looked, policy)
  }

  async preview(contract: string, proposed: ExpandedContract): Promise<PreviewView | null> {
    const terms = this.#own.register.of(contract)
    const closing = this.#own.closings.closed(contract).at(-1)
    if (!terms || !closing) return null
    const state = isFoldedBy(terms, proposed)
      ? this.#own.state.now(terms)
      : await this.#own.state.under(terms, proposed)
    return state && previewOf(state, { closing, terms: proposed })
  }

  #head(contract: string, key: string, version: number | undefined): ClosingHead | null {
    const versions = this.#own.closings.versions(contract, key)
    if (version === undefined) return versions.at(-1) ?? null
    return versions.find((one) => one.version === version) ?? null
  }

  #looked(contract: string, key: string): (WindowLooked & { state: LedgerState }) | null {
    const terms = this.#own.register.of(contract)
    const nowMs = this.#own.nowMs()
    const group = terms && windowGroup(terms, key, nowMs)
    const state = terms && this.#own.state.now(terms)
    if (!group || !state) return null
    return { state, group, closing: this.#own.closings.newest(contract, key), nowMs }
  }

  async #closed(terms: Terms, head: ClosingHead): Promise<WindowLifeView | null> {
    const { db, closings, losses, facts, latencyWatch: watch } = this.#own
    const body = await closingBody(db, head)
    const nowMs = this.#own.nowMs()
    const group = windowGroup(terms, head.window, head.asOfMs)
    if (!group) return null
    const asked = group.promised.map((promised): Measurable => ({ terms, ...promised, nowMs }))
    const first = asked[0]
    const live = asked.map((one) => liveJudgement(one, { facts, watch }))
    const state = head.version === 1 ? 'final' : 'amended'
    return {
      key: head.window,
      start: formatInstant(head.startMs),
      end: formatInstant(head.endMs),
      state,
      guarantees: this.#closedViews(terms, { body, group, state, nowMs }),
      credits: first ? creditsView(body.results.credit, first) : null,
      losses: await losses.of(terms, live),
      version: head.version,
      provisional: false,
      closesAt: null,
      amendableUntil: formatInstant(head.amendableUntilMs),
      versions: closings.versions(head.contract, head.window).map(versionView),
    }
  }

  #closedViews(
    terms: Terms,
    given: { body: ClosingBody; group: WindowGroup; state: WindowState; nowMs: UnixMs },
  ): GuaranteeView[] {
    const { body, group, state, nowMs } = given
    return body.results.guarantees.flatMap((closed) => {
      const promised = group.promised.find(({ guarantee }) => guarantee.id === closed.result.guarantee)
      if (!promised) return []
      const view = this.#closedView(terms, { promised, closed, nowMs })
      return [{ ...view, state, credit: creditOf(body.results.credit, closed.result.guarantee) }]
    })
  }

  #closedView(
    terms: Terms,
    { promised, closed, nowMs }: { promised: Promised; closed: ClosedGuarantee; nowMs: UnixMs },
  ): GuaranteeView {
    const { facts: sources, registry } = this.#own
    const asked = { terms, ...promised, nowMs }
    return guaranteeView({
      asked,
      judged: judgedAgain({ terms }, promised, closed),
      facts: stateFacts({ ...asked, asOfMs: nowMs }, sources),
      sites: sitesAsked(asked, sources),
      readiness: readinessOf(readinessFacts(terms, registry.agents())),
      counted: null,
    })
  }
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

/** Whether every check is folded already by the rules that these terms have for it. */
function isFoldedBy(terms: Terms, proposed: ExpandedContract): boolean {
  return proposed.checks.every((check) => {
    const wanted = rulesText(foldRules(check, proposed))
    return rulesOf(terms, check.name).some(({ rules }) => rulesText(rules) === wanted)
  })
}
