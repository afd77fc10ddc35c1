/**
 * Health: is the process alive, is it ready to take samples, and its own figures. Open to all; aggregates
 * only, no names of contracts or services.
 */
import { Hono } from 'hono'
import { healthEn, isReady, troubleText } from '../view/health.ts'
import type { AppDeps } from './actions.ts'

const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function healthRoutes({ health, metrics }: AppDeps): Hono {
  const app = new Hono()
  app.get('/livez', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    const troubles = await health.look()
    const ok = isReady(troubles)
    const reasons = troubles.map((one) => troubleText(one, healthEn))
    return c.json({ ok, reasons }, ok ? 200 : 503)
  })
  app.get('/metrics', async (c) => c.body(await metrics(), 200, { 'content-type': PROMETHEUS_TYPE }))
  return app
}
