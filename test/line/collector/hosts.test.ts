/** Hosts: under which names requests are answered, whatever they ask for. */
import { expect, it } from 'vitest'
import { createApp } from '@constat/collector/http/app'
import { plainDeps } from '../../support/plain-deps.ts'

const app = createApp(plainDeps().deps)
const NAMES: [string, number][] = [
  ['localhost:8420', 200],
  ['LOCALHOST.', 200],
  ['127.0.0.1:8420', 200],
  ['192.0.2.7', 200],
  ['[::1]:8420', 200],
  ['collector.example', 200],
  ['listens.example:1', 200],
  ['evil.example', 403],
  ['collector.example.evil.example', 403],
  ['127.0.0.1.evil.example:8420', 403],
  ['localhost.evil.example', 403],
]

it.each(NAMES)('under %s the answer is %i', async (host, status) => {
  for (const path of ['/livez', '/metrics', '/sign-in', '/static/app.css', '/api/v1/openapi.json'])
    expect((await app.request(`http://${host}${path}`)).status, path).toBe(status)
  if (status === 200) return
  const page = { headers: { accept: 'text/html', authorization: 'Bearer owner-token' } }
  const refused = await app.request(`http://${host}/`, page)
  expect(refused.status).toBe(status)
  expect(await refused.text()).toContain('CONSTAT_PUBLIC_URL')
})
