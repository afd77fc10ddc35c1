/** English of the annex, article by article. What the parties still have to agree on stands in brackets. Pure. */

export const annexEn = {
  title: 'Annex: measurement of service levels',
  mark: 'DRAFT FOR COUNSEL',
  preamble: ({ customer, provider, contract }: Record<'customer' | 'provider' | 'contract', string>) =>
    `Between ${customer} (the customer) and ${provider} (the provider), made part of the contract “${contract}”.`,
  facts: {
    reference: 'Reference',
    revision: 'Revision',
    digest: 'Digest of the terms',
    from: 'In force from',
  },
  instrument: {
    title: 'The instrument',
    text: ({ semantics, digest }: { semantics: string; digest: string }) => [
      'The parties measure the service levels of the contract with Constat, which the customer runs: agents probe the services, sign what they find, and a collector keeps it in a ledger to which entries are only ever added.',
      `Figures and verdicts are computed by version ${semantics} of its rules from the terms with the digest ${digest}. Whoever holds the ledger can compute them again, without the customer and without a network, with the program constat-verify; what it reproduces is what counts between the parties.`,
    ],
  },
  versions: {
    title: 'Versions',
    text: [
      'The customer may bring the programs up to date. Another version of the rules applies to a window only where both parties agreed to it before the window began; windows that are closed keep theirs, whose rules stay available.',
      'A change of these terms is a revision: it is shown to the provider, who agrees or objects to it, and takes effect at the next start of a window.',
    ],
  },
  siting: {
    title: 'Where it is measured',
    head: ['Site', 'Administered by'],
    nobody: 'not declared',
    none: 'Any host of the customer on which an agent is enrolled.',
    text: 'A site that is added, moved or removed is an entry of the ledger. The party that administers a host keeps its clock, its network and its agent as they are, and says beforehand what it changes.',
  },
  probing: {
    title: 'What is probed, and permission to do so',
    head: ['Service', 'Check', 'Target', 'Every'],
    text: [
      'The provider permits these probes, from these sites, at these intervals, and after a failure every 2 seconds for 5 minutes at most. They read what any user of the service may read, and change nothing.',
      'It treats them as it treats the users of the service: it neither blocks, limits, answers from elsewhere, nor favours them. Accounts that a check needs are given for this use alone.',
    ],
  },
  guarantees: {
    title: 'What is promised',
    head: ['Guarantee', 'Clause', 'Promise', 'Counted by', 'At'],
    each: 'each site by itself',
  },
  rules: {
    title: 'When a service counts as down',
    confirm: ({ check, down, up }: Record<'check' | 'down' | 'up', string>) =>
      `${check}: down after ${down} failed attempts in a row, up after ${up} good ones, both from the first of them.`,
    quorum: (rule: string) => `A service is down where ${rule}.`,
    binding: (figure: string) =>
      `Time without evidence is neither up nor down. Three figures are told; what decides is ${figure}.`,
    coverage: (share: string) =>
      `Where less than ${share} of the time is known, “insufficient evidence” is said beside the verdict.`,
    minimum: (length: string) => `Outages shorter than ${length} do not count.`,
    merge: (length: string) => `Outages less than ${length} apart are one.`,
    silence: {
      unknown:
        'Silence of a host that the provider administers is unknown time, and is listed with that name.',
      down: 'Silence of a host that the provider administers counts as down.',
    },
    blocked: {
      unknown: 'What a firewall or a rate limit answers in the place of the service is unknown time.',
      fail: 'What a firewall or a rate limit answers in the place of the service counts as a failure.',
    },
    references: (names: string) =>
      `A site at which none of these references answers is cut off, and knows nothing: ${names}. None of them belongs to the provider.`,
  },
  zones: { title: 'Who answers for what', head: ['Zone', 'Up to', 'Answers'] },
  clocks: {
    title: 'Clocks',
    text: (error: string) => [
      `Instants are those that the agents sign, on a clock that is held to within ${error}. What an agent with a worse clock says is shown, and the claim says that its clock was out of bound.`,
      'Times are told in the zone that each guarantee names, by the rules of that zone which the terms carry.',
    ],
  },
  exclusions: {
    title: 'Time that does not count',
    head: ['Kind', 'Clause', 'Needs', 'Notice'],
    none: 'None is agreed.',
    needs: {
      announcement: 'an announcement in time',
      'customer-acceptance': 'acceptance by the customer',
      'agreement-or-decision': 'agreement of both, or a decision',
      nothing: 'nothing: it recurs by the contract',
    },
    cap: (length: string) => `At most ${length} in a month, spent in the order of time.`,
    mode: {
      remove: 'Excluded time is taken out of the time that is committed.',
      'excuse-only': 'Excluded downtime is excused; the time that is committed stays.',
    },
  },
  objection: {
    title: 'Closing, and the time to object',
    text: ({ grace, until }: { grace: string; until: string }) => [
      `A window becomes final ${grace} after its end, or as soon after it as what was open at its end is decided. Each party can see it then, and take the evidence along.`,
      `Until ${until}, the provider may hand in its own list of outages, declare or accept exclusions, and say what it disputes. What is accepted amends the result; each version stays readable, and a claim that was notified keeps the version it cites.`,
    ],
    until: { 'claim-deadline': 'the end of the time to claim', 'window-final': 'the window is final' },
  },
  claim: {
    title: 'Claims',
    deadline: ({ days, kind, after }: Record<'days' | 'kind' | 'after', string>) =>
      `A credit is claimed within ${days} ${kind} after ${after}.`,
    monthEnd: (months: string) =>
      `A credit is claimed by the end of calendar month ${months} after the window.`,
    after: { 'window-final': 'the window is final', 'window-end': 'the window ends' },
    notice: { required: 'It takes a formal notice.', 'not-required': 'It takes no formal notice.' },
    answer: ({ days, kind }: Record<'days' | 'kind', string>) =>
      `The provider answers within ${days} ${kind}: it accepts in whole or in part, or disputes with its reasons.`,
    silence: {
      none: 'Silence binds neither party.',
      acceptance: 'Silence past that time counts as acceptance, which either party may rebut.',
      rejection: 'Silence past that time counts as rejection, which either party may rebut.',
    },
    none: 'The contract sets no credits.',
    exclusive: { yes: 'The credit settles the loss.', no: 'The credit does not settle the loss.' },
  },
  own: {
    title: 'The provider’s own probe',
    text: [
      'The provider may enrol agents of its own in the same ledger, and has a seat of its own: it sees this contract and no other, acknowledges, disputes, declares and answers there. What it says is an entry of the ledger, is never edited, and can only be answered.',
      'It may take the evidence of any window along at any time and keep it. What is taken later has to extend what it has.',
    ],
  },
  failure: {
    title: 'Failure of the instrument',
    text: [
      'Time for which the instrument has no evidence, for whatever reason, is unknown: it can fail no guarantee. Switching it off gains neither party anything.',
      'Where the ledger or its signatures no longer hold, the windows concerned are judged on what both parties kept of it before, and otherwise by [the method agreed without the instrument].',
    ],
  },
  expert: {
    title: 'Joint expert',
    text: [
      'What the parties do not agree on within [30] days goes to an expert whom they name together: [name]. The expert computes the window again from the evidence, and says which terms, exclusions and entries the difference rests on.',
      'Its finding binds the parties [to be decided]. Its costs are borne by [to be decided].',
    ],
  },
  confidentiality: {
    title: 'Confidentiality',
    text: 'Each party keeps to itself what it learns from the ledger of the other’s services and hosts, and uses it for this contract alone. Names of persons and free text stand outside of the ledger, as salted commitments, and can be erased without breaking it. The customer’s own figures of its loss are no part of it.',
  },
  retention: {
    title: 'Retention',
    text: 'The customer keeps the ledger for as long as a claim can be made under the contract, and [12] months longer. On request it gives the provider the evidence of any window of that time.',
  },
  language: {
    title: 'Language',
    text: {
      en: 'This annex is written in English and in French. The English text prevails.',
      fr: 'This annex is written in English and in French. The French text prevails.',
    },
  },
  calendars: { title: 'Hours and holidays', always: 'always' },
  sign: ({ customer, provider }: { customer: string; provider: string }) => [
    `For ${customer}`,
    '',
    '____________________',
    '',
    `For ${provider}`,
    '',
    '____________________',
  ],
  dayKind: {
    calendar: 'calendar days',
    working: 'working days',
    ouvrables: 'days but Sundays and holidays',
    'clear-working': 'clear working days',
    clear: 'clear days',
  },
}

export type AnnexText = typeof annexEn
