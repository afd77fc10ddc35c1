/** A small HTTP proxy for tests: CONNECT and nothing else, counted, with a password where one is asked for. */
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

export type ConnectProxy = {
  port: number
  /** Targets asked for, as they came. */
  asked: string[]
  close(): Promise<void>
}

export async function startConnectProxy({
  host = '127.0.0.1',
  credentials = null,
}: { host?: string; credentials?: string | null } = {}): Promise<ConnectProxy> {
  const asked: string[] = []
  const open = new Set<Socket>()
  const wanted = credentials === null ? null : `Basic ${Buffer.from(credentials).toString('base64')}`
  const server: Server = createServer((_, response) => response.writeHead(405).end())
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => open.delete(socket))
  })
  server.on('connect', (request, client: Socket, head: Buffer) => {
    asked.push(request.url ?? '')
    if (wanted !== null && request.headers['proxy-authorization'] !== wanted) {
      return client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
      )
    }
    const target = new URL(`http://${request.url ?? ''}`)
    const upstream = connect(Number(target.port), target.hostname.replace(/^\[|\]$/g, ''), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      client.pipe(upstream).pipe(client)
    })
    open.add(upstream)
    upstream.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    upstream.once('close', () => {
      open.delete(upstream)
      client.destroy()
    })
    client.once('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return {
    // A TCP server that listens has an address of this form.
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}
