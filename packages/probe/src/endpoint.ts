/** Endpoints in URLs of schemes that the URL standard does not know (`tcp://host:port`). Pure. */
import { asciiName, isHost } from '@constat/shared/target'

/** Host and port, or the sentence that says what is missing. */
export function endpointOf(url: URL, defaultPort?: number): { host: string; port: number } | string {
  const host = hostOf(url)
  const port = url.port === '' ? defaultPort : Number(url.port)
  if (host === undefined) return 'the address names no host'
  if (port === undefined || port < 1)
    return `${url.protocol}// needs a port: ${url.protocol}//${url.hostname}:PORT`
  return { host, port }
}

export function hostOf(url: URL): string | undefined {
  const host = asciiName(decoded(url.hostname)).replace(/^\[(.*)\]$/, '$1')
  return isHost(host) ? host : undefined
}

/** Such schemes leave other letters than ASCII percent-encoded. What is no encoding stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
