/**
 * Hosts: requests are answered under the names that this collector is known by, and no other. A page elsewhere
 * can have its own name lead here (DNS rebinding), and would then read what a browser on this network may. An
 * address in digits cannot be led anywhere, so every one of them is taken.
 */
import { Fault } from '@constat/shared/fault'
import type { MiddlewareHandler } from 'hono'
import { isIP } from 'node:net'
import type { AppDeps } from './actions.ts'
import { problemResponse } from './problem.ts'

export function knownHosts({ publicUrl, hosts }: Pick<AppDeps, 'publicUrl' | 'hosts'>): MiddlewareHandler {
  const known = new Set(['localhost', new URL(publicUrl).hostname, ...hosts].map(plain))
  return async (c, next) => {
    const host = plain(new URL(c.req.url).hostname)
    if (known.has(host) || isIP(host) > 0) return next()
    return problemResponse(
      new Fault('forbidden', 'This collector is not known by the host name of this request.', {
        hint: 'Use the address that it prints, or set CONSTAT_PUBLIC_URL to the address that people use.',
      }),
    )
  }
}

function plain(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, '')
}
