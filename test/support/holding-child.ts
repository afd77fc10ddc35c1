/**
 * A server of known delay, as a process of its own: it holds each answer for as many ms as the path says,
 * on its own monotonic clock, waiting busily at the end, and keeps what it really held. Its parent asks
 * for the list.
 */
import { createServer } from 'node:http'

/** From the request read to the answer handed to the socket. */
export type Hold = { path: string; userAgent: string; heldUs: number }

/** A timer may be this late; the rest of the wait is spent looking at the clock. */
const BUSY_MS = 2

const holds: Hold[] = []
const server = createServer((request, response) => {
  const beganMs = performance.now()
  const path = request.url ?? '/'
  const dueMs = beganMs + Number(path.slice(1))
  const answer = (): void => {
    while (performance.now() < dueMs) continue
    const heldUs = Math.round((performance.now() - beganMs) * 1_000)
    response.end('ok')
    holds.push({ path, userAgent: request.headers['user-agent'] ?? '', heldUs })
  }
  const waitMs = dueMs - beganMs - BUSY_MS
  if (waitMs > 0) setTimeout(answer, waitMs)
  else answer()
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send?.('ready'))
process.on('message', () => process.send?.(holds))
process.on('disconnect', () => process.exit(0))
