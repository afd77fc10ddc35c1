/**
 * Secure: TLS over a socket that is connected, and the answer to "is this the collector?". With a pin the
 * certificate must have exactly that key, and names, dates and authorities do not matter; without one the
 * host's authorities and the name decide. The socket is handed on only after that: nothing of ours is sent
 * to a stranger.
 */
import type { Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { pinOf } from '@constat/shared/pin'
import { sniOf } from '@constat/shared/target'

/** `host` without brackets. */
export function secure(
  socket: Socket,
  { host, tlsPin }: { host: string; tlsPin: string | null },
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connect({
      socket,
      host,
      servername: sniOf(host) ?? '',
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: tlsPin === null,
    })
    const refuse = (error: Error): void => {
      tls.destroy()
      reject(error)
    }
    tls.once('error', (error) => refuse(explained(error)))
    tls.once('close', () => reject(new Error('the connection was closed during the TLS handshake')))
    tls.once('secureConnect', () => {
      const problem = tlsPin === null ? null : pinProblem(tls, tlsPin)
      if (problem !== null) return refuse(new Error(problem))
      tls.removeAllListeners('close')
      resolve(tls)
    })
  })
}

function pinProblem(tls: TLSSocket, tlsPin: string): string | null {
  const certificate = tls.getPeerX509Certificate()
  if (certificate && pinOf(certificate) === tlsPin) return null
  const found = certificate ? pinOf(certificate) : 'none'
  return `the certificate there has another key (${found}) than the pinned one; nothing was sent to it`
}

const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE))$/

/** What to do stands beside what Node says. */
function explained(error: Error & { code?: string }): Error {
  const code = error.code ?? ''
  if (UNTRUSTED.test(code)) {
    return new Error(
      `no authority that this host trusts has signed the certificate there (${error.message}); give --pin, as the join command does`,
      { cause: error },
    )
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return new Error(`no TLS is spoken there (${error.message.split('\n')[0]})`, { cause: error })
  }
  return error
}
