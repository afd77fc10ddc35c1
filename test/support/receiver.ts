/**
 * Receiver: a webhook endpoint of the test. It keeps every request and answers as it is told.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type Received = {
  id: string
  body: string
  headers: Record<string, string>
  atMs: number
  path: string
}

/** Answers the `n`-th request, counted from 1. */
export type Respond = (response: ServerResponse, n: number, received: Received) => void | Promise<void>

export type Receiver = {
  url: string
  port: number
  received: Received[]
  /** Waits until `n` requests have come. */
  until(n: number, timeoutMs?: number): Promise<Received[]>
  close(): Promise<void>
}

export async function openReceiver(
  respond: Respond = (response) => void response.end('ok'),
): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void read(request).then(async (one) => {
      received.push(one)
      await respond(response, received.length, one)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A TCP server that listens has an address of this form.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    async until(n, timeoutMs = 15_000) {
      const endMs = Date.now() + timeoutMs
      while (received.length < n) {
        if (Date.now() > endMs) throw new Error(`${received.length} of ${n} requests within ${timeoutMs} ms`)
        await sleep(10)
      }
      return received
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function read(request: IncomingMessage): Promise<Received> {
  const parts: Buffer[] = []
  // A request without an encoding yields buffers.
  for await (const part of request) parts.push(part as Buffer)
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  )
  return {
    id: headers['webhook-id'] ?? '',
    body: Buffer.concat(parts).toString('utf8'),
    headers,
    atMs: Date.now(),
    path: request.url ?? '',
  }
}
