/**
 * Connecting: name → one address → one TCP connection → TLS where asked. One address, one try: what a
 * library would hide behind a second try is what an availability probe is there to see.
 */
import { connect as connectTcp, type Socket } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { NO_PHASES } from '@constat/shared/sample'
import { sniOf } from '@constat/shared/target'
import { ProbeFailure, unknownFailure, type Attempt } from './attempt.ts'
import { certificateFault, NO_CERTIFICATE } from './certificate.ts'
import { given } from './fields.ts'
import type { Family } from './host-names.ts'
import type { Act, Doing } from './policy.ts'
import type { Hop, ProbeContext } from './probe.ts'
import type { Address } from './resolution.ts'
import { throwBlame } from './route.ts'

export type Endpoint = { host: string; port: number; family?: Family; doing?: Doing }

/** Rejects with the error of the system, or a ProbeFailure where the host's owner refuses it. */
export async function dial(endpoint: Endpoint, attempt: Attempt): Promise<Socket> {
  const { port } = endpoint
  return connectTo({ ...(await locate(endpoint, attempt)), port }, attempt)
}

/** What follows is time of this host. */
export function beginHop(hop: Omit<Hop, 'phases'>, { hops, watch }: Attempt): Hop {
  const begun = { ...hop, phases: { ...NO_PHASES } }
  watch.split(begun.phases)
  hops.push(begun)
  return begun
}

type Place = { host: string; port?: number; family?: Family | undefined; doing?: Doing }

/** The one address that a host is probed at, in the phase `dnsUs`. Rejects as `dial` does. */
export async function locate({ host, port, family, doing }: Place, attempt: Attempt): Promise<Address> {
  const { context, watch, signal } = attempt
  const hop = beginHop({ host, address: null, port: port ?? null }, attempt)
  watch.enter('dnsUs')
  const resolved = await context.resolver.resolve(host, { family, signal })
  signal.throwIfAborted()
  hop.address = resolved.address
  // The hosts file and literals answer whatever they hold: another family than the one asked for is none.
  if (family !== undefined && resolved.family !== family) {
    throw unknownFailure('unsupported', `${resolved.address} is no IPv${family} address`)
  }
  assertAllowed({ host, address: resolved.address, port: port ?? null, ...doing }, context)
  return resolved
}

/** A ProbeFailure where the owner of this host does not want it. */
export function assertAllowed(act: Act, { denied, kind }: Pick<ProbeContext, 'denied' | 'kind'>): void {
  const why = denied.refusal({ ...given({ kind }), ...act })
  if (why !== undefined) throw unknownFailure('denied', why)
}

/** One TCP connection to one address, in the phase `connectUs`. Rejects as `dial` does. */
export function connectTo(
  { address, family, port }: Address & { port: number },
  attempt: Pick<Attempt, 'watch' | 'own' | 'signal'>,
): Promise<Socket> {
  attempt.watch.enter('connectUs')
  const connected = new Promise<Socket>((resolve, reject) => {
    const socket = connectTcp({
      host: address,
      port,
      family,
      autoSelectFamily: false,
      noDelay: true,
    })
    attempt.own(socket)
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
  })
  return connected.catch((error: unknown) => throwBlame(error, { address, family }, attempt.signal))
}

export type TlsOptions = { serverName: string; verify: 'required' | 'reported'; alpn?: string }

/**
 * A full handshake, never a resumed one. With `required`, a certificate that does not hold is a ProbeFailure;
 * with `reported`, the caller asks certificateFault.
 */
export async function secure(socket: Socket, options: TlsOptions, attempt: Attempt): Promise<TLSSocket> {
  const { serverName, verify, alpn } = options
  // node:tls costs memory that an agent without TLS checks should not pay.
  const tls = await import('node:tls')
  const { tls: secureContext } = await attempt.context.secureContext()
  attempt.signal.throwIfAborted()
  attempt.watch.enter('tlsUs')
  const servername = sniOf(serverName)
  const settings: ConnectionOptions = {
    socket,
    secureContext,
    host: serverName,
    // Judged below, name and chain alike: node:tls has one word for most that is wrong with a chain.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(servername === undefined ? {} : { servername }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
  }
  const secured = await new Promise<TLSSocket>((resolve, reject) => {
    const secured = tls.connect(settings)
    attempt.own(secured, socket)
    secured.once('error', reject)
    // Closed without an error by the other side: nothing else would end the wait before the deadline.
    secured.once('close', () =>
      reject(Object.assign(new Error('closed in the handshake'), { code: 'ECONNRESET' })),
    )
    secured.once('secureConnect', () => resolve(secured))
  })
  if (verify === 'required') assertCertificate(secured, serverName)
  return secured
}

function assertCertificate(socket: TLSSocket, serverName: string): void {
  const leaf = socket.getPeerX509Certificate()
  if (!leaf) throw new ProbeFailure({ outcome: 'fail', cause: 'tls', value: 0, detail: NO_CERTIFICATE })
  const fault = certificateFault(socket, leaf, serverName)
  if (!fault) return
  const { code, words: detail } = fault
  throw new ProbeFailure({ outcome: 'fail', cause: 'certificate', value: 0, code, detail })
}
