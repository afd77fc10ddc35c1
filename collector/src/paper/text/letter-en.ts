/** English of a claim: the letter, and what comes with it. Neutral words for the other side. Pure. */
import type { ReadinessCode } from '@constat/sla/readiness'

export const letterEn = {
  title: { required: 'Formal notice', 'not-required': 'Claim of a service credit' },
  to: 'To',
  date: (day: string | null) => `Date: ${day ?? '____________________'}`,
  subject: ({ amount, window }: { amount: string; window: string }) =>
    `Service credit of ${amount} for ${window}`,
  facts: {
    contract: 'Contract',
    reference: 'Reference',
    window: 'Window',
    terms: 'Terms',
    closing: 'Result',
  },
  terms: {
    agreed: ({ revision, at }: { revision: string; at: string }) =>
      `revision ${revision}, to which you agreed on ${at}`,
    objected: ({ revision, at }: { revision: string; at: string }) =>
      `revision ${revision}, to which you objected on ${at}`,
    unilateral: ({ revision }: { revision: string }) => `revision ${revision}, which you have not answered`,
  },
  closing: ({ version, at }: { version: string; at: string }) => `version ${version}, final since ${at}`,
  opening: ({ contract, window }: { contract: string; window: string }) =>
    `Under the contract “${contract}”, the guarantees below were not met on measured data in ${window}.`,
  results: 'What was promised, and what was measured',
  binding: (figure: string) =>
    `What decides is ${figure}. Time without evidence is counted against nobody, and stands in the report.`,
  head: {
    guarantee: 'Guarantee',
    clause: 'Clause',
    promised: 'Promised',
    measured: 'Measured',
    line: 'Computed',
    amount: 'Amount',
  },
  credit: ({ clause, amount, tax }: { clause: string; amount: string; tax: string }) =>
    `By clause ${clause} this comes to a credit of ${amount}, ${tax}:`,
  total: 'Total',
  notice: {
    required: 'This letter is the formal notice that the contract requires.',
    'not-required': 'The contract requires no formal notice; this letter gives one.',
  },
  claimUntil: (at: string) => `The time to claim runs until ${at}.`,
  late: (at: string) => `The time to claim ended at ${at}; this claim is made after it.`,
  yours: 'What you can do',
  answer: (until: string | null) =>
    until === null
      ? 'Accept the claim in whole or in part, or dispute it with your reasons. The contract sets no time for it.'
      : `Accept the claim in whole or in part, or dispute it with your reasons, until ${until}.`,
  answerDays: ({ days, kind }: { days: string; kind: string }) =>
    `Accept the claim in whole or in part, or dispute it with your reasons, within ${days} days (${kind}) of this notice.`,
  silence: {
    none: 'Silence binds neither side.',
    acceptance: (clause: string) => `By clause ${clause}, silence past that time counts as acceptance.`,
    rejection: (clause: string) => `By clause ${clause}, silence past that time counts as rejection.`,
  },
  recompute: ({ file, digest }: { file: string; digest: string }) =>
    `Compute every figure again, offline, from the samples that the agents signed: the file ${file} (SHA-256 ${digest}) holds all of them. Exit 0 means that the figures are reproduced.`,
  command: (command: string) => `Command: ${command}`,
  statement: 'Hand in your own list of outages: it is held against the measurement, outage by outage.',
  exclusion: (until: string) =>
    `Declare time that the contract excuses, or accept what was declared. What is accepted before ${until} amends the result.`,
  loss: {
    exclusive: 'By the contract, the credit settles the loss.',
    open: 'By the contract, the credit does not settle the loss. All other rights are reserved.',
  },
  enclosed: 'Enclosed',
  sign: ['For the customer', '', '____________________'],
  foot: ({ contract, digest }: { contract: string; digest: string }) => `${contract} · results ${digest}`,
  dayKind: {
    calendar: 'calendar days',
    working: 'working days',
    ouvrables: 'days but Sundays and holidays',
    'clear-working': 'clear working days',
    clear: 'clear days',
  },
  file: {
    letter: 'the letter',
    report: 'the report of the window, as the provider sees it',
    incidents: 'the incidents of the window, one a line',
    evidence: 'everything that the window is judged on, for constat-verify',
  },
  readme: {
    title: ({ contract, window }: { contract: string; window: string }) => `Claim: ${contract}, ${window}`,
    own: 'This file is yours: it says what the claim still lacks. Send the others.',
    inside: 'What is inside',
    supports: 'What corroborates it',
    lacks: 'What it still lacks',
    nothing: 'Nothing.',
    standing: 'Where it stands',
    check: 'How it is checked',
    checkText: ({ leaf }: { leaf: string }) =>
      `The closing that the letter cites is entry ${leaf} of the log. Exit 0: the figures are reproduced.`,
    newer: ({ cited, newest }: { cited: string; newest: string }) =>
      `The claim cites version ${cited}. The window was amended since: the evidence holds both, and its \`result.json\` is version ${newest}.`,
    next: 'What to do next',
    send: 'Date and sign the letter, send it as the contract asks for, and record it: Claims, or `POST …/notify`.',
    wait: (at: string) => `The provider may answer until ${at}.`,
    settle: 'Record what was credited or set off: Claims, or `POST …/settle`.',
    done: 'Nothing: it is settled.',
  },
  has: {
    'more-sites': 'two sites or more measure it',
    references: 'a reference that the provider does not own answers beside it',
    'host-administrators': 'it is declared who administers each host',
    'provider-agreement': 'the provider agreed to the terms',
    'clock-bound': 'the clocks are within their bound',
    witness: 'checkpoints carry a timestamp or a witness',
    'alert-path': 'alerts were accepted by a receiver',
    'alert-path-owner': 'the provider does not run the host that takes the alerts',
  } satisfies Record<ReadinessCode, string>,
}

export type LetterText = typeof letterEn
