/** A peer: one raw socket to a collector's agent door, that says whatever a test wants it to say. */
import { randomBytes, type KeyObject } from 'node:crypto'
import { request } from 'node:http'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import { signIntroduction, type Introduction } from '@constat/shared/handshake'
import { rawPublicKey } from '@constat/shared/signature'
import { AGENT_PATH, decodeMessage, encodeMessage, SUBPROTOCOL, type Message } from '@constat/shared/wire'
import { WebSocket } from 'ws'
import type { LogPlace } from './hostile-frames.ts'
import { until } from './program.ts'

const ANSWER_WITHIN_MS = 10_000

export type Peer = {
  say(message: Message): void
  /** Sent as it is: bytes as a binary message, text as a text one. */
  raw(data: Uint8Array | string): void
  /** The next message of the other side; `closed <code>` once it has gone. */
  next(): Promise<Message | string>
  /** The next message of these types; others are passed over. */
  nextOf<T extends Message['type']>(...types: T[]): Promise<Extract<Message, { type: T }>>
  /** The code it was closed with, or null while it is open. */
  closeCode(): number | null
  end(): void
}

export async function openPeer(url: string, protocols: string[] = [SUBPROTOCOL]): Promise<Peer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${AGENT_PATH}`, protocols)
  const queue: Message[] = []
  let code: number | null = null
  socket.on('message', (data: Buffer) => {
    const message = decodeMessage(data)
    if (!message) throw new Error('the collector says what is not of the protocol')
    queue.push(message)
  })
  socket.on('close', (closed) => (code = closed))
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  // A socket that is cut while we write reports it here; what counts is how it was closed.
  socket.on('error', () => undefined)
  const waiting = { withinMs: ANSWER_WITHIN_MS, what: 'an answer of the collector' }
  const next = (): Promise<Message | string> =>
    until(() => queue.shift() ?? (code === null ? null : `closed ${code}`), waiting)
  return {
    say: (message) => socket.send(encodeMessage(message)),
    raw: (data) => socket.send(data, { binary: typeof data !== 'string' }),
    next,
    nextOf: async <T extends Message['type']>(...types: T[]) => {
      for (;;) {
        const message = await next()
        if (typeof message === 'string') throw new Error(`${message} while waiting for ${types.join(', ')}`)
        // The type was compared: the union is narrowed to it.
        if (types.some((type) => type === message.type)) return message as Extract<Message, { type: T }>
      }
    },
    closeCode: () => code,
    end: () => socket.terminate(),
  }
}

export type Hello = { key: KeyObject; token?: string | null; name?: string }

/** Says hello and answers the challenge that came. */
export async function sayHello(
  peer: Peer,
  { key, token = null, name = 'peer' }: Hello,
): Promise<Introduction> {
  const publicKey = rawPublicKey(key)
  const nonce = randomBytes(32)
  peer.say({ type: 'hello', nonce, publicKey, version: '0.1.0', name, token, looks: true, tries: false })
  const challenge = await peer.nextOf('challenge')
  return {
    agentNonce: nonce,
    collectorNonce: challenge.nonce,
    agentKey: publicKey,
    collectorKey: challenge.publicKey,
  }
}

/** The whole introduction; what came of it. */
export async function introduce(peer: Peer, hello: Hello): Promise<'welcome' | (string & {})> {
  const introduction = await sayHello(peer, hello)
  peer.say({ type: 'proof', signature: signIntroduction('agent', introduction, hello.key) })
  const answer = await peer.nextOf('welcome', 'bye')
  return answer.type === 'bye' ? answer.code : answer.type
}

/** A peer that is let in, and the log that it is given for `contract`. */
export async function welcomed(
  url: string,
  hello: Hello,
  contract: string,
): Promise<{ peer: Peer; log: LogPlace }> {
  const peer = await openPeer(url)
  const answer = await introduce(peer, hello)
  if (answer !== 'welcome') throw new Error(`the collector answered ${answer}`)
  for (;;) {
    const { json } = await peer.nextOf('config')
    // The collector's own words, in the form that it signs.
    const config = JSON.parse(json) as CheckConfig
    if (!config.origin.endsWith(`/${contract}`)) continue
    return { peer, log: { origin: config.origin, configDigest: configDigest(config) } }
  }
}

/** Sends one frame; `taken`, or the reason why not, or how the connection ended. */
export async function sendFrame(
  peer: Peer,
  bytes: Uint8Array,
): Promise<{ reason: string; expectedSeq: number } | string> {
  peer.say({ type: 'frame', bytes })
  let answer = await peer.next()
  // A configuration tells of contracts, whenever one changes.
  while (typeof answer !== 'string' && answer.type === 'config') answer = await peer.next()
  if (typeof answer === 'string') return answer
  if (answer.type === 'ack') return 'taken'
  if (answer.type === 'refuse') return { reason: answer.reason, expectedSeq: answer.expectedSeq }
  return answer.type === 'bye' ? answer.code : answer.type
}

/** The status that a request to upgrade is answered with; 101 when it was granted. */
export function upgradeStatus(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers })
    asked.once('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.once('upgrade', (_, stream) => {
      stream.destroy()
      resolve(101)
    })
    asked.once('error', reject)
    asked.end()
  })
}
