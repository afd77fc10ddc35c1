/**
 * Said: what the text of a credit line or a right says, taken apart, so that it can be told in another language. The texts
 * stand in closings, under their digests, in these forms for ever: they are read, and never written otherwise. Pure.
 */

const NUMBER = String.raw`-?\d+(?:\.\d+)?`
const NAME = String.raw`[A-Za-z0-9][A-Za-z0-9._-]*`
/** The share of the base that a reason is worth. */
const OF_BASE = new RegExp(`^(?<why>.+): (?<share>${NUMBER}) % of (?<base>${NUMBER})$`)

/** Each form with a name for what varies in it. */
const FORMS = {
  kept: `(?<figure>${NUMBER}) % to (?<digits>\\d+) digits keep (?<target>${NUMBER}) %`,
  notMet: 'not met',
  tier: `(?<figure>${NUMBER}) % reached, from (?<from>${NUMBER}) %`,
  late: `(?<count>\\d+) × late, (?<each>${NUMBER}) % for each step of (?<minutes>${NUMBER}) min`,
  below: `(?<points>${NUMBER}) points below (?<target>${NUMBER}) %`,
  restoration: `V × R ÷ (?<divisor>${NUMBER}): R = (?<late>${NUMBER})`,
  points: `(?<points>${NUMBER}) points × (?<amount>${NUMBER})`,
  pool: `(?<atRisk>${NUMBER}) % at risk × (?<pool>${NUMBER}) % of the pool × (?<part>${NUMBER}) % of it`,
  repeat: `not met in the window before either: × (?<multiplier>${NUMBER})`,
  sameCause: `the same incident is paid under (?<guarantee>${NAME}): the highest only`,
  earnBack: `(?<percent>${NUMBER}) % earned back: met in (?<windows>\\d+) windows since`,
  misreport: `(?<count>\\d+) outage\\(s\\) absent from the provider's statement: (?<counts>counts as one more failure|noted)`,
  cap: `limit of (?<percent>${NUMBER}) % of the (?:monthly charges|charges of (?<months>\\d+) months)(?: of (?<service>${NAME}))?`,
  inARow: `not met (?<times>\\d+) times in a row(?<absent>, and an outage left out of the statement)?`,
  within: `not met (?<times>\\d+) times within (?<windows>\\d+) windows(?<absent>, and an outage left out of the statement)?`,
  outages: `(?<count>\\d+) outage\\(s\\) within (?<days>\\d+) days(?:; to be used before (?<until>\\S+))?`,
} as const

export type CreditForm = keyof typeof FORMS
/** Numbers as the contract has them, names as its documents do; what is not said is missing. */
export type CreditParts = Readonly<Record<string, string | undefined>>

export type CreditSaid = {
  form: CreditForm
  parts: CreditParts
  /** What it comes to, in the contract's currency; null: it says none. */
  ofBase: { share: string; base: string } | null
}

// Keys of a literal: exactly the forms.
const PATTERNS = (Object.keys(FORMS) as CreditForm[]).map((form) => ({
  form,
  pattern: new RegExp(`^${FORMS[form]}$`),
}))

/** Null: a text of no form that is known. */
export function creditSaid(text: string): CreditSaid | null {
  const whole = OF_BASE.exec(text)?.groups
  const { why = text, share, base } = whole ?? {}
  for (const { form, pattern } of PATTERNS) {
    const found = pattern.exec(why)
    if (!found) continue
    return { form, parts: { ...found.groups }, ofBase: share && base ? { share, base } : null }
  }
  return null
}
