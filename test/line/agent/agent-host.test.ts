/** Host context: what a host is made of, by the marks that containers, machines and clock keepers leave. */
import { cpus, release, totalmem } from 'node:os'
import { describe, expect, test } from 'vitest'
import { createHostContext, timeSyncOf, virtualisationOf, type ReadText } from '../../../agent/src/host.ts'
import { REAL_CLOCK } from '../../support/real-clock.ts'
import { createSimulatedClock } from '../../support/simulated-clock.ts'

const files = (table: Record<string, string>): ReadText => {
  return (path) => table[path] ?? null
}
const VIRTUAL = { '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n' }

describe('virtualisation', () => {
  test.each<[string, Record<string, string>]>([
    ['none', { '/proc/cpuinfo': 'flags\t: fpu vme\n', '/sys/class/dmi/id/sys_vendor': 'Dell Inc.\n' }],
    ['none', {}],
    ['virtual machine', VIRTUAL],
    [
      'virtual machine (QEMU Standard PC)',
      {
        ...VIRTUAL,
        '/sys/class/dmi/id/sys_vendor': 'QEMU\n',
        '/sys/class/dmi/id/product_name': 'Standard PC\n',
      },
    ],
    ['virtual machine (xen)', { '/sys/hypervisor/type': 'xen\n' }],
    ['docker in a virtual machine', { ...VIRTUAL, '/.dockerenv': '' }],
    ['podman', { '/run/.containerenv': '' }],
    ['lxc', { '/run/systemd/container': 'lxc\n' }],
  ])('%s', (said, table) => {
    expect(virtualisationOf(files(table))).toBe(said)
  })
})

describe('the keeper of the clock', () => {
  test.each<[string, Record<string, string>]>([
    ['none found', {}],
    ['chrony', { '/run/chrony/chronyd.pid': '' }],
    ['ntpd', { '/run/ntpd.pid': '12\n' }],
    [
      'systemd-timesyncd, synchronised',
      { '/run/systemd/timesync': '', '/run/systemd/timesync/synchronized': '' },
    ],
    ['systemd-timesyncd, not synchronised yet', { '/run/systemd/timesync': '' }],
  ])('%s', (said, table) => {
    expect(timeSyncOf(files(table))).toBe(said)
  })
})

describe('the whole of it', () => {
  test('is that of this host', () => {
    const context = createHostContext(REAL_CLOCK)()
    expect(context).toMatchObject({
      cores: cpus().length,
      memoryMb: Math.round(totalmem() / 2 ** 20),
      node: process.version,
    })
    expect(context.kernel).toContain(release())
    expect(context.bootedMs).toBeLessThan(REAL_CLOCK.nowMs())
    for (const value of Object.values(context)) expect(value).not.toBe('')
  })

  test('is read once a day', () => {
    const clock = createSimulatedClock()
    const asked: string[] = []
    const context = createHostContext(clock, (path) => {
      asked.push(path)
      return path === '/etc/os-release' ? 'NAME=x\nPRETTY_NAME="Some  System\t1"\n' : null
    })
    expect(context().system).toBe('Some System 1')
    const times = asked.length
    clock.advanceUs(23 * 3_600 * 1_000_000)
    context()
    expect(asked.length).toBe(times)
    clock.advanceUs(3_600 * 1_000_000)
    context()
    expect(asked.length).toBe(2 * times)
  })
})
