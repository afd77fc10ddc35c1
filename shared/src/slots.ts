/**
 * Slots: how much a batch may account for. A run of slots is three numbers, and each slot of it without a sample is a
 * reading that the fold has to make: what a frame unfolds to is bounded here, for the agent that writes it,
 * for the collector that takes it in, and for the fold of what was taken in before. Pure.
 */

/** Slots that one run may leave open; beyond, nothing was told, and time without evidence is unknown anyway. */
export const MAX_OPEN_SLOTS = 20_000
/** Slots of one batch, over all runs. Fifty checks every 10 s that did not run for a day have 432,000. */
export const MAX_SLOTS = 500_000

/** Readings that runs of these counts may unfold to. */
export function slotsOf(counts: readonly number[]): number {
  let slots = 0
  for (const count of counts) slots += count < MAX_OPEN_SLOTS ? count : MAX_OPEN_SLOTS
  return slots
}

/** Why a batch cannot be folded; null: it can. */
export function unfoldable({ schedule }: { schedule: { count: readonly number[] } }): string | null {
  const slots = slotsOf(schedule.count)
  return slots > MAX_SLOTS ? `it accounts for ${slots} slots, and a batch for ${MAX_SLOTS} at most` : null
}
