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
import { given, readFields } from './fields.ts'
import type { Kind, Probe } from './probe.ts'
import { withTrust } from './secret.ts'
import { farewellOf, startTls } from './starttls.ts'

const HTTPS_PORT = 443

export const probeTls: Probe<TlsSpec> = (spec, context) =>
  withTrust({ authority: spec.authority }, context, (trusting) =>
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

export const tlsKind: Kind<TlsSpec> = {
  read(fields) {
    const field = readFields(fields)
    const host = field.host('host')
    const port = field.integer('port', { min: 1, max: 65_535 })
    const serverName = field.host('serverName')
    const pins = { maxItems: NETWORK_LIMITS.pins, of: (pin: string) => PIN.test(pin) }
    const options = given({
      serverName,
      family: field.oneOf('family', [4, 6] as const),
      starttls: field.oneOf('starttls', STARTTLS),
      daysLeft: field.integer('daysLeft', NETWORK_LIMITS.daysLeft),
      pins: field.list('pins', { ...pins, form: `at most ${pins.maxItems} SHA-256 digests in base64` }),
      minVersion: field.oneOf('minVersion', TLS_VERSIONS),
      authority: field.secret('authority'),
    })
    if (fields['host'] === undefined) field.missing('host')
    if (fields['port'] === undefined) field.missing('port')
    const problem = field.problem()
    if (problem !== undefined || host === undefined || port === undefined) return problem ?? 'host and port'
    if (serverName !== undefined && isIP(serverName) !== 0) return 'serverName must be a name, not an address'
    return { kind: 'tls', host, port, ...options }
  },
  ofUrl(url) {
    const endpoint = endpointOf(url, HTTPS_PORT)
    return typeof endpoint === 'string' ? endpoint : { kind: 'tls', ...endpoint }
  },
  probe: probeTls,
}
