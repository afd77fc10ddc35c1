/** Changes that a browser's cookie could carry out: only from a page of this collector. */
import { describe, expect, it } from 'vitest'
import { createApp } from '@constat/collector/http/app'
import { plainDeps } from '../../support/plain-deps.ts'

const { deps } = plainDeps()
const app = createApp(deps)
const HERE = 'http://localhost'

const SENT: [string, Record<string, string>, boolean][] = [
  ['from a page of ours, by the browser’s word', { 'sec-fetch-site': 'same-origin' }, true],
  ['from a page of ours, by its address', { origin: HERE }, true],
  ['from a page at the public address', { origin: new URL(deps.publicUrl).origin }, true],
  ['from a page of another site', { 'sec-fetch-site': 'cross-site', origin: HERE }, false],
  ['from another name of the same site', { 'sec-fetch-site': 'same-site', origin: HERE }, false],
  ['by hand', { 'sec-fetch-site': 'none' }, false],
  ['from another address', { origin: 'https://elsewhere.example' }, false],
  ['from a frame without one', { origin: 'null' }, false],
  ['by what says nothing', {}, false],
]

describe.each(['/sign-in', '/sign-out'])('a form sent to %s', (path) => {
  it.each(SENT)('%s', async (_, headers, isTaken) => {
    const body = new URLSearchParams({ token: 'none' })
    const { status } = await app.request(`${HERE}${path}`, { method: 'POST', headers, body })
    if (isTaken) expect(status).not.toBe(403)
    else expect(status).toBe(403)
  })
})
