/** Last window: what the last closed window would have been under other terms, as the collector works it out. */
import { Fault } from '@constat/shared/fault'
import type { PreviewVerdict, PreviewView } from '../view/window.ts'
import type { Client } from './client.ts'

/** Null: no window of the contract has closed yet. */
export async function lastWindowUnder(
  client: Client,
  { contract, text }: { contract: string; text: string },
): Promise<PreviewView | null> {
  try {
    const path = `/contracts/${encodeURIComponent(contract)}/preview`
    // The collector answers what `PreviewView` says: it is made from it.
    return (await client.post(path, text, { type: 'application/yaml' })) as PreviewView
  } catch (error) {
    if (error instanceof Fault && error.code === 'not-found') return null
    throw error
  }
}

export function lastWindowLines({ window, guarantees, credit }: PreviewView): string[] {
  const changed = guarantees.filter(({ inForce, proposed }) => outcomeText(inForce) !== outcomeText(proposed))
  if (changed.length === 0 && credit.inForce === credit.proposed)
    return [`the last closed window, ${window}, would have been the same`]
  const total =
    credit.inForce === credit.proposed
      ? []
      : [`  credit in all: was ${amountText(credit, 'inForce')}, would be ${amountText(credit, 'proposed')}`]
  return [
    `the last closed window, ${window}, under it:`,
    ...changed.map(({ guarantee, inForce, proposed }) => {
      return `  ${guarantee}: was ${outcomeText(inForce)}, would be ${outcomeText(proposed)}`
    }),
    ...total,
  ]
}

function outcomeText(outcome: PreviewVerdict['inForce']): string {
  if (!outcome) return 'not promised'
  const { verdict, coverage, credit } = outcome
  const paid = credit === null ? '' : `, credit ${credit}`
  return `${verdict}, coverage ${coverage ?? '-'}${paid}`
}

function amountText(credit: PreviewView['credit'], side: 'inForce' | 'proposed'): string {
  const amount = credit[side]
  return amount === null ? 'none' : `${amount} ${credit.currency ?? ''}`.trim()
}
