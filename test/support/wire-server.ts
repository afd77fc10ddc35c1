/**
 * A small collector end of the wire, for tests of the agent: it introduces itself, takes frames by the
 * rules of the evidence, and can be told to misbehave. Admission is written anew here, so that the agent
 * is not tried against the code it may share a mistake with.
 */
import { createHash, type KeyObject } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { decodeFrame, type Batch } from '@constat/shared/batch'
import { canonicalJson } from '@constat/shared/canonical-json'
import type { CheckConfig } from '@constat/shared/check'
import { introductionHolds, signIntroduction, type Introduction } from '@constat/shared/handshake'
import { signReceipt } from '@constat/shared/receipt'
import {
  agentIdOf,
  privateKeyOf,
  publicKeyOf,
  rawPublicKey,
  signBytes,
  verifyBytes,
} from '@constat/shared/signature'
import { decodeMessage, encodeMessage, type Message } from '@constat/shared/wire'

export type Admitted = { batch: Batch; bytes: Buffer; session: string }
export type Refused = { session: string; seq: number; reason: string }

export type WireServer = {
  url: string
  port: number
  publicKey: Buffer
  /** Frames in the order of their admission. */
  admitted: Admitted[]
  refused: Refused[]
  /** Hellos heard: name and token. */
  hellos: { name: string; token: string | null }[]
  /** Frames that came, also those that were not admitted, with the most that were unanswered at once. */
  arrivals: { session: string; seq: number }[]
  mostUnanswered: number
  connections: number
  /** Changed by tests while it runs. */
  fault: {
    /** Admit, but say nothing. */
    muteAcks: boolean
    /** Say nothing of frames at all, and do not admit them. */
    holdFrames: boolean
    /** Sign with another key than the one named. */
    forgedChallenge: boolean
    /** Sign receipts with another key. */
    forgedReceipts: boolean
    /** A reason for a frame that is not to be admitted. */
    refuse: (batch: Batch) => string | null
    byeAtHello: { code: string; detail: string; retryAfterMs: number } | null
  }
  configure: (config: CheckConfig, mine: number[]) => void
  /** Cuts every connection without a word. */
  cut: () => void
  /** Ends every connection with a bye and 1013. */
  bye: (retryAfterMs: number) => void
  close: () => Promise<void>
}

type Ends = Map<string, { seq: number; digest: string }>

export async function startWireServer({ seed = 7, port = 0, autoPong = true } = {}): Promise<WireServer> {
  const key = privateKeyOf(Buffer.alloc(32, seed))
  const other = privateKeyOf(Buffer.alloc(32, seed + 1))
  const sockets = new Set<WebSocket>()
  const configs: { config: CheckConfig; mine: number[] }[] = []
  const ends: Ends = new Map()
  const wss = new WebSocketServer({ port, host: '127.0.0.1', autoPong })
  await new Promise((resolve, reject) => wss.once('listening', resolve).once('error', reject))
  // A server that listens on TCP has an AddressInfo.
  const bound = (wss.address() as AddressInfo).port
  const server: WireServer = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    publicKey: rawPublicKey(key),
    admitted: [],
    refused: [],
    hellos: [],
    arrivals: [],
    mostUnanswered: 0,
    connections: 0,
    fault: {
      muteAcks: false,
      holdFrames: false,
      forgedChallenge: false,
      forgedReceipts: false,
      refuse: () => null,
      byeAtHello: null,
    },
    configure(config, mine) {
      configs.push({ config, mine })
      for (const socket of sockets) sendConfig(socket, { config, mine })
    },
    cut() {
      for (const socket of sockets) socket.terminate()
    },
    bye(retryAfterMs) {
      for (const socket of sockets) {
        socket.send(encodeMessage({ type: 'bye', code: 'restart', detail: 'restarting', retryAfterMs }))
        socket.close(1013)
      }
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.terminate()
        wss.close(() => resolve())
      }),
  }

  function sendConfig(socket: WebSocket, { config, mine }: { config: CheckConfig; mine: number[] }): void {
    const json = canonicalJson(config)
    const signature = signBytes('config', Buffer.from(json), key)
    socket.send(encodeMessage({ type: 'config', json, signature, mine }))
  }

  wss.on('connection', (socket) => {
    sockets.add(socket)
    server.connections += 1
    let introduction: Introduction | null = null
    let agentKey: KeyObject | null = null
    let unanswered = 0
    const send = (message: Message): void => socket.send(encodeMessage(message))

    function greet(hello: Extract<Message, { type: 'hello' }>): void {
      server.hellos.push({ name: hello.name, token: hello.token })
      if (server.fault.byeAtHello) {
        send({ type: 'bye', ...server.fault.byeAtHello })
        return socket.close(1008)
      }
      const nonce = Buffer.alloc(32, 9)
      introduction = {
        agentNonce: hello.nonce,
        collectorNonce: nonce,
        agentKey: hello.publicKey,
        collectorKey: server.publicKey,
      }
      const signature = signIntroduction(
        'collector',
        introduction,
        server.fault.forgedChallenge ? other : key,
      )
      send({ type: 'challenge', nonce, publicKey: server.publicKey, signature })
    }
    function welcome(signature: Uint8Array): void {
      if (!introduction) return socket.close(1002)
      const named = publicKeyOf(introduction.agentKey)
      if (!introductionHolds('agent', introduction, { signature, key: named })) return socket.close(1008)
      agentKey = named
      const agent = agentIdOf(introduction.agentKey).toString('hex')
      send({
        type: 'welcome',
        agent,
        name: server.hellos.at(-1)?.name ?? '',
        looks: true,
        recalls: true,
        proves: false,
      })
      for (const one of configs) sendConfig(socket, one)
    }
    function take(bytes: Buffer): void {
      const decoding = decodeFrame(bytes)
      if (decoding.kind === 'refused')
        throw new Error(`the agent sent a frame that does not decode: ${decoding.detail}`)
      const { batch, payload, signature } = decoding.frame
      const session = Buffer.from(batch.session).toString('hex')
      server.arrivals.push({ session, seq: batch.seq })
      unanswered += 1
      server.mostUnanswered = Math.max(server.mostUnanswered, unanswered)
      if (server.fault.holdFrames) return
      if (!agentKey || !verifyBytes('batch', payload, signature, agentKey))
        throw new Error('a frame with a bad signature')
      const verdict = admit({ batch, session, bytes })
      // Answers come a moment later, as they do behind a commit.
      setTimeout(() => answer(verdict, { batch, session }), 2)
    }
    function admit({ batch, session, bytes }: Admitted): { reason: string; expectedSeq: number } | null {
      const end = ends.get(session)
      const expectedSeq = end ? end.seq + 1 : 0
      const reason = server.fault.refuse(batch)
      if (reason !== null) return { reason, expectedSeq }
      if (batch.seq < expectedSeq) {
        const known = server.admitted.find((one) => one.session === session && one.batch.seq === batch.seq)
        if (known && !known.bytes.equals(bytes)) throw new Error(`equivocation at ${batch.seq}`)
        return null
      }
      if (batch.seq - batch.gapCount !== expectedSeq) return { reason: 'unannounced-gap', expectedSeq }
      const prev = Buffer.from(batch.prev).toString('hex')
      if (batch.gapCount === 0 && prev !== (end?.digest ?? '00'.repeat(32)))
        return { reason: 'broken-chain', expectedSeq }
      ends.set(session, { seq: batch.seq, digest: createHash('sha256').update(bytes).digest('hex') })
      server.admitted.push({ batch, bytes, session })
      return null
    }
    function answer(
      verdict: { reason: string; expectedSeq: number } | null,
      { batch, session }: { batch: Batch; session: string },
    ): void {
      if (socket.readyState !== socket.OPEN) return
      if (verdict) {
        unanswered -= 1
        server.refused.push({ session, seq: batch.seq, reason: verdict.reason })
        return send({ type: 'refuse', session: batch.session, seq: batch.seq, detail: 'as told', ...verdict })
      }
      if (server.fault.muteAcks) return
      unanswered -= 1
      const fields = {
        origin: batch.origin,
        size: server.admitted.length,
        root: Buffer.alloc(32),
        atMs: Date.now(),
      }
      const receipt = signReceipt(fields, server.fault.forgedReceipts ? other : key)
      send({ type: 'ack', session: batch.session, seq: batch.seq, receipt })
    }
    socket.on('message', (data: Buffer) => {
      const message = decodeMessage(data)
      if (message?.type === 'hello') return greet(message)
      if (message?.type === 'proof') return welcome(message.signature)
      if (message?.type === 'frame') return take(Buffer.from(message.bytes))
      // What a collector that was restored would read: this one never is.
      if (message?.type === 'recall') return
      if (message?.type === 'time') {
        const nowMs = Date.now()
        return send({ type: 'time', sentMs: message.sentMs, receivedMs: nowMs, answeredMs: nowMs })
      }
      throw new Error(`the agent sent ${message?.type ?? 'something that is no message'}`)
    })
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.terminate())
  })
  return server
}
