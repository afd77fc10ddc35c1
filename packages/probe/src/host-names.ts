/**
 * Host names: what the host itself knows before any resolver is asked: the hosts file, `localhost`
 * (RFC 6761), and the search list and `ndots` of resolv.conf (`dns.Resolver` reads none of them). Parsing is
 * pure; the two files are read again when they change.
 */
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { bareName } from '@constat/shared/target'

export type Family = 4 | 6
export type HostsTable = ReadonlyMap<string, readonly string[]>

const MAX_SYSTEM_FILE_BYTES = 1024 * 1024

/** Lower-case name → its addresses in the order of the file (hosts(5)). */
export function parseHosts(text: string): HostsTable {
  const table = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (!address || isIP(address) === 0) continue
    for (const name of names) {
      const key = name.toLowerCase()
      const addresses = table.get(key)
      if (addresses) addresses.push(address)
      else table.set(key, [address])
    }
  }
  return table
}

/** `search`: undefined where no line names a domain. `ndots`: names with fewer dots are completed first. */
export type SearchRules = { search: readonly string[] | undefined; ndots: number }

const MAX_NDOTS = 15

/** The last `search` or `domain` line counts, and the last ndots (resolv.conf(5)); a keyword begins its line. */
export function parseSearch(text: string): SearchRules {
  let search: string[] | undefined
  let ndots = 1
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trimEnd().split(/[ \t]+/)
    if (word === 'search') search = rest
    if (word === 'domain') search = rest.slice(0, 1)
    const told = word === 'options' ? rest.findLast((option) => /^ndots:\d+$/.test(option)) : undefined
    if (told !== undefined) ndots = Math.min(Number(told.slice('ndots:'.length)), MAX_NDOTS)
  }
  return { search: search?.map((domain) => domain.replace(/^\.|\.$/g, '')), ndots }
}

/** One name that is asked for: as it was written, or completed. */
export type Candidate = { name: string; isWritten: boolean }

/**
 * The names to ask for, in the order of glibc (resolv/res_query.c): a name with enough dots first as it stands,
 * any other last; an absolute one never otherwise. The root in the search list is the name as it stands.
 */
export function candidatesOf(name: string, { search = [], ndots }: SearchRules): Candidate[] {
  if (name.endsWith('.')) return [{ name: bareName(name), isWritten: true }]
  const dots = name.split('.').length - 1
  const written = { name, isWritten: true }
  const completed = search.map((domain) =>
    domain === '' ? written : { name: `${name}.${domain}`, isWritten: false },
  )
  if (dots >= ndots) return [written, ...completed.filter((one) => one !== written)]
  return completed.includes(written) ? completed : [...completed, written]
}

/** Loopback for `localhost` and names below it, whatever a resolver would say. */
export function loopbackOf(name: string, family: Family | undefined): string | undefined {
  if (name !== 'localhost' && !name.endsWith('.localhost')) return undefined
  return family === 6 ? '::1' : '127.0.0.1'
}

/** First address of `name` in the table that is of the family asked for. */
export function lookupHosts(table: HostsTable, name: string, family: Family | undefined): string | undefined {
  const addresses = table.get(name) ?? []
  if (family !== undefined) return addresses.find((address) => isIP(address) === family)
  return addresses.find((address) => isIP(address) === 4) ?? addresses[0]
}

/** A change of a system file is seen this much later at most; asking at every probe costs. */
const LOOK_EVERY_MS = 2_000

/**
 * Reads and parses a file again only when it has changed; a missing file reads as empty text. `elapsedMs`
 * is a monotonic clock.
 */
export function watchedFile<T>(
  path: string,
  { parse, elapsedMs }: { parse: (text: string) => T; elapsedMs: () => number },
): () => Promise<T> {
  let seen = ''
  let parsed: T | undefined
  let lookedMs = -Infinity
  return async () => {
    if (parsed !== undefined && elapsedMs() - lookedMs < LOOK_EVERY_MS) return parsed
    lookedMs = elapsedMs()
    const facts = await stat(path).catch(() => null)
    const mark = facts ? `${facts.mtimeMs}/${facts.size}` : 'missing'
    if (parsed === undefined || mark !== seen) {
      const readable = facts !== null && facts.size <= MAX_SYSTEM_FILE_BYTES
      parsed = parse(readable ? await readFile(path, 'utf8').catch(() => '') : '')
      seen = mark
    }
    return parsed
  }
}
