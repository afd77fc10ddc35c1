/**
 * OpenID: an account of elsewhere, by OpenID Connect Core 1.0 with discovery: authorisation code, PKCE (RFC 7636), state
 * and nonce. Only who somebody is comes from there: what they may do stands here, and nobody gets an account by it who
 * was not invited. Not pure: it asks the provider.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  clockTolerance,
  discovery,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client'
import { Fault, messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { CollectorConfig } from './config.ts'
import type { OpenId } from './http/actions.ts'
import type { Log } from './shell.ts'

export const CALLBACK_PATH = '/sign-in/elsewhere/callback'
/** What a provider has to answer within. */
const TIMEOUT_S = 10
/** Its clock and ours. */
const TOLERANCE_S = 60
/** Its addresses and keys may change. */
const KNOWN_MS = 3_600_000

export type OpenIdDeps = { publicUrl: string; nowMs: () => UnixMs; log: Log }
type Settings = NonNullable<CollectorConfig['openId']>
/** What comes back with the browser. */
type Begun = { verifier: string; state: string; nonce: string }

export function openOpenId(settings: Settings, { publicUrl, nowMs, log }: OpenIdDeps): OpenId {
  let known: { config: Configuration; atMs: UnixMs } | null = null
  const configured = async (): Promise<Configuration> => {
    if (known !== null && nowMs() - known.atMs < KNOWN_MS) return known.config
    known = { config: await discover(settings), atMs: nowMs() }
    return known.config
  }
  return {
    name: settings.name,
    async begin(asked) {
      const config = await configured().catch((error: unknown) => {
        log.warn('the OpenID provider does not answer', { issuer: settings.issuer, reason: messageOf(error) })
        throw new Fault('unavailable', `${settings.name} does not answer.`, {
          hint: 'Try again, or sign in with a password or a token.',
        })
      })
      const begun: Begun = { verifier: randomPKCECodeVerifier(), state: randomState(), nonce: randomNonce() }
      const url = buildAuthorizationUrl(config, {
        redirect_uri: publicUrl + CALLBACK_PATH,
        scope: 'openid',
        code_challenge: await calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
        state: begun.state,
        nonce: begun.nonce,
        ...asked,
      })
      return { url: url.href, kept: JSON.stringify(begun) }
    },
    async finish(search, kept) {
      try {
        const { verifier, state, nonce } = begunOf(kept)
        const config = await configured()
        const tokens = await authorizationCodeGrant(config, new URL(publicUrl + CALLBACK_PATH + search), {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        return claims === undefined ? null : `${claims.iss} ${claims.sub}`
      } catch (error) {
        log.warn('a sign-in at the OpenID provider was not finished', {
          issuer: settings.issuer,
          reason: messageOf(error),
        })
        return null
      }
    },
  }
}

async function discover({ issuer, clientId, clientSecret }: Settings): Promise<Configuration> {
  const isPlain = issuer.startsWith('http:')
  const metadata = {
    [clockTolerance]: TOLERANCE_S,
    ...(clientSecret !== null && { client_secret: clientSecret }),
  }
  return discovery(new URL(issuer), clientId, metadata, clientSecret === null ? None() : undefined, {
    timeout: TIMEOUT_S,
    // oxlint-disable-next-line typescript/no-deprecated -- so marked to stand out; config lets http through on loopback alone
    ...(isPlain && { execute: [allowInsecureRequests] }),
  })
}

function begunOf(kept: string): Begun {
  // Written above, kept by the browser: what was changed fits no answer.
  return JSON.parse(kept) as Begun
}
