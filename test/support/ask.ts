/**
 * Asking the demo app over `request`: no port, no server, the same middleware.
 */
import { createApp } from '@constat/collector/http/app'
import type { Demo } from './demo-deps.ts'

export type Asked = {
  method?: string
  /** A bearer token; absent: nobody. */
  as?: string
  /** Sent as JSON unless it is text. */
  body?: unknown
  headers?: Record<string, string>
}

export function asker(demo: Demo) {
  const app = createApp(demo.deps)
  const ask = async (
    path: string,
    { method = 'GET', as, body, headers = {} }: Asked = {},
  ): Promise<Response> =>
    app.request(path, {
      method,
      headers: {
        ...(as !== undefined && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && typeof body !== 'string' && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  return Object.assign(ask, { app })
}
