/**
 * Check configuration: what an agent is asked to probe. Declarative only: there is nothing here that
 * an agent could execute. Both wire ends read it, and its digest stands in every batch. Pure.
 */
import { jsonDigest } from './canonical-json.ts'

/** Options of one probe, by kind. Durations in ms. A secret is the name of a file on the agent's host. */
export type ProbeSpec =
  | ({ kind: 'http' } & HttpRequestSpec & HttpConnectionSpec)
  | TransactionSpec
  | TcpSpec
  | TlsSpec
  | DnsSpec
  | IcmpSpec
  | HostSpec

/** Name of a secret: a file in the agent's `secrets` folder. It can lead nowhere else. */
export const SECRET_NAME = /^(?!\.)[A-Za-z0-9._-]{1,64}$/

export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** One request and what its answer must be. */
export type HttpRequestSpec = {
  url: string
  method?: (typeof HTTP_METHODS)[number]
  headers?: Record<string, string>
  body?: string
  /** Status codes that count as success. Absent: 200 … 299, and a redirect to the sign-on page. */
  status?: number[]
  bodyContains?: string
  /** Text that must not be there, as that of a maintenance page. */
  bodyLacks?: string
  /** Header by name, in any case: the text its value must contain. */
  headersContain?: Record<string, string>
  /** Values at singular paths of RFC 9535, as `$.items[0].state`. */
  json?: { path: string; equals: string | number | boolean | null }[]
  /** Redirects followed, 0 … 10. Absent: 0 when `status` names a 3xx, else 5. */
  redirects?: number
  /** Answered, but slower than this: `degraded`. */
  degradedOverMs?: number
  /** Bytes of body read at most. Absent: 1 MiB. */
  maxBytes?: number
}

/** How the connections of an HTTP check are made. */
export type HttpConnectionSpec = {
  family?: 4 | 6
  auth?: { scheme: 'basic'; username: string; secret: string } | { scheme: 'bearer'; secret: string }
  /** PEM files, by the names of secrets. */
  clientCertificate?: { certificate: string; key: string }
  /** PEM file of the authorities to trust in place of the public ones. */
  authority?: string
  /** `http://host:port`; https goes through CONNECT. */
  proxy?: string
}

/** One business process: HTTP steps in order, on cookies and variables of their own. One sample. */
export type TransactionSpec = {
  kind: 'transaction'
  steps: TransactionStep[]
  /** All steps done, but together slower than this: `degraded`. */
  degradedOverMs?: number
} & HttpConnectionSpec
/** `${name}` in url, headers and body of a later step stands for what was extracted. */
export type TransactionStep = HttpRequestSpec & { name: string; extract?: Extraction[] }
export type Extraction = { variable: string } & (
  | { json: string }
  | { header: string }
  | { between: [string, string] }
)

/** Protocols whose greeting is known. */
export const BANNERS = ['smtp', 'imap', 'pop3', 'ftp', 'ssh'] as const
/** Protocols that begin in the clear and change to TLS. */
export const STARTTLS = ['smtp', 'imap', 'pop3', 'ftp', 'postgres'] as const

export type TcpSpec = {
  kind: 'tcp'
  host: string
  port: number
  family?: 4 | 6
  /** Said once connected, after the greeting where there is one. */
  send?: string
  /** Text that must come back, within the first 64 KiB. */
  expect?: string
  /** The greeting that must come first. */
  banner?: (typeof BANNERS)[number]
  degradedOverMs?: number
}

export const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

export type TlsSpec = {
  kind: 'tls'
  host: string
  port: number
  /** SNI, and the name that the certificate must carry. Absent: the host. */
  serverName?: string
  family?: 4 | 6
  starttls?: (typeof STARTTLS)[number]
  /** Fewer days to the end of the first certificate of the chain to end: `degraded`. Absent: 14. */
  daysLeft?: number
  /** SHA-256 over the public key of the server's certificate (RFC 7469), base64; one of them must hold. */
  pins?: string[]
  minVersion?: (typeof TLS_VERSIONS)[number]
  /** PEM file of the authorities to trust in place of the public ones. */
  authority?: string
}

export const DNS_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT', 'CAA'] as const
export const DNS_RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const

export type DnsSpec = {
  kind: 'dns'
  name: string
  type: (typeof DNS_TYPES)[number]
  /** `host`, `host:port` or `[address]:port`. Absent: the first name server of the agent's host. */
  server?: string
  /** Of the server's address. */
  family?: 4 | 6
  /** Absent: udp, and tcp after an answer that did not fit. */
  transport?: 'udp' | 'tcp'
  /** The answer that counts as success. Absent: NOERROR with at least one record of the type. */
  rcode?: (typeof DNS_RCODES)[number]
  /** Records that must all be in the answer, as text: `192.0.2.1`, `10 mail.example.org`. */
  answers?: string[]
  degradedOverMs?: number
}

export type IcmpSpec = {
  kind: 'icmp'
  host: string
  packets: number
  family?: 4 | 6
  /** Bytes of payload, 16 … 1472. */
  payloadBytes?: number
  /** Percent lost that is still `ok`; more is `degraded`, all is `fail`. Absent: 0. */
  lossPercent?: number
  /** Mean round trip slower than this: `degraded`. */
  degradedOverMs?: number
}

/** Figures of the agent's own host. Percentages 0 … 100 but for the load, in percent of one core each. */
export const HOST_METRICS = ['cpu', 'load', 'memory', 'swap', 'disk', 'network'] as const

/** A figure with limits, or a program that has to run. */
export type HostSpec =
  | {
      kind: 'host'
      metric: (typeof HOST_METRICS)[number]
      /** Mount point of a disk, name of an interface. */
      of?: string
      /** Above: `degraded`. Of the network: kbit/s, both directions. */
      degradedOver?: number
      /** Above: `fail`. */
      failOver?: number
    }
  | { kind: 'host'; metric: 'process' | 'service'; name: string }

export type CheckSpec = {
  name: string
  intervalMs: number
  timeoutMs: number
  /** Re-probe after a first failure no sooner than this, ms after the send. */
  reprobeMs: number
  /** Consecutive failures that confirm down, and good samples that confirm up. */
  confirm: { down: number; up: number }
  /**
   * While it fails it is probed every 2 s, for 5 minutes at most, so that the end is known to 2 s; a try that
   * hangs gets a second one beside it; and where another vantage sees it fail it is probed at once. Absent: from
   * intervals of 10 s up.
   */
  brackets?: boolean
  probe: ProbeSpec
}

/** Checks of a shorter interval are looked at closely enough by their slots. */
const BRACKETS_FROM_MS = 10_000

/** Whether the check is probed between its slots while something is wrong with it. */
export function hasBrackets({ brackets, intervalMs }: Pick<CheckSpec, 'brackets' | 'intervalMs'>): boolean {
  return brackets ?? intervalMs >= BRACKETS_FROM_MS
}

/** Checks of one contract's log. A sample names its check by position here. */
export type CheckConfig = {
  /** Log origin of the contract. */
  origin: string
  /** Rises with every change; an agent never goes back. */
  version: number
  checks: CheckSpec[]
}

/** SHA-256 over the RFC 8785 form: what a batch carries as `configDigest`. */
export function configDigest(config: CheckConfig): Buffer {
  return jsonDigest(config)
}

/** Most checks in one configuration. */
export const MAX_CHECKS = 4096
