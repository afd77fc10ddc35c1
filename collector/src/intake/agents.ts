/**
 * Agents: the agents that may write, and whether each is heard. An agent is its key; a join token
 * binds it once. An agent is silent after 90 s without a frame or a ping; time during which this collector
 * itself was away does not count.
 */
import { createHash } from 'node:crypto'
import { strictPublicKey } from '@constat/evidence/key'
import { agentIdOf } from '@constat/shared/signature'
import type { UnixMs } from '@constat/shared/time'
import { Allowances } from './allowance.ts'
import { agentRows, insertAgent, markRevoked, markSeen, type AgentRow } from '../db/agent-rows.ts'
import { spendToken } from '../db/token-rows.ts'
import type { Database } from '../db/tx.ts'
import type { ClockBase, Shell } from '../shell.ts'

export const SILENT_AFTER_MS = 90_000
/** A clone, or an agent that sends too much, is told again once it has not been noticed for this long. */
export const NOTICE_PAUSE_MS = 3_600_000
/** Asked every second: after this long without a question this process, or its clock, was away. */
const AWAY_AFTER_MS = 30_000
/** Agents of one collector at most. */
export const MAX_AGENTS = 5_000

export type KnownAgent = AgentRow & {
  idBytes: Buffer
  connections: number
  /** Last frame or ping that this process had of it; its start when it had none. */
  seenMs: UnixMs
  /** Its last connection takes requests to look. */
  takesLooks: boolean
  /** Of its last frame that this process has taken. */
  clockBase: ClockBase | null
  /** Connections that it ever had of this process. */
  opened: number
  /** When two hosts were last seen to use its key, and whether that was told. In this process alone. */
  clone: Noticed | null
  /** When it was last seen to send more than its checks can say, or to owe for it, and whether that was told. */
  excess: Noticed | null
}

type Noticed = { seenMs: UnixMs; told: boolean }

export type Introduction = { publicKey: Uint8Array; name: string; version: string; token: string | null }
export type Enrolment =
  | { kind: 'known'; agent: KnownAgent }
  | { kind: 'refused'; code: string; detail: string }

export class Agents {
  readonly #db: Database
  readonly #shell: Shell
  /** How much more of each is taken. */
  readonly allowances: Allowances
  readonly #byId = new Map<string, KnownAgent>()
  /** When silences were last asked for. */
  #askedMs: UnixMs

  constructor(db: Database, shell: Shell) {
    this.#db = db
    this.#shell = shell
    this.#askedMs = shell.clock.nowMs()
    this.allowances = new Allowances(() => shell.clock.monotonicUs() / 1_000)
  }

  async open(): Promise<void> {
    const nowMs = this.#shell.clock.nowMs()
    for (const row of await agentRows(this.#db)) {
      const agent = this.#add(row)
      this.allowances.restore(row.id, row.inHand, nowMs)
      // Told when it passed what it may; what it owes is still held back, and shown.
      if (this.allowances.owedMs(row.id) > 0) agent.excess = { seenMs: nowMs, told: true }
    }
  }

  /** Those that may write: not revoked. */
  enrolled(): KnownAgent[] {
    return [...this.#byId.values()].filter(({ revokedMs }) => revokedMs === null)
  }

  byId(id: string): KnownAgent | null {
    return this.#byId.get(id) ?? null
  }

  /** What a silent host has not sent is missing; what any other has not sent is on its way. */
  isAwaited(id: string): boolean {
    const known = this.byId(id)
    return known !== null && known.revokedMs === null && known.silentSinceMs === null
  }

  /** Who introduces itself: an enrolled agent, or a new one whose token is good. */
  async introduce(hello: Introduction): Promise<Enrolment> {
    const id = agentIdOf(hello.publicKey).toString('hex')
    const known = this.#byId.get(id)
    if (known?.revokedMs != null) return refused('revoked', 'this agent was revoked; enrol it with a new key')
    if (known) return { kind: 'known', agent: known }
    if (hello.token === null) {
      return refused(
        'not-enrolled',
        'this agent is not enrolled here; run `constat-agent enroll` with a join token',
      )
    }
    if (!strictPublicKey(hello.publicKey))
      return refused('bad-key', 'the public key is not a sound Ed25519 key')
    if (this.enrolled().length >= MAX_AGENTS)
      return refused('full', `this collector takes ${MAX_AGENTS} agents at most`)
    return this.#enrol(id, { ...hello, token: hello.token })
  }

  async #enrol(
    id: string,
    { publicKey, name, version, token }: Introduction & { token: string },
  ): Promise<Enrolment> {
    const nowMs = this.#shell.clock.nowMs()
    const hash = createHash('sha256').update(token).digest()
    const row = await this.#db.begin(async (tx) => {
      const spent = await spendToken(tx, { hash, nowMs })
      if (!spent) return null
      const agent = {
        id,
        name: this.#freeName(spent.name ?? name),
        publicKey: Buffer.from(publicKey),
        enrolledMs: nowMs,
        revokedMs: null,
        version,
        lastSeenMs: nowMs,
        silentSinceMs: null,
        clockOffsetMs: 0,
        clockErrorMs: 0,
        spoolFrames: 0,
        inHand: [],
      }
      await insertAgent(tx, agent)
      return agent
    })
    if (!row) return refused('bad-token', 'the join token is wrong, used or expired; make a new one')
    this.#shell.log.info('agent enrolled', { agent: id, name: row.name })
    return { kind: 'known', agent: this.#add(row) }
  }

  async revoke(id: string): Promise<boolean> {
    const agent = this.#byId.get(id)
    if (!agent || agent.revokedMs !== null) return false
    const nowMs = this.#shell.clock.nowMs()
    await markRevoked(this.#db, { id, nowMs })
    agent.revokedMs = nowMs
    return true
  }

  seen(agent: KnownAgent): void {
    agent.seenMs = this.#shell.clock.nowMs()
    agent.lastSeenMs = agent.seenMs
  }

  /** Two connections of it speak, each for itself: another host has its key. */
  cloned(agent: KnownAgent): void {
    const said = 'two hosts use the key of one agent: revoke it, and enrol each anew'
    agent.clone = this.#noticed(agent, agent.clone, said)
  }

  /** It has sent more than its checks can say. */
  passed(id: string): void {
    const agent = this.#byId.get(id)
    const said = 'an agent sends more than its checks can say: it is heard more slowly'
    if (agent) agent.excess = this.#noticed(agent, agent.excess, said)
  }

  #noticed({ id, name }: KnownAgent, before: Noticed | null, said: string): Noticed {
    const seenMs = this.#shell.clock.nowMs()
    const goesOn = before !== null && seenMs - before.seenMs < NOTICE_PAUSE_MS
    if (!goesOn) this.#shell.log.warn(said, { agent: id, name })
    return { seenMs, told: goesOn && before.told }
  }

  /**
   * Agents that have just fallen silent, those that are back, those found to be cloned and those that send too
   * much. The judge writes the events.
   */
  changes(): Record<'silent' | 'back' | 'cloned' | 'excessive', KnownAgent[]> {
    const nowMs = this.#shell.clock.nowMs()
    // Stopped, suspended, or the clock was set: nobody could be heard, so silence counts from here.
    const wasAway = Math.abs(nowMs - this.#askedMs) > AWAY_AFTER_MS
    if (wasAway) for (const agent of this.#byId.values()) agent.seenMs = nowMs
    this.#askedMs = nowMs
    const isSilent = (agent: KnownAgent): boolean => nowMs - agent.seenMs >= SILENT_AFTER_MS
    const agents = this.enrolled()
    return {
      silent: agents.filter((agent) => agent.silentSinceMs === null && isSilent(agent)),
      back: agents.filter(
        (agent) => agent.silentSinceMs !== null && !isSilent(agent) && agent.connections > 0,
      ),
      cloned: agents.filter(({ clone }) => clone?.told === false),
      excessive: agents.filter(({ excess }) => excess?.told === false),
    }
  }

  /** Writes what pages show of each agent, and how much of it is still taken. What is lost of it does no harm. */
  async save(): Promise<void> {
    const nowMs = this.#shell.clock.nowMs()
    await markSeen(
      this.#db,
      this.enrolled().map((agent) => ({ ...agent, inHand: this.allowances.stored(agent.id, nowMs) })),
    )
  }

  #add(row: AgentRow): KnownAgent {
    if (!strictPublicKey(row.publicKey)) throw new Error(`the stored key of agent ${row.id} is not sound`)
    const idBytes = Buffer.from(row.id, 'hex')
    const seenMs = this.#shell.clock.nowMs()
    const unheard = { takesLooks: false, clockBase: null, opened: 0, clone: null, excess: null }
    const agent = { ...row, idBytes, connections: 0, seenMs, ...unheard }
    this.#byId.set(row.id, agent)
    return agent
  }

  /** Names of agents that may write are unique, and such that a contract can name them: a second `db-1` becomes `db-1-2`. */
  #freeName(wanted: string): string {
    const base = plainName(wanted)
    const taken = new Set(this.enrolled().map(({ name }) => name))
    let name = base
    for (let n = 2; taken.has(name); n += 1) name = `${base}-${n}`
    return name
  }
}

/** Longest name of an agent. */
const MAX_AGENT_NAME_CHARS = 64

/** What a contract can write: letters, digits, `.`, `_` and `-`, the accents of others left off. */
function plainName(wanted: string): string {
  const plain = wanted
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '')
  return plain.slice(0, MAX_AGENT_NAME_CHARS) || 'agent'
}

function refused(code: string, detail: string): Enrolment {
  return { kind: 'refused', code, detail }
}
