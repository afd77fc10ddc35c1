/**
 * TLS settings of one agent: the trust store is parsed once, at the first handshake, and once more for
 * each check that brings material of its own; `node:tls` is not loaded before.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { authoritiesIn } from './certificate-path.ts'
import type { ProbeContext, TlsMaterial, Trust } from './probe.ts'

/** Contexts of checks' own material that are kept; the oldest goes first. */
const MAX_KEPT = 64
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g

/** `ca`: PEM text that replaces the built-in roots; absent: those, and NODE_EXTRA_CA_CERTS. */
export function secureContextSource({ ca }: { ca?: string } = {}): ProbeContext['secureContext'] {
  const base = ca === undefined ? {} : { ca }
  let shared: Promise<Trust> | undefined
  const kept = new Map<string, Promise<Trust>>()
  return (material) => {
    if (material === undefined) return (shared ??= make(base))
    const key = digestOf(material)
    const known = kept.get(key)
    if (known) return known
    const made = make({ ...base, ...material }, material.ca)
    const [oldest] = kept.keys()
    if (oldest !== undefined && kept.size >= MAX_KEPT) kept.delete(oldest)
    kept.set(key, made)
    return made
  }
}

type Options = { ca?: string | Buffer; cert?: Buffer; key?: Buffer }

async function make(options: Options, authorities?: Buffer): Promise<Trust> {
  if (authorities) readAuthorities(authorities)
  const tls = await import('node:tls')
  const { ca } = options
  return {
    tls: tls.createSecureContext(options),
    authorities: authoritiesIn(() => (ca === undefined ? tls.rootCertificates : [ca.toString('latin1')])),
  }
}

/**
 * Throws where a file of authorities holds none, or one that cannot be read. OpenSSL takes such a text for
 * an empty list: no server would be trusted any more, and the target be blamed for it.
 */
function readAuthorities(pem: Buffer): void {
  const certificates = pem.toString('latin1').match(CERTIFICATE) ?? []
  if (certificates.length === 0) throw new Error('there is no PEM certificate in it')
  for (const certificate of certificates) new X509Certificate(certificate)
}

function digestOf({ ca, cert, key }: TlsMaterial): string {
  const hash = createHash('sha256')
  for (const part of [ca, cert, key]) hash.update(`${part?.length ?? -1}\n`).update(part ?? '')
  return hash.digest('base64')
}
