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
  const name = KIND_NAMES.find((kind) => kind === fields['kind'])
  return name ? KINDS[name].read(fields) : `kind ${JSON.stringify(fields['kind'])} is not known to this agent`
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
  switch (spec.kind) {
    case 'http':
      return KINDS.http.probe(spec, context)
    case 'transaction':
      return KINDS.transaction.probe(spec, context)
    case 'tcp':
      return KINDS.tcp.probe(spec, context)
    case 'tls':
      return KINDS.tls.probe(spec, context)
    case 'dns':
      return KINDS.dns.probe(spec, context)
    case 'icmp':
      return KINDS.icmp.probe(spec, context)
    case 'host':
      return KINDS.host.probe(spec, context)
  }
}

const KIND_NAMES: readonly KindName[] = ['http', 'transaction', 'tcp', 'tls', 'dns', 'icmp', 'host']
