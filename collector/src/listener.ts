/**
 * Listener: the one port of the collector, HTTP or HTTPS. It is taken before anything else is started, so
 * that a busy one is told at once; whoever comes before everything stands is asked to come back. Plain HTTP
 * on the TLS port is answered with the right address. What nobody has introduced themselves for is bounded here:
 * connections, their time, the size of their headers, and one request at a time on each.
 */
import { createServer as createHttp, type RequestListener, type Server as HttpServer } from 'node:http'
import type { ServerOptions } from 'node:http'
import { createServer as createHttps, type Server as HttpsServer } from 'node:https'
import { createServer as createTcp, type Server as TcpServer, type Socket } from 'node:net'
import { Fault, systemCode } from '@constat/shared/fault'
import type { Clock } from '@constat/shared/time'
import { reachableAddress, type Served } from './certificate.ts'
import { urlOf } from './config.ts'
import { rejectUpgrade } from './intake/socket.ts'
import { Places } from './places.ts'

type At = { host: string; port: number }
type Scheme = 'http' | 'https'

export type Listener = {
  /** Upgrades arrive here. */
  server: HttpServer | HttpsServer
  /** For programs of this host: loopback where it listens everywhere. */
  url: string
  /** As others may reach it, where nobody said how. */
  outerUrl: string
  /** Answers requests from now on. */
  serve(listener: RequestListener): void
  /** Of an agent that has proved who it is: it is no guest of the port any longer. */
  keep(socket: Socket): void
  /** Takes another certificate for the connections to come. */
  renew(served: Served): void
  close(): Promise<void>
}

/** A TLS handshake takes no longer, nor the first byte of a connection. */
export const HANDSHAKE_MS = 10_000
/** All headers of a request: the longest query, and the cookies that a proxy of the company may add. */
const MAX_HEADER_BYTES = 16 * 1024
/** From the first byte of a connection, or of its next request, to the end of the headers. */
const HEADERS_WITHIN_MS = 10_000
/** To the end of the body: a statement of 4 MB over a line of 1 Mbit/s. */
const REQUEST_WITHIN_MS = 60_000
/** Between two requests. */
const KEEP_ALIVE_MS = 5_000
/** Without a byte in either direction; event streams have a heartbeat. */
const IDLE_MS = 300_000
const CHECK_EVERY_MS = 1_000
const LIMITS: ServerOptions = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_WITHIN_MS,
  requestTimeout: REQUEST_WITHIN_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: CHECK_EVERY_MS,
}
const MIN_TLS = 'TLSv1.2'
/** First byte of every TLS connection (RFC 8446, section 5.1: a handshake record). */
const TLS_HANDSHAKE = 22

/** `certificate` null: plain HTTP. Fault `network` when the address cannot be had. */
export async function openListener(
  at: At,
  certificate: Served | null,
  { monotonicUs }: Pick<Clock, 'monotonicUs'>,
): Promise<Listener> {
  let current: RequestListener = (_, response) => {
    response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' }).end('starting\n')
  }
  const places = new Places(() => monotonicUs() / 1_000)
  const answer: RequestListener = (request, response) => {
    if (places.begin(request, response)) current(request, response)
  }
  const secure = certificate === null ? null : secureServer(certificate, answer)
  const server = secure ?? createHttp(LIMITS, answer)
  server.setTimeout(IDLE_MS)
  server.on('upgrade', (request, stream) => {
    if (!places.begin(request, null)) return
    if (server.listenerCount('upgrade') === 1) rejectUpgrade(stream, '503 Service Unavailable')
  })
  const door = openDoor(secure === null ? server : sorter(secure, places), places)
  await listen(door.server, at)
  const scheme: Scheme = secure === null ? 'http' : 'https'
  const port = portOf(door.server, at.port)
  return {
    server,
    ...addressesOf({ host: at.host, port }, scheme),
    serve: (listener) => {
      current = listener
    },
    keep: (socket) => places.keep(socket),
    renew: ({ cert, key }) => secure?.setSecureContext({ cert, key, minVersion: MIN_TLS }),
    close: () => {
      server.closeAllConnections()
      return door.close()
    },
  }
}

/** A host of `0.0.0.0` or `::` is an address for nobody: programs of this host and others need one each. */
function addressesOf({ host, port }: At, scheme: Scheme): { url: string; outerUrl: string } {
  const wild = { '0.0.0.0': 'IPv4', '::': 'IPv6' } as const
  const family = host === '0.0.0.0' || host === '::' ? wild[host] : null
  if (family === null) {
    const url = urlOf({ host, port, scheme })
    return { url, outerUrl: url }
  }
  const url = urlOf({ host: family === 'IPv4' ? '127.0.0.1' : '::1', port, scheme })
  const outer = reachableAddress('IPv4') ?? reachableAddress('IPv6')
  return { url, outerUrl: outer === null ? url : urlOf({ host: outer, port, scheme }) }
}

function secureServer({ cert, key }: Served, answer: RequestListener): HttpsServer {
  const server = createHttps(
    {
      ...LIMITS,
      cert,
      key,
      minVersion: MIN_TLS,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: HANDSHAKE_MS,
    },
    answer,
  )
  // Scanners and broken clients: the connection is closed, and there is nothing to do about it.
  server.on('tlsClientError', (_, socket) => socket.destroy())
  return server
}

/** Tells TLS from plain HTTP by the first byte. */
function sorter(secure: HttpsServer, places: Places): TcpServer {
  const plain = createHttp(LIMITS, (request, response) => {
    if (!places.begin(request, response)) return
    const host = request.headers.host ?? 'this address'
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    response.end(`This collector speaks HTTPS only: write https://${host}\n`)
  })
  plain.on('upgrade', (_, stream) => rejectUpgrade(stream, '400 Bad Request'))
  return createTcp((socket) => {
    socket.setTimeout(HANDSHAKE_MS, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.once('data', (first) => {
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      socket.pause()
      socket.unshift(first)
      const server = first[0] === TLS_HANDSHAKE ? secure : plain
      server.emit('connection', socket)
      // The next tick: whoever took it has put its listeners on by then.
      process.nextTick(() => socket.resume())
    })
  })
}

/** Closing waits for no connection: they are cut. */
function openDoor(
  server: HttpServer | TcpServer,
  places: Places,
): { server: TcpServer; close(): Promise<void> } {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    places.enter(socket)
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

async function listen(server: TcpServer, { host, port }: At): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, { host, port })))
    server.listen(port, host, resolve)
  })
}

function portOf(server: TcpServer, asked: number): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : asked
}

function listenFault(error: Error, at: At): Fault {
  const hint =
    systemCode(error) === 'EADDRINUSE'
      ? 'Another program listens there: stop it, or set CONSTAT_LISTEN to a free port.'
      : 'Set CONSTAT_LISTEN to an address of this host.'
  return new Fault('network', `cannot listen on ${urlOf(at)}: ${error.message}`, { hint, cause: error })
}
