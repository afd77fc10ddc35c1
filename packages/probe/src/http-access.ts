/**
 * Access: what an HTTP check brings along that is secret or of the host: credentials, client certificate,
 * authorities. Fetched before the clock starts. Credentials and the client certificate are for one origin,
 * that of the check as it was written, and go to no other: a redirect must not carry them away.
 */
import type { HttpConnectionSpec } from '@constat/shared/check'
import { messageOf } from '@constat/shared/fault'
import { isHeaderValue } from '@constat/shared/http-check'
import type { ProbeContext, ProbeResult } from './probe.ts'
import { readSecrets, secretText, unsupported } from './secret.ts'

export type Access = {
  /** The one origin that credentials and client certificate are for. */
  origin: string
  /** Value of the Authorization header there. */
  authorization: string | undefined
  /** TLS settings there, and everywhere else. */
  home: ProbeContext['secureContext']
  abroad: ProbeContext['secureContext']
  proxy: URL | undefined
  family: 4 | 6 | undefined
}

/** The access, or the result of a probe that lacks what it needs on this host. */
export async function openAccess(
  spec: HttpConnectionSpec,
  origin: string,
  context: ProbeContext,
): Promise<{ kind: 'open'; access: Access } | { kind: 'lacking'; result: ProbeResult }> {
  const { auth, authority, clientCertificate, proxy, family } = spec
  const sent = { auth: auth?.secret, ...clientCertificate }
  const read = await readSecrets<'auth' | 'certificate' | 'key'>(sent, context, seenBy(origin, spec))
  if (read.kind === 'lacking') return read
  const trusted = await readSecrets<'ca'>({ ca: authority }, context)
  if (trusted.kind === 'lacking') return trusted
  const { auth: secret, certificate: cert, key } = read.secrets
  const { ca } = trusted.secrets
  const authorization = auth && secret ? credentials(auth, secretText(secret)) : undefined
  if (authorization !== undefined && !isHeaderValue(authorization)) {
    return lacking(`the secret ${auth?.secret} holds characters that no header may carry: put it right`)
  }
  const trust = ca ? { ca } : undefined
  const own = cert && key ? { ...trust, cert, key } : trust
  try {
    for (const material of [own, trust]) if (material) await context.secureContext(material)
  } catch (error) {
    const files = [authority, clientCertificate?.certificate, clientCertificate?.key].filter(Boolean)
    return lacking(`not PEM that TLS can use (${messageOf(error)}): put it right in ${files.join(', ')}`)
  }
  const access = {
    origin,
    authorization,
    home: () => context.secureContext(own),
    abroad: () => context.secureContext(trust),
    proxy: proxy === undefined ? undefined : new URL(proxy),
    family,
  }
  return { kind: 'open', access }
}

/** The origins that see what is sent to `origin`: without TLS, a proxy on the way does too. */
export function seenBy(origin: string, { proxy }: Pick<HttpConnectionSpec, 'proxy'>): string[] {
  return proxy === undefined || origin.startsWith('https:') ? [origin] : [origin, new URL(proxy).origin]
}

function credentials(auth: NonNullable<HttpConnectionSpec['auth']>, secret: string): string {
  if (auth.scheme === 'bearer') return `Bearer ${secret}`
  return `Basic ${Buffer.from(`${auth.username}:${secret}`).toString('base64')}`
}

function lacking(detail: string): { kind: 'lacking'; result: ProbeResult } {
  return { kind: 'lacking', result: unsupported(detail) }
}
