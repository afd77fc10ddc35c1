/**
 * The icmp probe: what the programs of several systems print, read to each round trip; and the probe with
 * programs of our own making in their place, and with none. The real ones are in the system tests.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { echoProbe } from '@constat/probe/icmp'
import { ownTrouble, parseFping, parsePing } from '@constat/probe/icmp-report'
import type { IcmpSpec } from '@constat/shared/check'
import { afterAll, describe, expect, test } from 'vitest'
import { probingContext, verdictOf, type Verdict } from '../../support/probing.ts'

const PING: [string, string, (number | null)[]][] = [
  [
    'iputils',
    `PING 192.0.2.7 (192.0.2.7) 56(84) bytes of data.
64 bytes from 192.0.2.7: icmp_seq=1 ttl=64 time=0.027 ms
64 bytes from 192.0.2.7: icmp_seq=2 ttl=64 time=12.4 ms

--- 192.0.2.7 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time 203ms
rtt min/avg/max/mdev = 0.027/6.213/12.400/6.186 ms
`,
    [27, 12_400],
  ],
  [
    'iputils, IPv6, one lost in the middle',
    `PING ::1(::1) 56 data bytes
64 bytes from ::1: icmp_seq=1 ttl=64 time=0.023 ms
64 bytes from ::1: icmp_seq=3 ttl=64 time=0.046 ms

--- ::1 ping statistics ---
3 packets transmitted, 2 received, 33.3333% packet loss, time 401ms
rtt min/avg/max/mdev = 0.023/0.034/0.046/0.011 ms
`,
    [23, null, 46],
  ],
  [
    'iputils, in another order, and one twice',
    `PING 192.0.2.7 (192.0.2.7) 56(84) bytes of data.
64 bytes from 192.0.2.7: icmp_seq=2 ttl=64 time=1.5 ms
64 bytes from 192.0.2.7: icmp_seq=1 ttl=64 time=230 ms
64 bytes from 192.0.2.7: icmp_seq=1 ttl=64 time=240 ms (DUP!)

--- 192.0.2.7 ping statistics ---
2 packets transmitted, 2 received, +1 duplicates, 0% packet loss, time 200ms
rtt min/avg/max/mdev = 1.5/157.1/240.0/110.3 ms, pipe 2
`,
    [230_000, 1_500],
  ],
  [
    'iputils, all lost, with the words of a router',
    `PING 203.0.113.1 (203.0.113.1) 56(84) bytes of data.
From 192.0.2.1 icmp_seq=1 Destination Port Unreachable
From 192.0.2.1 icmp_seq=2 Destination Net Unreachable

--- 203.0.113.1 ping statistics ---
2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 203ms
`,
    [null, null],
  ],
  [
    'BusyBox',
    `PING 192.0.2.7 (192.0.2.7): 56 data bytes
64 bytes from 192.0.2.7: seq=0 ttl=64 time=0.087 ms
64 bytes from 192.0.2.7: seq=1 ttl=64 time=0.060 ms

--- 192.0.2.7 ping statistics ---
2 packets transmitted, 2 packets received, 0% packet loss
round-trip min/avg/max = 0.060/0.073/0.087 ms
`,
    [87, 60],
  ],
  [
    'BSD',
    `PING 192.0.2.7 (192.0.2.7): 56 data bytes
64 bytes from 192.0.2.7: icmp_seq=0 ttl=64 time=0.050 ms
Request timeout for icmp_seq 1

--- 192.0.2.7 ping statistics ---
2 packets transmitted, 1 packets received, 50.0% packet loss
round-trip min/avg/max/stddev = 0.050/0.050/0.050/0.000 ms
`,
    [50, null],
  ],
  [
    'less than can be told',
    `64 bytes from 192.0.2.7: icmp_seq=1 ttl=64 time<1 ms
1 packets transmitted, 1 received, 0% packet loss, time 0ms
`,
    [1_000],
  ],
]

const FPING: [string, string, (number | null)[]][] = [
  ['all back', '192.0.2.7 : 0.52 0.61\n', [520, 610]],
  ['one lost', '192.0.2.7 : 0.52 - 12.4\n', [520, null, 12_400]],
  ['all lost', '203.0.113.1 : - -\n', [null, null]],
  ['IPv6', '::1       : 0.184 0.045\n', [184, 45]],
  ['a whole number', '192.0.2.7 : 7 110\n', [7_000, 110_000]],
  [
    'after the word of a router',
    'ICMP Host Unreachable from 192.0.2.1 for ICMP Echo sent to 192.0.2.7\n\n192.0.2.7 : - 0.50\n',
    [null, 500],
  ],
  [
    'after a line for each',
    '192.0.2.7 : [0], 64 bytes, 0.030 ms (0.030 avg, 0% loss)\n\n192.0.2.7 : 0.030\n',
    [30],
  ],
]

describe('reports', () => {
  test.each(PING)('ping: %s', (_, output, roundTripsUs) => {
    expect(parsePing(output)).toEqual({ roundTripsUs })
    expect(parseFping(output)).toBeUndefined()
  })
  test.each(FPING)('fping: %s', (_, output, roundTripsUs) => {
    expect(parseFping(output)).toEqual({ roundTripsUs })
    expect(parsePing(output)).toBeUndefined()
  })
  test.each(['', 'ping: unknown host', '0 packets transmitted, 0 received', '192.0.2.7 : 1.2.3 xyz'])(
    '%j is none',
    (output) => {
      expect(parsePing(output)).toBeUndefined()
      expect(parseFping(output)).toBeUndefined()
    },
  )

  test.each([
    ['ping: connect: Network is unreachable', 'network'],
    ['ping: sendmsg: Network is unreachable', 'network'],
    ['ping: sendmsg: Operation not permitted', 'denied'],
    ['ping: socktype: SOCK_RAW\nping: socket: Operation not permitted', 'unsupported'],
    ["fping: can't create socket (must run as root?)", 'unsupported'],
    ['ping: permission denied (are you root?)', 'unsupported'],
    ['ping: socket: Address family not supported by protocol', 'unsupported'],
    ['From 192.0.2.1 icmp_seq=1 Destination Net Unreachable', undefined],
    ['From 192.0.2.1 icmp_seq=1 Destination Host Unreachable', undefined],
    ['3 packets transmitted, 0 received, 100% packet loss', undefined],
  ])('%j is its own trouble: %s', (output, cause) => {
    expect(ownTrouble(output)?.cause).toBe(cause)
  })
})

describe('the probe', () => {
  const folders: string[] = []
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

  /** A folder with programs that answer as told; `$@` is kept beside them. */
  function folderWith(programs: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'constat-icmp-'))
    folders.push(folder)
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
      chmodSync(join(folder, name), 0o755)
    }
    return folder
  }
  const says = (output: string): string => `cat <<'END'\n${output}\nEND`
  const spec = (options: Partial<IcmpSpec> = {}): IcmpSpec => ({
    kind: 'icmp',
    host: '127.0.0.1',
    packets: 3,
    ...options,
  })
  const probe = (
    programs: Readonly<Record<string, string>>,
    options: Partial<IcmpSpec> = {},
    timeoutMs = 5_000,
  ) => echoProbe({ folders: [folderWith(programs)] })(spec(options), probingContext({ timeoutMs }))

  const OK: Verdict = ['ok', 'none', 'none']
  test.each<[string, string, Partial<IcmpSpec>, Verdict, number]>([
    ['all back', '127.0.0.1 : 1.00 2.00 3.00', {}, OK, 0],
    ['one lost', '127.0.0.1 : 1.00 - 3.00', {}, ['degraded', 'loss', 'target'], 33],
    ['one lost, as much allowed', '127.0.0.1 : 1.00 - 3.00', { lossPercent: 34 }, OK, 33],
    [
      'one lost, a little less allowed',
      '127.0.0.1 : 1.00 - 3.00',
      { lossPercent: 33 },
      ['degraded', 'loss', 'target'],
      33,
    ],
    ['all lost', '127.0.0.1 : - - -', {}, ['fail', 'loss', 'target'], 100],
    [
      'all lost, whatever is allowed',
      '127.0.0.1 : - - -',
      { lossPercent: 99 },
      ['fail', 'loss', 'target'],
      100,
    ],
    [
      'slow on the mean',
      '127.0.0.1 : 1.00 2.00 9.00',
      { degradedOverMs: 3 },
      ['degraded', 'slow', 'target'],
      0,
    ],
    ['just not slow', '127.0.0.1 : 1.00 2.00 6.00', { degradedOverMs: 3 }, OK, 0],
    [
      'slow and lossy: the loss is told',
      '127.0.0.1 : 9.00 - 9.00',
      { degradedOverMs: 3 },
      ['degraded', 'loss', 'target'],
      33,
    ],
    ['no report', 'what?', {}, ['unknown', 'unsupported', 'agent'], 0],
    [
      'not allowed',
      "fping: can't create socket (must run as root?)",
      {},
      ['unknown', 'unsupported', 'agent'],
      0,
    ],
  ])('%s', async (_, output, options, verdict, value) => {
    const result = await probe({ fping: says(output) }, options)
    expect([...verdictOf(result), result.value]).toEqual([...verdict, value])
  })

  test('latency is the mean round trip, and each is told', async () => {
    const result = await probe(
      { fping: `sleep 0.1\n${says('127.0.0.1 : 1.00 - 3.00')}` },
      { lossPercent: 50 },
    )
    expect(result.phases).toMatchObject({ connectUs: 0, tlsUs: 0, ttfbUs: 2_000, transferUs: 0 })
    expect(result.latencyUs).toBe(result.phases.dnsUs + 2_000)
    expect(result.detail).toContain('1.000 ms, lost, 3.000 ms')
  })

  test('fping is taken before ping, and each is asked in its own words', async () => {
    const asked = (of: string): string => `echo "127.0.0.1 : 1 1"; echo "${of} $@" >&2; exit 1`
    const both = await probe(
      { fping: `echo "fping: $@"`, ping: asked('ping') },
      { payloadBytes: 1_000, packets: 2 },
    )
    expect(both.detail).toContain('fping: -q -C 2 -p 200 -t 4700 -b 1000 127.0.0.1')
    const alone = await probe({ ping: `echo "ping: $@"` }, { payloadBytes: 1_000, packets: 2 })
    expect(alone.detail).toContain('ping: -4 -n -c 2 -W 5 -i 0.2 -s 1000 127.0.0.1')
    const six = await probe({ ping: `echo "ping: $@"` }, { host: '::1', packets: 1 })
    expect(six.detail).toContain('ping: -6 -n -c 1 -W 5 ::1')
  })

  test('a program that fails and reports is read all the same', async () => {
    const result = await probe({ ping: `${says(PING[3]![1])}\nexit 1` }, { packets: 2 })
    expect([...verdictOf(result), result.value]).toEqual(['fail', 'loss', 'target', 100])
  })

  test('without a program the sample is unknown, and says what to install', async () => {
    const result = await probe({})
    expect(verdictOf(result)).toEqual(['unknown', 'no-program', 'agent'])
    expect(result.detail).toContain('install one of them')
  })

  test('a program that hangs is ended at the deadline', async () => {
    const result = await probe({ fping: 'exec sleep 30' }, {}, 300)
    expect(verdictOf(result)).toEqual(['fail', 'timeout', 'target'])
  })

  test("an address that this host may not send to is not the target's failure", async () => {
    const result = await probe({ fping: says('255.255.255.255 : - - -') }, { host: '255.255.255.255' })
    expect(result.outcome).toBe('unknown')
  })
})
