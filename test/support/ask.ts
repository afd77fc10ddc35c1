/** Asking an app over `request`: no port, no server, the same middleware. */
import { createApp } from '@constat/collector/http/app'
import type { AppDeps } from '@constat/collector/http/actions'

export type Asked = {
  method?: string
  /** A bearer token, or the name of one of `tokens`; absent: nobody. */
  as?: string
  /** Sent as JSON unless it is text. */
  body?: unknown
  headers?: Record<string, string>
}

export function asker({ deps, tokens = {} }: { deps: AppDeps; tokens?: Record<string, string> }) {
  const app = createApp(deps)
  const ask = async (
    path: string,
    { method = 'GET', as, body, headers = {} }: Asked = {},
  ): Promise<Response> =>
    app.request(path, {
      method,
      headers: {
        ...(as !== undefined && { authorization: `Bearer ${tokens[as] ?? as}` }),
        ...(body !== undefined && typeof body !== 'string' && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  return Object.assign(ask, { app })
}
