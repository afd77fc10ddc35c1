/**
 * English of the contract form, its preview and what comes after. Pure.
 */

export const DAYS = {
  MO: 'Monday',
  TU: 'Tuesday',
  WE: 'Wednesday',
  TH: 'Thursday',
  FR: 'Friday',
  SA: 'Saturday',
  SU: 'Sunday',
}

export const first = {
  title: 'Add a contract',
  intro:
    'What to watch, who provides it, what was promised. You see the document before anything is applied.',
  start: 'Write down the first contract',
  watchTitle: 'What to watch',
  watch: 'Addresses, one a line',
  watchHint:
    'https://host/path, http://host, tcp://host:port, tls://host:port, dns://server/name?type=A, icmp://host',
  promiseTitle: 'Who promised what',
  provider: 'Who provides it',
  name: 'Name of the contract',
  nameHint: 'Left empty: the name of the provider.',
  target: 'Availability promised, in %',
  /** `{target}` and `{time}` are filled in here and, as it is typed, by the script. */
  allows: 'In 30 days at all hours, {target} % leaves {time} of outage.',
  fee: 'Monthly fee',
  feeHint: 'Optional. Credits are counted from it.',
  currency: 'Currency',
  hoursTitle: 'When it was promised',
  timeZone: 'Time zone of the contract',
  timeZoneHint: 'Months begin and hours are read on this clock.',
  hours: 'Service hours',
  always: 'At all hours',
  weekly: 'On some days, from … to …',
  days: 'Days',
  day: DAYS,
  from: 'From',
  to: 'To',
  country: 'Public holidays of',
  noCountry: 'No holidays',
  region: 'Region',
  wholeCountry: 'The whole country',
  fill: 'Fill in the holidays',
  filled: (n: number) =>
    n === 0 ? 'No public holidays are known there.' : `${n} public holidays filled in.`,
  holidays: 'Holidays, one a line',
  holidaysHint:
    'The date, then a name if you like: 2027-01-01 New Year’s Day. Add, change or delete lines: the contract counts, not the country.',
  preview: 'See the document',
  problems: (n: number) => (n === 1 ? 'One thing needs another look' : `${n} things need another look`),
  problem: {
    watchNone: 'Write at least one address, such as https://intranet.example.',
    watchMany: (most: number) => `Write at most ${most} addresses; more fit in a contract written as a file.`,
    watch: (url: string) => `“${url}” cannot be watched. Write it like one of the examples below.`,
    watchTwice: (url: string) => `“${url}” stands there twice. Delete one of them.`,
    provider: 'Write who provides the service.',
    tooLong: (most: number) => `Shorten this to ${most} characters.`,
    target: 'Write a percentage above 0 and up to 100, such as 99.9.',
    timeZone: 'Choose a time zone from the list.',
    taken: (name: string) => `There is a contract “${name}” already. Choose another name.`,
    days: 'Tick at least one day.',
    clocks: 'Write two different times, such as 08:00 and 20:00.',
    holidaysMany: (most: number) => `Keep at most ${most} holidays.`,
    holiday: (line: string) =>
      `“${line}” does not begin with a date that exists. Write 2027-01-01, then a name.`,
    fee: 'Write an amount such as 1800.00 and a currency of three letters such as EUR, or leave the amount empty.',
  },
  previewTitle: 'This is the contract',
  previewLead: 'Nothing is applied yet.',
  says: 'What it says',
  document: 'This is the document; keep it',
  documentHint:
    'The contract is this text. Change it in a file later and apply it again: constat apply -f contract.yaml',
  everything: 'Every value, defaults included',
  apply: 'Apply it',
  change: 'Change something',
  say: {
    watched: ({ addresses, every }: { addresses: string; every: string }) =>
      `Every agent probes ${addresses} every ${every}.`,
    confirmed: (down: number) =>
      `${down} failures in a row are an outage, counted from the first of them; the second look comes within seconds.`,
    promised: ({ provider, target }: { provider: string; target: string }) =>
      `${provider} promised ${target} of the service hours of each calendar month.`,
    allowed: ({ month, committed, allowed }: { month: string; committed: string; allowed: string }) =>
      `${month} has ${committed} of service hours: ${allowed} of outage are allowed.`,
    always: (zone: string) => `The service hours are all hours; months begin on the clock of ${zone}.`,
    hours: ({ days, from, to, zone }: { days: string; from: string; to: string; zone: string }) =>
      `The service hours are ${days}, ${from} to ${to}, on the clock of ${zone}.`,
    holidays: ({ count, years, next }: { count: number; years: string; next: number }) =>
      `${count} holidays of ${years} are left out. List those of ${next} before it begins.`,
    noHolidays: 'No holidays are left out.',
    fee: (amount: string) => `The monthly fee is ${amount}. No penalty clause is written down yet.`,
    noFee: 'No fee and no penalty clause are written down yet.',
    from: 'It counts from the moment you apply it. Time without evidence is unknown: neither up nor down.',
    unilateral: 'The terms are yours alone until the provider agrees, and every page says so.',
  },
  refused: 'The document was refused. Change what is named here, then look at it again.',
  done: 'Applied. Measuring has begun.',
  waiting: 'The first sample comes within a few seconds.',
  waitingAgent: 'No agent has joined yet, so nobody measures: add one first.',
  seen: (since: string) => `First sample seen at ${since}.`,
  next: 'What next',
  nextSite: 'Add an agent at a second site',
  nextSiteWhy: 'one place alone proves little',
  nextAlerts: 'Say who is told when it fails',
  nextAlertsWhy: 'so that you know before the users do',
}
