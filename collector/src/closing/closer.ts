/**
 * Closer: windows that have ended become final, and are amended while the contract lets them. Every version
 * is a leaf, and its event is written in the transaction of the leaf: a crash leaves both or neither. Safe to run twice; what is due is read from the leaves alone.
 */
import { invariant, messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { rulesOf, SEMANTICS_VERSION } from '@constat/sla/semantics'
import { jsonOf, resultDigest, type ClosingBody, type ClosingHead } from '@constat/sla/state/closing'
import {
  closedWindows,
  incidentsIn,
  newestClosing,
  type ContractState,
} from '@constat/sla/state/contract-state'
import { windowGroup, windowGroups, type WindowGroup } from '@constat/sla/state/in-force'
import type { Contracts } from '../contract/contracts.ts'
import { firstLeafSince } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { jsonDraft } from '../ledger/body.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import { closingBody } from './closings.ts'
import { amendableUntilMs, earliestCloseMs, isDecided } from './due.ts'
import type { LedgerStates } from './ledger-state.ts'
import type { LedgerState } from '@constat/sla/judgement/ledger-state'
import { windowFact } from './window-fact.ts'
import { judgeWindow, keptOf, NOTHING_KEPT, type Kept } from '@constat/sla/judgement/window-judgement'

const DAY_MS = 86_400_000
/** Versions of one window are this far apart at least. */
export const AMEND_EVERY_MS = DAY_MS
/** A pause of the line longer than this is an absence: agents have sent nothing meanwhile. */
export const ABSENCE_MS = 10 * 60_000
/** After an absence agents are given this long to send what they kept. */
export const RETURN_MS = 5 * 60_000
/** Windows judged in one step: the line waits while the samples of a window are read. */
export const MAX_JUDGED = 1
/** What waits for an incident is looked at this often. */
const LOOK_EVERY_MS = 60_000
/** A window that cannot be judged is tried again after this. */
const RETRY_MS = 10 * 60_000

export type CloserDeps = {
  db: Database
  shell: Shell
  sequencer: Sequencer
  contracts: Contracts
  publicUrl: string
  states: Pick<LedgerStates, 'level' | 'at'>
}

/** Services of which something has changed; `all` where nobody knows which. */
type Changed = 'all' | ReadonlySet<string>

/** What of a contract decides its windows beside the samples: other windows are due where it is another. */
type Decisive = Pick<ContractState, 'life' | 'members' | 'exclusions' | 'statements'>

export class Closer {
  readonly #deps: CloserDeps
  /** contract → window → what to judge again. */
  readonly #pending = new Map<string, Map<string, Changed>>()
  /** contract → when something falls due. */
  readonly #dueMs = new Map<string, UnixMs>()
  /** contract → what its windows were last looked at by. */
  readonly #seen = new Map<string, Decisive>()
  /** `contract/window` → when one that could not be judged is tried again. */
  readonly #retryMs = new Map<string, UnixMs>()
  #ranMs: UnixMs = -Infinity
  #returnMs: UnixMs = -Infinity
  #left = 0

  constructor(deps: CloserDeps) {
    this.#deps = deps
  }

  /** Whatever may still change is looked at once: it may have while nobody ran. */
  async open(): Promise<void> {
    for (const state of this.#deps.contracts.all()) {
      for (const head of closedWindows(state)) if (await this.#isUnsettled(head)) this.#mark(head, 'all')
    }
  }

  /** Samples of before this instant may change a window that has closed. */
  watchedUntilMs(state: ContractState): UnixMs {
    const nowMs = this.#deps.shell.clock.nowMs()
    const open = closedWindows(state).filter((head) => nowMs < head.amendableUntilMs)
    return Math.max(-Infinity, ...open.map(({ asOfMs }) => asOfMs))
  }

  /** Samples from `sinceMs` on have changed of these services. */
  touched(
    state: ContractState,
    { sinceMs, services }: { sinceMs: UnixMs; services: ReadonlySet<string> },
  ): void {
    const nowMs = this.#deps.shell.clock.nowMs()
    for (const head of closedWindows(state)) {
      if (sinceMs < head.asOfMs && nowMs < head.amendableUntilMs) this.#mark(head, services)
    }
  }

  /** What changed of a contract may have gone unheard: every window that can still change is judged again. */
  lookAgain(contract: string): void {
    this.#seen.delete(contract)
  }

  /** Begins a step, in which a few windows are judged over all contracts. */
  begin(): void {
    const nowMs = this.#deps.shell.clock.nowMs()
    if (nowMs - this.#ranMs > ABSENCE_MS) this.#returnMs = nowMs + RETURN_MS
    this.#ranMs = nowMs
    this.#left = nowMs < this.#returnMs ? 0 : MAX_JUDGED
  }

  /** Closes and amends what is due of one contract, as far as the step allows. */
  async advance({ contract }: ContractState): Promise<void> {
    const state = this.#deps.contracts.of(contract)
    if (!state) return
    this.#compare(state)
    const nowMs = this.#deps.shell.clock.nowMs()
    if (this.#left > 0) this.#left -= await this.#close(state, nowMs)
    if (this.#left > 0) this.#left -= await this.#amend(state, nowMs)
  }

  /** Where terms, vantages, declarations or statements are others, windows may be due, or come out otherwise. */
  #compare(state: ContractState): void {
    const seen = this.#seen.get(state.contract)
    const isSame =
      seen?.life === state.life &&
      seen.members === state.members &&
      seen.exclusions === state.exclusions &&
      seen.statements === state.statements
    if (isSame) return
    this.#seen.set(state.contract, state)
    this.#dueMs.delete(state.contract)
    this.#markAfter(state, -Infinity)
  }

  /** One window that cannot be judged stops no other: it is tried again later. True when it is done. */
  async #tried(contract: string, window: string, step: () => Promise<boolean>): Promise<boolean> {
    const name = `${contract}/${window}`
    const { log, clock } = this.#deps.shell
    if (clock.nowMs() < (this.#retryMs.get(name) ?? -Infinity)) return false
    this.#retryMs.delete(name)
    try {
      return await step()
    } catch (error) {
      log.error('a window could not be judged; it will be tried again', {
        contract,
        window,
        reason: messageOf(error),
      })
      this.#retryMs.set(name, clock.nowMs() + RETRY_MS)
      return false
    }
  }

  async #close(state: ContractState, nowMs: UnixMs): Promise<number> {
    const { contract } = state
    if (nowMs < (this.#dueMs.get(contract) ?? -Infinity)) return 0
    const open = windowGroups(state.life, nowMs).filter(({ key }) => newestClosing(state, key) === null)
    const incidents = incidentsIn(state)
    const due = open.filter(
      (group) => nowMs >= earliestCloseMs(group) && isDecided(group, { incidents, nowMs }),
    )
    let count = 0
    for (const group of due) {
      if (count >= this.#left) return count
      const isDone = await this.#tried(contract, group.key, async () => {
        const level = await this.#deps.states.level(contract)
        const first = { group, previous: null, kept: NOTHING_KEPT, asOfMs: nowMs, nowMs }
        if (level) await this.#write(level, first)
        return level !== null
      })
      if (isDone) count += 1
    }
    // What waits for an incident is looked at again and again; of the rest the next end is known.
    const nextMs = Math.min(...open.map((group) => Math.max(earliestCloseMs(group), nowMs + LOOK_EVERY_MS)))
    this.#dueMs.set(contract, Math.min(nextMs, nowMs + DAY_MS))
    return count
  }

  async #amend(state: ContractState, nowMs: UnixMs): Promise<number> {
    const { contract } = state
    const pending = this.#pending.get(contract)
    let count = 0
    for (const [window, services] of Array.from(pending ?? [])) {
      if (count >= this.#left) return count
      const head = newestClosing(state, window)
      const isDue = head && nowMs >= Math.min(head.amendableUntilMs, head.atMs + AMEND_EVERY_MS)
      if (head && !isDue) continue
      // Taken off first: what changes while it is judged is one more change.
      pending?.delete(window)
      // Other rules than its own would come out otherwise without anything having changed.
      if (!head || !rulesOf(head.semantics)) continue
      const isDone = await this.#tried(contract, window, () => this.#look(state, { head, services, nowMs }))
      if (isDone) count += 1
      else this.#mark(head, services)
    }
    return count
  }

  /** False while leaves come faster than they are folded. */
  async #look(
    state: ContractState,
    { head, services, nowMs }: { head: ClosingHead; services: Changed; nowMs: UnixMs },
  ): Promise<boolean> {
    if (nowMs >= head.amendableUntilMs) return this.#settle(state, head, nowMs)
    const level = await this.#deps.states.level(state.contract)
    if (level) await this.#judgeAgain(level, { previous: head, nowMs, services })
    return level !== null
  }

  /** Nothing is accepted any more: what was accepted in time, and not judged yet, is judged as it was then. */
  async #settle(state: ContractState, head: ClosingHead, nowMs: UnixMs): Promise<boolean> {
    const from = head.ledger.size
    const until = await firstLeafSince(this.#deps.db, { log: head.log, from, atMs: head.amendableUntilMs })
    // Where nothing has come since, what the leaves say now is what they said then.
    const { states } = this.#deps
    const then = until === null ? await states.level(state.contract) : await states.at(state, until)
    if (!then) return false
    if (then.size > from) await this.#judgeAgain(then, { previous: head, nowMs, services: 'all' })
    return true
  }

  async #judgeAgain(
    level: LedgerState,
    { previous, nowMs, services }: { previous: ClosingHead; nowMs: UnixMs; services: Changed },
  ): Promise<void> {
    const group = windowGroup(level.state.life, previous.window, previous.asOfMs)
    if (!group) return
    const body = services === 'all' ? null : await closingBody(this.#deps.db, previous)
    const kept = body && services !== 'all' ? keptOf(body, services) : NOTHING_KEPT
    await this.#write(level, { group, previous, kept, asOfMs: previous.asOfMs, nowMs })
  }

  async #write(
    level: LedgerState,
    given: { group: WindowGroup; previous: ClosingHead | null; kept: Kept; asOfMs: UnixMs; nowMs: UnixMs },
  ): Promise<void> {
    const { group, previous, kept, asOfMs, nowMs } = given
    const semantics = previous?.semantics ?? SEMANTICS_VERSION
    const rules = rulesOf(semantics)
    invariant(rules, 'what is judged again is of a version that has its rules here')
    const { results, trace } = await judgeWindow(level, { group, asOfMs, phase: 'closed', rules }, kept)
    const digest = resultDigest(results)
    if (previous?.digest === digest) return
    const revision = group.promised[0]!.revision
    const body: ClosingBody = {
      kind: 'closing',
      contract: level.state.contract,
      window: group.key,
      startMs: group.startMs,
      endMs: group.endMs,
      version: (previous?.version ?? 0) + 1,
      semantics,
      revision: revision.revision,
      contractDigest: revision.digest,
      ledger: { size: level.size, root: level.root },
      asOfMs,
      amendableUntilMs: previous?.amendableUntilMs ?? amendableUntilMs(group, nowMs),
      digest,
      previous: previous?.digest ?? null,
      trace,
      results,
    }
    await this.#append(level.state, body, { displayName: revision.terms.displayName, atMs: nowMs })
  }

  async #append(
    { log, contract }: ContractState,
    body: ClosingBody,
    { displayName, atMs }: { displayName: string; atMs: UnixMs },
  ): Promise<void> {
    const { sequencer, contracts, publicUrl } = this.#deps
    const fact = windowFact({ body, displayName, atMs, publicUrl })
    const draft = jsonDraft(jsonOf(body), { type: 'closing', receivedMs: atMs })
    await contracts.inTurn(contract, async () => {
      // A version whose answer was lost was found again before this turn.
      const known = contracts.of(contract)
      if (known && (newestClosing(known, body.window)?.version ?? 0) >= body.version) return
      await sequencer.append({ log, drafts: [draft], facts: [fact] })
    })
    // What came before a window is part of what it is worth.
    const state = contracts.of(contract)
    if (state) this.#markAfter(state, body.endMs)
  }

  /** Its time to amend is over, and leaves have come since that nobody may have judged. */
  async #isUnsettled(head: ClosingHead): Promise<boolean> {
    const { db } = this.#deps
    const since = await firstLeafSince(db, {
      log: head.log,
      from: head.ledger.size,
      atMs: head.amendableUntilMs,
    })
    // Somebody ran then, and has settled it.
    return since === null
  }

  #markAfter(state: ContractState, fromMs: UnixMs): void {
    const nowMs = this.#deps.shell.clock.nowMs()
    for (const head of closedWindows(state)) {
      if (head.startMs >= fromMs && nowMs < head.amendableUntilMs) this.#mark(head, 'all')
    }
  }

  #mark({ contract, window }: ClosingHead, services: Changed): void {
    const pending = this.#pending.get(contract) ?? new Map<string, Changed>()
    this.#pending.set(contract, pending)
    const known = pending.get(window)
    if (services === 'all' || known === 'all') pending.set(window, 'all')
    else pending.set(window, new Set([...(known ?? []), ...services]))
  }
}
