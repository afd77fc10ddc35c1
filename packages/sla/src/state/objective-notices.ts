/** Notices of objectives: what the ledger holds of what was told of a guarantee in a window. Pure. */

export type ObjectiveEvent = 'at_risk' | 'breached'

export type ObjectiveNotice = { kind: 'objective'; deed: ObjectiveEvent; guarantee: string; window: string }

/** The notice in a parsed leaf, if it is one; most notices are of incidents. */
export function readObjective(parsed: object): ObjectiveNotice | null {
  // Our own leaf, written by the judge.
  const { kind, deed, guarantee, window } = parsed as Partial<ObjectiveNotice>
  if (kind !== 'objective' || !deed || guarantee === undefined || window === undefined) return null
  return { kind, deed, guarantee, window }
}

/** One is told once. */
export function objectiveKey({ deed, guarantee, window }: Omit<ObjectiveNotice, 'kind'>): string {
  return `${deed}/${guarantee}/${window}`
}
