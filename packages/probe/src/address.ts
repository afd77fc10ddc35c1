/** Address rules alone, for probes that no collector asks for: what is sent, and where secrets go, is the caller's choice. */
import { createPolicy, type Policy, type Rule } from './policy.ts'

/** Addresses, or ranges in CIDR notation. */
export type AddressRanges = { allow: readonly string[]; deny: readonly string[] }

const OWN_HOST: Rule = {
  verdict: 'allow',
  match: { addresses: ['loopback', 'unspecified'] },
  why: 'the host itself',
}

/** Refuses metadata services, link-local addresses and what is denied, unless it is allowed. */
export function denyRule({ allow, deny }: AddressRanges): Policy {
  const rules: Rule[] = [
    { verdict: 'allow', match: { addresses: allow }, why: 'allowed by the caller' },
    { verdict: 'deny', match: { addresses: deny }, why: 'denied by the caller' },
    OWN_HOST,
  ]
  return { ...createPolicy({ rules, secrets: new Map() }), secretRefusal: () => undefined }
}
