/** Views of exclusions: who declared what, what was answered, and what the contract makes of it. Types only. */

/** `counts`: it excuses. `contested`: told both ways. `refused`: by the contract's rule. `waiting`: for an answer. */
export type ExclusionStanding = 'counts' | 'contested' | 'waiting' | 'refused'

export type ExclusionView = {
  id: string
  contract: string
  /** Null: every service of the contract. */
  service: string | null
  kind: string
  clause: string | null
  start: string
  end: string
  /** When it is said to have been announced; null: not otherwise than by this. */
  announcedAt: string | null
  /** Whether the record or the other side confirms that. */
  announcementOnRecord: boolean
  announced: { start: string; end: string } | null
  reason: string
  declaredAt: string
  /** Declared when the time it should excuse had begun. */
  afterwards: boolean
  /** Party, and the side it stands on. */
  declaredBy: string
  side: 'customer' | 'provider'
  standing: ExclusionStanding
  refusals: string[]
  notice: { unit: 'elapsed-ms' | 'days'; given: number; required: number; isEnough: boolean } | null
  answers: {
    answer: 'accepted' | 'disputed'
    by: string
    side: 'customer' | 'provider'
    at: string
    note: string
  }[]
  /** What it excuses as things stand, guarantee by guarantee, in the window in which it begins. */
  effects: { guarantee: string; window: string; excusedMs: number; contested: boolean }[]
}
