/**
 * Policy: what the owner of a host lets checks do there, whatever a collector asks. Pure. Rules in order, the first
 * that fits decides, those of this file last; asked before every connection, about the address that is connected,
 * so that no name, redirect or proxy gets around it.
 */
import { BlockList, isIP } from 'node:net'
import {
  ADDRESS_CLASSES,
  addressClass,
  embeddedAddress,
  type AddressClass,
} from '@constat/shared/address-class'
import { HTTP_METHODS, type ProbeSpec } from '@constat/shared/check'
import { asciiName, bareName } from '@constat/shared/target'

/** What a probe is about to do. */
export type Act = {
  kind?: ProbeSpec['kind']
  /** As the check, or the redirect that is followed, names it; empty: nothing is asked. */
  host: string
  /** Null where it is not known here: another looks the name up. */
  address: string | null
  port: number | null
} & Doing

/** What happens on the connection, beyond what the agent says of its own. */
export type Doing = {
  /** Of an HTTP request. */
  method?: string
  /** Text of the check's choice is sent: `send` of a tcp check, the body of a request. */
  send?: boolean
}

/** Conditions, all of which hold; one that is absent always does. */
export type Match = {
  /** Ranges in CIDR notation, single addresses, or classes of addresses. */
  addresses?: readonly string[]
  /** Names, or `*.example.org` for all below one. */
  domains?: readonly string[]
  ports?: readonly PortRange[]
  kinds?: readonly string[]
  methods?: readonly string[]
  send?: boolean
}
export type PortRange = { from: number; to: number }
/** `why`: for people. */
export type Rule = { verdict: 'allow' | 'deny'; match: Match; why: string }

export type PolicyTerms = {
  rules: readonly Rule[]
  /** Secret → origins that it may go to; one that is not here goes nowhere. */
  secrets: ReadonlyMap<string, readonly string[]>
}

/** Answers are sentences that say why not. */
export type Policy = {
  refusal: (act: Act) => string | undefined
  /** Of a secret that is about to be sent to these origins, each of which sees it. */
  secretRefusal: (name: string, origins: readonly string[]) => string | undefined
}

const CHANGING = HTTP_METHODS.filter((method) => method !== 'GET' && method !== 'HEAD')
/** A wildcard address reaches the host itself, too. */
const OWN = ['loopback', 'unspecified'] as const satisfies readonly AddressClass[]
/** What a translator of the site makes of the addresses behind it is not known here (RFC 8215). */
const LOCAL_NAT64 = '64:ff9b:1::/48'

/** After those of the owner. What no rule speaks of is allowed. */
export const DEFAULT_RULES: readonly Rule[] = [
  {
    verdict: 'deny',
    match: { addresses: ['metadata', 'link-local', LOCAL_NAT64] },
    why: 'metadata services and link-local addresses',
  },
  { verdict: 'deny', match: { addresses: OWN, methods: CHANGING }, why: 'GET and HEAD alone on loopback' },
  { verdict: 'deny', match: { addresses: OWN, send: true }, why: 'nothing is sent to loopback' },
]

/** A rule that allows reaches one of these only where it names the address: a name can be made to lead anywhere. */
const GUARDED: ReadonlySet<AddressClass> = new Set(['metadata', 'link-local', ...OWN])

export function createPolicy({ rules, secrets }: PolicyTerms): Policy {
  const all = [...rules, ...DEFAULT_RULES].map((rule) => ({ ...rule, fits: matcherOf(rule) }))
  return {
    refusal(act) {
      const found = all.find(({ fits }) => fits(act))
      return found?.verdict === 'deny' ? `refused by this host: ${found.why}: ${shown(act)}` : undefined
    },
    secretRefusal(name, origins) {
      const allowed = secrets.get(name) ?? []
      const stranger = origins.find((origin) => !allowed.includes(origin))
      return stranger === undefined
        ? undefined
        : `refused by this host: the secret ${name} may not go to ${stranger}; its policy.json names the origins: {"secrets": {"${name}": ["${stranger}"]}}`
    },
  }
}

function shown({ kind, host, address, port, method, send = false }: Act): string {
  const target = [address ?? host, port === null ? '' : `port ${port}`].filter((part) => part !== '')
  const doing = [method ?? '', send ? 'with what the check sends' : ''].filter((part) => part !== '')
  return [kind ?? 'probe', ...doing, ...(target.length === 0 ? [] : ['to', ...target])].join(' ')
}

function matcherOf({ verdict, match }: Rule): (act: Act) => boolean {
  const { domains, ports, kinds, methods, send } = match
  const isAddress = addressMatcher(match.addresses, verdict)
  const isDomain = domains && domainMatcher(domains)
  return (act) =>
    (send === undefined || send === (act.send ?? false)) &&
    (kinds === undefined || (act.kind !== undefined && kinds.includes(act.kind))) &&
    (methods === undefined || (act.method !== undefined && methods.includes(act.method))) &&
    (ports === undefined ||
      ports.some(({ from, to }) => act.port !== null && from <= act.port && act.port <= to)) &&
    (isDomain === undefined || isDomain(act.host)) &&
    isAddress(act.address)
}

function domainMatcher(domains: readonly string[]): (host: string) => boolean {
  const plain = (name: string): string => bareName(asciiName(name)).toLowerCase()
  const wanted = domains.map(plain)
  return (host) => {
    const name = plain(host)
    return wanted.some((one) => (one.startsWith('*.') ? name.endsWith(one.slice(1)) : name === one))
  }
}

/** What is allowed is judged on the address reached; what is denied on every form of it. */
function addressMatcher(
  addresses: Match['addresses'],
  verdict: Rule['verdict'],
): (address: string | null) => boolean {
  if (addresses === undefined) {
    return (address) => verdict === 'deny' || address === null || !GUARDED.has(addressClass(address))
  }
  const classes = addresses.filter(isClass)
  const list = listOf(addresses.filter((one) => !isClass(one)))
  return (address) => {
    if (address === null) return false
    if (classes.some((one) => one === addressClass(address))) return true
    const bare = address.replace(/%.*$/, '')
    const inner = embeddedAddress(bare)
    const forms = inner === undefined ? [bare] : verdict === 'deny' ? [bare, inner] : [inner]
    return forms.some((form) => list.check(form, isIP(form) === 6 ? 'ipv6' : 'ipv4'))
  }
}

export function isClass(text: string): boolean {
  // Widening the tuple only lets `includes` take any text.
  return (ADDRESS_CLASSES as readonly string[]).includes(text)
}

/** Whether `range` is an address or a CIDR range. */
export function isRange(range: string): boolean {
  const [address = '', bits, ...rest] = range.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}
