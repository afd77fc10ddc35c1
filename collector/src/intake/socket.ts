/**
 * Sockets: the WebSocket end of `/agent/v1` on the collector's HTTP server. Counts, sizes and silences
 * are bounded here; what is said on a socket is `connection.ts`. Before its welcome a socket is a guest of the
 * port like any other, and what it says is counted as it comes in, byte by byte, whole messages or not.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket as Stream } from 'node:net'
import type { Duplex } from 'node:stream'
import { AGENT_PATH, MAX_AGENT_MESSAGE_BYTES, MAX_HELLO_BYTES, SUBPROTOCOL } from '@constat/shared/wire'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import type { KnownAgent } from './agents.ts'
import type { AnswersTo } from '../host-names.ts'
import { Connection, type ConnectionDeps, type SignedLook, type Socket } from './connection.ts'

/** Connections of one agent at most; the oldest makes room. One, and those whose end was not noticed yet. */
export const MAX_CONNECTIONS_OF_AGENT = 8
/** All that is said before the welcome, in bytes of the line: a hello, a proof, their frames, a ping or two. */
const MAX_INTRODUCTION_BYTES = 2 * MAX_HELLO_BYTES
/** An introduction takes no longer. */
export const HELLO_WITHIN_MS = 10_000
/** Agents ping every 20 to 30 s: a socket without a word for this long is dead. */
export const DEAD_AFTER_MS = 75_000
const SWEEP_MS = 5_000
/** What a peer may leave unread before it is cut off: it asks and never listens. */
export const MAX_UNREAD_BYTES = 4 * 1024 * 1024

export type AgentSockets = {
  /** Tells every connected agent what it has to run. */
  assignAll(): Promise<void>
  /** Asks these agents, where they are connected, for one probe now. */
  ask(agents: ReadonlySet<string>, look: SignedLook): void
  /** The newest connection of an agent; null while it has none. */
  connectionTo(agent: string): Connection | null
  /** Ends the connections of one agent, saying why. */
  refuse(agent: string, code: string, detail: string): void
  /** Says that the collector goes away for a moment, and closes. */
  close(): Promise<void>
}

type Open = { connection: Connection; socket: WebSocket; openedMs: number; seenMs: number }

export type Entrance = {
  /** Upgrades arrive here; those to other paths are refused. */
  server: Server
  /** An agent has proved who it is. */
  keep(stream: Stream): void
  /** Whether this collector is known by the host that an upgrade names. */
  answersTo: AnswersTo
}

/** Serves agents on the upgrade requests of a server. */
export function serveAgents({ server, keep, answersTo }: Entrance, deps: ConnectionDeps): AgentSockets {
  const open = new Set<Open>()
  const clock = deps.shell.clock
  const ws = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_AGENT_MESSAGE_BYTES,
    perMessageDeflate: false,
    // One that does not offer it is turned away before.
    handleProtocols: () => SUBPROTOCOL,
  })
  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const refusal = refusalOf(request, answersTo)
    if (refusal !== null) return rejectUpgrade(stream, refusal)
    ws.handleUpgrade(request, stream, head, (socket) => accept(socket, request.socket))
  }
  const accept = (socket: WebSocket, stream: Stream): void => {
    const tooMuch = 'that is more than an introduction holds; upgrade the older end'
    const stopCounting = limitStranger(stream, () => one.connection.refuse('malformed', tooMuch))
    const welcomed = (agent: KnownAgent): void => {
      stopCounting()
      keep(stream)
      makeRoom(open, agent.id)
    }
    const one = openSocket(socket, { ...deps, welcomed })
    open.add(one)
    socket.on('close', () => {
      one.connection.closed()
      open.delete(one)
    })
  }
  const sweep = setInterval(() => lookAt(open, clock.nowMs()), SWEEP_MS)
  server.on('upgrade', upgrade)
  return {
    assignAll: async () => {
      for (const { connection } of open) await connection.assign()
    },
    ask: (agents, look) => {
      for (const { connection } of open) if (agents.has(connection.agent?.id ?? '')) connection.look(look)
    },
    connectionTo: (agent) =>
      [...open].findLast(({ connection }) => connection.agent?.id === agent)?.connection ?? null,
    refuse: (agent, code, detail) => {
      for (const { connection } of open) if (connection.agent?.id === agent) connection.refuse(code, detail)
    },
    close: () => {
      clearInterval(sweep)
      server.off('upgrade', upgrade)
      for (const { connection } of open) connection.refuse('restart', 'the collector is restarting', 1)
      return new Promise((resolve) => {
        const dead = setTimeout(() => ws.clients.forEach((socket) => socket.terminate()), 500)
        ws.close(() => {
          clearTimeout(dead)
          resolve()
        })
      })
    },
  }
}

/** The status that an upgrade is refused with; null: it may be an agent's. */
function refusalOf({ url = '', headers }: IncomingMessage, answersTo: AnswersTo): string | null {
  if (!answersTo(headers.host ?? '')) return '421 Misdirected Request'
  if (url.split('?')[0] !== AGENT_PATH) return '404 Not Found'
  // A page in a browser sends it, an agent never does.
  if (headers.origin !== undefined) return '403 Forbidden'
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',')
  return offered.some((one) => one.trim() === SUBPROTOCOL) ? null : '400 Bad Request'
}

function openSocket(
  socket: WebSocket,
  { welcomed, ...deps }: ConnectionDeps & Pick<Socket, 'welcomed'>,
): Open {
  const clock = deps.shell.clock
  const connection = new Connection(
    {
      send: (bytes) => sendOrEnd(socket, bytes),
      close: (code, reason) => socket.close(code, reason),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      welcomed,
    },
    deps,
  )
  const one = { connection, socket, openedMs: clock.nowMs(), seenMs: clock.nowMs() }
  socket.on('message', (data: RawData, isBinary: boolean) => {
    one.seenMs = clock.nowMs()
    if (!isBinary) return connection.refuse('malformed', 'messages are binary')
    connection.receive(asBytes(data))
  })
  socket.on('ping', () => {
    one.seenMs = clock.nowMs()
    connection.alive()
  })
  // A frame past the size limit, a bad UTF-8 text: ws closes the socket with the code that says so.
  socket.on('error', (error) => deps.shell.log.warn('a socket of an agent failed', { reason: error.message }))
  return one
}

/** Counts what a stranger says, ahead of the library, and ends it where that is too much. Answers how to stop. */
function limitStranger(stream: Stream, tooMuch: () => void): () => void {
  let heardBytes = 0
  const count = (chunk: Buffer): void => {
    heardBytes += chunk.length
    if (heardBytes <= MAX_INTRODUCTION_BYTES) return
    stream.off('data', count)
    tooMuch()
    // What was said to it is sent; nothing more is read.
    stream.destroySoon()
  }
  stream.prependListener('data', count)
  return () => void stream.off('data', count)
}

/** Called before the newest is counted as the agent's. */
function makeRoom(open: ReadonlySet<Open>, agent: string): void {
  const own = [...open].filter(({ connection }) => connection.agent?.id === agent)
  for (const { connection } of own.slice(0, Math.max(0, own.length + 1 - MAX_CONNECTIONS_OF_AGENT)))
    connection.refuse('replaced', `this agent has ${MAX_CONNECTIONS_OF_AGENT} newer connections`)
}

function sendOrEnd(socket: WebSocket, bytes: Uint8Array): void {
  if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate()
  else socket.send(bytes)
}

/** Listens again where that is due, and drops the dead. */
function lookAt(open: ReadonlySet<Open>, nowMs: number): void {
  for (const one of open) {
    const { connection, socket, openedMs } = one
    connection.listen()
    // Nothing of it is read.
    if (connection.rests) one.seenMs = nowMs
    const isLate = connection.agent === null && nowMs - openedMs > HELLO_WITHIN_MS
    if (isLate || nowMs - one.seenMs > DEAD_AFTER_MS) socket.terminate()
  }
}

function asBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/** Answers an upgrade that is not wanted with a status, and ends it. */
export function rejectUpgrade(stream: Duplex, status: string): void {
  // Node hands the stream over without a listener: a peer that resets it would end the process.
  stream.on('error', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
