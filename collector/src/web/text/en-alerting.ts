/** English: who would be told, and the endpoints of a contract's documents. */
export const alertingEn = {
  planTitle: (contract: string) => `${contract}: if a service went down now`,
  planNote: 'By the routes, steps and quiet hours in effect. Nothing is sent.',
  everyService: 'Every service',
  nobody: 'Nobody would be told.',
  nobodyHelp: 'Add an address below, or name endpoints in an Alerting document of the contract.',
  when: 'When',
  who: 'Who',
  why: 'Why',
  held: 'Held until',
  atOnce: 'at once',
  atOnceOrSoon: 'at once where two places agree, else after 1 min',
  after: (length: string) => `after ${length}`,
  withFirst: 'with the first message',
  unanswered: (length: string) => `${length} without an answer`,
  again: (length: string) => `then every ${length}`,
  because: {
    subscription: 'address made by hand',
    all: 'the document has no routes: all are told',
    route: 'a route of the document',
    step: (n: number) => `step ${n} of the escalation`,
  },
  problem: {
    disabled: 'stopped: the receiver answered 410',
    paused: 'paused by hand',
    'no-mail-server':
      'cannot be sent: set CONSTAT_SMTP_URL and CONSTAT_MAIL_FROM, and start the collector again',
  },
  paused: (document: string) => `The document ${document} is paused: it tells nobody.`,
  fromContract: ({ contract, endpoint }: { contract: string; endpoint: string }) =>
    `from the contract ${contract}, ${endpoint}`,
  changeThere: 'Changed and removed in the document, by applying it.',
  renew: 'New secret',
  renewNote: 'The secret of before signs beside the new one for a day.',
  ended: (n: number) => (n === 1 ? '1 endpoint that ended' : `${n} endpoints that ended`),
  endedAt: (since: string) => `Ended ${since}: no document names it any more`,
  heartbeat: ({ address, every }: { address: string; every: string }) =>
    `Heartbeat to ${address} every ${every}`,
  heartbeatAnswered: (since: string) => `answered ${since}`,
  heartbeatWaiting: 'not answered yet',
  heartbeatFailed: (reason: string) => `not answered: ${reason}`,
  more: (n: number) => `Of ${n} more contracts, constat alert test NAME says it.`,
}
