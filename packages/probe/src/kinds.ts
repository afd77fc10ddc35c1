/**
 * The kinds of check this agent knows. A new kind is one file and one line in each table here.
 */
import type { ProbeSpec } from '@constat/shared/check'
import { dnsKind } from './dns.ts'
import { hostKind } from './host.ts'
import { httpKind } from './http.ts'
import { icmpKind } from './icmp.ts'
import type { Kind, ProbeContext, ProbeResult } from './probe.ts'
import { tcpKind } from './tcp.ts'
import { tlsKind } from './tls.ts'
import { transactionKind } from './transaction.ts'

type KindName = ProbeSpec['kind']
type KindTable = { [K in KindName]: Kind<Extract<ProbeSpec, { kind: K }>> }

const KINDS: KindTable = {
  http: httpKind,
  transaction: transactionKind,
  tcp: tcpKind,
  tls: tlsKind,
  dns: dnsKind,
  icmp: icmpKind,
  host: hostKind,
}

const SCHEMES: Record<string, KindName> = {
  'http:': 'http',
  'https:': 'http',
  'tcp:': 'tcp',
  'tls:': 'tls',
  'dns:': 'dns',
  'icmp:': 'icmp',
  'host:': 'host',
}

/** The spec in a configuration's fields, or the sentence that says why there is none. */
export function readSpec(fields: Record<string, unknown>): ProbeSpec | string {
  const { kind } = fields
  const known = typeof kind === 'string' && Object.hasOwn(KINDS, kind)
  if (!known) return `kind ${JSON.stringify(kind)} is not known to this agent`
  // A key of the table.
  return KINDS[kind as KindName].read(fields)
}

/** The spec that a URL stands for (http, https, tcp, tls, dns, icmp, host), or a sentence. */
export function specOfUrl(text: string): ProbeSpec | string {
  if (!URL.canParse(text)) return 'not an address; write it as https://host/path'
  const url = new URL(text)
  const name = SCHEMES[url.protocol]
  if (!name) return `${url.protocol}// is not known; use ${Object.keys(SCHEMES).join('//, ')}//`
  return KINDS[name].ofUrl(url)
}

export function runProbe(spec: ProbeSpec, context: ProbeContext): Promise<ProbeResult> {
  const { kind } = spec
  // The entry of its own kind.
  return (KINDS[kind] as Kind<ProbeSpec>).probe(spec, { ...context, kind })
}
