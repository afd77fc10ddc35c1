/**
 * Host checks on the host that the test runs on: every figure against a reading made another way, programs
 * that run and that do not, and the way from a contract to what an agent reads.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, freemem, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { diskUse, mountPoints } from '@constat/probe/host-disk'
import { sourceElsewhere } from '@constat/probe/host-elsewhere'
import { growthOf } from '@constat/probe/host-growth'
import { defaultRoute, defaultRoute6, isNamed, processorTime, serviceState } from '@constat/probe/host-linux'
import { roundedUp, type Share } from '@constat/probe/host-source'
import { readSpec, runProbe, specOfUrl } from '@constat/probe/kinds'
import type { ProbeContext, ProbeResult } from '@constat/probe/probe'
import type { HostSpec } from '@constat/shared/check'
import { accepted, problemsOf, SMALL } from '../../support/contract-text.ts'
import { eventually } from '../../support/processes.ts'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { OPEN_POLICY } from '../../support/probing.ts'

const nothing = (): never => {
  throw new Error('a host check asks for nothing of the network')
}
const context: ProbeContext = {
  timeoutMs: 5_000,
  clock: REAL_CLOCK,
  resolver: { resolve: nothing },
  denied: OPEN_POLICY,
  secureContext: nothing,
  secret: nothing,
}
const probe = (spec: HostSpec): Promise<ProbeResult> => runProbe(spec, context)
const figure = (metric: 'cpu' | 'load' | 'memory' | 'swap' | 'disk' | 'network', of?: string): HostSpec =>
  of === undefined ? { kind: 'host', metric } : { kind: 'host', metric, of }

describe('figures', () => {
  test('processors: between what the kernel counted inside and around the same span', async () => {
    const spec = figure('cpu')
    const ticks = (): { busy: number; all: number } => {
      const [user, nice, system, idle, wait, irq, soft, steal] = readFileSync('/proc/stat', 'latin1')
        .split('\n')[0]!
        .split(/ +/)
        .slice(1)
        .map(Number) as [number, number, number, number, number, number, number, number]
      const busy = user + nice + system + irq + soft + steal
      return { busy, all: busy + idle + wait }
    }
    const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })
    try {
      expect(await probe(spec)).toMatchObject({ outcome: 'ok', cause: 'none' })
      const inner = ticks()
      await sleep(1_000)
      const innerEnd = ticks()
      const { value } = await probe(spec)
      const outerEnd = ticks()
      const most = (100 * (outerEnd.busy - inner.busy)) / (innerEnd.all - inner.all)
      const least = (100 * (innerEnd.busy - inner.busy)) / (outerEnd.all - inner.all)
      // Between the end of the first probe and the first own reading a few ticks may pass.
      expect(value).toBeLessThanOrEqual(Math.min(100, Math.ceil(most) + 5))
      expect(value).toBeGreaterThanOrEqual(Math.floor(least) - 5)
      expect(value).toBeGreaterThan(Math.floor(50 / cpus().length))
    } finally {
      busy.kill('SIGKILL')
    }
  })

  test('the first reading of the processors waits for a span, the next ones do not', async () => {
    const spec = figure('cpu')
    const first = await probe(spec)
    await sleep(300)
    const second = await probe(spec)
    expect(first.latencyUs).toBeGreaterThan(200_000)
    expect(second.latencyUs).toBeLessThan(200_000)
    expect(Object.values(first.phases)).toEqual([0, 0, 0, 0, 0])
  })

  test('load: of one minute, for each core', async () => {
    const before = loadavg()[0]!
    const { value, outcome } = await probe(figure('load'))
    const after = loadavg()[0]!
    const shares = [before, after].map((load) => Math.ceil(Math.round(load * 100) / cpus().length))
    expect(outcome).toBe('ok')
    expect(shares).toContain(value)
  })

  test('memory: all but what is available', async () => {
    const share = (): number => (100 * (totalmem() - freemem())) / totalmem()
    const before = share()
    const { value } = await probe(figure('memory'))
    const after = share()
    expect(value).toBeGreaterThanOrEqual(Math.floor(Math.min(before, after)))
    expect(value).toBeLessThanOrEqual(Math.ceil(Math.max(before, after)) + 1)
  })

  test('swap: what the areas say together', async () => {
    const areas = readFileSync('/proc/swaps', 'latin1').trim().split('\n').slice(1)
    const [all, used] = [2, 3].map((column) =>
      areas.reduce((sum, area) => sum + Number(area.split(/\s+/)[column]), 0),
    ) as [number, number]
    const { value, outcome } = await probe(figure('swap'))
    expect(outcome).toBe('ok')
    expect(value).toBeGreaterThanOrEqual(all === 0 ? 0 : Math.floor((100 * used) / all) - 1)
    expect(value).toBeLessThanOrEqual(all === 0 ? 0 : Math.ceil((100 * used) / all) + 1)
  })

  test.each(['/', '/dev/shm'])('disk %s: as df says', async (place) => {
    const df = (): number =>
      Number(/(\d+)%/.exec(execFileSync('df', ['--output=pcent', place]).toString())![1])
    const before = df()
    const { value, detail } = await probe(figure('disk', place))
    expect([before, df()]).toContain(value)
    expect(detail).toContain(place)
  })

  test('network: between what the interface counted inside and around the same span', async () => {
    const spec = figure('network', 'lo')
    const counted = (): { bytes: number; us: number } => {
      const of = (name: string): number =>
        Number(readFileSync(`/sys/class/net/lo/statistics/${name}`, 'latin1'))
      return { bytes: of('rx_bytes') + of('tx_bytes'), us: REAL_CLOCK.monotonicUs() }
    }
    await probe(spec)
    const start = counted()
    await sendOverLoopback(20_000_000)
    await sleep(300)
    const inner = counted()
    const { value } = await probe(spec)
    const outer = counted()
    const kbits = (bytes: number, us: number): number => (bytes * 8_000) / us
    // The first probe looked a little before `start`.
    expect(value).toBeLessThanOrEqual(kbits(outer.bytes - start.bytes, inner.us - start.us) * 1.1 + 10)
    expect(value).toBeGreaterThanOrEqual(kbits(inner.bytes - start.bytes, outer.us - start.us) * 0.9 - 1)
    expect(value).toBeGreaterThan(1_000)
  })

  test('a figure above a limit is degraded, above the next it has failed; a limit itself is kept', async () => {
    const { value } = await probe(figure('disk'))
    const judged = (limits: object): Promise<ProbeResult> =>
      probe({ kind: 'host', metric: 'disk', ...limits })
    const over = Math.max(0, value - 1)
    expect(await judged({ degradedOver: value })).toMatchObject({ outcome: 'ok', cause: 'none' })
    expect(await judged({ degradedOver: over })).toMatchObject({
      outcome: 'degraded',
      cause: 'threshold',
      value,
    })
    expect(await judged({ failOver: over })).toMatchObject({ outcome: 'fail', cause: 'threshold', value })
    expect((await judged({ failOver: over })).detail).toMatch(/in use; the limit is \d+$/)
  })

  test.each([
    ['disk', tmpdirOffMounts(), /nothing is mounted on .*; mount it, or write/],
    ['disk', '/no/such/mount', /nothing is mounted/],
    ['network', 'none0', /no interface none0; write one/],
  ] as const)('%s %s is unknown, with what to do', async (metric, of, words) => {
    const result = await probe(figure(metric, of))
    expect(result).toMatchObject({ outcome: 'unknown', cause: 'unsupported', value: 0 })
    expect(result.detail).toMatch(words)
  })
})

/** A folder that is surely no mount point. */
function tmpdirOffMounts(): string {
  return join(tmpdir(), 'constat-is-not-mounted')
}

async function sendOverLoopback(bytes: number): Promise<void> {
  const { createServer, connect } = await import('node:net')
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const client = connect({ host: '127.0.0.1', port: typeof address === 'object' ? address!.port : 0 })
  client.end(Buffer.alloc(bytes))
  await once(client, 'close')
  server.close()
}

describe('programs', () => {
  const LONG = 'constat-rather-long-name'
  let folder: string
  let children: ChildProcess[] = []
  /** Started by a child. */
  const orphans: number[] = []

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'constat-host-'))
    for (const name of ['constat-runs', LONG]) {
      copyFileSync('/bin/sleep', join(folder, name))
      chmodSync(join(folder, name), 0o755)
    }
  })
  afterEach(async () => {
    for (const child of children) await endOf(child)
    children = []
  })
  afterAll(() => {
    for (const pid of orphans) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true })
  })

  async function start(name: string): Promise<ChildProcess> {
    const child = spawn(join(folder, name), ['60'], { stdio: 'ignore' })
    await once(child, 'spawn')
    children.push(child)
    return child
  }

  async function endOf(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  test.each(['constat-runs', LONG])(
    '%s is counted while it runs, and fails when it does not',
    async (name) => {
      const spec: HostSpec = { kind: 'host', metric: 'process', name }
      expect(await probe(spec)).toMatchObject({ outcome: 'fail', cause: 'threshold', value: 0 })
      const first = await start(name)
      expect(await probe(spec)).toMatchObject({ outcome: 'ok', cause: 'none', value: 1 })
      await start(name)
      expect(await probe(spec)).toMatchObject({ outcome: 'ok', value: 2 })
      await endOf(first)
      expect(await probe(spec)).toMatchObject({ outcome: 'ok', value: 1 })
    },
  )

  test('one that has died and was not buried does not run', async () => {
    // The shell becomes a sleep, which never waits for the child it inherits.
    const script = `"${join(folder, 'constat-runs')}" 60 & echo $!; exec sleep 60`
    const parent = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    children.push(parent)
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    const state = (): string => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]![0]!
    const comm = (): string => readFileSync(`/proc/${parent.pid}/comm`, 'latin1').trim()
    orphans.push(pid)
    await eventually('the shell to be a sleep', () => comm() === 'sleep')
    const spec: HostSpec = { kind: 'host', metric: 'process', name: 'constat-runs' }
    await eventually('the child to run', async () => (await probe(spec)).value === 1)
    process.kill(pid, 'SIGKILL')
    await eventually('a dead child', () => state() === 'Z')
    expect(await probe(spec)).toMatchObject({
      outcome: 'fail',
      value: 0,
      detail: 'no process is named constat-runs',
    })
  })

  test('a title of its own counts by its first word, and the process that asks never', async () => {
    const title = 'constat-titled 5.6.8 (tcp://0.0.0.0:3000) [app/constat-last]'
    const child = spawn(join(folder, LONG), ['60'], { argv0: title, stdio: 'ignore' })
    await once(child, 'spawn')
    children.push(child)
    const asked = (name: string) => probe({ kind: 'host', metric: 'process', name })
    expect(await asked('constat-titled')).toMatchObject({ outcome: 'ok', value: 1 })
    expect(await asked('constat-last]')).toMatchObject({ outcome: 'fail', value: 0 })
    const before = process.title
    process.title = 'constat-asks'
    try {
      expect(readFileSync('/proc/self/cmdline', 'utf8')).toContain('constat-asks')
      expect(await asked('constat-asks')).toMatchObject({ outcome: 'fail', value: 0 })
    } finally {
      process.title = before
    }
  })

  test('a service is what systemd says, and unknown where it does not run', async () => {
    const result = await probe({ kind: 'host', metric: 'service', name: 'constat-there-is-none' })
    if (existsSync('/run/systemd/system')) {
      expect(result).toMatchObject({ outcome: 'fail', cause: 'threshold', value: 0 })
      const { value } = await probe({ kind: 'host', metric: 'service', name: 'dbus' })
      const isActive =
        execFileSync('sh', ['-c', 'systemctl is-active dbus || true']).toString().trim() === 'active'
      expect(value).toBe(isActive ? 1 : 0)
    } else {
      expect(result).toMatchObject({ outcome: 'unknown', cause: 'unsupported' })
      expect(result.detail).toContain('check the process by its name')
    }
  })
})

describe('a deadline', () => {
  test('a disk that had no time has failed; another reading could not be told', async () => {
    const over = AbortSignal.abort()
    await expect(diskUse('/', over)).rejects.toMatchObject({
      judgement: { outcome: 'fail', cause: 'timeout' },
    })
    // Where no time passes, no traffic has a rate.
    const us = REAL_CLOCK.monotonicUs()
    const clock = { nowMs: REAL_CLOCK.nowMs, monotonicUs: () => us }
    const late = await runProbe(figure('network', 'lo'), { ...context, timeoutMs: 60, clock })
    expect(late).toMatchObject({ outcome: 'unknown', cause: 'resources' })
    expect(late.detail).toContain('longer timeout')
  })
})

describe('growth', () => {
  const reader = { clock: REAL_CLOCK, timeoutMs: 100, signal: new AbortController().signal }
  const counting = (counters: Share[]) => async (): Promise<Share> => counters.shift()!

  test('is since the last look of the same check', async () => {
    const check = {}
    const read = counting([
      { part: 5, whole: 100 },
      { part: 15, whole: 200 },
      { part: 16, whole: 500 },
    ])
    expect(await growthOf(check, { read, reader })).toEqual({ part: 10, whole: 100 })
    expect(await growthOf(check, { read, reader })).toEqual({ part: 1, whole: 300 })
  })

  test('begins anew with counters that did', async () => {
    const check = {}
    const read = counting([
      { part: 900, whole: 100 },
      { part: 0, whole: 200 },
      { part: 7, whole: 300 },
    ])
    expect(await growthOf(check, { read, reader })).toEqual({ part: 7, whole: 100 })
  })

  test('of counters that stand still is waited for until the deadline', async () => {
    let looks = 0
    const read = async (): Promise<Share> => ({ part: 0, whole: (looks += 1) > 4 ? 3 : 0 })
    expect(await growthOf({}, { read, reader })).toEqual({ part: 0, whole: 3 })
    const still = growthOf(
      {},
      { read: async () => ({ part: 0, whole: 0 }), reader: { ...reader, signal: AbortSignal.timeout(80) } },
    )
    await expect(still).rejects.toThrow('abort')
  })
})

describe('what the kernel writes', () => {
  test.each<[string, string, string[], string, boolean]>([
    ['its own name', 'nginx', ['nginx: worker process'], 'nginx', true],
    ['a title with a colon', 'x', ['nginx: worker process', ''], 'nginx', true],
    ['a title that begins with a path', 'perl', ['/usr/sbin/amavisd-new (master)', ''], 'amavisd-new', true],
    ['a title that ends in a path', 'node', ['npm exec constat-agent probe host://process/db'], 'db', false],
    [
      'a title that ends in a path: its program',
      'node',
      ['npm exec constat-agent host://process/db'],
      'npm',
      true,
    ],
    [
      'a title and what is left of the arguments',
      'ruby',
      ['puma 5.6.8 (tcp://[::]:1) [a]', '60'],
      'puma',
      true,
    ],
    ['a path with blanks', 'Web Content', ['/opt/Fire Fox/Web Content'], 'Web Content', true],
    [
      'a long name behind a path with blanks',
      'a-long-server-n',
      ['/opt/My App/a-long-server-name'],
      'a-long-server-name',
      true,
    ],
    [
      'a path with blanks, and arguments',
      'a-long-server-n',
      ['/opt/My App/a-long-server-name', '-d'],
      'My',
      false,
    ],
    [
      'a script by its file, where the name was cut',
      'a-long-script-n',
      ['python3', '/srv/a-long-script-name'],
      'a-long-script-name',
      true,
    ],
    ['the argument of a program', 'vi', ['vi', '/etc/nginx'], 'nginx', false],
  ])('a program and its name: %s', (_, own, argv, name, counts) => {
    expect(isNamed({ own, argv }, name)).toBe(counts)
  })

  test('ticks: idle and waiting for a disk are not busy, guests count once', () => {
    const stat = 'cpu  100 10 50 800 40 3 7 20 60 5\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5 1\n'
    expect(processorTime(stat)).toEqual({ part: 190, whole: 1_030 })
  })

  test('the default route with the least metric', () => {
    const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n'
    const line = (name: string, to: string, metric: number, mask: string): string =>
      `${name}\t${to}\t010200C0\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`
    const table = `${head}${line('wlan0', '00000000', 600, '00000000')}${line('eth1', '00000000', 100, '00000000')}`
    expect(defaultRoute(`${table}${line('tun0', '00000000', 0, '00000080')}`)).toBe('eth1')
    expect(defaultRoute(head)).toBeNull()
  })

  test('the default route of IPv6, not the one that refuses', () => {
    const zero = '0'.repeat(32)
    const line = (to: string, length: string, metric: string, name: string): string =>
      `${to} ${length} ${zero} 00 ${zero} ${metric} 00000001 00000000 00000003     ${name}\n`
    const table =
      line(zero, '00', 'ffffffff', 'lo') +
      line(zero, '00', '00000400', 'eth0') +
      line(zero, '40', '00000001', 'br0')
    expect(defaultRoute6(table)).toBe('eth0')
    expect(defaultRoute6(line(zero, '00', 'ffffffff', 'lo'))).toBeNull()
  })

  test('mount points, their blanks escaped, the last one on top', () => {
    const text = [
      '36 35 98:0 /m /mnt/my\\040disk rw - ext3 /dev/root rw',
      '37 35 98:0 / / rw - ext3 /dev/root rw',
      '38 35 8:1 / /home rw - ext4 /dev/sdb1 rw',
      '39 35 0:25 /systemd/inaccessible/dir /home ro - tmpfs tmpfs rw',
      '',
    ].join('\n')
    expect([...mountPoints(text)]).toEqual([
      ['/mnt/my disk', '/m'],
      ['/', '/'],
      ['/home', '/systemd/inaccessible/dir'],
    ])
  })

  test.each([
    ['LoadState=loaded\nActiveState=active\nSubState=running\n', true, 'active (running)'],
    ['LoadState=loaded\nActiveState=reloading\nSubState=reload\n', true, 'reloading (reload)'],
    ['LoadState=loaded\nActiveState=inactive\nSubState=dead\n', false, 'inactive (dead)'],
    ['LoadState=loaded\nActiveState=failed\nSubState=failed\n', false, 'failed (failed)'],
    ['LoadState=loaded\nActiveState=activating\nSubState=auto-restart\n', false, 'activating (auto-restart)'],
    ['LoadState=not-found\nActiveState=inactive\nSubState=dead\n', false, 'not installed'],
  ])('systemd: %j', (output, isActive, state) => {
    expect(serviceState(output)).toEqual({ isActive, state })
  })

  test('systemd that does not answer is unknown', () => {
    expect(() => serviceState('\nFailed to connect to bus: No such file\n')).toThrow(
      'systemd does not answer: Failed to connect to bus: No such file; let the agent reach its bus',
    )
  })

  test('figures are rounded up, so that a limit parts them as the exact ratio would', () => {
    expect(roundedUp({ part: 8_000, whole: 100 })).toBe(80)
    expect(roundedUp({ part: 8_001, whole: 100 })).toBe(81)
    expect(roundedUp({ part: 1e15, whole: 1 })).toBe(2 ** 31 - 1)
  })
})

const GOOD: readonly (readonly [yaml: string, spec: HostSpec])[] = [
  ['{metric: cpu, failOver: 99}', { kind: 'host', metric: 'cpu', failOver: 99 }],
  ['{metric: load, degradedOver: 150}', { kind: 'host', metric: 'load', degradedOver: 150 }],
  ['{metric: memory}', { kind: 'host', metric: 'memory' }],
  ['{metric: swap, failOver: 0}', { kind: 'host', metric: 'swap', failOver: 0 }],
  [
    '{metric: disk, of: /var, degradedOver: 80, failOver: 95}',
    { kind: 'host', metric: 'disk', of: '/var', degradedOver: 80, failOver: 95 },
  ],
  [
    '{metric: network, of: eth0, failOver: 1000000000}',
    { kind: 'host', metric: 'network', of: 'eth0', failOver: 1_000_000_000 },
  ],
  ['{process: nginx}', { kind: 'host', metric: 'process', name: 'nginx' }],
  ['{process: "Web Content"}', { kind: 'host', metric: 'process', name: 'Web Content' }],
  ['{service: postgresql@15-main}', { kind: 'host', metric: 'service', name: 'postgresql@15-main' }],
]

const documentsOf = (host: string): string => `${SMALL}---
apiVersion: constat/v1
kind: Check
metadata: {name: own-host}
spec: {host: ${host}, interval: PT60S, timeout: PT5S}
`

describe('from a contract to the agent', () => {
  test.each(GOOD)('%s', (yaml, spec) => {
    const check = accepted(documentsOf(yaml)).checks.find(({ name }) => name === 'own-host')
    expect(check?.spec.probe).toEqual(spec)
    // As it comes out of the signed JSON.
    expect(readSpec(JSON.parse(JSON.stringify(check?.spec.probe)) as Record<string, unknown>)).toEqual(spec)
  })

  test.each([
    ['{}', 'should have exactly one of metric, process, service'],
    ['{metric: cpu, process: nginx}', 'should have exactly one of metric, process, service'],
    ['{metric: heat}', 'metric'],
    ['{metric: cpu, of: "0"}', 'belongs to disk and network: a host has one cpu; remove it'],
    ['{metric: cpu, failOver: 100}', 'should be at most 99: more is never reached'],
    ['{metric: disk, of: var}', 'should be a mount point in full, such as /var'],
    ['{metric: network, of: a/b}', 'should be the name of an interface, such as eth0'],
    ['{metric: network, failOver: 1000000001}', 'failOver'],
    ['{metric: disk, degradedOver: 95, failOver: 95}', 'should be below failOver'],
    ['{metric: memory, failOver: "90"}', 'should be a whole number'],
    ['{metric: memory, failOver: -1}', 'should be 0 or more'],
    ['{process: /usr/sbin/nginx}', 'should be the name of a process without a path, such as nginx'],
    ['{process: ""}', 'should be the name of a process'],
    ['{process: nginx, failOver: 3}', 'belongs to a metric: a program runs or does not; remove it'],
    ['{service: --help}', 'should be the name of a service, such as postgresql'],
    ['{service: "a b"}', 'should be the name of a service'],
    ['{metric: cpu, command: reboot}', 'command'],
  ])('a contract is refused %s', (yaml, words) => {
    expect(problemsOf(documentsOf(yaml)).join('\n')).toContain(words)
  })

  test.each([
    [{}, 'metric must be one of cpu, load, memory, swap, disk, network, process, service'],
    [{ metric: 'heat' }, 'metric must be one of'],
    [{ metric: 'cpu', of: '0' }, 'of is not known'],
    [{ metric: 'cpu', failOver: 100 }, 'failOver must be an integer from 0 to 99'],
    [{ metric: 'load', failOver: 1_000_000_001 }, 'failOver must be an integer'],
    [{ metric: 'disk', of: 'var' }, 'of must be a mount point in full'],
    [{ metric: 'disk', of: '/a\nb' }, 'of must be a mount point in full'],
    [{ metric: 'network', of: '../lo' }, 'of must be the name of an interface'],
    [{ metric: 'disk', degradedOver: 90, failOver: 80 }, 'degradedOver must be below failOver'],
    [{ metric: 'process' }, 'name is missing'],
    [{ metric: 'process', name: 'a/b' }, 'name must be the name of a process'],
    [{ metric: 'process', name: 'nginx', failOver: 1 }, 'failOver is not known'],
    [{ metric: 'service', name: '-H evil' }, 'name must be the name of a service'],
    [{ metric: 'service', name: 'a;b' }, 'name must be the name of a service'],
    [{ metric: 'cpu', command: 'reboot' }, 'command is not known'],
  ])('an agent is not moved by %j', (fields, words) => {
    expect(readSpec({ kind: 'host', ...fields })).toContain(words)
  })

  test.each([
    ['host://cpu', { kind: 'host', metric: 'cpu' }],
    ['host://disk', { kind: 'host', metric: 'disk' }],
    ['host://disk/var/lib?failOver=90', { kind: 'host', metric: 'disk', of: '/var/lib', failOver: 90 }],
    ['host://network/eth0?degradedOver=9', { kind: 'host', metric: 'network', of: 'eth0', degradedOver: 9 }],
    ['host://process/nginx', { kind: 'host', metric: 'process', name: 'nginx' }],
    ['host://service/postgresql', { kind: 'host', metric: 'service', name: 'postgresql' }],
    ['host://cpu?failOver=x', 'failOver must be an integer from 0 to 99'],
    ['host://process', 'name is missing: say which program has to run'],
    ['host://cpu?command=x', 'command is not known'],
  ])('%s', (url, spec) => {
    expect(specOfUrl(url)).toEqual(spec)
  })
})

/** What macOS and Windows are asked through, on the one system that the test has: the library knows it too. */
describe('elsewhere', () => {
  const loaded = createRequire(import.meta.url)
  const isLoaded = (): boolean =>
    Object.keys(loaded.cache).some((path) => path.includes('/systeminformation/'))

  test('no figure of Linux needs the library; the others import it when they are asked', async () => {
    for (const [, spec] of GOOD) await probe(spec)
    expect(isLoaded()).toBe(false)
    const { part, whole } = await sourceElsewhere('darwin').memory()
    expect(isLoaded()).toBe(true)
    expect(whole).toBe(totalmem())
    expect(Math.abs(part - (totalmem() - freemem())) / whole).toBeLessThan(0.05)
  })

  test('it counts traffic, processor time and processes', async () => {
    const source = sourceElsewhere('darwin')
    const signal = new AbortController().signal
    expect(await source.traffic('lo')).toMatchObject({ name: 'lo', bytes: expect.any(Number) as number })
    await expect(source.traffic('none0')).rejects.toMatchObject({ judgement: { cause: 'unsupported' } })
    const { part, whole } = await source.processorTime()
    expect(part).toBeGreaterThan(0)
    expect(whole).toBeGreaterThan(part)
    const child = spawn('sleep', ['60'], { stdio: 'ignore' })
    await once(child, 'spawn')
    expect(await source.processes('sleep', signal)).toBeGreaterThan(0)
    child.kill('SIGKILL')
    expect(await source.processes('constat-there-is-none', signal)).toBe(0)
    await expect(source.service('dbus', signal)).rejects.toMatchObject({
      judgement: { cause: 'unsupported' },
    })
  })
})
