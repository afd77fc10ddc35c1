/**
 * Uplink: one WebSocket to the collector, from the first byte to the last. Both ends prove their keys
 * before anything else is said (wire.ts has the order); a collector with another key than the one learned
 * at enrolment is refused. The TLS below it has its own pin, which is dial.ts's. The only file of the agent
 * that knows the library.
 */
import type { KeyObject } from 'node:crypto'
import { WebSocket } from 'ws'
import { messageOf } from '@constat/shared/fault'
import { introductionHolds, signIntroduction, type Introduction } from '@constat/shared/handshake'
import { publicKeyOf, rawPublicKey } from '@constat/shared/signature'
import {
  decodeMessage,
  encodeMessage,
  MAX_MESSAGE_BYTES,
  NONCE_BYTES,
  SUBPROTOCOL,
  type Message,
} from '@constat/shared/wire'
import { agentOf, type Route } from './dial.ts'
import type { Random } from './shell.ts'

export type UplinkLimits = {
  /** From the start to the welcome. */
  handshakeMs: number
  pingMs: number
  /** Nothing heard for this long, not even a pong: the connection is dead. */
  silenceMs: number
  /** Connected to another address than the first: how often that one is looked at. */
  returnMs: number
}
export const UPLINK_LIMITS: UplinkLimits = {
  handshakeMs: 10_000,
  pingMs: 20_000,
  silenceMs: 45_000,
  returnMs: 300_000,
}

export type UplinkOptions = {
  route: Route
  key: KeyObject
  /** The collector's own Ed25519 key, raw; null takes whichever is proved, and only at enrolment. */
  collectorKey: Buffer | null
  name: string
  version: string
  token: string | null
  random: Random
  limits: UplinkLimits
}

export type Welcome = {
  agent: string
  name: string
  collectorKey: Buffer
  looks: boolean
  recalls: boolean
  proves: boolean
}

/** Why a connection ended, for people and for the next try. */
export type Ending = {
  /** The collector's last word, when it had one. */
  bye: { code: string; detail: string; retryAfterMs: number } | null
  /** WebSocket close code; 1006 when there was none. */
  closeCode: number
  reason: string
}

export type UplinkEvents = {
  welcomed: (welcome: Welcome, uplink: Uplink) => void
  /** Any message after the welcome, byes apart. */
  received: (message: Message) => void
  /** Exactly once. */
  ended: (ending: Ending) => void
}

export type Uplink = {
  send: (message: Message) => void
  /** Bytes that wait in the socket. */
  bufferedBytes: () => number
  close: () => void
}

type Stage =
  | { at: 'hello'; nonce: Buffer }
  | { at: 'proved'; collectorKey: Buffer }
  | { at: 'open' }
  | { at: 'over' }

const GOING_AWAY = 1000
const PROTOCOL_ERROR = 1002
/** After our close frame, before the socket is cut. */
const CLOSE_GRACE_MS = 500

/** Dials at once. Everything that happens comes out as an event; the last one is `ended`. */
export function openUplink(options: UplinkOptions, events: UplinkEvents): Uplink {
  return new Link(options, events)
}

class Link implements Uplink {
  readonly #options: UplinkOptions
  readonly #events: UplinkEvents
  readonly #socket: WebSocket
  /** Ends what the library does not know of yet: a name being resolved, a proxy being asked. */
  readonly #dialling = new AbortController()
  readonly #ending: Ending = { bye: null, closeCode: 1006, reason: '' }
  readonly #handshakeTimer: NodeJS.Timeout
  readonly #pingTimer: NodeJS.Timeout
  #quietTimer: NodeJS.Timeout | null = null
  #stage: Stage

  constructor(options: UplinkOptions, events: UplinkEvents) {
    const { route, random, limits } = options
    this.#options = options
    this.#events = events
    this.#stage = { at: 'hello', nonce: random.bytes(NONCE_BYTES) }
    this.#socket = new WebSocket(route.url, SUBPROTOCOL, {
      agent: agentOf(route, this.#dialling.signal),
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handshakeTimeout: limits.handshakeMs,
      followRedirects: false,
    })
    const unwelcome = 'the collector did not finish its introduction in time'
    this.#handshakeTimer = setTimeout(() => this.#abandon(unwelcome), limits.handshakeMs)
    this.#pingTimer = setInterval(() => this.#ping(), limits.pingMs)
    this.#attach()
  }

  send(message: Message): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encodeMessage(message))
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  close(): void {
    this.#ending.reason ||= 'closed by the agent'
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate()
    else this.#closeWith(GOING_AWAY)
  }

  #attach(): void {
    const socket = this.#socket
    const heard = (): void => this.#listen()
    socket.on('open', () => this.#introduce())
    socket.on('ping', heard)
    socket.on('pong', heard)
    socket.on('message', (data) => {
      heard()
      const message = decodeMessage(bytesOf(data))
      if (message) this.#receive(message)
      else this.#violate('that is not a message of this protocol; upgrade the older end')
    })
    socket.on('error', (error) => (this.#ending.reason ||= messageOf(error)))
    socket.on('close', (code) => this.#end(code))
  }

  #introduce(): void {
    this.#listen()
    if (this.#stage.at !== 'hello') return
    const { key, version, name, token } = this.#options
    const { nonce } = this.#stage
    const introduction = { nonce, publicKey: rawPublicKey(key), version, name, token }
    this.send({ type: 'hello', ...introduction, looks: true, tries: true })
  }

  #receive(message: Message): void {
    if (message.type === 'bye') return this.#note(message)
    const stage = this.#stage
    if (stage.at === 'open') return this.#events.received(message)
    if (stage.at === 'hello' && message.type === 'challenge') {
      const answer = answerChallenge(message, { options: this.#options, nonce: stage.nonce })
      if (typeof answer === 'string') return this.#violate(answer)
      this.#stage = { at: 'proved', collectorKey: answer.collectorKey }
      return this.send({ type: 'proof', signature: answer.signature })
    }
    if (stage.at === 'proved' && message.type === 'welcome') {
      clearTimeout(this.#handshakeTimer)
      this.#stage = { at: 'open' }
      const { type: _, ...said } = message
      return this.#events.welcomed({ ...said, collectorKey: stage.collectorKey }, this)
    }
    this.#violate(`a ${message.type} message does not belong here`)
  }

  #note({ code, detail, retryAfterMs }: Extract<Message, { type: 'bye' }>): void {
    this.#ending.bye = { code, detail, retryAfterMs }
    this.#ending.reason ||= `${code}: ${detail}`
  }

  #ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping()
  }

  /** Something was heard: silence counts from now. */
  #listen(): void {
    if (this.#quietTimer) clearTimeout(this.#quietTimer)
    const { silenceMs } = this.#options.limits
    this.#quietTimer = setTimeout(() => this.#abandon('the collector fell silent'), silenceMs)
  }

  #abandon(reason: string): void {
    this.#ending.reason ||= reason
    this.#socket.terminate()
  }

  #violate(reason: string): void {
    this.#ending.reason ||= reason
    this.#closeWith(PROTOCOL_ERROR)
  }

  #closeWith(code: number): void {
    this.#socket.close(code)
    setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref()
  }

  #end(code: number): void {
    clearTimeout(this.#handshakeTimer)
    clearInterval(this.#pingTimer)
    if (this.#quietTimer) clearTimeout(this.#quietTimer)
    this.#dialling.abort()
    this.#stage = { at: 'over' }
    this.#ending.closeCode = code
    this.#ending.reason ||= `closed with ${code}`
    this.#events.ended(this.#ending)
  }
}

/** Our proof, or the sentence that says why the other end is not the collector. */
function answerChallenge(
  challenge: Extract<Message, { type: 'challenge' }>,
  { options, nonce }: { options: UplinkOptions; nonce: Buffer },
): { signature: Buffer; collectorKey: Buffer } | string {
  const collectorKey = Buffer.from(challenge.publicKey)
  if (options.collectorKey && !options.collectorKey.equals(collectorKey)) {
    return 'the collector has another key than the one pinned at enrolment; nothing was sent to it'
  }
  const introduction: Introduction = {
    agentNonce: nonce,
    collectorNonce: challenge.nonce,
    agentKey: rawPublicKey(options.key),
    collectorKey,
  }
  const proof = { signature: challenge.signature, key: publicKeyOf(collectorKey) }
  if (!introductionHolds('collector', introduction, proof)) {
    return 'the collector could not prove its key'
  }
  return { signature: signIntroduction('agent', introduction, options.key), collectorKey }
}

function bytesOf(data: WebSocket.RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
