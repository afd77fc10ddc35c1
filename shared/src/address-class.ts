/**
 * Address classes: the one list of special IP addresses, for whom a webhook may reach and what an agent may probe.
 * Pure. Source: the IANA special-purpose address registries (RFC 6890), and where clouds have their metadata. What
 * embeds an IPv4 address is judged by that address.
 */
import { isIP, isIPv4 } from 'node:net'

export const ADDRESS_CLASSES = [
  'public',
  'loopback',
  'private',
  'link-local',
  'shared',
  'multicast',
  'metadata',
  'reserved',
  'unspecified',
] as const
export type AddressClass = (typeof ADDRESS_CLASSES)[number] | 'invalid'

type Range = { base: string; bits: number; is: AddressClass }

/** First match wins. */
const V4: readonly Range[] = [
  { base: '0.0.0.0', bits: 8, is: 'unspecified' },
  { base: '10.0.0.0', bits: 8, is: 'private' },
  { base: '100.100.100.200', bits: 32, is: 'metadata' },
  { base: '100.64.0.0', bits: 10, is: 'shared' },
  { base: '127.0.0.0', bits: 8, is: 'loopback' },
  { base: '168.63.129.16', bits: 32, is: 'metadata' },
  { base: '169.254.169.254', bits: 32, is: 'metadata' },
  { base: '169.254.170.2', bits: 32, is: 'metadata' },
  { base: '169.254.0.0', bits: 16, is: 'link-local' },
  { base: '172.16.0.0', bits: 12, is: 'private' },
  { base: '192.0.0.0', bits: 24, is: 'reserved' },
  { base: '192.0.2.0', bits: 24, is: 'reserved' },
  { base: '192.88.99.0', bits: 24, is: 'reserved' },
  { base: '192.168.0.0', bits: 16, is: 'private' },
  { base: '198.18.0.0', bits: 15, is: 'reserved' },
  { base: '198.51.100.0', bits: 24, is: 'reserved' },
  { base: '203.0.113.0', bits: 24, is: 'reserved' },
  { base: '224.0.0.0', bits: 4, is: 'multicast' },
  { base: '240.0.0.0', bits: 4, is: 'reserved' },
]

const V6: readonly Range[] = [
  { base: '::', bits: 128, is: 'unspecified' },
  { base: '::1', bits: 128, is: 'loopback' },
  { base: 'fd00:ec2::254', bits: 128, is: 'metadata' },
  { base: 'fd20:ce::254', bits: 128, is: 'metadata' },
  { base: 'fc00::', bits: 7, is: 'private' },
  { base: 'fe80::', bits: 10, is: 'link-local' },
  { base: 'fec0::', bits: 10, is: 'private' },
  { base: 'ff00::', bits: 8, is: 'multicast' },
  { base: '2001::', bits: 23, is: 'reserved' },
  { base: '2001:db8::', bits: 32, is: 'reserved' },
  { base: '2000::', bits: 3, is: 'public' },
]

/** Prefixes whose low-order or middle 32 bits are an IPv4 address that a translator or tunnel reaches. */
const EMBEDDED: readonly { base: string; bits: number; shift: bigint }[] = [
  { base: '::ffff:0:0', bits: 96, shift: 0n },
  { base: '::ffff:0:0:0', bits: 96, shift: 0n },
  { base: '64:ff9b::', bits: 96, shift: 0n },
  { base: '2002::', bits: 16, shift: 80n },
]

/** The class of an IP address as text, zone id allowed. Everything but `public` needs the operator's leave. */
export function addressClass(ip: string): AddressClass {
  const bare = ip.replace(/%.*$/, '')
  if (isIP(bare) === 0) return 'invalid'
  return isIPv4(bare) ? classOfV4(v4Number(bare)) : classOfV6(v6Number(bare))
}

function classOfV4(address: bigint): AddressClass {
  const range = V4.find(({ base, bits }) => within(address, v4Number(base), { bits, width: 32 }))
  return range?.is ?? 'public'
}

function classOfV6(address: bigint): AddressClass {
  const inner = embeddedV4(address)
  if (inner !== undefined) return classOfV4(inner)
  const range = V6.find(({ base, bits }) => within(address, v6Number(base), { bits, width: 128 }))
  // Only 2000::/3 is handed out; local NAT64 (64:ff9b:1::/48) and the rest of the space are not public.
  return range?.is ?? 'reserved'
}

/** The IPv4 address that an IPv6 address stands for, as text; undefined for any other address. */
export function embeddedAddress(ip: string): string | undefined {
  const bare = ip.replace(/%.*$/, '')
  const inner = isIP(bare) === 6 ? embeddedV4(v6Number(bare)) : undefined
  return inner === undefined
    ? undefined
    : [24n, 16n, 8n, 0n].map((shift) => (inner >> shift) & 0xffn).join('.')
}

function embeddedV4(address: bigint): bigint | undefined {
  const form = EMBEDDED.find(({ base, bits }) => within(address, v6Number(base), { bits, width: 128 }))
  return form && (address >> form.shift) & 0xffff_ffffn
}

function within(address: bigint, base: bigint, { bits, width }: { bits: number; width: number }): boolean {
  const shift = BigInt(width - bits)
  return address >> shift === base >> shift
}

function v4Number(ip: string): bigint {
  return ip.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
}

function v6Number(ip: string): bigint {
  // The URL parser writes a dotted tail as two groups of hexadecimal digits, and `::` in one way.
  const groups = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::').map(groupsOf)
  const [head = [], tail = []] = groups
  const zeros = Array<number>(8 - head.length - tail.length).fill(0)
  const all = groups.length === 2 ? [...head, ...zeros, ...tail] : head
  return all.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
