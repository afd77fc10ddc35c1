/**
 * Installer: what a host needs to join with one pasted line. The script that this collector serves, with
 * the digest of the agent's bundle inside; the line, with the digest of the script inside. Each is checked
 * before it runs, so that neither a stranger between nor a half download runs anything.
 */
import { messageOf } from '@constat/shared/fault'
import { curlPin } from '@constat/shared/pin'
import { installScript } from './install-script.ts'
import { BUNDLE_PATH, SCRIPT_PATH } from './http/routes/install.ts'
import { sharedBody, type SharedBody } from './http/shared-body.ts'
import { digestOf, readShipped, SHIPPED } from './shipped.ts'
import type { Log } from './shell.ts'

export type Installer = { script: SharedBody; scriptDigest: string; bundle: SharedBody }

/**
 * How the collector is reached by the agents that join. `tlsPin` null: an authority vouches for it.
 * `scriptDigest` null: it has no agent to give away.
 */
export type Invitation = { url: string; tlsPin: string | null; scriptDigest: string | null }

/**
 * Reads the agent's bundle once, when it is first asked for: a command and what it fetches belong together
 * as long as this process runs.
 * Fault `unavailable` when there is no agent to give away.
 */
export function openInstaller({ dataDir, log }: { dataDir: string; log: Log }): () => Promise<Installer> {
  let opened: Promise<Installer> | null = null
  const open = async (): Promise<Installer> => {
    const bundle = await readShipped(SHIPPED.agent, dataDir)
    const script = installScript({ bundleDigest: digestOf(bundle), bundlePath: BUNDLE_PATH })
    const scriptDigest = digestOf(Buffer.from(script))
    return { script: sharedBody(script), scriptDigest, bundle: sharedBody(bundle) }
  }
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = null
      log.warn('there is no agent to give to hosts that join', { reason: messageOf(error) })
      throw error
    })
    return opened
  }
}

/** One line for a shell. It carries a secret, the token, which is good for one agent. */
export function joinLine({ url, tlsPin, scriptDigest }: Invitation, token: string): string {
  const safe = shellSafe(url)
  const pin = tlsPin === null ? '' : ` --pin ${tlsPin}`
  const insecure = isOpen(url) ? ' --insecure' : ''
  const join = `--url ${safe}${pin} --token ${token}${insecure}`
  if (scriptDigest === null) return `npx constat-agent enroll ${join} && npx constat-agent run`
  const script = `${safe}${SCRIPT_PATH}`
  const [curl, wget] = fetchers(tlsPin)
  const unreached = `constat: ${safe} could not be reached; curl or wget says why above`
  const changed =
    'constat: install.sh is not the one this line was made for; make a new line on the collector, and if that fails too, something between changes it'
  return (
    `sh -c 'd=$(mktemp -d) && trap "rm -rf \\"$d\\"" EXIT && cd "$d" && ` +
    `{ ${curl} -o install.sh ${script} || ${wget} -O install.sh ${script} || { echo "${unreached}" >&2; exit 4; }; } && ` +
    `{ echo "${scriptDigest}  install.sh" | sha256sum -c >/dev/null 2>&1 || { echo "${changed}" >&2; exit 4; }; } && ` +
    `sh install.sh ${join}'`
  )
}

/** Both check the pin even where they are told to ask no authority. */
function fetchers(tlsPin: string | null): [curl: string, wget: string] {
  if (tlsPin === null) return ['curl -fsSL', 'wget -nv']
  const pin = curlPin(tlsPin)
  return [`curl -fsSk --pinnedpubkey ${pin}`, `wget -nv --no-check-certificate --pinnedpubkey=${pin}`]
}

/** Plain HTTP beyond this host: whoever set it so said that the network is their own. */
function isOpen(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/** Characters that mean something to a shell stand as percent codes, which an address means the same by. */
function shellSafe(url: string): string {
  return url.replaceAll(/[^A-Za-z0-9\-._~:/%[\]@]/g, (one) =>
    [...Buffer.from(one)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
