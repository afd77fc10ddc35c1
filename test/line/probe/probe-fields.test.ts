/**
 * Fields of the network checks, from the contract to the agent: what a contract may say an agent reads,
 * the same and all of it; what is beyond a limit both refuse; and a watched URL is a check too.
 */
import { readSpec } from '@constat/probe/kinds'
import type { Json } from '@constat/shared/canonical-json'
import type { ProbeSpec } from '@constat/shared/check'
import { valueAt } from '@constat/shared/json-path'
import { contractJsonSchema } from '../../support/json-schemas.ts'
import { probeOfWatch } from '@constat/sla/contract/watch'
import { describe, expect, test } from 'vitest'
import { accepted, problemsOf, SMALL } from '../../support/contract-text.ts'

const PIN = 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg='
const OTHER_PIN = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='

const document = (probe: string): string => `${SMALL}---
apiVersion: constat/v1
kind: Check
metadata: {name: probed}
spec:
  service: probed
  interval: PT60S
  timeout: PT20S
  ${probe}
`

function specIn(probe: string): ProbeSpec {
  return accepted(document(probe)).checks.find(({ name }) => name === 'probed')!.spec.probe
}

/** Through JSON, as the wire has it. */
function sentToAgent(spec: object): ProbeSpec | string {
  // What JSON.parse makes of an object is a map of names.
  return readSpec(JSON.parse(JSON.stringify(spec)) as Record<string, unknown>)
}

/** Every field at least once; a field that is new in the schema has to be written into one of these. */
const FULL: Record<'tcp' | 'tls' | 'dns' | 'icmp', [string, ProbeSpec][]> = {
  tcp: [
    [
      'tcp: {host: mail.example, port: 25, family: 4, banner: smtp, send: "EHLO me\\r\\n", expect: {contains: 250 SIZE, within: PT0.5S}}',
      {
        kind: 'tcp',
        host: 'mail.example',
        port: 25,
        family: 4,
        banner: 'smtp',
        send: 'EHLO me\r\n',
        expect: '250 SIZE',
        degradedOverMs: 500,
      },
    ],
    ['tcp: {host: "2001:db8::1", port: 22}', { kind: 'tcp', host: '2001:db8::1', port: 22 }],
  ],
  tls: [
    [
      `tls: {host: mail.example, port: 993, serverName: imap.example, family: 6, starttls: imap, authority: company-ca.pem, expect: {daysLeft: 30, pins: ["${PIN}", "${OTHER_PIN}"], minVersion: TLSv1.3}}`,
      {
        kind: 'tls',
        host: 'mail.example',
        port: 993,
        serverName: 'imap.example',
        family: 6,
        starttls: 'imap',
        authority: 'company-ca.pem',
        daysLeft: 30,
        pins: [PIN, OTHER_PIN],
        minVersion: 'TLSv1.3',
      },
    ],
    ['tls: {host: intranet.example}', { kind: 'tls', host: 'intranet.example', port: 443 }],
  ],
  dns: [
    [
      'dns: {name: example.org, type: MX, server: "[2001:db8::1]:5353", family: 6, transport: tcp, expect: {rcode: NOERROR, answers: [10 mail.example.org, 20 backup.example.org], within: PT1S}}',
      {
        kind: 'dns',
        name: 'example.org',
        type: 'MX',
        server: '[2001:db8::1]:5353',
        family: 6,
        transport: 'tcp',
        rcode: 'NOERROR',
        answers: ['10 mail.example.org', '20 backup.example.org'],
        degradedOverMs: 1_000,
      },
    ],
    ['dns: {name: example.org}', { kind: 'dns', name: 'example.org', type: 'A' }],
    [
      'dns: {name: gone.example.org, expect: {rcode: NXDOMAIN}}',
      { kind: 'dns', name: 'gone.example.org', type: 'A', rcode: 'NXDOMAIN' },
    ],
  ],
  icmp: [
    [
      'icmp: {host: gateway, packets: 5, payloadBytes: 1472, family: 4, expect: {loss: "20", within: PT0.05S}}',
      {
        kind: 'icmp',
        host: 'gateway',
        packets: 5,
        payloadBytes: 1_472,
        family: 4,
        lossPercent: 20,
        degradedOverMs: 50,
      },
    ],
    ['icmp: {host: "::1"}', { kind: 'icmp', host: '::1', packets: 3 }],
  ],
}

describe.each(Object.entries(FULL))('%s', (kind, texts) => {
  test.each(texts)('%s', (probe, spec) => {
    expect(specIn(probe)).toEqual(spec)
    expect(sentToAgent(spec)).toEqual(spec)
  })

  test('the texts above name every field', () => {
    const fields = fieldsOf(schemaOf(kind))
    const written = texts.map(([text]) => text).join('\n')
    expect(fields.length).toBeGreaterThan(4)
    expect(fields.filter((field) => !new RegExp(`\\b${field}:`).test(written))).toEqual([])
  })

  test('the agent knows no field that a contract cannot say', () => {
    // Renamed between the two: what stands under `expect` has a shorter name there.
    const renamed: Record<string, string> = {
      contains: 'expect',
      within: 'degradedOverMs',
      loss: 'lossPercent',
    }
    const fields = fieldsOf(schemaOf(kind)).filter((field) => field !== 'expect')
    const known = new Set(['kind', ...fields.map((field) => renamed[field] ?? field)])
    for (const [, spec] of texts) for (const field of Object.keys(spec)) expect(known).toContain(field)
    expect(new Set(texts.flatMap(([, spec]) => Object.keys(spec)))).toEqual(known)
  })
})

function schemaOf(kind: string): Json {
  // Generated as JSON: this only finds the place in it.
  const schema = JSON.parse(JSON.stringify(contractJsonSchema())) as { anyOf: Json[] }
  const places = schema.anyOf.map((one) => valueAt(['properties', 'spec', 'properties', kind], one))
  return places.find((one) => one !== undefined) ?? null
}

/** Names of properties at any depth. */
function fieldsOf(schema: Json): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const properties = valueAt(['properties'], schema)
  const own = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  return [...new Set([...own, ...Object.values(schema).flatMap((member: Json) => fieldsOf(member))])]
}

const long = (chars: number): string => 'x'.repeat(chars)
const list = (count: number, item: string): string =>
  `[${Array.from({ length: count }, () => `"${item}"`).join(', ')}]`
const items = (count: number, item: string): string[] => Array.from({ length: count }, () => item)

describe('limits, at them and one past: contract and agent say the same', () => {
  const tcp = { kind: 'tcp', host: 'a', port: 1 }
  const tls = { kind: 'tls', host: 'a', port: 443 }
  const dns = { kind: 'dns', name: 'a', type: 'A' }
  const icmp = { kind: 'icmp', host: 'a', packets: 1 }
  test.each<[string, object, boolean]>([
    ['tcp: {host: a, port: 65535}', { ...tcp, port: 65_535 }, true],
    ['tcp: {host: a, port: 65536}', { ...tcp, port: 65_536 }, false],
    ['tcp: {host: a, port: 0}', { ...tcp, port: 0 }, false],
    ['tcp: {host: "a b", port: 1}', { ...tcp, host: 'a b' }, false],
    ['tcp: {host: "a:1", port: 1}', { ...tcp, host: 'a:1' }, false],
    ['tcp: {host: "[::1]", port: 1}', { ...tcp, host: '[::1]' }, false],
    ['tcp: {host: a..b, port: 1}', { ...tcp, host: 'a..b' }, false],
    ['tcp: {host: a, port: 1, family: 5}', { ...tcp, family: 5 }, false],
    ['tcp: {host: a, port: 1, banner: http}', { ...tcp, banner: 'http' }, false],
    [`tcp: {host: a, port: 1, send: ${long(4_096)}}`, { ...tcp, send: long(4_096) }, true],
    [`tcp: {host: a, port: 1, send: ${long(4_097)}}`, { ...tcp, send: long(4_097) }, false],
    ['tcp: {host: a, port: 1, send: ""}', { ...tcp, send: '' }, false],
    [`tcp: {host: a, port: 1, expect: {contains: ${long(4_096)}}}`, { ...tcp, expect: long(4_096) }, true],
    [`tcp: {host: a, port: 1, expect: {contains: ${long(4_097)}}}`, { ...tcp, expect: long(4_097) }, false],
    ['tcp: {host: a, port: 1, expect: {contains: ""}}', { ...tcp, expect: '' }, false],
    ['tcp: {host: a, port: 1, expect: {within: PT1H}}', { ...tcp, degradedOverMs: 3_600_000 }, true],
    ['tcp: {host: a, port: 1, expect: {within: PT3600.001S}}', { ...tcp, degradedOverMs: 3_600_001 }, false],
    ['tcp: {host: a, port: 1, expect: {within: PT0S}}', { ...tcp, degradedOverMs: 0 }, false],
    ['tcp: {host: a, port: 1, unheard: of}', { ...tcp, unheard: 'of' }, false],
    ['tls: {host: a, serverName: 192.0.2.1}', { ...tls, serverName: '192.0.2.1' }, false],
    ['tls: {host: a, starttls: http}', { ...tls, starttls: 'http' }, false],
    ['tls: {host: a, authority: ../key}', { ...tls, authority: '../key' }, false],
    ['tls: {host: a, authority: .hidden}', { ...tls, authority: '.hidden' }, false],
    [`tls: {host: a, authority: ${long(64)}}`, { ...tls, authority: long(64) }, true],
    [`tls: {host: a, authority: ${long(65)}}`, { ...tls, authority: long(65) }, false],
    ['tls: {host: a, expect: {daysLeft: 0}}', { ...tls, daysLeft: 0 }, true],
    ['tls: {host: a, expect: {daysLeft: 3650}}', { ...tls, daysLeft: 3_650 }, true],
    ['tls: {host: a, expect: {daysLeft: 3651}}', { ...tls, daysLeft: 3_651 }, false],
    ['tls: {host: a, expect: {daysLeft: -1}}', { ...tls, daysLeft: -1 }, false],
    ['tls: {host: a, expect: {daysLeft: 1.5}}', { ...tls, daysLeft: 1.5 }, false],
    [`tls: {host: a, expect: {pins: ${list(16, PIN)}}}`, { ...tls, pins: items(16, PIN) }, true],
    [`tls: {host: a, expect: {pins: ${list(17, PIN)}}}`, { ...tls, pins: items(17, PIN) }, false],
    ['tls: {host: a, expect: {pins: []}}', { ...tls, pins: [] }, false],
    [`tls: {host: a, expect: {pins: ["${PIN.slice(1)}"]}}`, { ...tls, pins: [PIN.slice(1)] }, false],
    [`tls: {host: a, expect: {pins: ["sha256/${PIN}"]}}`, { ...tls, pins: [`sha256/${PIN}`] }, false],
    ['tls: {host: a, expect: {minVersion: TLSv1.1}}', { ...tls, minVersion: 'TLSv1.1' }, false],
    ['dns: {name: a, type: ANY}', { ...dns, type: 'ANY' }, false],
    ['dns: {name: a, server: "a b"}', { ...dns, server: 'a b' }, false],
    ['dns: {name: a, server: "a:65536"}', { ...dns, server: 'a:65536' }, false],
    ['dns: {name: "a b"}', { ...dns, name: 'a b' }, false],
    [`dns: {name: ${long(63)}}`, { ...dns, name: long(63) }, true],
    [`dns: {name: ${long(64)}}`, { ...dns, name: long(64) }, false],
    ['dns: {name: a, transport: tls}', { ...dns, transport: 'tls' }, false],
    ['dns: {name: a, expect: {rcode: NOTAUTH}}', { ...dns, rcode: 'NOTAUTH' }, false],
    [`dns: {name: a, expect: {answers: ${list(32, 'b')}}}`, { ...dns, answers: items(32, 'b') }, true],
    [`dns: {name: a, expect: {answers: ${list(33, 'b')}}}`, { ...dns, answers: items(33, 'b') }, false],
    [`dns: {name: a, expect: {answers: ["${long(1_024)}"]}}`, { ...dns, answers: [long(1_024)] }, true],
    [`dns: {name: a, expect: {answers: ["${long(1_025)}"]}}`, { ...dns, answers: [long(1_025)] }, false],
    ['dns: {name: a, expect: {answers: [""]}}', { ...dns, answers: [''] }, false],
    [
      'dns: {name: a, expect: {rcode: NXDOMAIN, answers: [b]}}',
      { ...dns, rcode: 'NXDOMAIN', answers: ['b'] },
      false,
    ],
    ['icmp: {host: a, packets: 1}', icmp, true],
    ['icmp: {host: a, packets: 20}', { ...icmp, packets: 20 }, true],
    ['icmp: {host: a, packets: 21}', { ...icmp, packets: 21 }, false],
    ['icmp: {host: a, packets: 1, payloadBytes: 16}', { ...icmp, payloadBytes: 16 }, true],
    ['icmp: {host: a, packets: 1, payloadBytes: 15}', { ...icmp, payloadBytes: 15 }, false],
    ['icmp: {host: a, packets: 1, payloadBytes: 1473}', { ...icmp, payloadBytes: 1_473 }, false],
    ['icmp: {host: a, packets: 1, expect: {loss: "0"}}', { ...icmp, lossPercent: 0 }, true],
    ['icmp: {host: a, packets: 1, expect: {loss: "99"}}', { ...icmp, lossPercent: 99 }, true],
    ['icmp: {host: a, packets: 1, expect: {loss: "100"}}', { ...icmp, lossPercent: 100 }, false],
    ['icmp: {host: a, packets: 1, expect: {loss: "-1"}}', { ...icmp, lossPercent: -1 }, false],
    ['icmp: {host: a, packets: 1, expect: {loss: "0.5"}}', { ...icmp, lossPercent: 0.5 }, false],
    ['icmp: {host: "-a", packets: 1}', { ...icmp, host: '-a' }, false],
  ])('%.90s', (probe, fields, isAccepted) => {
    const problems = problemsOf(document(probe))
    const read = sentToAgent(fields)
    expect(problems.length === 0).toBe(isAccepted)
    expect(typeof read === 'object').toBe(isAccepted)
    if (isAccepted) expect(read).toEqual(specIn(probe))
    // A sentence that says what to write, at the place where it went wrong.
    else expect(problems.join('\n')).toMatch(/^c\.yaml:\d+:\d+ spec\.(tcp|tls|dns|icmp)\b.*: \S/)
  })
})

describe('a watched URL is a check that an agent reads', () => {
  test.each<[string, ProbeSpec]>([
    ['tcp://[::1]:25', { kind: 'tcp', host: '::1', port: 25 }],
    ['tls://[2001:db8::1]', { kind: 'tls', host: '2001:db8::1', port: 443 }],
    ['icmp://[::1]', { kind: 'icmp', host: '::1', packets: 3 }],
    ['icmp://192.0.2.1', { kind: 'icmp', host: '192.0.2.1', packets: 3 }],
    ['dns://[::1]:5353/a.test?type=txt', { kind: 'dns', name: 'a.test', type: 'TXT', server: '[::1]:5353' }],
    ['dns://[::1]/a.test', { kind: 'dns', name: 'a.test', type: 'A', server: '[::1]' }],
  ])('%s', (url, spec) => {
    expect(probeOfWatch(url)).toEqual(spec)
    expect(sentToAgent(spec)).toEqual(spec)
  })
})
