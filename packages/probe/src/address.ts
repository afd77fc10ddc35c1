/**
 * Addresses an agent may dial. Link-local and cloud metadata addresses are denied unless the host's
 * owner allows them: a collector that has been taken over must not read a host's cloud credentials.
 * Pure: decides on the address actually dialled, so no name can get around it.
 */
import { BlockList, isIP } from 'node:net'

/** Always denied unless allowed by name: link-local, and the metadata services outside it. */
const DENIED_BY_DEFAULT = [
  '169.254.0.0/16',
  'fe80::/10',
  'fd00:ec2::254/128',
  '100.100.100.200/32',
  '168.63.129.16/32',
] as const

/** Ranges in CIDR notation or single addresses. */
export type AddressPolicy = { allow: readonly string[]; deny: readonly string[] }

/** True for an address that must not be dialled. An allowed range wins over a denied one. */
export function denyRule({ allow, deny }: AddressPolicy): (address: string) => boolean {
  const allowed = listOf(allow)
  const denied = listOf([...DENIED_BY_DEFAULT, ...deny])
  return (address) => {
    const bare = address.split('%')[0] ?? address
    const family = isIP(bare) === 6 ? 'ipv6' : 'ipv4'
    return denied.check(bare, family) && !allowed.check(bare, family)
  }
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
