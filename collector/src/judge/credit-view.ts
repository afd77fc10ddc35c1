/** Views of money: what a window is worth by the contract, and what its outages cost. Types only. */

export type CreditRule = 'schedule' | 'same-cause' | 'repeat' | 'earn-back' | 'cap' | 'misreport'

export type CreditLineView = {
  /** Null: a line over several guarantees. */
  guarantee: string | null
  service: string | null
  clause: string | null
  rule: CreditRule
  text: string
  /** Decimal text; what takes away is negative. */
  amount: string
}

export type GuaranteeCreditView = { amount: string; currency: string; lines: CreditLineView[] }

/** The credits of a whole window, caps over several guarantees included. */
export type CreditsView = {
  /** Nobody has notified anything: it is what the measurement comes to. */
  state: 'theoretical'
  currency: string
  tax: 'outside-vat' | 'vat-included' | 'vat-excluded'
  total: string
  lines: CreditLineView[]
  rights: { id: string; right: string; clause: string | null; text: string }[]
  /** Whether the credit settles the loss. */
  exclusive: boolean
  claim: {
    deadlineAt: string
    formalNotice: 'required' | 'not-required'
    silence: 'none' | 'acceptance' | 'rejection'
  } | null
}

/** What the outages of a window cost, by a private document; told beside the credit, never added to it. */
export type LossView = {
  model: string
  currency: string
  total: string
  lines: { service: string; onsetAt: string; minutes: string; amount: string }[]
  showToProvider: boolean
}
