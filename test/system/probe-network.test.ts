/**
 * Unreachable targets between real hosts that are no hosts: a router that refuses is the target's failure, over
 * IPv4 and IPv6 and in every kind; a host without a route or a link can say nothing. Needs root and iproute2.
 */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNetwork, namespaceProblem, type Namespace, type Network } from '../support/netns.ts'
import { eventually } from '../support/processes.ts'

const AGENT = fileURLToPath(new URL('../../agent/bin/constat-agent.mjs', import.meta.url))
/** The agent starts in about a second; a busy machine takes its time. */
const RUN_LIMIT_MS = 60_000
const TIMEOUT_MS = 4_000
/** Routers limit the rate of their ICMP errors to one host: one of a burst may go without an answer. */
const PATIENT = { timeout: RUN_LIMIT_MS, retry: 3 }
const problem = namespaceProblem()

describe.runIf(problem === null)('a host behind a router', () => {
  let network: Network
  let host: Namespace
  let router: Namespace
  beforeAll(() => {
    network = createNetwork()
    host = network.add('host')
    router = network.add('router', { forwards: true })
    network.join(
      { space: host, device: 'up', addresses: ['10.98.0.1/24', 'fd98::1/64'] },
      { space: router, device: 'down', addresses: ['10.98.0.2/24', 'fd98::2/64'] },
    )
    router.ip('route', 'add', 'unreachable', '198.51.100.0/25')
    router.ip('route', 'add', 'prohibit', '198.51.100.128/25')
    router.ip('-6', 'route', 'add', 'unreachable', 'fd97::/64')
    router.ip('-6', 'route', 'add', 'prohibit', 'fd96::/64')
  })
  afterAll(() => network.close())

  /** Outcome and cause; the program answers 1 where it is not ok, which is no error here. */
  function probe(url: string): string {
    const command = `${process.execPath} ${AGENT} probe '${url}' --timeout-ms ${TIMEOUT_MS} --json || true`
    const { outcome, cause, detail } = JSON.parse(host.run(['sh', '-c', command], RUN_LIMIT_MS))
    return `${outcome} ${cause}: ${detail}`
  }
  const OURS = /^unknown network: this host has no route to /
  const THEIRS = /^fail (?:connect|loss|timeout): /

  test.each([
    'tcp://198.51.100.1:80',
    'tcp://[fd97::1]:80',
    'icmp://198.51.100.1',
    'dns://198.51.100.1/a.test',
  ])(
    'without a route, %s is unknown',
    (url) => {
      expect(probe(url)).toMatch(OURS)
    },
    RUN_LIMIT_MS,
  )

  describe('with a route that the router refuses', () => {
    beforeAll(async () => {
      host.ip('route', 'add', 'default', 'via', '10.98.0.2')
      host.ip('-6', 'route', 'add', 'default', 'via', 'fd98::2')
      await eventually('addresses of IPv6 that are ready', () => {
        const shown = host.run(['ip', '-6', 'addr', 'show', 'dev', 'up'])
        return !shown.includes('tentative')
      })
    })

    test.each([
      'tcp://198.51.100.1:80',
      'tcp://198.51.100.200:80',
      'tcp://203.0.113.9:80',
      'tcp://[fd97::1]:80',
      'tcp://[fd96::1]:80',
      'https://198.51.100.200/',
      'tls://[fd96::1]',
    ])('%s is down', PATIENT, (url) => {
      expect(probe(url)).toMatch(/^fail connect: a router on the way says that /)
    })
    test.each([
      'icmp://198.51.100.1',
      'icmp://[fd96::1]',
      'dns://198.51.100.200/a.test',
      'dns://[fd96::1]/a.test',
    ])(
      '%s is down',
      (url) => {
        expect(probe(url)).toMatch(THEIRS)
      },
      RUN_LIMIT_MS,
    )

    test.each(['unreachable', 'prohibit', 'blackhole'])(
      "a route of this host's own that is %s is its own trouble",
      (kind) => {
        host.ip('route', 'add', kind, '198.18.1.0/24')
        host.ip('-6', 'route', 'add', kind, 'fd95::/64')
        expect(probe('tcp://198.18.1.1:80')).toMatch(OURS)
        expect(probe('tcp://[fd95::1]:80')).toMatch(OURS)
        host.ip('route', 'del', '198.18.1.0/24')
        host.ip('-6', 'route', 'del', 'fd95::/64')
      },
      RUN_LIMIT_MS,
    )

    test(
      'without a link, nothing can be said',
      async () => {
        router.ip('link', 'set', 'dev', 'down', 'down')
        await eventually('the link to be down', () =>
          host.run(['ip', 'link', 'show', 'dev', 'up']).includes('NO-CARRIER'),
        )
        for (const url of ['tcp://198.51.100.1:80', 'tcp://[fd97::1]:80', 'icmp://198.51.100.1'])
          expect(probe(url)).toMatch(/^unknown network: this host's link towards .* is down$/)
      },
      RUN_LIMIT_MS,
    )
  })
})
