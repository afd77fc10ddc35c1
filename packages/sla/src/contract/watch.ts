/**
 * Watch URLs: http, https, tcp, tls, dns and icmp, as the small contract and `up --watch` take them. Pure.
 */
import { DNS_TYPES, type ProbeSpec } from '@constat/shared/check'
import { Fault } from '@constat/shared/fault'
import { asciiName, isHost, isRecordName, parseServer } from '@constat/shared/target'

export const MAX_WATCH_LENGTH = 2048

const FORMS =
  'https://host/path, http://host, tcp://host:port, tls://host:port, dns://server/name?type=A or icmp://host'

type Parts = { scheme: string; host: string; port: number | null; path: string; query: URLSearchParams }

/** What is wrong with a watch URL, as a sentence; undefined when it can be probed. */
export function watchProblem(text: string): string | undefined {
  const read = readWatch(text)
  return typeof read === 'string' ? read : undefined
}

/** The probe a watch URL asks for. Fault `usage` when it asks for none. */
export function probeOfWatch(text: string): ProbeSpec {
  const read = readWatch(text)
  if (typeof read === 'string') throw new Fault('usage', `${JSON.stringify(text)} ${read}`)
  return read
}

/** A readable name: `https://orders.example/login` → `orders-example-login`; a record by name and type. */
export function slugOfWatch(text: string): string {
  const probe = readWatch(text)
  const record = typeof probe === 'object' && probe.kind === 'dns' ? `${probe.name} ${probe.type}` : text
  const body = record.replace(/^[a-z]+:\/\//i, '').replaceAll(/[^A-Za-z0-9]+/g, '-')
  return (
    body
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 80)
      .toLowerCase() || 'watched'
  )
}

/** Slugs of many URLs, told apart by their scheme and then by a number. */
export function slugsOfWatch(urls: readonly string[]): string[] {
  const taken = new Set<string>()
  return urls.map((url) => {
    const plain = slugOfWatch(url)
    const scheme = url.split(':')[0]!.toLowerCase()
    const candidates = [plain, `${scheme}-${plain}`]
    for (let i = 2; candidates.every((slug) => taken.has(slug)); i += 1) candidates.push(`${plain}-${i}`)
    const slug = candidates.find((candidate) => !taken.has(candidate))!
    taken.add(slug)
    return slug
  })
}

function readWatch(text: string): ProbeSpec | string {
  if (text.length > MAX_WATCH_LENGTH) return `is longer than ${MAX_WATCH_LENGTH} characters`
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme === 'http' || scheme === 'https') {
    if (!URL.canParse(text) || new URL(text).hostname === '') return `is no URL: write one of ${FORMS}`
    return { kind: 'http', url: text }
  }
  const parts = scheme === undefined ? undefined : split(text, scheme)
  if (!parts) return `is no URL that can be watched: write one of ${FORMS}`
  return probeOf(parts)
}

function probeOf({ scheme, host, port, path, query }: Parts): ProbeSpec | string {
  if (scheme === 'dns')
    return dnsProbe({
      server: port === null ? host : `${host}:${port}`,
      name: asciiName(path.slice(1)),
      query,
    })
  const bare = host.replace(/^\[([0-9A-Fa-f:.]+)\]$/, '$1')
  if (!isHost(bare)) return `names no host: write one of ${FORMS}`
  if (path.replace(/^\/$/, '') !== '') return `has a path, which ${scheme}:// does not: remove ${path}`
  if (scheme === 'tcp') {
    return port === null ? 'names no port: write tcp://host:port' : { kind: 'tcp', host: bare, port }
  }
  if (scheme === 'tls') return { kind: 'tls', host: bare, port: port ?? 443 }
  if (scheme !== 'icmp') return `has a scheme that cannot be watched: write one of ${FORMS}`
  return port === null
    ? { kind: 'icmp', host: bare, packets: 3 }
    : 'has a port, which icmp:// does not: remove it'
}

type RecordUrl = { server: string; name: string; query: URLSearchParams }

function dnsProbe({ server, name, query }: RecordUrl): ProbeSpec | string {
  const asked = (query.get('type') ?? 'A').toUpperCase()
  const type = DNS_TYPES.find((known) => known === asked)
  if (name.includes('/') || !isRecordName(name)) return 'names no record: write dns://server/name?type=A'
  if (type === undefined) return `asks for the type ${asked}: write one of ${DNS_TYPES.join(', ')}`
  if (server !== '' && !parseServer(server))
    return `names no server that can be: write dns://192.0.2.1/${name}`
  return server === '' ? { kind: 'dns', name, type } : { kind: 'dns', name, type, server }
}

/** By hand: URL gives schemes it does not know no host rules, and refuses some hosts that resolve. */
function split(text: string, scheme: string): Parts | undefined {
  const match = /^[a-z]+:\/\/(\[[^\]]*\]|[^/:?#]*)(?::(\d{1,5}))?(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(text)
  if (!match) return undefined
  const port = match[2] === undefined ? null : Number(match[2])
  if (port !== null && (port < 1 || port > 65535)) return undefined
  return {
    scheme,
    host: asciiName(match[1]!),
    port,
    path: match[3] ?? '',
    query: new URLSearchParams(match[4] ?? ''),
  }
}
