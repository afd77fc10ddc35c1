/** Notices of objectives: what the ledger holds of what was told of a guarantee in a window. Pure. */

export type ObjectiveDeed = 'at_risk' | 'breached'

export type ObjectiveNotice = { kind: 'objective'; deed: ObjectiveDeed; guarantee: string; window: string }

const MARK = Buffer.from('"kind":"objective"')

/** The notice in a leaf, if it is one; most notices are of incidents. */
export function readObjective(body: Buffer): ObjectiveNotice | null {
  if (!body.includes(MARK)) return null
  // Our own leaf, written by the judge; a text of another notice may hold the mark too.
  const parsed = JSON.parse(body.toString()) as Partial<ObjectiveNotice>
  const { kind, deed, guarantee, window } = parsed
  if (kind !== 'objective' || !deed || guarantee === undefined || window === undefined) return null
  return { kind, deed, guarantee, window }
}

/** One is told once. */
export function objectiveKey({ deed, guarantee, window }: Omit<ObjectiveNotice, 'kind'>): string {
  return `${deed}/${guarantee}/${window}`
}
