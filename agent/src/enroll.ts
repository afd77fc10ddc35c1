/**
 * Enrolment: a new key, a join token, one connection. The directory is written only after the collector
 * said welcome, so a failed try leaves nothing behind.
 */
import { hostname } from 'node:os'
import { Fault } from '@constat/shared/fault'
import { agentIdOf, rawPublicKey } from '@constat/shared/signature'
import { routesOf, type ProxyChoice, type Route } from './dial.ts'
import type { Shell } from './shell.ts'
import { loadIdentity, makeKey, saveIdentity, type Identity, type Way } from './state.ts'
import { openUplink, UPLINK_LIMITS, type Ending, type UplinkOptions, type Welcome } from './uplink.ts'
import { addressProblems, agentUrl } from './url.ts'
import { AGENT_VERSION } from './version.ts'

export type Enrolment = Way & {
  dir: string
  token: string
  /** Null: the host's own name. The collector may choose another. */
  name: string | null
  /** The collector's own key; null takes the one it proves now. */
  collectorKey: Buffer | null
  /** Where a proxy may be named; the one that was used is kept. */
  env: ProxyChoice['env']
}

const MAX_NAME_CHARS = 64

/** Faults: `conflict` already enrolled, `usage` bad address, `unauthorised` refused, `network` not reached. */
export async function enroll(enrolment: Enrolment, { random }: Pick<Shell, 'random'>): Promise<Identity> {
  const { dir, token, name, collectorKey, urls, tlsPin, plain, env } = enrolment
  checkAddresses(enrolment)
  const known = await loadIdentity(dir)
  if (known) {
    throw new Fault('conflict', `${dir} already belongs to agent ${known.name} at ${known.urls.join(', ')}`, {
      hint: 'name another directory in CONSTAT_AGENT_DIR, or remove this one first',
    })
  }
  const routes = await routesOf(urls, { given: enrolment.proxy, kept: null, env, tlsPin })
  const key = makeKey(random)
  const hello = { key, collectorKey, name: (name ?? hostname()).slice(0, MAX_NAME_CHARS), token, random }
  const { welcome, route } = await introduceAnywhere(routes, hello)
  const id = agentIdOf(rawPublicKey(key))
  const way: Way = { urls, tlsPin, proxy: enrolment.proxy ?? route.proxy, plain }
  const identity: Identity = { ...way, key, id, name: welcome.name, collectorKey: welcome.collectorKey }
  await saveIdentity(dir, identity)
  return identity
}

/** A `usage` Fault with everything that is wrong with the addresses. */
export function checkAddresses({ urls, plain, tlsPin }: Pick<Way, 'urls' | 'plain' | 'tlsPin'>): void {
  const problems = addressProblems(urls, { plain })
  if (tlsPin !== null && urls.some((url) => agentUrl(url)?.startsWith('ws:')))
    problems.push('a pin is for https addresses; one of these is not encrypted')
  if (problems.length === 0) return
  const isOpen = problems.some((problem) => problem.includes('not encrypted'))
  const hint = isOpen
    ? 'write https://, or add --insecure (CONSTAT_INSECURE=true) where the network between is your own'
    : 'write addresses of the collector as https://host:port'
  throw new Fault('usage', problems.join('; '), { hint, problems })
}

type Hello = Pick<UplinkOptions, 'key' | 'collectorKey' | 'name' | 'random'> & { token: string }

/** In order, until one answers. A collector that says no is asked nowhere else: the token is one. */
async function introduceAnywhere(
  routes: readonly Route[],
  hello: Hello,
): Promise<{ welcome: Welcome; route: Route }> {
  const failures: Fault[] = []
  for (const route of routes) {
    try {
      return { welcome: await introduce(route, hello), route }
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'network') throw error
      failures.push(error)
    }
  }
  throw new Fault('network', failures.map(({ message }) => message).join('; '), {
    hint: 'check the address, and that this host reaches it',
  })
}

function introduce(route: Route, hello: Hello): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    openUplink(
      { ...hello, route, version: AGENT_VERSION, limits: UPLINK_LIMITS },
      {
        welcomed(welcome, uplink) {
          resolve(welcome)
          uplink.close()
        },
        received: () => undefined,
        ended: (ending) => reject(refusal(ending, route.url)),
      },
    )
  })
}

function refusal({ bye, reason }: Ending, url: string): Fault {
  if (bye)
    return new Fault('unauthorised', `the collector refused: ${bye.detail}`, {
      hint: 'ask for a new join token',
    })
  return new Fault('network', `${url}: ${reason}`)
}
