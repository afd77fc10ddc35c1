/** Addresses of the collector: http or ws, with or without the path, become the one that is dialled. Pure. */
import { AGENT_PATH } from '@constat/shared/wire'

const SCHEMES: Record<string, string> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }

/** Addresses of one collector at most. */
export const MAX_ADDRESSES = 8

/** `wss://host/agent/v1`; null when the text is no such address. A path before it is kept. */
export function agentUrl(text: string): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const scheme = SCHEMES[url.protocol]
  if (!scheme || url.hostname === '') return null
  const path = url.pathname.replace(/\/+$/, '')
  const whole = path.endsWith(AGENT_PATH) ? path : `${path}${AGENT_PATH}`
  return `${scheme}//${url.host}${whole}`
}

/** The addresses of a comma separated list, as they stand. */
export function addressList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Why these cannot be the addresses of a collector; empty when they can. */
export function addressProblems(
  urls: readonly string[],
  { plain }: { plain: 'refused' | 'allowed' },
): string[] {
  const problems = urls.filter((url) => agentUrl(url) === null).map((url) => `${url} is no address`)
  if (urls.length > MAX_ADDRESSES) problems.push(`at most ${MAX_ADDRESSES} addresses`)
  if (plain === 'allowed') return problems
  const open = urls.filter((url) => isPlain(url) && !isLoopbackHost(new URL(url).hostname))
  return [...problems, ...open.map((url) => `${url} is not encrypted: names and figures could be read`)]
}

/** On this host: `localhost`, 127.0.0.0/8 and ::1, with or without brackets. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(host)
}

function isPlain(url: string): boolean {
  return agentUrl(url)?.startsWith('ws:') ?? false
}
