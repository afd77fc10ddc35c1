/** `tcp`: the port takes a connection. No byte is sent; `value` is 0. */
import type { ProbeSpec } from '@constat/shared/check'
import { runAttempt } from './attempt.ts'
import { dial } from './connect.ts'
import { given, readFields } from './fields.ts'
import { endpointOf } from './endpoint.ts'
import type { Kind, Probe } from './probe.ts'

export type TcpSpec = Extract<ProbeSpec, { kind: 'tcp' }>

export const probeTcp: Probe<TcpSpec> = (spec, context) =>
  runAttempt(context, async (attempt) => {
    await dial(spec, attempt)
    attempt.watch.stop()
    return () => ({ outcome: 'ok', cause: 'none', value: 0, detail: 'connected' })
  })

export const tcpKind: Kind<TcpSpec> = {
  read(fields) {
    const field = readFields(fields)
    const host = field.host('host')
    const port = field.integer('port', { min: 1, max: 65_535 })
    const options = given({ family: field.oneOf('family', [4, 6] as const) })
    if (fields['host'] === undefined) field.missing('host')
    if (fields['port'] === undefined) field.missing('port')
    const problem = field.problem()
    if (problem !== undefined || host === undefined || port === undefined) return problem ?? 'host and port'
    return { kind: 'tcp', host, port, ...options }
  },
  ofUrl(url) {
    const endpoint = endpointOf(url)
    return typeof endpoint === 'string' ? endpoint : { kind: 'tcp', ...endpoint }
  },
  probe: probeTcp,
}
