/** Sender: an agent's side of the socket and nothing else, for load. It enrols, learns its log, streams. */
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import { introductionHolds, signIntroduction } from '@constat/shared/handshake'
import { agentIdOf, publicKeyOf, rawPublicKey } from '@constat/shared/signature'
import { AGENT_PATH, decodeMessage, encodeMessage, SUBPROTOCOL, type Message } from '@constat/shared/wire'
import { WebSocket } from 'ws'
import type { Program } from './program.ts'

export type Sender = {
  key: KeyObject
  agent: Buffer
  origin: string
  configDigest: Buffer
  /** Sends all frames with at most `window` unacknowledged; resolves after the last acknowledgement. */
  stream(frames: readonly Buffer[], window: number): Promise<void>
  send(frame: Buffer): void
  onAcknowledged(heard: (seq: number) => void): void
  isClosed(): boolean
  close(): void
}

export async function openSender(program: Program, name: string): Promise<Sender> {
  const { token } = await program.post<{ token: string }>('/agents/tokens', { name })
  return dialSender(program.url, {
    key: generateKeyPairSync('ed25519').privateKey,
    name,
    token,
  })
}

export type Credentials = { key: KeyObject; name: string; token: string | null }

/** Connects, proves the key, waits for the configuration. Rejects when the collector is away or refuses. */
export async function dialSender(url: string, { key, name, token }: Credentials): Promise<Sender> {
  const publicKey = rawPublicKey(key)
  const socket = new WebSocket(`${url.replace('http', 'ws')}${AGENT_PATH}`, SUBPROTOCOL, {
    handshakeTimeout: 5_000,
  })
  const next = messagesOf(socket)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const send = (message: Message): void => socket.send(encodeMessage(message))
  const nonce = randomBytes(32)
  send({ type: 'hello', nonce, publicKey, version: '0.1.0', name, token, looks: false, tries: false })
  const challenge = await next('challenge')
  const introduction = {
    agentNonce: nonce,
    collectorNonce: challenge.nonce,
    agentKey: publicKey,
    collectorKey: challenge.publicKey,
  }
  const theirs = { signature: challenge.signature, key: publicKeyOf(challenge.publicKey) }
  if (!introductionHolds('collector', introduction, theirs))
    throw new Error('the collector did not prove its key')
  send({ type: 'proof', signature: signIntroduction('agent', introduction, key) })
  await next('welcome')
  // Contracts that ask nothing of this agent are told too, with no check of its own.
  let { json, mine } = await next('config')
  while (mine.length === 0) ({ json, mine } = await next('config'))
  // The collector's own words; the tests that judge them look at them elsewhere.
  const config = JSON.parse(json) as CheckConfig
  return {
    key,
    agent: agentIdOf(publicKey),
    origin: config.origin,
    configDigest: configDigest(config),
    stream: (frames, window) => streamAll(socket, frames, window),
    send: (bytes) => send({ type: 'frame', bytes }),
    onAcknowledged: (heard) => {
      socket.on('message', (data: Buffer) => {
        const message = decodeMessage(data)
        if (message?.type === 'ack') heard(message.seq)
        // Frames of this sender are sound: a refusal is the news, not the noise.
        else if (message?.type === 'refuse')
          console.error(`refused ${message.seq}: ${message.reason}: ${message.detail}`)
      })
    },
    isClosed: () => socket.readyState !== WebSocket.OPEN,
    close: () => socket.terminate(),
  }
}

function streamAll(socket: WebSocket, frames: readonly Buffer[], window: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0
    let acknowledged = 0
    const fill = (): void => {
      while (sent < frames.length && sent - acknowledged < window) {
        socket.send(encodeMessage({ type: 'frame', bytes: frames[sent]! }))
        sent += 1
      }
    }
    socket.on('message', (data: Buffer) => {
      const message = decodeMessage(data)
      // The frames are one session from 0 on: an acknowledgement covers all up to its number.
      if (message?.type === 'ack') acknowledged = Math.max(acknowledged, message.seq + 1)
      else if (message?.type === 'refuse' || message?.type === 'bye')
        reject(new Error(JSON.stringify(message)))
      if (acknowledged === frames.length) resolve()
      else fill()
    })
    socket.once('close', () => reject(new Error('the collector closed the socket')))
    fill()
  })
}

/** Waits for the next message of a type; messages of others are passed over. */
function messagesOf(socket: WebSocket) {
  const queue: Message[] = []
  let wake: (() => void) | null = null
  let isClosed = false
  // Whoever waits hears of the end too; a failed connection is an error first.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
    wake?.()
  })
  socket.on('message', (data: Buffer) => {
    const message = decodeMessage(data)
    if (message) queue.push(message)
    wake?.()
  })
  return async <T extends Message['type']>(type: T): Promise<Extract<Message, { type: T }>> => {
    for (;;) {
      const message = queue.shift()
      if (message?.type === 'bye') throw new Error(`${message.code}: ${message.detail}`)
      // The type was compared: the union is narrowed to it.
      if (message?.type === type) return message as Extract<Message, { type: T }>
      if (!message && isClosed) throw new Error('the socket was closed')
      if (!message) await new Promise<void>((resolve) => (wake = resolve))
    }
  }
}
