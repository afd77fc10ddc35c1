/** What a host that joins fetches: open to everybody, digest within digest, and no sign-in page for programs. */
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { Fault } from '@constat/shared/fault'
import { createApp } from '../../../collector/src/http/app.ts'
import { BUNDLE_PATH, SCRIPT_PATH } from '../../../collector/src/http/routes/install.ts'
import { sharedBody } from '../../../collector/src/http/shared-body.ts'
import { installScript } from '../../../collector/src/install-script.ts'
import { plainDeps } from '../../support/plain-deps.ts'

const BUNDLE = Buffer.from('#!/usr/bin/env node\n')
const SCRIPT = installScript({
  bundleDigest: createHash('sha256').update(BUNDLE).digest('hex'),
  bundlePath: BUNDLE_PATH,
})
const { deps } = plainDeps()
const app = createApp({
  ...deps,
  installer: async () => ({ script: sharedBody(SCRIPT), bundle: sharedBody(BUNDLE) }),
})

describe('what is fetched', () => {
  it.each([
    [SCRIPT_PATH, 'text/x-shellscript', Buffer.from(SCRIPT)],
    [BUNDLE_PATH, 'text/javascript', BUNDLE],
  ])('%s is given to everybody, as it is', async (path, type, bytes) => {
    const response = await app.request(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain(type)
    expect(response.headers.get('cache-control')).toMatch(/^public/)
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('a collector without an agent to give says so', async () => {
    const bare = createApp({
      ...deps,
      installer: () => Promise.reject(new Fault('unavailable', 'this collector has no agent to give away')),
    })
    const response = await bare.request(SCRIPT_PATH)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'unavailable' })
  })

  it('the script is one that a plain shell reads, with the digest inside and nothing secret', () => {
    execFileSync('sh', ['-n'], { input: SCRIPT })
    expect(SCRIPT).toContain(createHash('sha256').update(BUNDLE).digest('hex'))
    expect(SCRIPT).not.toMatch(/join_|undefined/)
  })

  it.each([
    [[], /address is missing/],
    [['--url', 'https://127.0.0.1:1', '--token', 't'], /could not be fetched from https:\/\/127\.0\.0\.1:1/],
  ])('the script given %j ends with a sentence', (args, sentence) => {
    const run = () => execFileSync('sh', ['-s', '--', ...args], { input: SCRIPT, stdio: 'pipe', cwd: '/' })
    expect(run).toThrow(sentence)
  })
})

describe('addresses of programs', () => {
  it.each(['/agent/v1', '/agent/other', '/api/v2/contracts', '/.well-known/x'])(
    '%s has a problem to tell, and no page',
    async (path) => {
      for (const method of ['GET', 'POST']) {
        const response = await app.request(path, { method })
        expect(response.status).toBe(404)
        expect(response.headers.get('content-type')).toBe('application/problem+json')
      }
    },
  )
  it('a page still leads to the sign-in', async () => {
    const response = await app.request('/setup/agents')
    expect([response.status, response.headers.get('location')]).toEqual([
      303,
      '/sign-in?next=%2Fsetup%2Fagents',
    ])
  })
})
