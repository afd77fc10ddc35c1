/**
 * Host names: those that this collector is known by. A page elsewhere can have its own name lead here (DNS
 * rebinding), and would then read what a browser on this network may. An address in digits cannot be led anywhere, so
 * every one of them is taken. Pure.
 */
import { isIP } from 'node:net'

/** Whether a request that names `host`, with or without a port, is answered. */
export type AnswersTo = (host: string) => boolean

export function hostNames(publicUrl: string, others: readonly string[]): AnswersTo {
  const known = new Set(['localhost', new URL(publicUrl).hostname, ...others].map(plain))
  return (host) => {
    const address = `http://${host}`
    if (!URL.canParse(address)) return false
    const name = plain(new URL(address).hostname)
    return known.has(name) || isIP(name) > 0
  }
}

function plain(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, '')
}
