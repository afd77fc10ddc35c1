/**
 * `tls`: the handshake succeeds, and the certificate holds for the name, is pinned where the check pins,
 * and has days left. `value` is whole days until the first certificate of the chain ends, rounded down;
 * negative when it has ended. The chain is the one that is verified, not the list that was sent.
 */
import { isIP } from 'node:net'
import { STARTTLS, TLS_VERSIONS, type TlsSpec } from '@constat/shared/check'
import { NETWORK_LIMITS, PIN } from '@constat/shared/target'
import { runAttempt } from './attempt.ts'
import { judgeCertificate } from './certificate.ts'
import { dial, secure } from './connect.ts'
import { takeLeave } from './dialogue.ts'
import { endpointOf } from './endpoint.ts'
import * as form from './fields.ts'
import type { Kind, Probe } from './probe.ts'
import { withAuthority } from './secret.ts'
import { farewellOf, startTls } from './starttls.ts'

const HTTPS_PORT = 443

export const probeTls: Probe<TlsSpec> = (spec, context) =>
  withAuthority(spec.authority, context, (trusting) =>
    runAttempt(trusting, async (attempt) => {
      const plain = await dial(spec, attempt)
      if (spec.starttls !== undefined) await startTls(spec.starttls, plain, attempt)
      const options = { serverName: spec.serverName ?? spec.host, verify: 'reported' } as const
      const socket = await secure(plain, options, attempt)
      attempt.watch.stop()
      const { authorities } = await trusting.secureContext()
      const nowMs = context.clock.nowMs()
      const judgement = judgeCertificate(spec, { socket, authorities, nowMs })
      takeLeave(socket, farewellOf(spec.starttls), attempt)
      return () => judgement
    }),
  )

const FORMS = {
  host: form.host,
  port: form.port,
  serverName: form.host,
  family: form.family,
  starttls: form.oneOf(STARTTLS),
  daysLeft: form.integer(NETWORK_LIMITS.daysLeft),
  pins: form.texts({
    maxItems: NETWORK_LIMITS.pins,
    of: (pin) => PIN.test(pin),
    words: `at most ${NETWORK_LIMITS.pins} SHA-256 digests in base64`,
  }),
  minVersion: form.oneOf(TLS_VERSIONS),
  authority: form.secret,
}

export const tlsKind: Kind<TlsSpec> = {
  read(fields) {
    const read = form.readFields(fields, FORMS, { needed: ['host', 'port'] })
    if (typeof read === 'string') return read
    const { serverName } = read
    if (serverName !== undefined && isIP(serverName) !== 0) return 'serverName must be a name, not an address'
    return { kind: 'tls', ...read }
  },
  ofUrl(url) {
    const endpoint = endpointOf(url, HTTPS_PORT)
    return typeof endpoint === 'string' ? endpoint : { kind: 'tls', ...endpoint }
  },
  probe: probeTls,
}
