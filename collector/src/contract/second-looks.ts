/**
 * Second looks: when one vantage sees a check fail for the first time, or has no answer for too long, the others
 * that run it are asked for one probe at once, so that a quorum need not wait for each one's slot. Asks for what
 * agents run already, and no oftener than they follow. It decides nothing: what agents then send is judged like
 * every sample, and an ask that is lost costs a slot's wait. Derived from what was committed.
 */
import { hasBrackets, type CheckSpec } from '@constat/shared/check'
import { readStates, type StateBatch } from '@constat/shared/frame-reader'
import { LOOK_EVERY_MS, signLook, type CheckPlace } from '@constat/shared/look'
import { outcomeCode } from '@constat/shared/sample'
import type { UnixMs } from '@constat/shared/time'
import { mayRun } from '@constat/sla/assembly/observed'
import type { CheckTerms } from '@constat/sla/contract/expanded'
import { configurationNamed, type ContractState } from '@constat/sla/state/contract-state'
import { checksProbed } from '@constat/sla/state/probing'
import type { Agents, KnownAgent } from '../intake/agents.ts'
import type { SignedLook } from '../intake/connection.ts'
import type { Committed } from '../ledger/sequencer.ts'
import type { Identity } from '../shell.ts'
import type { Contracts } from './contracts.ts'

/** Agents asked at once: a quorum is far below it, and a target is not to meet a whole fleet. */
export const MAX_ASKED = 16
/** Checks asked about in one second; when a whole site fails the others are looked at in their slots. */
export const MAX_ASKS_PER_S = 100
/** A failed try tells of now while it is not older than its timeout and this. */
const FRESH_MS = 5_000

export type SecondLookDeps = {
  contracts: Pick<Contracts, 'all' | 'ofLog'>
  agents: Pick<Agents, 'enrolled' | 'byId'>
  identity: Identity
  nowMs: () => UnixMs
  ask(agents: ReadonlySet<string>, look: SignedLook): void
}

const OK = outcomeCode('ok')
const DEGRADED = outcomeCode('degraded')
const FAIL = outcomeCode('fail')

export class SecondLooks {
  readonly #deps: SecondLookDeps
  /** Agent → log and check of which its last try failed. */
  readonly #failing = new Map<string, Set<string>>()
  /** Log and check → when others were asked. */
  readonly #askedMs = new Map<string, UnixMs>()
  #secondMs: UnixMs = 0
  #asksOfSecond = 0

  constructor(deps: SecondLookDeps) {
    this.#deps = deps
  }

  committed({ log, drafts }: Committed): void {
    for (const { frame, body } of drafts) {
      // Nearly every frame ends here.
      if (!frame || (frame.isGood && this.#failing.size === 0)) continue
      const id = frame.agent.toString('hex')
      if (!frame.isGood || this.#failing.has(id)) this.#read(log, { id, batch: readStates(body) })
    }
  }

  /** A try hangs: its agent says so before it fails. */
  hanging({ id }: Pick<KnownAgent, 'id'>, { origin, configDigest, check }: CheckPlace): void {
    const { contracts } = this.#deps
    const state = contracts.all().find(({ configuration }) => configuration?.config.origin === origin)
    const digest = Buffer.from(configDigest).toString('hex')
    const name = state?.configuration?.digest === digest ? state.configuration.names[check] : undefined
    if (state && name !== undefined) this.#ask(state, { name, seenBy: id })
  }

  #read(log: number, { id, batch }: { id: string; batch: StateBatch }): void {
    const { check, offsetMs, outcome } = batch.samples
    const state = this.#deps.contracts.ofLog(log)
    const specs = state && configurationNamed(state, batch.configDigest)?.config.checks
    if (!state || !specs) return
    const failing = this.#failing.get(id) ?? new Set()
    for (let i = 0; i < check.length; i += 1) {
      const spec = specs[check[i]!]
      const atMs = batch.baseS * 1_000 + offsetMs[i]!
      if (!spec || this.#deps.nowMs() - atMs > spec.timeoutMs + FRESH_MS) continue
      const key = `${log} ${spec.name}`
      const code = outcome?.[i] ?? OK
      if (code === OK || code === DEGRADED) failing.delete(key)
      if (code !== FAIL || failing.has(key)) continue
      failing.add(key)
      this.#ask(state, { name: spec.name, seenBy: id })
    }
    if (failing.size > 0) this.#failing.set(id, failing)
    else this.#failing.delete(id)
  }

  #ask(state: ContractState, { name, seenBy }: { name: string; seenBy: string }): void {
    const { agents, identity, nowMs, ask } = this.#deps
    const atMs = nowMs()
    const terms = checksProbed(state.life, atMs).find((one) => one.name === name)
    const index = state.configuration?.names.indexOf(name) ?? -1
    const seer = agents.byId(seenBy)
    if (!terms || index < 0 || !seer || !mayRun(terms, seer) || !gains(terms)) return
    if (!this.#mayAsk(`${state.log} ${name}`, atMs)) return
    const asked = agents
      .enrolled()
      .filter((one) => one.id !== seenBy && one.connections > 0 && one.takesLooks && mayRun(terms, one))
      .slice(0, MAX_ASKED)
    if (asked.length === 0) return
    const { config, digest } = state.configuration!
    const look = { origin: config.origin, configDigest: Buffer.from(digest, 'hex'), check: index, atMs }
    ask(new Set(asked.map(({ id }) => id)), { ...look, signature: signLook(look, identity.key) })
  }

  #mayAsk(key: string, atMs: UnixMs): boolean {
    if (Math.abs(atMs - this.#secondMs) >= 1_000) {
      this.#secondMs = atMs
      this.#asksOfSecond = 0
      for (const [old, askedMs] of this.#askedMs) {
        if (Math.abs(atMs - askedMs) >= LOOK_EVERY_MS) this.#askedMs.delete(old)
      }
    }
    if (this.#asksOfSecond >= MAX_ASKS_PER_S) return false
    const askedMs = this.#askedMs.get(key)
    if (askedMs !== undefined && Math.abs(atMs - askedMs) < LOOK_EVERY_MS) return false
    this.#asksOfSecond += 1
    this.#askedMs.set(key, atMs)
    return true
  }
}

/** Whether a look between slots counts, and tells of the target rather than of the host that looks. */
function gains({ spec, fold }: { spec: CheckSpec; fold: CheckTerms['fold'] }): boolean {
  return hasBrackets(spec) && fold.confirm.by === 'reprobes' && spec.probe.kind !== 'host'
}
