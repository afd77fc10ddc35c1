/**
 * Semantics version: an integer that every closing names. Pure.
 *
 * It moves when any verdict could: when the same ledger and the same terms would give another result than
 * before, in any figure, on any input; and when anything else under the digest of a closing would, the words of
 * a credit line among it. It does not move for speed, or for what is told beside a result, such as the trace.
 * A window is judged again by the rules of the version that closed it.
 */
export const SEMANTICS_VERSION = 4

/** What a window is judged by, where versions differ. */
export type Rules = {
  /** What a blocked attempt or answer counts as, where the contract counts blocked time as down. */
  blockedSlots: 'fail' | 'unknown'
  /** Whether results tell how much of the unknown time was blocked. */
  tellsBlocked: boolean
  /** Which declarations a window is told of: every one of the contract, or those that can touch it. */
  declared: 'every' | 'touching'
  /**
   * What an answer is to a latency share, at an instant that is not counted as up and not proved down: as good as
   * lost, or in time or late as it was, by the figure.
   */
  unsureAnswers: 'missing' | 'either'
  /**
   * How a latency share takes excused time that stays in the denominator: what answered in it as good, and its state
   * as up; or apart, every slot of it as good, and the states around it as they were seen.
   */
  excusedLatency: 'answered' | 'apart'
  /** What reaches `minimumSamples` of a latency share: all that is counted, or what is proved up. */
  enoughOf: 'counted' | 'proved'
  /** By what a proved outage is one of those that there may have been in time that counts: its proof, or its reach. */
  provedAtEdge: 'proof' | 'reach'
}

const BEFORE_4 = {
  unsureAnswers: 'missing',
  excusedLatency: 'answered',
  enoughOf: 'counted',
  provedAtEdge: 'proof',
} as const

const BY_VERSION = {
  2: { ...BEFORE_4, blockedSlots: 'unknown', tellsBlocked: false, declared: 'every' },
  3: { ...BEFORE_4, blockedSlots: 'fail', tellsBlocked: true, declared: 'touching' },
  4: {
    blockedSlots: 'fail',
    tellsBlocked: true,
    declared: 'touching',
    unsureAnswers: 'either',
    excusedLatency: 'apart',
    enoughOf: 'proved',
    provedAtEdge: 'reach',
  },
} as const satisfies Record<number, Rules>

/** What is open is judged by. */
export const NEWEST_RULES: Rules = BY_VERSION[SEMANTICS_VERSION]

/** Null: of a version that this program has no rules for. */
export function rulesOf(semantics: number): Rules | null {
  const known: Readonly<Record<number, Rules>> = BY_VERSION
  return known[semantics] ?? null
}
