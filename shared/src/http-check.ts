/**
 * What an HTTP check may say, for whoever writes one (a contract) and for whoever runs it (an agent):
 * limits, and the rules that hold between fields. Pure. Problems are sentences without a subject.
 */

export const HTTP_LIMITS = {
  urlChars: 2_048,
  headers: 32,
  headerNameChars: 200,
  headerValueChars: 8_192,
  bodyChars: 65_536,
  /** Of a text that the body must hold or lack, or of one side of an extraction. */
  textChars: 4_000,
  statuses: 100,
  jsonRules: 32,
  redirects: 20,
  bodyBytes: 16 * 1024 * 1024,
  degradedMs: 3_600_000,
  usernameChars: 200,
  steps: 20,
  stepNameChars: 120,
  /** Values taken from the answer to one step. */
  extractions: 16,
} as const

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Field content of RFC 9110, 5.5, in Latin-1: what can go on the wire as it stands. */
// oxlint-disable-next-line no-control-regex -- the tab is the one control that may stand there
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Framing and the connection are the agent's: one of these by hand would break the exchange. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** RFC 7617, 2: a user name holds no colon; nor controls, nor does a password. */
// oxlint-disable-next-line no-control-regex -- controls are what is looked for
const USERNAME = /^[^:\x00-\x1f\x7f]+$/

export function isHeaderValue(value: string): boolean {
  return HEADER_VALUE.test(value)
}

export function headerProblem(name: string, value: string): string | undefined {
  if (name.length > HTTP_LIMITS.headerNameChars) return 'is too long for the name of a header'
  if (!HEADER_NAME.test(name)) return 'is no name of a header'
  if (OWN_HEADERS.has(name.toLowerCase())) return 'is set by the agent: remove it'
  if (value.length > HTTP_LIMITS.headerValueChars)
    return `is longer than ${HTTP_LIMITS.headerValueChars} characters`
  return HEADER_VALUE.test(value) ? undefined : 'holds characters that no header may carry'
}

export function usernameProblem(username: string): string | undefined {
  if (username.length > HTTP_LIMITS.usernameChars)
    return `is longer than ${HTTP_LIMITS.usernameChars} characters`
  return USERNAME.test(username) ? undefined : 'should be a user name, without a colon'
}

export function urlProblem(text: string): string | undefined {
  if (text.length > HTTP_LIMITS.urlChars) return `is longer than ${HTTP_LIMITS.urlChars} characters`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '') return undefined
  return 'should be an http or https URL, such as https://intranet.example/login'
}

/** A proxy is named by host and port alone: credentials do not belong into a document that two parties read. */
export function proxyProblem(text: string): string | undefined {
  const url = text.length <= HTTP_LIMITS.urlChars && URL.canParse(text) ? new URL(text) : undefined
  const plain = url && url.href === `http://${url.host}/` && url.port !== '' && url.hostname !== ''
  // The URL standard drops port 80 of http, which a proxy may well listen on.
  const bare = url && /^http:\/\/[^/@?#]+:80\/?$/.test(text) && url.href === `http://${url.host}/`
  return plain || bare ? undefined : 'should be http://host:port, as http://proxy.example:3128'
}

/** Absent and undefined are one here: both a schema's output and a spec fit. */
export type Conflictable = {
  requests: readonly { url: string; headers?: Readonly<Record<string, string>> | undefined }[]
  auth?: unknown
  family?: unknown
  proxy?: unknown
}

export type Conflict = { field: 'auth' | 'family'; message: string }

/** Fields that cannot stand beside each other. */
export function httpConflicts({ requests, auth, family, proxy }: Conflictable): Conflict[] {
  const found: Conflict[] = []
  const hasOwn = requests.some(({ url, headers = {} }) => {
    const named = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
    return named || /^https?:\/\/[^/?#]*@/i.test(url)
  })
  if (auth !== undefined && hasOwn) {
    const message = 'stands beside credentials in a header or in the URL: remove those'
    found.push({ field: 'auth', message })
  }
  if (family !== undefined && proxy !== undefined) {
    found.push({
      field: 'family',
      message: 'has no meaning beside proxy, which chooses the address: remove it',
    })
  }
  return found
}
