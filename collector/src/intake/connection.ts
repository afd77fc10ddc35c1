/**
 * Connection: one agent on one socket, from its introduction to its last frame. It holds no opinion on
 * frames: the frame intake decides, this file only passes on, acknowledges and slows down.
 */
import { publicKeyOf } from '@constat/shared/signature'
import type { CheckPlace, Look } from '@constat/shared/look'
import { introductionHolds, signIntroduction, type Introduction } from '@constat/shared/handshake'
import {
  decodeMessage,
  encodeMessage,
  MAX_HELLO_BYTES,
  NONCE_BYTES,
  type Message,
} from '@constat/shared/wire'
import { messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { SignedTrial } from '@constat/shared/trial'
import type { Shell } from '../shell.ts'
import type { FrameIntake, Verdict } from './frame-intake.ts'
import type { KnownAgent, Agents } from './agents.ts'

/** Frames of one connection that may wait for a verdict; the socket is paused above it. */
export const MAX_PENDING_FRAMES = 64
const RESUME_BELOW_FRAMES = 32
const RETRY_AFTER_MS = 1_000
/** Proofs that one agent has made at once, each of another log. */
const MAX_PROVING = 4
const MAX_RETRY_AFTER_MS = 60_000
/**
 * A connection that speaks this long beside a newer one of its agent belongs to another host. What a broken one still
 * had on its way comes at once, and then its end.
 */
export const CLONE_AFTER_MS = 15_000

/** The part of a WebSocket that a connection needs. */
export type Socket = {
  send(bytes: Uint8Array): void
  close(code: number, reason: string): void
  pause(): void
  resume(): void
  /** The other end has proved to be this agent. */
  welcomed(agent: KnownAgent): void
}

/** A signed configuration of one log, and which of its checks this agent runs. */
export type Assignment = { json: string; signature: Uint8Array; mine: number[] }

export type Recalled = Omit<Extract<Message, { type: 'recall' }>, 'type'>

export type Prove = Omit<Extract<Message, { type: 'prove' }>, 'type'>
export type Proven = Extract<Message, { type: 'proven' }>
export type Forked = Omit<Extract<Message, { type: 'forked' }>, 'type'>

export type SignedLook = Look & { signature: Uint8Array }

export type ConnectionDeps = {
  shell: Shell
  agents: Agents
  intake: FrameIntake
  /** What an agent has to run now; enrols it in the logs it will write to. */
  assign(agent: KnownAgent): Promise<Assignment[]>
  /** What an agent is told whose own clock shows `theirMs`; null while that is in doubt. */
  compare(agent: KnownAgent, theirMs: UnixMs): UnixMs | null
  /** What an agent has of this collector's own hand. Never throws. */
  recall(recalled: Recalled): Promise<void>
  /** The place of frames under the newest head of a log; null where there is nothing to show. Never rejects. */
  prove(agent: KnownAgent, wanted: Prove): Promise<Proven | null>
  /** Words of this collector's own key that cannot all be true. Never rejects. */
  forked(agent: KnownAgent, said: Forked): Promise<void>
  /** A try of this agent hangs. */
  hanging(agent: KnownAgent, place: CheckPlace): void
}

type Tried = Extract<Message, { type: 'tried' }>

type Stage =
  | { at: 'hello' }
  | { at: 'proof'; hello: Extract<Message, { type: 'hello' }>; introduction: Introduction }
  | { at: 'deciding' }
  | { at: 'open'; agent: KnownAgent; looks: boolean }
  | { at: 'closed' }

export class Connection {
  readonly #deps: ConnectionDeps
  readonly #socket: Socket
  #stage: Stage = { at: 'hello' }
  #tries = false
  /** The last one. An answer to an earlier one came too late. */
  #trial: { id: number; answer: (tried: Tried | null) => void } = { id: 0, answer: ignore }
  /** Of the connections of its agent, the how-many-th. */
  #number = 0
  /** When it first spoke beside a newer one. */
  #besideUs: number | null = null
  /** Logs of which a proof is being made. */
  readonly #proving = new Set<string>()
  #pending = 0
  #paused = false
  /** It has sent more than its checks can say: nothing is read until that is made up for. */
  #rests = false

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket
    this.#deps = deps
  }

  /** Whether the other end knows trials. */
  get tries(): boolean {
    return this.#tries
  }

  /** Has a check tried, one at a time; null where the connection ends before the answer. */
  try(signed: SignedTrial): Promise<Tried | null> {
    if (this.#stage.at !== 'open') return Promise.resolve(null)
    const id = this.#trial.id + 1
    this.#send({ type: 'try', id, ...signed })
    return new Promise((answer) => {
      this.#trial = { id, answer }
    })
  }

  get agent(): KnownAgent | null {
    return this.#stage.at === 'open' ? this.#stage.agent : null
  }

  /** One message of the other side. Never throws: whatever is wrong is said and ends the connection. */
  receive(bytes: Uint8Array): void {
    if (this.#isClosed()) return
    const isTooLong = this.#stage.at !== 'open' && bytes.length > MAX_HELLO_BYTES
    const message = isTooLong ? null : decodeMessage(bytes)
    if (!message)
      return this.refuse('malformed', 'that is not a message of this protocol; upgrade the older end')
    const stage = this.#stage
    if (stage.at === 'open') return this.#serve(stage.agent, message)
    if (stage.at === 'hello' && message.type === 'hello') return this.#challenge(message)
    if (stage.at === 'proof' && message.type === 'proof') return void this.#prove(stage, message.signature)
    this.refuse('malformed', `a ${message.type} message does not belong here`)
  }

  /** The agent answered or sent a ping. */
  alive(): void {
    if (this.#stage.at === 'open') this.#hear(this.#stage.agent)
  }

  /** Whether it is we who do not listen. */
  get rests(): boolean {
    return this.#rests
  }

  /** Reads on once what the agent has sent too much is made up for. Called now and then. */
  listen(): void {
    if (this.#rests) this.#slow()
  }

  /** Tells the agent what it has to run, after a change. */
  async assign(): Promise<void> {
    const { agent } = this
    if (!agent) return
    for (const assignment of await this.#deps.assign(agent)) this.#send({ type: 'config', ...assignment })
  }

  /** Asks the agent for one probe now. */
  look(look: SignedLook): void {
    if (this.#stage.at === 'open' && this.#stage.looks) this.#send({ type: 'look', ...look })
  }

  /** Says why, then closes. A refusal of policy is 1008, a passing one 1013. */
  refuse(code: string, detail: string, retryAfterMs = 0): void {
    if (this.#stage.at === 'closed') return
    this.#send({ type: 'bye', code, detail, retryAfterMs })
    this.closed()
    this.#socket.close(retryAfterMs > 0 ? 1013 : 1008, code)
  }

  closed(): void {
    if (this.#stage.at === 'open') this.#stage.agent.connections -= 1
    this.#stage = { at: 'closed' }
    this.#trial.answer(null)
  }

  #challenge(hello: Extract<Message, { type: 'hello' }>): void {
    const { random, identity } = this.#deps.shell
    const nonce = random.bytes(NONCE_BYTES)
    const introduction = {
      agentNonce: hello.nonce,
      collectorNonce: nonce,
      agentKey: hello.publicKey,
      collectorKey: identity.publicKey,
    }
    this.#stage = { at: 'proof', hello, introduction }
    const signature = signIntroduction('collector', introduction, identity.key)
    this.#send({ type: 'challenge', nonce, publicKey: identity.publicKey, signature })
  }

  async #prove(
    { hello, introduction }: Extract<Stage, { at: 'proof' }>,
    signature: Uint8Array,
  ): Promise<void> {
    this.#stage = { at: 'deciding' }
    try {
      if (!introductionHolds('agent', introduction, { signature, key: publicKeyOf(hello.publicKey) })) {
        return this.refuse('bad-signature', 'the proof is not signed by the key that was named')
      }
      const enrolment = await this.#deps.agents.introduce(hello)
      if (enrolment.kind === 'refused') return this.refuse(enrolment.code, enrolment.detail)
      if (this.#isClosed()) return
      this.#tries = hello.tries
      await this.#open(enrolment.agent, hello)
    } catch (error) {
      this.#deps.shell.log.error('an agent could not be welcomed', { reason: messageOf(error) })
      this.refuse('unavailable', 'the collector cannot look you up just now', RETRY_AFTER_MS)
    }
  }

  async #open(agent: KnownAgent, { version, looks }: Extract<Message, { type: 'hello' }>): Promise<void> {
    this.#socket.welcomed(agent)
    agent.version = version
    agent.takesLooks = looks
    agent.connections += 1
    agent.opened += 1
    this.#number = agent.opened
    this.#stage = { at: 'open', agent, looks }
    this.#deps.agents.seen(agent)
    this.#send({
      type: 'welcome',
      agent: agent.id,
      name: agent.name,
      looks: true,
      recalls: true,
      proves: true,
    })
    this.#slow()
    await this.assign()
  }

  #hear(agent: KnownAgent): void {
    const { agents, shell } = this.#deps
    agents.seen(agent)
    const isBeside = agent.connections > 1 && this.#number < agent.opened
    if (!isBeside) return
    const nowUs = shell.clock.monotonicUs()
    this.#besideUs ??= nowUs
    if (nowUs - this.#besideUs >= CLONE_AFTER_MS * 1_000) agents.cloned(agent)
  }

  #serve(agent: KnownAgent, message: Message): void {
    this.#hear(agent)
    if (message.type === 'time') return this.#answerTime(agent, message.sentMs)
    if (message.type === 'hanging') return this.#deps.hanging(agent, message)
    if (message.type === 'recall') return void this.#deps.recall(message)
    if (message.type === 'forked') return void this.#deps.forked(agent, message)
    if (message.type === 'prove') return void this.#showProof(agent, message)
    if (message.type === 'tried')
      return message.id === this.#trial.id ? this.#trial.answer(message) : undefined
    if (message.type !== 'frame')
      return this.refuse('malformed', `a ${message.type} message does not belong here`)
    if (agent.revokedMs !== null) return this.refuse('revoked', 'this agent was revoked')
    // On its way before the rest began; beyond, it is kept by the agent and comes again.
    if (this.#rests && this.#pending === 0)
      return this.refuse('unavailable', 'more than your checks can say; send it later', MAX_RETRY_AFTER_MS)
    this.#pending += 1
    this.#flow()
    const sender = { agent: agent.idBytes, publicKey: agent.publicKey }
    void this.#deps.intake.receive(sender, message.bytes).then((verdict) => {
      this.#pending -= 1
      this.#slow()
      this.#answer(verdict)
    })
  }

  /** One at a time: whoever asks faster is answered when it asks again. */
  async #showProof(agent: KnownAgent, wanted: Prove): Promise<void> {
    if (this.#proving.has(wanted.origin) || this.#proving.size >= MAX_PROVING) return
    this.#proving.add(wanted.origin)
    const proven = await this.#deps.prove(agent, wanted)
    this.#proving.delete(wanted.origin)
    if (proven) this.#send(proven)
  }

  #answerTime(agent: KnownAgent, sentMs: number): void {
    const nowMs = this.#deps.compare(agent, sentMs)
    // In doubt it says nothing: the agent goes on with what it knows.
    if (nowMs !== null) this.#send({ type: 'time', sentMs, receivedMs: nowMs, answeredMs: nowMs })
  }

  #answer(verdict: Verdict): void {
    if (this.#isClosed()) return
    switch (verdict.kind) {
      case 'acknowledged':
        return this.#send({
          type: 'ack',
          session: verdict.session,
          seq: verdict.seq,
          receipt: verdict.receipt,
        })
      case 'covered':
        return
      case 'refused': {
        const { session, seq, reason, detail, expectedSeq } = verdict
        this.#deps.shell.log.warn('a frame was refused', { agent: this.agent?.name, reason, detail })
        return this.#send({ type: 'refuse', session, seq, reason, detail, expectedSeq })
      }
      case 'unavailable':
        return this.refuse('unavailable', verdict.detail, RETRY_AFTER_MS)
    }
  }

  #isClosed(): boolean {
    return this.#stage.at === 'closed'
  }

  #slow(): void {
    const { agent } = this
    if (!agent) return
    this.#rests = this.#deps.intake.owedMs(agent.id) > 0
    this.#flow()
  }

  /** Reads, or does not read, what comes. */
  #flow(): void {
    const mayWait = this.#paused ? RESUME_BELOW_FRAMES : MAX_PENDING_FRAMES
    const isFull = this.#rests || this.#pending >= mayWait
    if (isFull === this.#paused) return
    this.#paused = isFull
    if (isFull) this.#socket.pause()
    else this.#socket.resume()
  }

  #send(message: Message): void {
    if (!this.#isClosed()) this.#socket.send(encodeMessage(message))
  }
}

/** Nobody waits for the answer. */
function ignore(): void {}
