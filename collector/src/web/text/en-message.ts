/** English: what is told in messages, and the page that a message leads to. */
import { gatheredEn } from './en-gathered.ts'

export type Spoken = {
  who: string
  /** When it began, with its zone. */
  since: string
  /** "503", "no answer in time". */
  cause: string
  /** "from 3 of 3 places"; empty where none is counted. */
  places: string
  /** How long it lasted, or nobody has answered. */
  length: string
  window: string
  /** What is named beside: a party, a guarantee, days. */
  what: string
}

export const messageEn = {
  ...gatheredEn,
  places: ({ failing, all }: { failing: number; all: number }) =>
    all === 1 ? 'from the only place' : `from ${failing} of ${all} places`,
  opened: ({ who, since, cause, places }: Spoken) =>
    `${who} is down since ${since}: ${[cause, places].filter(Boolean).join(' ')}`,
  updated: ({ who, since, what }: Spoken) =>
    `${who}: its outage began ${since}, ${what === '' ? 'and goes on' : `and ended ${what}`}`,
  closed: ({ who, length }: Spoken) => `${who} is up again: down for at least ${length}`,
  reopened: ({ who, since }: Spoken) => `${who} is down again: its outage of ${since} goes on`,
  merged: ({ who, since }: Spoken) => `${who}: the outage of ${since} is part of another one`,
  acknowledged: ({ who, since }: Spoken) => `${who}: somebody has it in hand, down since ${since}`,
  escalated: ({ who, since, length }: Spoken) =>
    `${who} is down since ${since}, and nobody has answered for ${length}`,
  siteUnreachable: ({ who, since }: Spoken) => `Nobody is heard at ${who} since ${since}`,
  siteBack: ({ who }: Spoken) => `${who} is heard again`,
  agentSilent: ({ who, since }: Spoken) => `The agent ${who} is silent since ${since}`,
  agentBack: ({ who }: Spoken) => `The agent ${who} is heard again`,
  atRisk: ({ who, what, window }: Spoken) => `${who}: the budget of ${what} burns too fast in ${window}`,
  breached: ({ who, what, window }: Spoken) => `${who}: ${what} is not met in ${window}, on measured data`,
  finalised: ({ who, window }: Spoken) => `${who}: the window ${window} is final`,
  amended: ({ who, window }: Spoken) => `${who}: the window ${window} has a new version`,
  exclusion: ({ who, what }: Spoken) => `${who}: ${what} says that some time should not count`,
  anomaly: ({ who }: Spoken) => `${who}: something is wrong with the evidence`,
  root: ({ who, what }: Spoken) => `${who}: the evidence log as it was on ${what}`,
  certificate: ({ who, what }: Spoken) => `${who}: its certificate ends in ${what}`,
  deadline: ({ who, window, what }: Spoken) => `${who}: ${what} left to claim for ${window}`,
  termsAgreed: ({ who }: Spoken) => `${who}: the provider agrees to the terms`,
  termsObjected: ({ who }: Spoken) => `${who}: the provider objects to the terms`,
  penaltyNotified: ({ who, window }: Spoken) => `${who}: a penalty is notified for ${window}`,
  penaltyAnswered: ({ who, window }: Spoken) => `${who}: the penalty for ${window} is answered`,
  report: ({ who, window }: Spoken) => `${who}: the report of ${window} is ready`,
  test: () => 'A test message of Constat',
  days: (n: number) => (n === 1 ? '1 day' : `${n} days`),
  label: {
    failure: 'First failure',
    keep: 'To be kept',
    message: 'Message',
    guarantee: 'Guarantee',
    window: 'Window',
    from: 'From',
    to: 'To',
    deadline: 'Deadline',
    silent: 'Silent since',
  },
  keepRoot:
    'Keep this letter. Whatever log you are shown later has to extend this head: `constat-verify BUNDLE --head FILE`, with the attached file, says whether it does.',
  open: 'Open in Constat',
  acknowledge: 'I have it in hand',
  acknowledgeNote: 'Opens a page with a button. Nothing is acknowledged before that is pressed.',
  sentBy: ({ contract }: { contract: string }) =>
    `Sent by Constat, which measures for ${contract}. Nobody reads answers to this address.`,
  sentByAll: 'Sent by Constat. Nobody reads answers to this address.',
  page: {
    title: 'Acknowledge',
    sentence: 'Whoever presses the button has it in hand: everybody who was told is told that too.',
    button: 'I have it in hand',
    done: (at: string) => `Acknowledged ${at}. Everybody who was told hears of it.`,
    together: (n: number) => `${n} incidents of one cause`,
    over: 'It is over: there is nothing to acknowledge any more.',
    refused: 'This link is not good any more.',
    refusedHelp: 'It is good for one incident and two weeks. Sign in to see how things stand.',
  },
}
