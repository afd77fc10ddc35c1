/**
 * Uplink: one WebSocket to the collector, from the first byte to the last. Both ends prove their keys
 * before anything else is said (wire.ts has the order); a collector with another key than the pinned one
 * is refused. The only file of the agent that knows the library.
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
import type { Random } from './shell.ts'

export type UplinkLimits = {
  /** From the start to the welcome. */
  handshakeMs: number
  pingMs: number
  /** Nothing heard for this long, not even a pong: the connection is dead. */
  silenceMs: number
}
export const UPLINK_LIMITS: UplinkLimits = { handshakeMs: 10_000, pingMs: 20_000, silenceMs: 45_000 }

export type UplinkOptions = {
  /** ws: or wss:, with its path. */
  url: string
  key: KeyObject
  /** Raw public key of the collector; null takes whichever is proved, and only at enrolment. */
  pin: Buffer | null
  name: string
  version: string
  token: string | null
  random: Random
  limits: UplinkLimits
}

export type Welcome = { agent: string; name: string; collectorKey: Buffer }

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
  heard: (message: Message) => void
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

export function openUplink(options: UplinkOptions, events: UplinkEvents): Uplink {
  const { limits } = options
  const socket = new WebSocket(options.url, SUBPROTOCOL, {
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handshakeTimeout: limits.handshakeMs,
    followRedirects: false,
  })
  const ending: Ending = { bye: null, closeCode: 1006, reason: '' }
  let stage: Stage = { at: 'hello', nonce: options.random.bytes(NONCE_BYTES) }
  let quietTimer: NodeJS.Timeout | null = null

  const handshakeTimer = setTimeout(
    () => abandon('the collector did not finish its introduction in time'),
    limits.handshakeMs,
  )
  const pingTimer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, limits.pingMs)

  function abandon(reason: string): void {
    ending.reason ||= reason
    socket.terminate()
  }
  function violate(reason: string): void {
    ending.reason ||= reason
    socket.close(PROTOCOL_ERROR, reason.slice(0, 100))
    setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref()
  }
  function listen(): void {
    if (quietTimer) clearTimeout(quietTimer)
    quietTimer = setTimeout(() => abandon('the collector fell silent'), limits.silenceMs)
  }
  const uplink: Uplink = {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodeMessage(message))
    },
    bufferedBytes: () => socket.bufferedAmount,
    close() {
      ending.reason ||= 'closed by the agent'
      if (socket.readyState === WebSocket.CONNECTING) return socket.terminate()
      socket.close(GOING_AWAY)
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref()
    },
  }
  function receive(message: Message): void {
    if (message.type === 'bye') {
      const { code, detail, retryAfterMs } = message
      ending.bye = { code, detail, retryAfterMs }
      ending.reason ||= `${code}: ${detail}`
      return
    }
    if (stage.at === 'open') return events.heard(message)
    if (stage.at === 'hello' && message.type === 'challenge') {
      const answer = answerChallenge(message, { options, nonce: stage.nonce })
      if (typeof answer === 'string') return violate(answer)
      stage = { at: 'proved', collectorKey: answer.collectorKey }
      return uplink.send({ type: 'proof', signature: answer.signature })
    }
    if (stage.at === 'proved' && message.type === 'welcome') {
      clearTimeout(handshakeTimer)
      const { collectorKey } = stage
      stage = { at: 'open' }
      return events.welcomed({ agent: message.agent, name: message.name, collectorKey }, uplink)
    }
    violate(`a ${message.type} message does not belong here`)
  }

  socket.on('open', () => {
    listen()
    if (stage.at !== 'hello') return
    const { key, version, name, token } = options
    uplink.send({ type: 'hello', nonce: stage.nonce, publicKey: rawPublicKey(key), version, name, token })
  })
  socket.on('message', (data) => {
    listen()
    const message = decodeMessage(bytesOf(data))
    if (message) receive(message)
    else violate('that is not a message of this protocol; upgrade the older end')
  })
  socket.on('ping', listen)
  socket.on('pong', listen)
  socket.on('error', (error) => (ending.reason ||= messageOf(error)))
  socket.on('close', (code) => {
    clearTimeout(handshakeTimer)
    clearInterval(pingTimer)
    if (quietTimer) clearTimeout(quietTimer)
    stage = { at: 'over' }
    ending.closeCode = code
    ending.reason ||= `closed with ${code}`
    events.ended(ending)
  })
  return uplink
}

/** Our proof, or the sentence that says why the other end is not the collector. */
function answerChallenge(
  challenge: Extract<Message, { type: 'challenge' }>,
  { options, nonce }: { options: UplinkOptions; nonce: Buffer },
): { signature: Buffer; collectorKey: Buffer } | string {
  const collectorKey = Buffer.from(challenge.publicKey)
  if (options.pin && !options.pin.equals(collectorKey)) {
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
