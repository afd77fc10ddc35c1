/** Hosts: requests are answered under the names that this collector is known by, and no other. */
import { Fault } from '@constat/shared/fault'
import type { MiddlewareHandler } from 'hono'
import { hostNames } from '../host-names.ts'
import type { AppDeps } from './actions.ts'
import { problemResponse } from './problem.ts'

export function knownHosts({ publicUrl, hosts }: Pick<AppDeps, 'publicUrl' | 'hosts'>): MiddlewareHandler {
  const answersTo = hostNames(publicUrl, hosts)
  return async (c, next) => {
    if (answersTo(new URL(c.req.url).host)) return next()
    return problemResponse(
      new Fault('forbidden', 'This collector is not known by the host name of this request.', {
        hint: 'Use the address that it prints, or set CONSTAT_PUBLIC_URL to the address that people use.',
      }),
    )
  }
}
