/** What a check wants beside what one probe saw: the sentence for each that an auditor would ask about. Pure. */
import type { HttpRequestSpec, ProbeSpec } from '@constat/shared/check'
import type { ProbeResult } from '@constat/probe/probe'

/** `seen` is null where it did not hold or was not reached: the probe's own sentence says which. */
export type Comparison = { what: string; wanted: string; seen: string | null }

const DEFAULT_DAYS_LEFT = 14

export function comparisonsOf(
  spec: ProbeSpec,
  result: ProbeResult,
  { timeoutMs }: { timeoutMs: number },
): Comparison[] {
  const took = `${(result.latencyUs / 1_000).toFixed(1)} ms`
  const time = { what: 'time', wanted: `at most ${timeoutMs} ms`, seen: took }
  const within = 'degradedOverMs' in spec ? spec.degradedOverMs : undefined
  const pace = within === undefined ? [] : [{ what: 'pace', wanted: `at most ${within} ms`, seen: took }]
  const holds = result.outcome === 'ok' || result.outcome === 'degraded'
  const told = ofKind(spec, result).map((one) =>
    one.seen === null && holds ? { ...one, seen: 'holds' } : one,
  )
  return [...told, ...pace, time]
}

function ofKind(spec: ProbeSpec, { value, hops = [] }: ProbeResult): Comparison[] {
  const count = (what: string, wanted: string): Comparison => ({ what, wanted, seen: `${value}` })
  switch (spec.kind) {
    case 'http':
      return ofRequest(spec, hops.at(-1)?.status)
    case 'transaction':
      return [count('steps done', `${spec.steps.length}`)]
    case 'tcp':
      return given({ greeting: spec.banner, text: spec.expect })
    case 'tls': {
      const named = given({
        name: spec.serverName ?? spec.host,
        pin: spec.pins?.join(' or '),
        version: spec.minVersion,
      })
      return [...named, count('days left', `at least ${spec.daysLeft ?? DEFAULT_DAYS_LEFT}`)]
    }
    case 'dns': {
      const records = count('records', spec.rcode === undefined ? 'at least 1' : 'any')
      return [...given({ rcode: spec.rcode ?? 'NOERROR', answers: spec.answers?.join(', ') }), records]
    }
    case 'icmp':
      return [count('percent lost', `at most ${spec.lossPercent ?? 0}`)]
    case 'host':
      if ('name' in spec) return [count(spec.metric, 'at least 1')]
      return Object.entries({ degraded: spec.degradedOver, fail: spec.failOver }).flatMap(([what, limit]) =>
        limit === undefined ? [] : [count(what, `at most ${limit}`)],
      )
  }
}

function ofRequest(spec: HttpRequestSpec, status: number | undefined): Comparison[] {
  const wanted = spec.status?.join(', ') ?? '2xx, or a page to sign on'
  const headers = Object.entries(spec.headersContain ?? {}).map(([name, text]) => `${name}: ${text}`)
  const json = (spec.json ?? []).map(({ path, equals }) => `${path} = ${JSON.stringify(equals)}`)
  return [
    { what: 'status', wanted, seen: status === undefined ? null : `${status}` },
    ...given({ 'body contains': spec.bodyContains, 'body lacks': spec.bodyLacks }),
    ...[...headers, ...json].map((one) => ({ what: 'contains', wanted: one, seen: null })),
  ]
}

function given(wants: Record<string, string | undefined>): Comparison[] {
  return Object.entries(wants).flatMap(([what, wanted]) =>
    wanted === undefined ? [] : [{ what, wanted: JSON.stringify(wanted), seen: null }],
  )
}
