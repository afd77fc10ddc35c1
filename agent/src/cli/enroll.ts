/** `constat-agent enroll`: binds this host to a collector with a join token. */
import { Fault } from '@constat/shared/fault'
import { rawPublicKey } from '@constat/shared/signature'
import { enroll } from '../enroll.ts'
import { readSettings } from '../settings.ts'
import { EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

export type EnrollOptions = {
  format: Format
  dir?: string
  url?: string
  token?: string
  name?: string
  key?: string
}

export async function enrollHere(
  { format, name, ...given }: EnrollOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { dir, url, token, pin } = readSettings(terminal.env, given)
  const missing = [url === null ? '--url URL' : '', token === null ? '--token TOKEN' : ''].filter(
    (one) => one !== '',
  )
  if (url === null || token === null) throw new Fault('usage', `${missing.join(' and ')} missing`)
  const identity = await enroll({ dir, url, token, name: name ?? null, pin }, terminal)
  const id = identity.id.toString('hex')
  const collectorKey = identity.collectorKey.toString('base64')
  if (format === 'json') {
    const publicKey = rawPublicKey(identity.key).toString('base64')
    terminal.out(`${JSON.stringify({ agent: id, name: identity.name, dir, url, publicKey, collectorKey })}\n`)
  } else {
    terminal.out(`enrolled as ${identity.name} (${id}) in ${dir}\n`)
    if (!pin) terminal.out(`the collector's key was taken on first sight: ${collectorKey}\n`)
    terminal.out('start it with: constat-agent run\n')
  }
  return EXIT.done
}
