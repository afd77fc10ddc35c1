/** The forms of a penalty, read as the API reads its bodies: local times and decimal commas, as people write them. Pure. */
import { formatInstant } from '@constat/shared/time'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { PenaltyAct } from '@constat/sla/state/penalty-record'
import { readForm } from '../../http/describe.ts'
import { PENALTY_BODIES } from '../../http/routes/penalties.ts'
import { instantIn, textOf, type Fields } from './exclusion-form.ts'

/** What an act says. Fault `bad-request` with every problem. */
export function penaltyForm(
  act: PenaltyAct,
  fields: Fields,
  { terms, zone }: { terms: ExpandedContract | null; zone: string },
) {
  const said = (key: string): string | undefined => textOf(fields, key) || undefined
  const typed = said('at')
  // What cannot be read is handed on as it is, so that it is refused by name.
  const atMs = typed === undefined || terms === null ? null : instantIn(typed, terms, zone)
  const at = typed === undefined ? undefined : atMs === null ? typed : formatInstant(atMs)
  const all = {
    note: said('note'),
    amount: said('amount')?.replaceAll(/\s/g, '').replace(',', '.'),
    means: said('means'),
    by: said('by'),
    forum: said('forum'),
    at,
  }
  const body = PENALTY_BODIES[act]
  const known = Object.entries(all).filter(([key, value]) => value !== undefined && key in body.shape)
  return readForm(body, Object.fromEntries(known))
}
