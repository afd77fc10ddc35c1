/**
 * Proxy: the tunnel that an HTTP proxy opens for one connection (CONNECT). What goes through it is
 * encrypted to the collector, whose key is checked before anything of ours is sent. The only file that
 * knows the library.
 */
import type { Agent, ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { secure } from './secure.ts'

export type TunnelOptions = { proxy: string; tlsPin: string | null; signal: AbortSignal }
export type OpenTunnel = (options: TunnelOptions) => Agent

/** For one request; `signal` cuts it wherever it stands. */
export const openTunnel: OpenTunnel = (options) => new Tunnel(options)

type Target = Parameters<HttpsProxyAgent<string>['connect']>[1]

class Tunnel extends HttpsProxyAgent<string> {
  readonly #options: TunnelOptions

  constructor(options: TunnelOptions) {
    super(options.proxy, { signal: options.signal })
    this.#options = options
  }

  override async connect(request: ClientRequest, target: Target): Promise<Socket> {
    const host = target.host ?? ''
    let status = 0
    request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      status = statusCode
    })
    const plain = { ...target, host, port: target.port, secureEndpoint: false as const }
    const socket = await super.connect(request, plain).catch((error: unknown) => {
      throw new Error(`${this.#name()} cannot be used: ${sentenceOf(error)}`, { cause: error })
    })
    if (status !== 200) throw new Error(`${this.#name()} ${refusalOf(status)}`)
    return target.secureEndpoint ? secure(socket, { host, tlsPin: this.#options.tlsPin }) : socket
  }

  /** Without the password it may carry. */
  #name(): string {
    return `the proxy ${this.proxy.host}`
  }
}

function refusalOf(status: number): string {
  if (status === 407) return 'wants a name and a password (407): write http://NAME:PASSWORD@HOST:PORT'
  if (status === 403) return 'does not let this host through to the collector (403): ask who runs it'
  if (status >= 500) return `could not reach the collector itself (${status})`
  return `refused to open a tunnel (${status})`
}

function sentenceOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
