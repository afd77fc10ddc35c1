/** English of how each line of a statement was read. Pure. */
export const statement = {
  handInText:
    'An export of your ticket tool, monitoring or status page: CSV in any usual form, JSON, or one percentage. See first how each line reads; nothing is handed in by that.',
  file: 'Or a file',
  preview: 'See how it reads',
  title: 'How the statement reads',
  lead: 'Nothing is handed in yet. Look at each line, and hand it in when it says what you mean.',
  lines: 'Line by line',
  line: 'Line',
  look: 'To look at',
  counts: ({ read, refused }: { read: number; refused: number }) =>
    `${read} ${read === 1 ? 'line' : 'lines'} read, ${refused} not.`,
  figure: ({ name, percent }: { name: string; percent: string }) =>
    name === '*' ? `${percent} % for all` : `${name}: ${percent} %`,
  unsure:
    'A line could not be read or placed. What is missing in the statement may stand in it, so nothing is taken as left out.',
  notFound: 'not among the lines that could be read',
  all: 'all services',
  notOver: 'not over',
  or: 'or',
  skipped: 'skipped: it has no times',
  more: (n: number) => `and ${n} more; the API has them all`,
  problems: {
    'no-time': 'is no time',
    'no-length': 'is no length: write 1h32, 92 min or 01:32:00',
    'no-unit': 'has no unit: write 92 min, or name the unit in the head',
    'day-or-month': 'either number may be the day: write 2026-10-05 10:00',
    backwards: 'ends before it begins',
    'open-quote': 'a quote is never closed',
    'no-percentage': 'is no percentage: write 99.95',
    shape: 'should be',
  },
  asks: {
    'not-over': 'not over yet?',
    twice: 'the clock read this twice: which is meant?',
    'one-step': 'begins and ends on one reading of the clock',
    'no-clock': 'a day without a time: midnight is taken',
    'length-differs': 'its length is not what lies between start and end',
    duplicate: 'stands twice',
    'not-possible': 'can this date be right?',
    outside: 'outside this window',
    'other-service': 'no service of this contract',
  },
}
