/**
 * Certificates: told of a month, two weeks, a week, three days and a day before the first of a chain ends, once each.
 * Read from the samples of `tls` checks as they come; what was told stands in the database, so a start repeats nothing.
 */
import { decodeFrame } from '@constat/shared/batch'
import { OUTCOMES } from '@constat/shared/sample'
import type { UnixMs } from '@constat/shared/time'
import { CERTIFICATE_DAYS, markPassed } from '@constat/sla/alerting/days-left'
import {
  configurationNamed,
  newest,
  type Configuration,
  type ContractState,
} from '@constat/sla/state/contract-state'
import { certificateFact } from '../alert/facts.ts'
import type { Contracts } from '../contract/contracts.ts'
import { remind } from '../db/reminders.ts'
import type { Database } from '../db/tx.ts'
import type { Committed } from '../ledger/sequencer.ts'
import { targetText } from './describe.ts'

/** Frames of an agent are looked into again after this: days left change slowly. */
const LOOK_EVERY_MS = 30 * 60_000
/** What an agent saw counts so long: one that is silent knows nothing of a new certificate. */
const FRESH_MS = 26 * 3_600_000
const DAY_MS = 86_400_000

export type CertificateDeps = {
  db: Database
  contracts: Contracts
  nowMs: () => UnixMs
  publicUrl: string
}

/** When it ends, at the latest: days are whole and rounded down. */
type Seen = { endMs: UnixMs; atMs: UnixMs }

export class Certificates {
  readonly #deps: CertificateDeps
  /** contract → agent → check → what it saw last. */
  readonly #seen = new Map<string, Map<string, Map<string, Seen>>>()
  /** Contract and check → the mark that was told last, and when: asked of the database once. */
  readonly #told = new Map<string, { mark: number; atMs: UnixMs }>()

  constructor(deps: CertificateDeps) {
    this.#deps = deps
  }

  heard({ log, drafts }: Committed): void {
    const state = this.#deps.contracts.ofLog(log)
    const checks = state?.configuration ? tlsChecks(state.configuration) : []
    if (!state || checks.length === 0) return
    for (const { frame, body } of drafts) {
      if (!frame) continue
      const own = this.#agentOf(state.contract, frame.agent.toString('hex'))
      const sinceMs = this.#deps.nowMs() - LOOK_EVERY_MS
      if (checks.some((check) => (own.get(check)?.atMs ?? -Infinity) < sinceMs)) readInto(own, state, body)
    }
  }

  /** True: something was told. */
  async advance(state: ContractState): Promise<boolean> {
    const seen = this.#seen.get(state.contract)
    if (!seen) return false
    const nowMs = this.#deps.nowMs()
    let isTold = false
    for (const [check, endMs] of earliest(seen, nowMs)) {
      const mark = markPassed(CERTIFICATE_DAYS, endMs - nowMs)
      if (mark !== null) isTold = (await this.#tell(state, { check, endMs, mark, nowMs })) || isTold
    }
    return isTold
  }

  async #tell(
    state: ContractState,
    { check, endMs, mark, nowMs }: { check: string; endMs: UnixMs; mark: number; nowMs: UnixMs },
  ): Promise<boolean> {
    const { contract } = state
    const subject = `certificate/${contract}/${check}`
    const told = this.#told.get(subject)
    // The one that was told of before would have ended by then: this is another.
    const againAfterMs = (mark + 1) * DAY_MS
    if (told?.mark === mark && nowMs - told.atMs < againAfterMs) return false
    const terms = newest(state).terms.checks.find(({ name }) => name === check)
    const fact = certificateFact({
      contract,
      certificate: {
        check,
        service: terms?.service ?? null,
        target: terms ? targetText(terms.spec.probe) : check,
        daysLeft: Math.max(0, Math.floor((endMs - nowMs) / DAY_MS)),
      },
      atMs: nowMs,
      publicUrl: this.#deps.publicUrl,
    })
    const isNew = await remind(this.#deps.db, { subject, step: String(mark), fact, againAfterMs })
    this.#told.set(subject, { mark, atMs: nowMs })
    return isNew
  }

  #agentOf(contract: string, agent: string): Map<string, Seen> {
    const agents = this.#seen.get(contract) ?? new Map<string, Map<string, Seen>>()
    const own = agents.get(agent) ?? new Map<string, Seen>()
    this.#seen.set(contract, agents.set(agent, own))
    return own
  }
}

const TLS_CHECKS = new WeakMap<Configuration, readonly string[]>()

function tlsChecks(configuration: Configuration): readonly string[] {
  const known = TLS_CHECKS.get(configuration)
  if (known) return known
  const { checks } = configuration.config
  const found = checks.filter(({ probe }) => probe.kind === 'tls').map(({ name }) => name)
  TLS_CHECKS.set(configuration, found)
  return found
}

/** Of a try that failed the value says nothing of a certificate. */
function readInto(own: Map<string, Seen>, state: ContractState, body: Buffer): void {
  const decoding = decodeFrame(body)
  if (decoding.kind !== 'decoded') return
  const { samples, baseS, configDigest } = decoding.frame.batch
  const checks = configurationNamed(state, configDigest)?.config.checks ?? []
  for (const [i, index] of samples.check.entries()) {
    const spec = checks[index]
    const outcome = OUTCOMES[samples.outcome[i]!]
    const isSeen = outcome === 'ok' || outcome === 'degraded'
    if (spec?.probe.kind !== 'tls' || !isSeen) continue
    const atMs = baseS * 1_000 + samples.offsetMs[i]!
    const last = own.get(spec.name)
    if (last && last.atMs > atMs) continue
    own.set(spec.name, { atMs, endMs: atMs + ((samples.value?.[i] ?? 0) + 1) * DAY_MS })
  }
}

/** Of each check the first end that any agent sees. */
function earliest(agents: ReadonlyMap<string, Map<string, Seen>>, nowMs: UnixMs): Map<string, UnixMs> {
  const found = new Map<string, UnixMs>()
  for (const own of agents.values()) {
    for (const [check, { endMs, atMs }] of own) {
      if (nowMs - atMs < FRESH_MS) found.set(check, Math.min(endMs, found.get(check) ?? Infinity))
    }
  }
  return found
}
