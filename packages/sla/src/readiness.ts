/**
 * Claim readiness: what a verdict still lacks before it can win a claim. Pure.
 * Codes are stable and stand in this order wherever they are shown.
 */

/** What the contract and the collector know. What nothing tells of yet is left out, and lacking. */
export type ReadinessFacts = {
  /** Sites that measure. */
  sites: number
  /** Reference checks that the provider does not answer for. */
  providerFreeReferences: number
  /** Whether somebody said of every measuring host who administers it. */
  administratorsDeclared: boolean
  /** Whether the provider agreed to the revision in force. */
  termsAgreed?: boolean
  clocksWithinBound: boolean
  /** Whether checkpoints carry a timestamp or the cosignature of a witness. */
  timestampsOrWitness?: boolean
  /** Whether a receiver ever accepted an alert of the contract, and whether the provider is known not to run it. */
  alertPath: 'none' | 'owner-unknown' | 'independent'
}

export const READINESS_CODES = [
  'more-sites',
  'references',
  'host-administrators',
  'provider-agreement',
  'clock-bound',
  'witness',
  'alert-path',
  'alert-path-owner',
] as const
export type ReadinessCode = (typeof READINESS_CODES)[number]

export type Readiness = { claimable: boolean; lacks: ReadinessCode[] }

/** One site can be said to have failed by itself; two agree. */
export const SITES_NEEDED = 2

const MET: Record<ReadinessCode, (facts: ReadinessFacts) => boolean> = {
  'more-sites': ({ sites }) => sites >= SITES_NEEDED,
  references: ({ providerFreeReferences }) => providerFreeReferences >= 1,
  'host-administrators': ({ administratorsDeclared }) => administratorsDeclared,
  'provider-agreement': ({ termsAgreed = false }) => termsAgreed,
  'clock-bound': ({ clocksWithinBound }) => clocksWithinBound,
  witness: ({ timestampsOrWitness = false }) => timestampsOrWitness,
  'alert-path': ({ alertPath }) => alertPath !== 'none',
  'alert-path-owner': ({ alertPath }) => alertPath !== 'owner-unknown',
}

export function readinessOf(facts: ReadinessFacts): Readiness {
  const lacks = READINESS_CODES.filter((code) => !MET[code](facts))
  return { claimable: lacks.length === 0, lacks }
}

/** `Not yet claimable: add a site, a reference the provider does not own.` In plain English. */
export function readinessSentence({ lacks }: Readiness, { sites }: Pick<ReadinessFacts, 'sites'>): string {
  if (lacks.length === 0) return 'Claimable.'
  return `Not yet claimable: add ${joined(lacks.map((code) => phraseOf(code, sites)))}.`
}

function phraseOf(code: ReadinessCode, sites: number): string {
  switch (code) {
    case 'more-sites':
      return SITES_NEEDED - sites > 1 ? 'two sites' : sites === 0 ? 'a site' : 'a second site'
    case 'references':
      return 'a reference that the provider does not own'
    case 'host-administrators':
      return 'who administers each host'
    case 'provider-agreement':
      return "the provider's agreement"
    case 'clock-bound':
      return 'clocks within their bound'
    case 'witness':
      return 'timestamps or a witness'
    case 'alert-path':
      return 'an alert path that does not run through the provider'
    case 'alert-path-owner':
      return 'that the provider does not run the host that takes the alerts'
  }
}

function joined(phrases: readonly string[]): string {
  return phrases.length < 2 ? (phrases[0] ?? '') : `${phrases.slice(0, -1).join(', ')} and ${phrases.at(-1)}`
}
