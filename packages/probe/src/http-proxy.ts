/**
 * Forward proxies. Plain http goes to the proxy in absolute form, https through CONNECT (RFC 9110, 9.3.6).
 * The time of a CONNECT counts as `connect`: it is what stands in the way of the handshake.
 *
 *   what happens                     outcome, cause      because
 *   the proxy has no name, refuses   unknown `network`   the target was never asked; the proxy is the agent's
 *   or is not there                                      own way out. To judge the proxy, check it by tcp
 *   CONNECT: cut off, or no HTTP     unknown `network`   the proxy failed, and said nothing of the target
 *   CONNECT: 403, 407, 429           blocked             the proxy turned the agent away
 *   CONNECT: anything else           fail `connect`      the proxy was there and could not reach the target:
 *                                                        for its users, too, the target cannot be reached
 *   CONNECT: no answer in time       fail `timeout`      as a target that drops packets looks from here
 *   plain http: 407                  blocked             (http-rules.ts)
 *   plain http: 5xx                  fail `status`       a proxy's page cannot be told from the target's
 * Every sentence about a proxy names it. The policy of the host is asked about the proxy's address, with what the proxy
 * is sent, and about the target: by its address where the URL has one. A name is resolved by the proxy; one that runs on
 * this host reaches what this host reaches, so there the name is looked up here as well, and judged.
 */
import { isIP, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { addressClass } from '@constat/shared/address-class'
import { ProbeFailure, verdictOf, type Attempt } from './attempt.ts'
import { assertAllowed, connectTo, locate, type Endpoint } from './connect.ts'
import { brokenAnswer } from './failure.ts'
import { given } from './fields.ts'
import { exchange } from './http-exchange.ts'
import type { Judgement } from './probe.ts'

const HTTP_PORT = 80
/** For the look at a name that the proxy resolves: where this host cannot, the proxy still may. */
const LOOK_MS = 500

type Way = {
  proxy: URL
  /** The proxy passes on a connection that it cannot look into. */
  tunnelled: boolean
}

/** A connection to the proxy, which is to pass on what is meant for `target`. */
export async function dialProxy(
  { proxy, tunnelled }: Way,
  target: Endpoint,
  attempt: Attempt,
): Promise<Socket> {
  judgeTarget(target, isIP(target.host) === 0 ? null : target.host, attempt)
  const host = proxy.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = proxy.port === '' ? HTTP_PORT : Number(proxy.port)
  try {
    const doing = tunnelled ? { method: 'CONNECT' } : target.doing
    const found = await locate({ host, port, ...given({ doing }) }, attempt)
    if (isOwn(found.address)) await judgeName(target, attempt)
    return await connectTo({ ...found, port }, attempt)
  } catch (error) {
    if (error instanceof ProbeFailure && error.judgement.cause === 'denied') throw error
    const { signal, watch } = attempt
    const said = verdictOf(error, { expired: signal.aborted, watch })
    const detail = `the proxy ${proxy.host} cannot be reached: ${said.detail}`
    const cause = said.outcome === 'unknown' ? said.cause : 'network'
    throw failure({ ...said, outcome: 'unknown', cause, detail })
  }
}

function judgeTarget({ host, port, doing }: Endpoint, address: string | null, { context }: Attempt): void {
  assertAllowed({ host, address, port, ...doing }, context)
}

async function judgeName(target: Endpoint, attempt: Attempt): Promise<void> {
  if (isIP(target.host) !== 0) return
  const signal = AbortSignal.any([attempt.signal, AbortSignal.timeout(LOOK_MS)])
  const look = { family: undefined, signal }
  const found = await attempt.context.resolver.resolve(target.host, look).catch(() => undefined)
  if (found) judgeTarget(target, found.address, attempt)
}

/** Whether what listens there runs on this host. */
function isOwn(address: string): boolean {
  const kind = addressClass(address)
  const own = Object.values(networkInterfaces()).flatMap((known) => known ?? [])
  return kind === 'loopback' || kind === 'unspecified' || own.some((known) => known.address === address)
}

/** Has the proxy open a way to `target`: from here on the socket talks to it. */
export async function tunnel(
  socket: Socket,
  { proxy, target }: { proxy: URL; target: Endpoint },
  attempt: Attempt,
): Promise<Socket> {
  const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host
  const authority = `${host}:${target.port}`
  const bytes = Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  const asked = exchange(socket, { bytes, method: 'CONNECT', cap: () => 0 }, { clock: attempt.context.clock })
  const { status, surplusBytes } = await asked.catch((error: unknown) => {
    const expired = attempt.signal.aborted
    const said = verdictOf(error, { expired, watch: attempt.watch })
    const detail = `the proxy ${proxy.host} ${expired ? 'did not get through' : 'failed'}: ${said.detail}`
    if (expired) throw failure({ outcome: 'fail', cause: 'timeout', detail })
    throw failure({ ...said, outcome: 'unknown', cause: 'network', detail })
  })
  if (status >= 200 && status <= 299) {
    // TLS begins with the client: a server that speaks first is none.
    if (surplusBytes > 0) throw brokenAnswer(`${authority} spoke before the handshake`)
    return socket
  }
  const code = `${status}`
  if (status === 403 || status === 407 || status === 429) {
    const detail = `the proxy ${proxy.host} turned the agent away: status ${status}`
    throw failure({ outcome: 'blocked', cause: 'blocked', code, detail })
  }
  const detail = `the proxy ${proxy.host} cannot reach ${authority}: status ${status}`
  throw failure({ outcome: 'fail', cause: 'connect', code, detail })
}

function failure(said: Omit<Judgement, 'value'>): ProbeFailure {
  return new ProbeFailure({ ...said, value: 0 })
}
