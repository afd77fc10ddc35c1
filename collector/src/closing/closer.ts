/**
 * Closer: windows that have ended become final, and are amended while the contract lets them. Every version
 * is a leaf, and what is told of it is written in the transaction of the leaf: a crash leaves both or
 * neither. Safe to run twice; what is due is read from the leaves alone.
 */
import { canonicalJson } from '@constat/shared/canonical-json'
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import { SEMANTICS_VERSION } from '@constat/sla/semantics'
import { tell } from '../db/events.ts'
import { firstLeafSince } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { keepBeside, sealBody } from '../ledger/body.ts'
import type { Sequencer } from '../ledger/sequencer.ts'
import type { Shell } from '../shell.ts'
import type { Register, Terms } from '../terms/register.ts'
import type { IncidentRow } from '../db/incident-rows.ts'
import { jsonOf, resultDigest, type ClosingBody } from './body.ts'
import { closingBody, headOf, type ClosingHead, type Closings } from './closings.ts'
import { amendableUntilMs, earliestCloseMs, isDecided } from './due.ts'
import type { LedgerState } from './ledger-state.ts'
import type { LiveState } from './live-state.ts'
import { windowFact } from './news.ts'
import { windowGroup, windowGroups, type WindowGroup } from './promised.ts'
import { judgeWindow, keptOf, NOTHING_KEPT, type Kept } from './window-judgement.ts'

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
  register: Register
  closings: Closings
  incidents: (contract: string) => readonly IncidentRow[]
  publicUrl: string
  state: Pick<LiveState, 'level' | 'at'>
  told(): void
  /** Readers were shown an older version. */
  changed(contract: string): void
}

/** Services of which something has changed; `all` where nobody knows which. */
type Changed = 'all' | ReadonlySet<string>

export class Closer {
  readonly #deps: CloserDeps
  /** contract → window → what to judge again. */
  readonly #pending = new Map<string, Map<string, Changed>>()
  /** contract → when something falls due. */
  readonly #dueMs = new Map<string, UnixMs>()
  /** `contract/window` → when one that could not be judged is tried again. */
  readonly #retryMs = new Map<string, UnixMs>()
  #ranMs: UnixMs = -Infinity
  #returnMs: UnixMs = -Infinity
  #isStale = false

  constructor(deps: CloserDeps) {
    this.#deps = deps
  }

  /** Reads the closings. Whatever may still change is looked at once: it may have while nobody ran. */
  async open(): Promise<void> {
    const { db, sequencer, register, closings, shell } = this.#deps
    await closings.open(db, sequencer.heads())
    this.#isStale = false
    for (const { contract } of register.all()) {
      this.#dueMs.delete(contract)
      for (const head of closings.closed(contract)) {
        if (shell.clock.nowMs() < head.amendableUntilMs) this.#mark(head, 'all')
        else if (await this.#isUnsettled(head)) this.#mark(head, 'all')
      }
    }
  }

  /** Samples of before this instant may change a window that has closed. */
  watchedUntilMs(contract: string): UnixMs {
    const nowMs = this.#deps.shell.clock.nowMs()
    const open = this.#deps.closings.closed(contract).filter((head) => nowMs < head.amendableUntilMs)
    return Math.max(-Infinity, ...open.map(({ asOfMs }) => asOfMs))
  }

  /** Samples from `sinceMs` on have changed of these services. */
  touched(contract: string, { sinceMs, services }: { sinceMs: UnixMs; services: Iterable<string> }): void {
    const nowMs = this.#deps.shell.clock.nowMs()
    for (const head of this.#deps.closings.closed(contract)) {
      if (sinceMs >= head.asOfMs || nowMs >= head.amendableUntilMs) continue
      this.#mark(head, new Set(services))
    }
  }

  /** Terms, vantages, declarations or statements changed: other windows may be due, or come out otherwise. */
  changed(contract: string): void {
    this.#dueMs.delete(contract)
    this.#markAfter(contract, -Infinity)
  }

  /** One step: closes and amends what is due, a few windows at a time. */
  async advance(): Promise<void> {
    if (this.#isStale) await this.open()
    const nowMs = this.#deps.shell.clock.nowMs()
    if (nowMs - this.#ranMs > ABSENCE_MS) this.#returnMs = nowMs + RETURN_MS
    this.#ranMs = nowMs
    if (nowMs < this.#returnMs) return
    let left = MAX_JUDGED
    for (const terms of this.#deps.register.all()) {
      if (left > 0) left -= await this.#close(terms, nowMs, left)
      if (left > 0) left -= await this.#amend(terms, nowMs, left)
    }
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

  async #close(terms: Terms, nowMs: UnixMs, limit: number): Promise<number> {
    const { contract } = terms
    const { closings } = this.#deps
    if (nowMs < (this.#dueMs.get(contract) ?? -Infinity)) return 0
    const open = windowGroups(terms, nowMs).filter(({ key }) => closings.newest(contract, key) === null)
    const incidents = this.#deps.incidents(contract)
    const due = open.filter(
      (group) => nowMs >= earliestCloseMs(group) && isDecided(group, { incidents, nowMs }),
    )
    let count = 0
    for (const group of due) {
      if (count >= limit) return count
      const isDone = await this.#tried(contract, group.key, async () => {
        const state = await this.#deps.state.level(terms)
        const first = { group, previous: null, kept: NOTHING_KEPT, asOfMs: nowMs, nowMs }
        if (state) await this.#write(state, first)
        return state !== null
      })
      if (isDone) count += 1
    }
    // What waits for an incident is looked at again and again; of the rest the next end is known.
    const nextMs = Math.min(...open.map((group) => Math.max(earliestCloseMs(group), nowMs + LOOK_EVERY_MS)))
    this.#dueMs.set(contract, Math.min(nextMs, nowMs + DAY_MS))
    return count
  }

  async #amend(terms: Terms, nowMs: UnixMs, limit: number): Promise<number> {
    const { contract } = terms
    const pending = this.#pending.get(contract)
    let count = 0
    const waiting = [...(pending ?? [])]
    for (const [window, services] of waiting) {
      if (count >= limit) return count
      const head = this.#deps.closings.newest(contract, window)
      const isDue = head && nowMs >= Math.min(head.amendableUntilMs, head.atMs + AMEND_EVERY_MS)
      if (head && !isDue) continue
      // Taken off first: what changes while it is judged is one more change.
      pending?.delete(window)
      // Other rules would come out otherwise without anything having changed.
      if (!head || head.semantics !== SEMANTICS_VERSION) continue
      const isDone = await this.#tried(contract, window, () => this.#look(terms, { head, services, nowMs }))
      if (isDone) count += 1
      else this.#mark(head, services)
    }
    return count
  }

  /** False while leaves come faster than they are folded. */
  async #look(
    terms: Terms,
    { head, services, nowMs }: { head: ClosingHead; services: Changed; nowMs: UnixMs },
  ): Promise<boolean> {
    if (nowMs >= head.amendableUntilMs) return this.#settle(terms, head, nowMs)
    const state = await this.#deps.state.level(terms)
    if (state) await this.#judgeAgain(state, { previous: head, nowMs, services })
    return state !== null
  }

  /** Nothing is accepted any more: what was accepted in time, and not judged yet, is judged as it was then. */
  async #settle(terms: Terms, head: ClosingHead, nowMs: UnixMs): Promise<boolean> {
    const from = head.ledger.size
    const until = await firstLeafSince(this.#deps.db, { log: head.log, from, atMs: head.amendableUntilMs })
    // Where nothing has come since, what the leaves say now is what they said then.
    const state =
      until === null ? await this.#deps.state.level(terms) : await this.#deps.state.at(terms, until)
    if (!state) return false
    if (state.size > from) await this.#judgeAgain(state, { previous: head, nowMs, services: 'all' })
    return true
  }

  async #judgeAgain(
    state: LedgerState,
    { previous, nowMs, services }: { previous: ClosingHead; nowMs: UnixMs; services: Changed },
  ): Promise<void> {
    const group = windowGroup(state.terms, previous.window, previous.asOfMs)
    if (!group) return
    const body = services === 'all' ? null : await closingBody(this.#deps.db, previous)
    const kept = body && services !== 'all' ? keptOf(body, services) : NOTHING_KEPT
    await this.#write(state, { group, previous, kept, asOfMs: previous.asOfMs, nowMs })
  }

  async #write(
    state: LedgerState,
    given: { group: WindowGroup; previous: ClosingHead | null; kept: Kept; asOfMs: UnixMs; nowMs: UnixMs },
  ): Promise<void> {
    const { group, previous, kept, asOfMs, nowMs } = given
    const { results, trace } = await judgeWindow(state, { group, asOfMs, phase: 'closed' }, kept)
    const digest = resultDigest(results)
    if (previous?.digest === digest) return
    const revision = group.promised[0]!.revision
    const body: ClosingBody = {
      kind: 'closing',
      contract: state.terms.contract,
      window: group.key,
      startMs: group.startMs,
      endMs: group.endMs,
      version: (previous?.version ?? 0) + 1,
      semantics: SEMANTICS_VERSION,
      revision: revision.revision,
      contractDigest: revision.digest,
      ledger: { size: state.size, root: state.root },
      asOfMs,
      amendableUntilMs: previous?.amendableUntilMs ?? amendableUntilMs(group, nowMs),
      digest,
      previous: previous?.digest ?? null,
      trace,
      results,
    }
    await this.#append(state, body, { displayName: revision.terms.displayName, atMs: nowMs })
  }

  async #append(
    { terms }: LedgerState,
    body: ClosingBody,
    { displayName, atMs }: { displayName: string; atMs: UnixMs },
  ): Promise<void> {
    const { sequencer, publicUrl, closings } = this.#deps
    const sealed = sealBody(jsonOf(body))
    const fact = windowFact({ body, displayName, atMs, publicUrl })
    // Until the answer is here nobody knows whether it is stored: then the leaves say.
    this.#isStale = true
    const { firstIndex } = await sequencer.append({
      log: terms.log,
      drafts: [{ type: 'closing', body: sealed.body, receivedMs: atMs }],
      within: async (tx) => {
        await keepBeside(tx, [sealed])
        await tell(tx, fact)
      },
    })
    this.#isStale = false
    closings.take(headOf(readBack(body), { log: terms.log, leaf: firstIndex, atMs }))
    // What came before a window is part of what it is worth.
    this.#markAfter(body.contract, body.endMs)
    this.#deps.changed(body.contract)
    this.#deps.told()
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

  #markAfter(contract: string, fromMs: UnixMs): void {
    const nowMs = this.#deps.shell.clock.nowMs()
    for (const head of this.#deps.closings.closed(contract)) {
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

/** As the leaf will be read: what is no JSON is gone. */
function readBack(body: ClosingBody): ClosingBody {
  // The round trip of our own body.
  return JSON.parse(canonicalJson(jsonOf(body))) as ClosingBody
}
