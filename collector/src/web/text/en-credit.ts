/** English: why a credit line is what it is. Figures and names are the reader's already. Pure. */
import type { CreditForm } from '@constat/sla/credit/said'

/** What varies in a form, in words; what is not said is empty. */
export type CreditWords = Readonly<Record<string, string>>
type Say = (words: CreditWords) => string

export const creditEn = {
  ofBase: ({ why, share, base }: { why: string; share: string; base: string }) =>
    `${why}: ${share} of ${base}`,
  forms: {
    kept: (w) =>
      `rounded to ${w['digits']} ${w['digits'] === '1' ? 'digit' : 'digits'}, ${w['figure']} keeps the promise of ${w['target']}`,
    notMet: () => 'not met',
    tier: (w) => `${w['figure']} reached: the tier from ${w['from']}`,
    late: (w) => `late ${times(w['count'])}, ${w['each']} for each step of ${w['minutes']} min`,
    below: (w) => `${w['points']} points below ${w['target']}`,
    restoration: (w) => `value × lateness ÷ ${w['divisor']}, lateness ${w['late']}`,
    points: (w) => `${w['points']} points at ${w['amount']} each`,
    pool: (w) => `${w['atRisk']} at risk × ${w['pool']} of the pool × ${w['part']} of it`,
    repeat: (w) => `not met in the window before either: × ${w['multiplier']}`,
    sameCause: (w) => `the same incident is paid under ${w['guarantee']}: the highest only`,
    earnBack: (w) => `${w['percent']} earned back: met in the ${w['windows']} windows since`,
    misreport: (w) =>
      `${outages(w['count'])} absent from the provider’s statement: ${w['isFailure'] ? 'counts as one more failure' : 'noted'}`,
    cap: (w) =>
      `limit of ${w['percent']} of the ${w['months'] ? `charges of ${w['months']} months` : 'monthly charges'}${w['service'] ? ` of ${w['service']}` : ''}`,
    inARow: (w) => `not met ${times(w['times'])} in a row${absent(w)}`,
    within: (w) => `not met ${times(w['times'])} within ${w['windows']} windows${absent(w)}`,
    outages: (w) =>
      `${outages(w['count'])} within ${w['days']} days${w['until'] ? `; to be used before ${w['until']}` : ''}`,
  } satisfies Record<CreditForm, Say> as Record<CreditForm, Say>,
}

function times(count: string | undefined): string {
  return count === '1' ? 'once' : `${count} times`
}

function outages(count: string | undefined): string {
  return count === '1' ? '1 outage' : `${count} outages`
}

function absent({ absent: isAbsent }: CreditWords): string {
  return isAbsent ? ', and an outage left out of the statement' : ''
}
