/** `constat-agent enroll`: binds this host to a collector with a join token. */
import { Fault } from '@constat/shared/fault'
import { rawPublicKey } from '@constat/shared/signature'
import { enroll } from '../enroll.ts'
import { readSettings, type Given, type Settings } from '../settings.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

export type EnrollOptions = { format: Format; name?: string } & Given

export async function enrollHere(
  { format, name, ...given }: EnrollOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const settings = readSettings(terminal.env, given)
  const { dir, urls, collectorKey: pinned } = settings
  const identity = await enroll({ ...demandJoin(settings), name: name ?? null, env: terminal.env }, terminal)
  const id = identity.id.toString('hex')
  const collectorKey = identity.collectorKey.toString('base64')
  if (format === 'json') {
    const publicKey = rawPublicKey(identity.key).toString('base64')
    terminal.out(
      `${JSON.stringify({ agent: id, name: identity.name, dir, url: urls[0], urls, publicKey, collectorKey })}\n`,
    )
  } else {
    terminal.out(`enrolled as ${identity.name} (${id}) in ${dir}\n`)
    if (!pinned && !identity.tlsPin)
      terminal.out(`the collector's key was taken on first sight: ${collectorKey}\n`)
    terminal.out('start it with: constat-agent run\n')
  }
  return EXIT.done
}

/** What takes an address and a token; a `usage` Fault names both when they are missing. */
export function demandJoin(settings: Settings): Settings & { token: string } {
  const { urls, token } = settings
  if (urls.length > 0 && token !== null) return { ...settings, token }
  const missing = [urls.length === 0 ? '--url URL' : '', token === null ? '--token TOKEN' : '']
  throw new Fault('usage', `${missing.filter((one) => one !== '').join(' and ')} missing`)
}
