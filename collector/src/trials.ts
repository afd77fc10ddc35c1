/**
 * Trials: each check of a contract that is not in force, probed once by a connected agent that would run it.
 * One at a time for each token and for each agent, and so many in a minute; nothing is kept of it.
 */
import { Fault } from '@constat/shared/fault'
import type { Json } from '@constat/shared/canonical-json'
import { signTrial, type SignedTrial } from '@constat/shared/trial'
import { mayRun } from '@constat/sla/assembly/observed'
import type { CheckTerms, ExpandedContract } from '@constat/sla/contract/expanded'
import type { KnownAgent } from './intake/agents.ts'
import type { Connection } from './intake/connection.ts'
import type { Shell } from './shell.ts'
import { probed, type Probed, type TriedCheck, type TriedView, type Trouble } from './view/trial.ts'

/** Checks in one try at most. */
export const MAX_TRIED_CHECKS = 50
/** What a token may ask for in a minute. */
export const TRIES_PER_MINUTE = 10
/** A try goes on for no longer; what was not begun by then is told as such. */
export const TRY_WITHIN_MS = 60_000
/** Beside the check's own timeout: the way to the agent and back, and a body that is read for a while. */
const GRACE_MS = 5_000
const MINUTE_US = 60_000_000
const US_PER_MS = 1_000

/** What is asked of the connection of an agent. */
export type TrialConnection = Pick<Connection, 'tries' | 'try'>

export type TrialsDeps = {
  shell: Pick<Shell, 'clock' | 'identity' | 'log'>
  agents: () => KnownAgent[]
  connectionTo: (agent: string) => TrialConnection | null
  /** Tests have no patience. */
  limits?: { tryWithinMs: number; graceMs: number }
}

type Candidate = { agent: KnownAgent; connection: TrialConnection }

export class Trials {
  readonly #deps: TrialsDeps
  readonly #running = new Set<string>()
  readonly #begunUs = new Map<string, number[]>()
  /** By agent: what it was asked last, and how much waits for it. */
  readonly #turns = new Map<string, { last: Promise<unknown>; waiting: number }>()

  constructor(deps: TrialsDeps) {
    this.#deps = deps
  }

  /** `by`: whose token it is, as a digest. Fault `rate-limited`, `too-large`, `unavailable` without any agent. */
  async run({ terms, by }: { terms: ExpandedContract; by: string }): Promise<TriedView> {
    const { shell, agents, connectionTo } = this.#deps
    if (terms.checks.length > MAX_TRIED_CHECKS)
      throw new Fault('too-large', `One try takes ${MAX_TRIED_CHECKS} checks at most.`)
    if (!agents().some(({ id }) => connectionTo(id)))
      throw new Fault('unavailable', 'No agent is connected that could try it.', {
        hint: 'Join one first: `constat token agent`.',
      })
    this.#admit(by)
    this.#running.add(by)
    const untilUs = shell.clock.monotonicUs() + this.#limits.tryWithinMs * US_PER_MS
    try {
      shell.log.info('checks are tried', { contract: terms.name, checks: terms.checks.length })
      const checks = await Promise.all(terms.checks.map((check) => this.#try(check, untilUs)))
      return { contract: terms.name, ok: checks.every(({ result }) => result?.outcome === 'ok'), checks }
    } finally {
      this.#running.delete(by)
    }
  }

  get #limits(): NonNullable<TrialsDeps['limits']> {
    return this.#deps.limits ?? { tryWithinMs: TRY_WITHIN_MS, graceMs: GRACE_MS }
  }

  #admit(by: string): void {
    const nowUs = this.#deps.shell.clock.monotonicUs()
    for (const [token, begunUs] of this.#begunUs) {
      const lately = begunUs.filter((atUs) => nowUs - atUs < MINUTE_US)
      if (lately.length > 0) this.#begunUs.set(token, lately)
      else this.#begunUs.delete(token)
    }
    const lately = this.#begunUs.get(by) ?? []
    if (this.#running.has(by)) throw new Fault('rate-limited', 'A try of this token is still running.')
    if (lately.length >= TRIES_PER_MINUTE)
      throw new Fault('rate-limited', `No more than ${TRIES_PER_MINUTE} tries in a minute.`)
    this.#begunUs.set(by, [...lately, nowUs])
  }

  async #try(check: CheckTerms, untilUs: number): Promise<TriedCheck> {
    const { name, displayName } = check
    const chosen = this.#agentFor(check)
    if ('reason' in chosen) return { check: name, displayName, agent: null, problem: chosen, result: null }
    const { agent } = chosen
    const told = await this.#inTurn(agent.id, async () => {
      const { shell } = this.#deps
      if (shell.clock.monotonicUs() >= untilUs)
        return troubleOf('over', { agent: agent.name, detail: `${this.#limits.tryWithinMs / 1_000} s` })
      // A specification holds plain JSON.
      const spec = JSON.parse(JSON.stringify(check.spec)) as Json
      const signed = signTrial({ agent: agent.id, check: spec }, shell.identity.key)
      return this.#ask(chosen, signed, check.spec.timeoutMs + this.#limits.graceMs)
    })
    const said = 'reason' in told ? { problem: told, result: null } : { problem: null, result: told }
    return { check: name, displayName, agent: agent.name, ...said }
  }

  /** The least busy of those that would run it. */
  #agentFor({ vantages }: CheckTerms): Candidate | Trouble {
    const { agents, connectionTo } = this.#deps
    const candidates = agents().flatMap((agent): Candidate[] => {
      const connection = mayRun({ vantages }, agent) ? connectionTo(agent.id) : null
      return connection ? [{ agent, connection }] : []
    })
    const able = candidates.filter(({ connection }) => connection.tries)
    const [first] = able.toSorted((a, b) => this.#waitingFor(a) - this.#waitingFor(b))
    if (first) return first
    const [old] = candidates
    if (old) return troubleOf('old-agent', { agent: old.agent.name, detail: old.agent.version })
    return troubleOf('no-agent', { agent: '', detail: vantages === 'all' ? '' : vantages.join(', ') })
  }

  #waitingFor({ agent }: Candidate): number {
    return this.#turns.get(agent.id)?.waiting ?? 0
  }

  async #ask(
    { agent: { name: agent }, connection }: Candidate,
    signed: SignedTrial,
    withinMs: number,
  ): Promise<Probed | Trouble> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), withinMs)
    })
    const answer = await Promise.race([connection.try(signed), late]).finally(() => clearTimeout(timer))
    if (answer === 'late') return troubleOf('late', { agent, detail: '' })
    if (answer === null) return troubleOf('lost', { agent, detail: '' })
    if (answer.result === null) return troubleOf('refused', { agent, detail: answer.refusal })
    return readProbed(answer.result) ?? troubleOf('unreadable', { agent, detail: '' })
  }

  async #inTurn<T>(agent: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(agent) ?? { last: Promise.resolve(), waiting: 0 }
    this.#turns.set(agent, turn)
    turn.waiting += 1
    const own = turn.last.then(work)
    turn.last = own.catch(() => undefined)
    try {
      return await own
    } finally {
      turn.waiting -= 1
      if (turn.waiting === 0) this.#turns.delete(agent)
    }
  }
}

const MESSAGES: Readonly<Record<Trouble['reason'], (about: Omit<Trouble, 'reason' | 'message'>) => string>> =
  {
    'no-agent': ({ detail }) =>
      `no agent that would run it is connected${detail === '' ? '' : `: ${detail}`}`,
    'old-agent': ({ agent, detail }) => `agent ${agent} ${detail} cannot try a check; upgrade it`,
    over: ({ detail }) => `not begun: one try takes ${detail} at most`,
    late: ({ agent }) => `agent ${agent} did not answer in time`,
    lost: ({ agent }) => `the connection of agent ${agent} was lost`,
    refused: ({ agent, detail }) => `agent ${agent} did not try it: ${detail}`,
    unreadable: ({ agent }) => `agent ${agent} gave an answer that cannot be read`,
  }

function troubleOf(reason: Trouble['reason'], about: Omit<Trouble, 'reason' | 'message'>): Trouble {
  return { reason, ...about, message: MESSAGES[reason](about) }
}

/** An agent is another party: what it says is read like anything from outside. */
function readProbed(text: string): Probed | null {
  try {
    return probed.safeParse(JSON.parse(text)).data ?? null
  } catch {
    // Not JSON.
    return null
  }
}
