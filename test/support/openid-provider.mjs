/**
 * OpenID provider for the tests: oidc-provider on a port of its own, with the pages that it has for development, which
 * take any name. A small browser goes through them: redirects, cookies, forms.
 */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const MAX_STEPS = 20

export async function startOpenIdProvider({ clientId, clientSecret, redirectUri }) {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)))
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    clientAuthMethods: ['client_secret_post'],
    clientDefaults: { token_endpoint_auth_method: 'client_secret_post' },
    cookies: { keys: ['of-the-tests'] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' }] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    pkce: { required: () => true },
  })
  server.on('request', provider.callback())
  return {
    issuer,
    signIn: (url, login) => walk(url, { login, redirectUri }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve(undefined))
      }),
  }
}

/** Follows redirects and answers forms until it is sent back. */
async function walk(begin, { login, redirectUri }) {
  const cookies = new Map()
  let request = { url: begin, init: {} }
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const { url } = request
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      ...request.init,
      redirect: 'manual',
      headers: { ...request.init.headers, cookie, connection: 'close' },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0].split(/=(.*)/s)
      cookies.set(name, value)
    }
    const to = answer.headers.get('location')
    if (to?.startsWith(redirectUri)) return to
    request = to ? { url: new URL(to, url).href, init: {} } : formOf(await answer.text(), { url, login })
  }
  throw new Error('the provider sent nobody back')
}

function formOf(page, { url, login }) {
  const [, action] = /action="([^"]+)"/.exec(page) ?? []
  const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page) ?? []
  if (!action || !prompt) throw new Error(`no form: ${page.slice(0, 500)}`)
  const body = new URLSearchParams({
    prompt,
    ...(prompt === 'login' && { login, password: 'any' }),
  }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { url: new URL(action, url).href, init: { method: 'POST', body, headers } }
}
