/**
 * `dns`: a name server answers a query with at least one record. `value` is the number of records. The
 * server is asked directly: neither the hosts file nor a cache stands in between.
 */
import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { DNS_TYPES, type ProbeSpec } from '@constat/shared/check'
import { ProbeFailure, runAttempt, type Attempt } from './attempt.ts'
import { hostOf } from './endpoint.ts'
import { given, readFields } from './fields.ts'
import type { Kind, Probe } from './probe.ts'

export type DnsSpec = Extract<ProbeSpec, { kind: 'dns' }>

const TYPES = DNS_TYPES
const DNS_PORT = 53

export const probeDns: Probe<DnsSpec> = (spec, context) =>
  runAttempt(context, async (attempt) => {
    const channel = new dns.Resolver({ timeout: context.timeoutMs, tries: 1 })
    if (spec.server !== undefined) channel.setServers([await serverAddress(spec.server, attempt)])
    attempt.signal.addEventListener('abort', () => channel.cancel(), { once: true })
    attempt.watch.enter('dnsUs')
    const answer: unknown = await channel.resolve(spec.name, spec.type)
    attempt.watch.stop()
    const value = Array.isArray(answer) ? answer.length : 1
    return () => ({ outcome: 'ok', cause: 'none', value, detail: `${value} ${spec.type} records` })
  })

/** `IP:port` for c-ares; a server given by name is looked up first, off the phases. */
async function serverAddress(server: string, attempt: Attempt): Promise<string> {
  const { host, port } = splitServer(server)
  const { address, family } = await attempt.context.resolver.resolve(host, {
    family: undefined,
    signal: attempt.signal,
  })
  if (attempt.context.denied(address)) {
    const detail = `${address} is on this agent's deny list`
    throw new ProbeFailure({ outcome: 'unknown', cause: 'denied', value: 0, detail })
  }
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

function splitServer(server: string): { host: string; port: number } {
  if (isIP(server) !== 0) return { host: server, port: DNS_PORT }
  const match = /^\[?(.*?)\]?:(\d{1,5})$/.exec(server)
  return match ? { host: match[1] ?? server, port: Number(match[2]) } : { host: server, port: DNS_PORT }
}

export const dnsKind: Kind<DnsSpec> = {
  read(fields) {
    const field = readFields(fields)
    const name = field.text('name', 255)
    const type = field.oneOf('type', TYPES)
    const options = given({ server: field.text('server', 255) })
    if (fields['name'] === undefined) field.missing('name')
    if (fields['type'] === undefined) field.missing('type')
    const problem = field.problem()
    if (problem !== undefined || name === undefined || type === undefined) return problem ?? 'name and type'
    return { kind: 'dns', name, type, ...options }
  },
  /** RFC 4501: `dns:name`, `dns://server/name?type=MX`; also plain `dns://name`. */
  ofUrl(url) {
    const path = decodeURIComponent(url.pathname.replace(/^\/+/, ''))
    const host = url.host === '' ? undefined : (hostOf(url) ?? '')
    const name = path === '' ? host : path
    const type = (url.searchParams.get('type') ?? 'A').toUpperCase()
    if (name === undefined || name === '') return 'the address names nothing to look up'
    const server = path === '' || host === undefined ? undefined : url.host
    return dnsKind.read({ kind: 'dns', name, type, ...given({ server }) })
  },
  probe: probeDns,
}
