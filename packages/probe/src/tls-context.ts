/**
 * TLS settings shared by all probes of one agent: the trust store is parsed once, at the first
 * handshake, and `node:tls` is not loaded before it.
 */
import type { SecureContext } from 'node:tls'

/** `ca`: PEM text that replaces the built-in roots; absent: those, and NODE_EXTRA_CA_CERTS. */
export function secureContextSource({ ca }: { ca?: string } = {}): () => Promise<SecureContext> {
  let made: Promise<SecureContext> | undefined
  return () => {
    made ??= import('node:tls').then((tls) => tls.createSecureContext(ca === undefined ? {} : { ca }))
    return made
  }
}
