/** Methods that an address answers to, for whoever asked by another (RFC 9110 §15.5.6). Pure. */
import { Fault } from '@constat/shared/fault'
import type { Hono } from 'hono'
import type { Env } from './caller.ts'
import { problemResponse } from './problem.ts'

/** By the routes of an app: the methods of a path, in their order; empty where nothing answers. */
export function methodsOf(app: Pick<Hono<Env>, 'routes'>): (path: string) => string[] {
  const routes = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ path, method }) => ({ method, pattern: patternOf(path) }))
  return (path) => [
    ...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)),
  ]
}

/** `:name` is one segment, or what its own pattern takes. */
function patternOf(path: string): RegExp {
  const segments = path.split('/').map((segment) => {
    const [, own] = /^:[^{]+(?:\{(.+)\})?$/.exec(segment) ?? []
    if (own !== undefined) return own
    return segment.startsWith(':') ? '[^/]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  })
  return new RegExp(`^${segments.join('/')}$`)
}

/** 405 with `Allow`. */
export function wrongMethod(method: string, allowed: readonly string[]): Response {
  const fault = new Fault('method-not-allowed', `This address does not take ${method}.`, {
    hint: `It takes ${allowed.join(', ')}.`,
  })
  const response = problemResponse(fault)
  response.headers.set('allow', allowed.join(', '))
  return response
}
