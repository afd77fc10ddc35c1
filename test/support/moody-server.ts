/** Moody server: an HTTP target that breaks in the ways the world does, on demand, and mends. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Mood = 'ok' | '503' | 'hang' | 'slow' | 'reset' | 'refuse'

/** A slow answer comes after this: for nearly every check too late. */
const SLOW_MS = 8_000

export type MoodyServer = {
  url: string
  /** Resolves when the new mood holds; answers the instant at which it began. */
  become(mood: Mood): Promise<number>
  requests(): number
  close(): Promise<void>
}

export type Place = { host: string; port: number }

export async function startMoodyServer(place: Place = { host: '127.0.0.1', port: 0 }): Promise<MoodyServer> {
  let mood: Mood = 'ok'
  let requests = 0
  let server = open()
  const { host } = place
  const port = await listen(server, place)

  function open(): Server {
    return createServer((request, response) => {
      requests += 1
      if (mood === '503') response.writeHead(503).end('maintenance')
      else if (mood === 'reset') request.socket.resetAndDestroy()
      else if (mood === 'slow') setTimeout(() => response.end('ok'), SLOW_MS)
      else if (mood !== 'hang') response.end('ok')
    })
  }

  return {
    url: `http://${host}:${port}/`,
    requests: () => requests,
    become: async (next) => {
      const before = mood
      mood = next
      if (next === 'refuse') await close(server)
      else if (before === 'refuse') await listen((server = open()), { host, port })
      // Whoever waits is let go; who has just asked gets the answer of the new mood, and no reset.
      else if (before === 'hang' || before === 'slow') server.closeAllConnections()
      return Date.now()
    },
    close: () => close(server),
  }
}

async function listen(server: Server, { host, port }: Place): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  // A TCP server that listens has an address of this form.
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  if (!server.listening) return
  await new Promise((resolve) => server.close(resolve))
}
