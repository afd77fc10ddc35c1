/**
 * Dialling: the way from an address to a connected socket, straight or through an HTTP proxy, with the
 * collector's TLS key checked before a byte of ours. Websocket and HTTP requests take the same way.
 */
import { Agent as HttpAgent, request as httpRequest, type Agent } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { BlockList, connect, isIP, type Socket } from 'node:net'
import { Fault, invariant } from '@constat/shared/fault'
import type { OpenTunnel } from './proxy.ts'
import { secure } from './secure.ts'
import { agentUrl, isLoopbackHost } from './url.ts'

export type Route = {
  /** ws: or wss:, with its path. */
  url: string
  /** Of the TLS key; null leaves the certificate to the authorities of this host. */
  tlsPin: string | null
  /** With its password where it has one: never shown. Null goes straight. */
  proxy: string | null
  openTunnel: OpenTunnel | null
}

/** Which proxy is to be used: named by hand, kept since the enrolment, or from the environment. */
export type ProxyChoice = {
  given: string | null
  kept: string | null
  env: Readonly<Record<string, string | undefined>>
}

/** `--proxy none` goes straight, whatever the environment says. */
export const NO_PROXY = 'none'

/** `urls` were checked. The library is loaded only where one goes through a proxy. */
export async function routesOf(
  urls: readonly string[],
  { tlsPin, ...choice }: ProxyChoice & { tlsPin: string | null },
): Promise<[Route, ...Route[]]> {
  const dialled = urls.flatMap((url) => agentUrl(url) ?? [])
  const proxies = dialled.map((url) => proxyFor(url, choice))
  const isNeeded = proxies.some((proxy) => proxy !== null)
  const openTunnel = isNeeded ? (await import('./proxy.ts')).openTunnel : null
  const routes = dialled.map((url, i) => ({ url, tlsPin, proxy: proxies[i] ?? null, openTunnel }))
  const [first, ...others] = routes
  invariant(first, 'the addresses were checked: there is one')
  return [first, ...others]
}

/** The proxy for one dialled address; null goes straight. */
export function proxyFor(url: string, { given, kept, env }: ProxyChoice): string | null {
  if (given === NO_PROXY || (given === null && kept === NO_PROXY)) return null
  if (given !== null) return given
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const find = (name: string): string | undefined => env[name.toLowerCase()] || env[name]
  if (isLoopbackHost(host) || isExcluded({ host, port }, find('NO_PROXY') ?? '')) return null
  const found = (protocol === 'wss:' ? find('HTTPS_PROXY') : find('HTTP_PROXY')) ?? find('ALL_PROXY')
  return found === undefined ? kept : proxyUrl(found)
}

/** As people write it in the environment: with a scheme, or without. */
function proxyUrl(text: string): string {
  const whole = text.includes('://') ? text : `http://${text}`
  if (URL.canParse(whole) && /^https?:$/.test(new URL(whole).protocol)) return whole
  throw new Fault('usage', 'the proxy that the environment names is not an HTTP proxy', {
    hint: 'set HTTPS_PROXY to http://host:port, or give --proxy none to go without',
  })
}

/** An agent for one request over this route; `signal` cuts it wherever it stands. */
export function agentOf({ url, tlsPin, proxy, openTunnel }: Route, signal: AbortSignal): Agent {
  if (proxy !== null && openTunnel !== null) return openTunnel({ proxy, tlsPin, signal })
  const agent = url.startsWith('wss:') ? new HttpsAgent() : new HttpAgent()
  const target = targetOf(url)
  const dial = async (): Promise<Socket> => {
    const socket = connect({ host: target.host, port: target.port, signal })
    if (!target.isTls) return socket
    await connected(socket)
    return secure(socket, { host: target.host, tlsPin })
  }
  return Object.assign(agent, {
    createConnection: (_: unknown, done: (error: Error | null, socket?: Socket) => void): undefined => {
      dial().then((socket) => done(null, socket), done)
    },
  })
}

/** Whether a collector answers there: any answer over HTTP that is not a gateway's excuse. */
export function answers(route: Route, withinMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(withinMs)
  const request = route.url.startsWith('wss:') ? httpsRequest : httpRequest
  return new Promise((resolve) => {
    const asked = request(route.url.replace(/^ws/, 'http'), { agent: agentOf(route, signal), signal })
    asked.once('response', (response) => {
      resolve((response.statusCode ?? 500) < 500)
      response.destroy()
    })
    asked.once('error', () => resolve(false))
    asked.end()
  })
}

function targetOf(url: string): { host: string; port: number; isTls: boolean } {
  const { hostname, port, protocol } = new URL(url)
  const isTls = protocol === 'wss:'
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (isTls ? 443 : 80), isTls }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve()
    })
  })
}

/** NO_PROXY as curl reads it: `*`, names with everything below them, addresses, ranges, each with a port or not. */
function isExcluded({ host, port }: { host: string; port: string }, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((item) => item !== '')
    .some((item) => item === '*' || matches({ host, port }, item))
}

function matches({ host, port }: { host: string; port: string }, item: string): boolean {
  const [, bracketed, plain, wantedPort] = /^(?:\[(.+)\]|([^:]+|.*:.*:[^\]]*?))(?::(\d+))?$/.exec(item) ?? []
  if (wantedPort !== undefined && wantedPort !== port) return false
  const name = bracketed ?? plain ?? ''
  if (name.includes('/')) return isWithin(host, name)
  const bare = name.replace(/^\*?\./, '')
  return host === bare || host.endsWith(`.${bare}`)
}

function isWithin(host: string, range: string): boolean {
  const [address = '', bits = ''] = range.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(address) === 0 || isIP(address) !== isIP(host) || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (family === 'ipv6' ? 128 : 32)) return false
  const ranges = new BlockList()
  ranges.addSubnet(address, Number(bits), family)
  return ranges.check(host, family)
}
