/** Addresses of the collector: http or ws, with or without the path, become the one that is dialled. Pure. */
import { AGENT_PATH } from '@constat/shared/wire'

const SCHEMES: Record<string, string> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }

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
