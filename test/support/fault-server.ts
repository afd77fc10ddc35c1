/**
 * A web server that misbehaves on demand, on a port of its own: the first word of the path names the
 * fault. Raw sockets where node:http is too polite to do it.
 */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { freePort } from './program.ts'

export type FaultServer = {
  port: number
  /** Headers of every request seen, in order, with its path under `:path`. */
  seen: Record<string, unknown>[]
  close: () => Promise<void>
}

const HANG_BODY = 'the first half'

export async function startFaultServer(): Promise<FaultServer> {
  const seen: Record<string, unknown>[] = []
  const server = createHttp((request, response) => {
    seen.push({ ':path': request.url, ':method': request.method, ...request.headers })
    misbehave(request, response)
  })
  return listen(server, seen)
}

function misbehave(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://any')
  const [, fault = '', argument = ''] = url.pathname.split('/')
  switch (fault) {
    case 'status':
      response.writeHead(Number(argument), Object.fromEntries(url.searchParams)).end(`status ${argument}`)
      return
    case 'hang':
      return
    case 'hang-in-body':
      response.writeHead(200, { 'content-length': '1000' }).write(HANG_BODY)
      return
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'cut-body':
      response.writeHead(200, { 'content-length': '1000' }).write(HANG_BODY)
      setTimeout(() => request.socket.destroy(), 20)
      return
    case 'garbage':
      request.socket.end('this is no HTTP at all\r\n\r\n')
      return
    case 'loop':
      response.writeHead(302, { location: '/loop' }).end()
      return
    case 'to':
      response.writeHead(Number(argument), { location: url.searchParams.get('url') ?? '' }).end()
      return
    case 'bytes':
      response.end('x'.repeat(Number(argument)))
      return
    case 'slow':
      setTimeout(() => response.end('at last'), Number(argument))
      return
    default:
      response.end('hello')
  }
}

/**
 * Greets every connection with these bytes, or says nothing when there are none, and keeps it open; with
 * an `answer` it ends the connection with that once it was asked.
 */
export function startRawServer(
  greeting: string | null,
  { answer }: { answer?: string } = {},
): Promise<FaultServer> {
  return listen(
    createTcp((socket) => {
      socket.resume()
      if (greeting !== null) socket.write(greeting)
      if (answer !== undefined) socket.once('data', () => socket.end(answer))
    }),
    [],
  )
}

/** TLS with the certificate given; answers any request with 200. */
export function startTlsServer({ key, cert }: { key: string; cert: string }): Promise<FaultServer> {
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
  return listen(
    createTls({ key, cert }, (socket) => {
      socket.on('error', () => socket.destroy())
      socket.once('data', () => socket.end(answer))
    }),
    [],
  )
}

/** A port of loopback that refuses connections: it was free a moment ago. */
export function refusingPort(): Promise<number> {
  return freePort()
}

function listen(server: Server, seen: FaultServer['seen']): Promise<FaultServer> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      // A TCP server that listens has an AddressInfo; a string would be a pipe.
      const { port } = server.address() as AddressInfo
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done())
          for (const socket of sockets) socket.destroy()
        })
      resolve({ port, seen, close })
    })
  })
}
