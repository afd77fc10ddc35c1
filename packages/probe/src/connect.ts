/**
 * Connecting: name → one address → one TCP connection → TLS where asked. One address, one try: what a
 * library would hide behind a second try is what an availability probe is there to see.
 */
import { connect as connectTcp, type Socket } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { isIP } from 'node:net'
import { ProbeFailure, type Attempt } from './attempt.ts'
import type { Family } from './host-names.ts'

export type Endpoint = { host: string; port: number; family?: Family }

/** Rejects with the error of the system, or a ProbeFailure where the address is denied. */
export async function dial(endpoint: Endpoint, attempt: Attempt): Promise<Socket> {
  const { context, watch, signal } = attempt
  watch.enter('dnsUs')
  const resolved = await context.resolver.resolve(endpoint.host, { family: endpoint.family, signal })
  signal.throwIfAborted()
  if (context.denied(resolved.address)) {
    throw new ProbeFailure({
      outcome: 'unknown',
      cause: 'denied',
      value: 0,
      detail: `${resolved.address} is on this agent's deny list`,
    })
  }
  watch.enter('connectUs')
  return new Promise((resolve, reject) => {
    const socket = connectTcp({
      host: resolved.address,
      port: endpoint.port,
      family: resolved.family,
      autoSelectFamily: false,
      noDelay: true,
    })
    attempt.own(socket)
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
  })
}

export type TlsOptions = { serverName: string; verify: 'required' | 'reported'; alpn?: string }

/** A full handshake, never a resumed one. Rejects when `verify` is required and the chain does not hold. */
export async function secure(socket: Socket, options: TlsOptions, attempt: Attempt): Promise<TLSSocket> {
  const { serverName, verify, alpn } = options
  // node:tls costs memory that an agent without TLS checks should not pay.
  const tls = await import('node:tls')
  const secureContext = await attempt.context.secureContext()
  attempt.signal.throwIfAborted()
  attempt.watch.enter('tlsUs')
  const settings: ConnectionOptions = {
    socket,
    secureContext,
    host: serverName,
    rejectUnauthorized: verify === 'required',
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
  }
  return new Promise((resolve, reject) => {
    const secured = tls.connect(settings)
    attempt.own(secured, socket)
    secured.once('error', reject)
    // Closed without an error by the other side: nothing else would end the wait before the deadline.
    secured.once('close', () =>
      reject(Object.assign(new Error('closed in the handshake'), { code: 'ECONNRESET' })),
    )
    secured.once('secureConnect', () => resolve(secured))
  })
}
