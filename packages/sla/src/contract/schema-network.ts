/**
 * Schemas of the network probes of a Check: tcp, tls, dns and icmp, and their expansion to what the agent
 * reads. A field accepted here is a field the agent knows: test/line/probe/probe-fields.test.ts. Pure.
 */
import { BANNERS, DNS_RCODES, DNS_TYPES, SECRET_NAME, STARTTLS, TLS_VERSIONS } from '@constat/shared/check'
import type { DnsSpec, IcmpSpec, TcpSpec, TlsSpec } from '@constat/shared/check'
import { asciiName, isHost, isRecordName, NETWORK_LIMITS, parseServer, PIN } from '@constat/shared/target'
import { isIP } from 'node:net'
import { z } from 'zod'
import { parseDuration } from '../duration.ts'
import { count, msOr, positiveDuration, ranged, some, words } from './scalar.ts'

const LIMITS = NETWORK_LIMITS

export const host = z
  .string('should be a host name or an address')
  .min(1, 'is empty')
  .max(253)
  .overwrite(asciiName)
  .refine(isHost, 'should be a host name or an address, without a scheme, a port or a path')
export const port = ranged('should be a port', { min: 1, max: 65535 }, 'a port ')
export const family = z.union([z.literal(4), z.literal(6)], { error: 'should be 4 or 6' }).optional()

/** A file on the host of each agent that runs the check; what is in it never stands in a contract. */
export const secretName = z
  .string("should be the name of a file in the agent's secrets folder")
  .regex(
    SECRET_NAME,
    'should be the name of a file in the agent\'s secrets folder: letters, digits, ".", "_" and "-"',
  )

/** Answered, but slower than this: degraded. */
export const within = positiveDuration
  .refine(
    (value) => (parseDuration(value) ?? 0) <= LIMITS.degradedOverMs.max,
    'should be at most PT1H, such as PT0.5S',
  )
  .optional()

const saidText = words('should be text in quotes', 'leave it out or write what is said', LIMITS.textChars)

const tcpOptions = z.strictObject({
  host,
  port,
  family,
  banner: z.enum(BANNERS).optional(),
  send: saidText.optional(),
  expect: z.strictObject({ contains: saidText.optional(), within }).optional(),
})

const pin = z
  .string('should be a pin in quotes')
  .regex(PIN, 'should be the SHA-256 of a public key in base64: 44 characters that end in "="')

const daysLeft = z
  .int('should be a whole number of days')
  .min(LIMITS.daysLeft.min, 'should be 0 or more')
  .max(LIMITS.daysLeft.max, `should be at most ${LIMITS.daysLeft.max} days`)

const tlsOptions = z.strictObject({
  host,
  port: port.default(443),
  serverName: host
    .refine((value) => isIP(value) === 0, 'should be a name, not an address: leave it out')
    .optional(),
  family,
  starttls: z.enum(STARTTLS).optional(),
  authority: secretName.optional(),
  expect: z
    .strictObject({
      daysLeft: daysLeft.optional(),
      pins: some(pin, 'leave it out or list a pin', LIMITS.pins).optional(),
      minVersion: z.enum(TLS_VERSIONS).optional(),
    })
    .optional(),
})

const answer = words('should be a record as text', 'write the record as text', LIMITS.answerChars)

const dnsOptions = z.strictObject({
  name: z
    .string('should be a DNS name')
    .overwrite(asciiName)
    .refine(isRecordName, 'should be a DNS name, such as www.example.org'),
  type: z.enum(DNS_TYPES).default('A'),
  server: z
    .string('should be a name server')
    .refine(
      (value) => parseServer(value) !== undefined,
      'should be a name server: 192.0.2.1, "[2001:db8::1]:53" or ns.example:53',
    )
    .optional(),
  family,
  transport: z.enum(['udp', 'tcp'], 'should be udp or tcp').optional(),
  expect: z
    .strictObject({
      rcode: z.enum(DNS_RCODES).optional(),
      answers: some(answer, 'leave it out or list a record', LIMITS.answers).optional(),
      within,
    })
    .refine(({ rcode = 'NOERROR', answers }) => answers === undefined || rcode === 'NOERROR', {
      error: 'asks for answers and for an rcode that has none: remove one of them',
      path: ['answers'],
    })
    .optional(),
})

const icmpOptions = z.strictObject({
  host,
  family,
  packets: count.max(LIMITS.packets.max).default(3),
  payloadBytes: ranged('should be a whole number of bytes', LIMITS.payloadBytes).optional(),
  expect: z
    .strictObject({
      /** Percent lost that is still ok. */
      loss: z
        .string('should be a whole percentage in quotes, such as "5"')
        .regex(/^(0|[1-9]\d?)$/, 'should be a whole percentage from "0" to "99", such as "5"')
        .optional(),
      within,
    })
    .optional(),
})

export const networkOptions = {
  tcp: tcpOptions.optional(),
  tls: tlsOptions.optional(),
  dns: dnsOptions.optional(),
  icmp: icmpOptions.optional(),
}

type Written<T extends z.ZodType> = z.output<T>

export function tcpProbe({ expect, ...tcp }: Written<typeof tcpOptions>): TcpSpec {
  return present<TcpSpec>({
    kind: 'tcp',
    ...tcp,
    expect: expect?.contains,
    degradedOverMs: msOr(expect?.within, undefined),
  })
}

export function tlsProbe({ expect, ...tls }: Written<typeof tlsOptions>): TlsSpec {
  return present<TlsSpec>({ kind: 'tls', ...tls, ...expect })
}

export function dnsProbe({ expect, ...dns }: Written<typeof dnsOptions>): DnsSpec {
  const wanted = { rcode: expect?.rcode, answers: expect?.answers }
  return present<DnsSpec>({ kind: 'dns', ...dns, ...wanted, degradedOverMs: msOr(expect?.within, undefined) })
}

export function icmpProbe({ expect, ...icmp }: Written<typeof icmpOptions>): IcmpSpec {
  const lossPercent = expect?.loss === undefined ? undefined : Number(expect.loss)
  return present<IcmpSpec>({
    kind: 'icmp',
    ...icmp,
    lossPercent,
    degradedOverMs: msOr(expect?.within, undefined),
  })
}

type Loose<T> = { [K in keyof T]: object extends Pick<T, K> ? T[K] | undefined : T[K] }

/** Without the members that are undefined: absent and undefined are one in the terms. */
export function present<T extends object>(members: Loose<T>): T {
  // Leaving out undefined members is exactly what makes the loose type the strict one.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T
}
