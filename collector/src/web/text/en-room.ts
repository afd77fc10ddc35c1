/**
 * English of the incident room, of what people say there, and of the page for the customer's own users. Pure.
 */
const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

export const room = {
  kind: {
    note: { customer: 'Note by the customer', provider: 'Note by the provider' },
    dispute: { customer: 'Disputed by the customer', provider: 'Disputed by the provider' },
    trouble: { customer: 'It fails for a user', provider: 'It fails for the provider' },
  },
  sinceThen: (at: string) => `since ${at}, they say`,
  disputed: 'Disputed',
  disputedText: 'The provider disputes this incident. The figures stand as they were measured.',
  clocks: {
    title: 'Who knew when',
    reported: 'First user who said so',
    onset: 'First failed sample',
    detected: 'Confirmed',
    told: 'Somebody told',
    'provider-acknowledged': 'Acknowledged by the provider',
    'provider-stated': 'In a statement of the provider',
  },
  notYet: 'not yet',
  never: 'nobody did',
  atOnset: 'the start of the clock',
  later: (length: string) => `${length} later`,
  earlier: (length: string) => `${length} earlier`,
  happened: 'What happened, in order',
  acknowledgedBy: {
    owner: 'Acknowledged by the customer',
    viewer: 'Acknowledged',
    provider: 'Acknowledged by the provider',
  },
  declared: (kind: string) => `Declared as time that should not count: ${kind}`,
  excludedFrom: (kind: string) => `Time that should not count begins: ${kind}`,
  excludedTo: (kind: string) => `It ends: ${kind}`,
  recovered: 'Recovered',
  closed: 'Closed',
  recorded: 'Found after it was over',
  reopened: 'Down again: reopened',
  moved: ({ from, to }: { from: string; to: string | null }) =>
    to === null ? `Corrected: it began ${from}` : `Corrected: it lasted from ${from} to ${to}`,
  merged: 'Corrected: part of another incident',
  revised: 'Corrected: nothing of it is left',
  attributed: (zone: string) => `Zone: ${zone}`,
  told: 'Somebody’s system accepted the first message',
  opened: 'Confirmed and opened',
  onset: 'First failed sample',
  promised: 'What was promised of it',
  response: 'Response',
  restoration: 'Restoration',
  ofAtMost: ({ ran, within }: { ran: string; within: string }) => `${ran} of ${within} at most`,
  notStarted: (within: string) => `its clock has not started; ${within} at most`,
  running: 'still running',
  countsTitle: 'Does it count?',
  counts: ({ counted, down }: { counted: string; down: string }) =>
    counted === down ? `All of it: ${down}.` : `${counted} of ${down}.`,
  countsNot: 'None of it.',
  outside: (length: string) => `${length} lie outside service hours.`,
  excused: (length: string) => `${length} are excused by a declared exclusion.`,
  foreign: (owner: string) => `The zone is of ${owner}: the provider does not answer for it.`,
  leads: (t: { n: number; contract: string; detected: string; told: string; acknowledged: string }) =>
    `${t.contract}, ${plural(t.n, 'incident', 'incidents')} listed here: after the onset, at the median, confirmed ${t.detected}, somebody told ${t.told}, acknowledged by the provider ${t.acknowledged}.`,
  cost: 'Cost so far',
  costHelp: 'By the customer’s own model. It is told beside the credit, and never added to it.',
  summary: 'Summary to paste',
  note: 'Note for everybody in the room',
  noteHelp: 'Both sides read it. It is dated, and nobody can change it afterwards.',
  noteSend: 'Add the note',
  dispute: 'Why the provider disputes this',
  disputeHelp: 'It is said beside the figures, which do not change.',
  disputeSend: 'Dispute it',
}

export const status = {
  title: 'Status of services',
  lead: 'What is known right now. If a service fails for you, say so: it is noted with the time, beside what is measured.',
  none: 'There is no service to show.',
  state: {
    up: 'Works',
    degraded: 'Works, but slowly',
    partial: 'Fails in some places',
    down: 'Down',
    unknown: 'Not known just now',
  },
  sinceAt: (at: string) => `since ${at}`,
  inHand: 'Somebody is working on it.',
  planned: 'Planned work:',
  plannedNow: 'Planned work is going on:',
  reports: (n: number) =>
    n === 0 ? '' : `${plural(n, 'person has', 'people have')} said within the hour that it fails.`,
  fails: 'It fails for me',
  failsFor: (service: string) => `${service}: it fails for me`,
  add: 'Add a sentence first',
  what: 'What happens?',
  noted: ({ service, at, others }: { service: string; at: string; others: number }) =>
    `${service}: noted at ${at}. ${others === 0 ? 'You are the first within the hour.' : `${plural(others, 'other has', 'others have')} said so within the hour.`}`,
  gone: 'This link leads nowhere any more',
}

export const links = {
  title: 'Links without an account',
  lead: 'Whoever has such a link sees one page and nothing else: no money, no agents, no addresses. It ends when you revoke it above.',
  make: 'Make a status page for users',
  makeHelp:
    'States of the services of this contract, and a button “It fails for me”. Put the link where your users look.',
  newTitle: 'The new link',
  any: 'A link without an account',
  status: 'Link: status of services',
  incident: (id: string) => `Link: incident ${id}`,
  share: 'Share this incident',
  shareHelp: 'A page to read without an account, for the crisis room: no losses, no other incident.',
  shareSend: 'Make a link',
  life: 'Good for',
  lives: { PT8H: '8 hours', P1D: '1 day', P7D: '7 days', P30D: '30 days' },
  sharedUntil: (at: string) => `You are reading a shared page. The link is good until ${at}.`,
}
