/**
 * `tls`: the handshake succeeds and the chain holds for the name. `value` is whole days until the
 * certificate ends, rounded down; negative when it has ended.
 */
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ProbeSpec } from '@constat/shared/check'
import { runAttempt } from './attempt.ts'
import { dial, secure } from './connect.ts'
import { endpointOf } from './endpoint.ts'
import { isCertificateCode } from './failure.ts'
import { given, readFields } from './fields.ts'
import type { Judgement, Kind, Probe } from './probe.ts'

export type TlsSpec = Extract<ProbeSpec, { kind: 'tls' }>

const DAY_MS = 86_400_000
const HTTPS_PORT = 443

export const probeTls: Probe<TlsSpec> = (spec, context) =>
  runAttempt(context, async (attempt) => {
    const plain = await dial(spec, attempt)
    const socket = await secure(
      plain,
      { serverName: spec.serverName ?? spec.host, verify: 'reported' },
      attempt,
    )
    attempt.watch.stop()
    return () => judgeCertificate(socket, context.clock.nowMs())
  })

function judgeCertificate(socket: TLSSocket, nowMs: number): Judgement {
  const endsMs = Date.parse(socket.getPeerCertificate().valid_to)
  const value = Number.isNaN(endsMs) ? 0 : Math.floor((endsMs - nowMs) / DAY_MS)
  if (socket.authorized) return { outcome: 'ok', cause: 'none', value, detail: `${value} days left` }
  // Typed as Error, but Node puts the code there as text for a chain that does not hold.
  const code = String(socket.authorizationError)
  const cause = isCertificateCode(code) || code.includes('altnames') ? 'certificate' : 'tls'
  return { outcome: 'fail', cause, value, detail: code }
}

export const tlsKind: Kind<TlsSpec> = {
  read(fields) {
    const field = readFields(fields)
    const host = field.host('host')
    const port = field.integer('port', { min: 1, max: 65_535 })
    const serverName = field.host('serverName')
    const options = given({ serverName, family: field.oneOf('family', [4, 6] as const) })
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
