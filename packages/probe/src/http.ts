/**
 * `http`: one request, redirects followed one by one with the cookies they set. Latency and the phases
 * cover all hops, from the first name looked up to the last byte read. `value` is the status of the final
 * answer. What an answer means stands in http-rules.ts, what a proxy's does in http-proxy.ts.
 */
import type { ProbeSpec } from '@constat/shared/check'
import { httpConflicts } from '@constat/shared/http-check'
import { runAttempt } from './attempt.ts'
import { createJar } from './cookies.ts'
import { readFields } from './fields.ts'
import { openAccess } from './http-access.ts'
import { CONNECTION, REQUEST } from './http-fields.ts'
import { follow } from './http-follow.ts'
import { judgeAnswer } from './http-rules.ts'
import type { Kind, Probe } from './probe.ts'

export type HttpSpec = Extract<ProbeSpec, { kind: 'http' }>

export const probeHttp: Probe<HttpSpec> = async (spec, context) => {
  const opened = await openAccess(spec, new URL(spec.url).origin, context)
  if (opened.kind === 'lacking') return opened.result
  const { access } = opened
  return runAttempt(context, async (attempt) => {
    const response = await follow(spec, { access, jar: createJar(), secretBody: false }, attempt)
    const { latencyUs } = attempt.watch.stop()
    const signOn = spec.auth === undefined ? 'expected' : 'failed'
    const { judgement } = await judgeAnswer(spec, response, { latencyUs, signOn })
    return () => judgement
  })
}

const FORMS = { ...REQUEST, ...CONNECTION }

export const httpKind: Kind<HttpSpec> = {
  read(fields) {
    const read = readFields(fields, FORMS, { needed: ['url'] })
    if (typeof read === 'string') return read
    const [conflict] = httpConflicts({ requests: [read], ...read })
    return conflict ? `${conflict.field} ${conflict.message}` : { kind: 'http', ...read }
  },
  ofUrl: (url) => ({ kind: 'http', url: url.href }),
  probe: probeHttp,
}
