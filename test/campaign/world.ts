/**
 * The world of the campaign: three sites behind their own access lines to one provider, and an internet
 * that is not the provider's. Every link that can fail is a cable.
 *
 *     host ── lan ── gateway ── access ── pop ── core ── edge ── service (portal, DNS)
 *                       └────── internet ── anchors, collector      pop ┄┄ collector
 *
 * The collector is reached over the internet, or, where told, through the provider.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { layCables, type Cable, type Plan } from '../support/cable.ts'
import type { Mood } from '../support/moody-server.ts'
import { createNetwork, type End, type Namespace, type Network } from '../support/netns.ts'
import { endOf } from '../support/program.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TARGET = fileURLToPath(new URL('../support/moody-child.ts', import.meta.url))
const SEED = 20_261_122

export const PORTAL = 'http://portal.test/'
/** By address, as the path over IPv6 is what it tries. */
export const PORTAL_SIX = 'http://[fd42:60::2]/'
export const LINE_REFERENCE = '10.30.0.1'
export const EDGE_REFERENCE = { host: '10.50.0.2', port: 53 }
export const ANCHOR_A = { server: '10.90.0.1', name: 'anchor.test' }
export const ANCHOR_B = { host: '10.90.0.2', port: 53 }
export const COLLECTOR = '10.70.0.2'
const RESOLVER = '10.60.0.2'

export type Site = { name: string; host: Namespace; gateway: Namespace; n: number }
export type Way = 'internet' | 'provider' | 'nowhere'
export type World = {
  sites: readonly [Site, Site, Site]
  /** Where the collector runs, and its address from this host. */
  hub: Namespace
  hubAddress: string
  lan: readonly Cable[]
  access: readonly Cable[]
  internet: readonly Cable[]
  core: Cable
  portal: { become(mood: Mood): Promise<void> }
  resolver: { stop(): Promise<void>; start(): Promise<void> }
  /** Which way the sites go to the collector from now on; none where it is `nowhere`. */
  uplinkThrough(way: Way): void
  close(): void
}

type Spaces = Record<'pop' | 'edge' | 'service' | 'internet' | 'hub', Namespace>

export async function buildWorld(): Promise<World> {
  const network = createNetwork()
  try {
    return await build(network)
  } catch (error) {
    network.close()
    throw error
  }
}

async function build(network: Network): Promise<World> {
  const sites: World['sites'] = [addSite(network, 1), addSite(network, 2), addSite(network, 3)]
  const spaces: Spaces = {
    pop: network.add('pop', { forwards: true }),
    edge: network.add('edge', { forwards: true }),
    service: network.add('service'),
    internet: network.add('internet', { forwards: true }),
    hub: network.add('hub'),
  }
  const cables = await layCables(network, { plans: plansOf(sites, spaces), seed: SEED })
  const hubAddress = joinRest(network, spaces)
  for (const site of sites) routeSite(site)
  routeRest(sites, spaces)
  await startReferences(spaces)
  const target = await startTarget(spaces.service)
  return {
    sites,
    hub: spaces.hub,
    hubAddress,
    lan: cables.slice(0, 3),
    access: cables.slice(3, 6),
    internet: cables.slice(6, 9),
    core: cables[9]!,
    portal: { become: (mood) => askTarget(target, mood) },
    resolver: await startResolver(spaces.service),
    uplinkThrough: (way) => {
      for (const site of sites) routeUplink(site, { hub: spaces.hub, way })
    },
    close: network.close,
  }
}

function addSite(network: Network, n: number): Site {
  const name = ['lyon', 'lille', 'nantes'][n - 1]!
  const etc = {
    'resolv.conf': `nameserver ${RESOLVER}\n`,
    hosts: `127.0.0.1 localhost\n10.20.${n}.1 gateway\n`,
  }
  return {
    name,
    n,
    host: network.add(name, { etc }),
    gateway: network.add(`${name}-gw`, { forwards: true }),
  }
}

function plansOf(sites: readonly Site[], { pop, edge, internet }: Spaces): Plan[] {
  const end = (space: Namespace, device: string, ...addresses: string[]): End => ({
    space,
    device,
    addresses,
  })
  return [
    ...sites.map(({ host, gateway, n }) => ({
      a: end(host, 'lan', `10.20.${n}.2/24`, `fd42:20:${n}::2/64`),
      b: end(gateway, 'lan', `10.20.${n}.1/24`, `fd42:20:${n}::1/64`),
    })),
    ...sites.map(({ gateway, n }) => ({
      a: end(gateway, 'access', `10.30.${n}.2/24`, `fd42:30:${n}::2/64`),
      b: end(pop, `access${n}`, `10.30.${n}.1/24`, `fd42:30:${n}::1/64`),
    })),
    ...sites.map(({ gateway, n }) => ({
      a: end(gateway, 'internet', `10.40.${n}.2/24`),
      b: end(internet, `site${n}`, `10.40.${n}.1/24`),
    })),
    {
      a: end(pop, 'core', '10.50.0.1/24', 'fd42:50::1/64'),
      b: end(edge, 'core', '10.50.0.2/24', 'fd42:50::2/64'),
    },
  ]
}

/** Links that never fail. The collector is reached from this host over one of its own. */
function joinRest(network: Network, { pop, edge, service, internet, hub }: Spaces): string {
  network.join(
    { space: edge, device: 'service', addresses: ['10.60.0.1/24', 'fd42:60::1/64'] },
    { space: service, device: 'edge', addresses: [`${RESOLVER}/24`, 'fd42:60::2/64'] },
  )
  network.join(
    { space: internet, device: 'hub', addresses: ['10.70.0.1/24'] },
    { space: hub, device: 'internet', addresses: [`${COLLECTOR}/24`] },
  )
  network.join(
    { space: pop, device: 'hub', addresses: ['10.80.0.1/24'] },
    { space: hub, device: 'pop', addresses: ['10.80.0.2/24'] },
  )
  pop.ip('addr', 'add', `${LINE_REFERENCE}/32`, 'dev', 'lo')
  for (const { address } of [{ address: ANCHOR_A.server }, { address: ANCHOR_B.host }])
    internet.ip('addr', 'add', `${address}/32`, 'dev', 'lo')
  // RFC 2544: addresses for trials. Four of them for each run.
  const net = `198.18.${(process.pid >> 6) & 255}`
  const first = (process.pid & 63) * 4
  network.join(
    { space: 'host', device: network.deviceName(), addresses: [`${net}.${first + 1}/30`] },
    { space: hub, device: 'tests', addresses: [`${net}.${first + 2}/30`] },
  )
  return `${net}.${first + 2}`
}

function routeSite({ host, gateway, n }: Site): void {
  host.ip('route', 'add', 'default', 'via', `10.20.${n}.1`)
  host.ip('-6', 'route', 'add', 'default', 'via', `fd42:20:${n}::1`)
  gateway.ip('route', 'add', 'default', 'via', `10.30.${n}.1`)
  gateway.ip('-6', 'route', 'add', 'default', 'via', `fd42:30:${n}::1`)
  for (const net of ['10.70.0.0/16', '10.90.0.0/16']) gateway.ip('route', 'add', net, 'via', `10.40.${n}.1`)
}

function routeRest(sites: readonly Site[], { pop, edge, service, internet, hub }: Spaces): void {
  for (const { n } of sites) {
    pop.ip('route', 'add', `10.20.${n}.0/24`, 'via', `10.30.${n}.2`)
    pop.ip('-6', 'route', 'add', `fd42:20:${n}::/64`, 'via', `fd42:30:${n}::2`)
    internet.ip('route', 'add', `10.20.${n}.0/24`, 'via', `10.40.${n}.2`)
  }
  pop.ip('route', 'add', '10.60.0.0/16', 'via', '10.50.0.2')
  pop.ip('-6', 'route', 'add', 'fd42:60::/64', 'via', 'fd42:50::2')
  pop.ip('route', 'add', '10.70.0.0/16', 'via', '10.80.0.2')
  edge.ip('route', 'add', 'default', 'via', '10.50.0.1')
  edge.ip('-6', 'route', 'add', 'default', 'via', 'fd42:50::1')
  service.ip('route', 'add', 'default', 'via', '10.60.0.1')
  service.ip('-6', 'route', 'add', 'default', 'via', 'fd42:60::1')
  hub.ip('route', 'add', '10.0.0.0/8', 'via', '10.70.0.1')
}

function routeUplink({ gateway, n }: Site, { hub, way }: { hub: Namespace; way: Way }): void {
  const net = '10.70.0.0/16'
  // Only one of the two kinds of route may be there, and `replace` knows them apart.
  gateway.ip('route', 'flush', 'exact', net)
  if (way === 'nowhere') return gateway.ip('route', 'add', 'blackhole', net)
  gateway.ip('route', 'add', net, 'via', { internet: `10.40.${n}.1`, provider: `10.30.${n}.1` }[way])
  const back = { internet: '10.70.0.1', provider: '10.80.0.1' }[way]
  hub.ip('route', 'replace', `10.20.${n}.0/24`, 'via', back)
}

/** dnsmasq answers on UDP and TCP: a reference of either kind. */
async function startReferences({ edge, internet }: Spaces): Promise<void> {
  await startDnsmasq(edge, { addresses: [EDGE_REFERENCE.host], records: [] })
  const records = [`${ANCHOR_A.name},192.0.2.1`]
  await startDnsmasq(internet, { addresses: [ANCHOR_A.server, ANCHOR_B.host], records })
}

async function startResolver(service: Namespace): Promise<World['resolver']> {
  const start = (): Promise<ChildProcess> =>
    startDnsmasq(service, { addresses: [RESOLVER], records: [`portal.test,${RESOLVER}`] })
  let running = await start()
  return {
    stop: () => endOf(running, 'SIGKILL'),
    start: async () => void (running = await start()),
  }
}

async function startDnsmasq(
  space: Namespace,
  { addresses, records }: { addresses: readonly string[]; records: readonly string[] },
): Promise<ChildProcess> {
  const child = space.start(
    [
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--no-resolv',
      '--no-hosts',
      '--bind-interfaces',
      '--user=root',
      '--pid-file=',
      '--log-facility=-',
      ...addresses.map((address) => `--listen-address=${address}`),
      ...records.map((record) => `--host-record=${record}`),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  // It says so once it listens.
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`dnsmasq ended with ${code}: ${said}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('started')) resolve()
    })
  })
  return child
}

async function startTarget(service: Namespace): Promise<ChildProcess> {
  const child = service.start([process.execPath, '--import', 'tsx', TARGET, '80'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  return child
}

async function askTarget(child: ChildProcess, mood: Mood): Promise<void> {
  const done = once(child, 'message')
  child.send(mood)
  await done
}
