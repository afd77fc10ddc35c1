/** A wrong method on an address that is there: 405, and which methods it takes (RFC 9110 §15.5.6). */
import { describe, expect, it } from 'vitest'
import { createApp } from '../../../collector/src/http/app.ts'
import { plainDeps } from '../../support/plain-deps.ts'

const app = createApp(plainDeps().deps)
const ask = (method: string, path: string, token = 'owner-token') =>
  app.request(`/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}` } })

describe('an address', () => {
  it.each([
    ['DELETE', '/contracts', 'GET'],
    ['PATCH', '/contracts/shop', 'GET, PUT'],
    ['GET', '/contracts/shop/archive', 'POST'],
    ['PUT', '/contracts/shop/windows/2026-10/reconcile', 'POST'],
    ['POST', '/contracts/shop/evidence/2026-10.zip', 'GET'],
    ['PUT', '/webhooks/hook_1', 'DELETE'],
    ['DELETE', '/events', 'GET'],
  ])('that is asked by %s %s takes %s', async (method, path, allowed) => {
    const response = await ask(method, path)
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(allowed.split(', ')))
    expect(await response.json()).toMatchObject({ status: 405, code: 'method-not-allowed' })
  })

  it('that is none is not found, and says nothing to a stranger', async () => {
    expect((await ask('GET', '/nothing')).status).toBe(404)
    expect((await ask('GET', '/contracts/a/b/c/d/e')).status).toBe(404)
    expect((await ask('DELETE', '/contracts', 'wrong')).status).toBe(401)
  })
})
