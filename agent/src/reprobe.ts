/**
 * Re-probing: whether one more try is due before the next slot, so that a change is confirmed or
 * withdrawn within seconds. The rule is that of the fold (N bad in a row confirm down, M good ones up,
 * unknown neither counts nor resets); it only decides when to look, never what was seen. A check that goes
 * on failing is looked at in brackets, so that the end of the outage is known as closely. Pure.
 */
/** `spoilt`: a failure that this host may have made itself. It says nothing, as all that is unknown. */
export type Seen = 'good' | 'bad' | 'unknown' | 'spoilt'
export type Confirm = { down: number; up: number }

export type Standing = {
  confirmed: 'up' | 'down' | null
  run: 'good' | 'bad' | null
  length: number
  /** Unknown tries in a row while a run was open. */
  unknowns: number
}

export const NOTHING_SEEN: Standing = { confirmed: null, run: null, length: 0, unknowns: 0 }
/** An agent that cannot tell stops asking at once and waits for the slot. */
const MAX_UNKNOWNS = 3

export function afterTry(
  before: Standing,
  { seen, confirm }: { seen: Seen; confirm: Confirm },
): { standing: Standing; again: boolean } {
  if (seen === 'unknown' || seen === 'spoilt') {
    const standing = { ...before, unknowns: before.unknowns + 1 }
    // What may be the first failure is looked at once more, at once.
    const most = isOpen(before) ? MAX_UNKNOWNS : seen === 'spoilt' ? 1 : 0
    return { standing, again: standing.unknowns <= most }
  }
  const length = before.run === seen ? before.length + 1 : 1
  const run = { run: seen, length, unknowns: 0 }
  const standing = { ...run, confirmed: confirmedBy(run, { before: before.confirmed, confirm }) }
  return { standing, again: isOpen(standing) }
}

function confirmedBy(
  { run, length }: { run: 'good' | 'bad'; length: number },
  { before, confirm }: { before: Standing['confirmed']; confirm: Confirm },
): Standing['confirmed'] {
  if (run === 'bad') return length >= confirm.down ? 'down' : before
  // Nothing was ever wrong: a first good sample has nothing to confirm.
  return before !== 'down' || length >= confirm.up ? 'up' : 'down'
}

/** Down is confirmed and goes on, and this agent can tell. */
export function isFailing({ run, confirmed, unknowns }: Standing): boolean {
  return run === 'bad' && confirmed === 'down' && unknowns <= MAX_UNKNOWNS
}

/** A run that speaks against what is confirmed, and has not yet won. */
export function isOpen({ run, confirmed }: Standing): boolean {
  return (run === 'bad' && confirmed !== 'down') || (run === 'good' && confirmed === 'down')
}
