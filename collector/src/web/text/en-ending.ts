/** English: what leaves a contract, what ended, was stopped or is set aside. Pure. */
export const endingEn = {
  ended: 'Ended',
  left: 'Left',
  setAside: 'Set aside',
  endedAt: (at: string) => `Ended on ${at}. Nothing is probed any more; everything stays to be read.`,
  trouble: (reason: string) => `Set aside: ${reason}; the other contracts go on.`,
  leftAt: (at: string) => `Left the contract on ${at}. What was measured until then stays.`,
  leavesAt: (at: string) => `Judged until ${at}, then it leaves the contract.`,
  newTermsAt: (at: string) => `Judged by its present terms until ${at}, then by those of a newer revision.`,
  notProbed: {
    stopped: (since: string) => `Not probed since ${since}: a revision stopped it.`,
    ended: (since: string) => `Not probed since ${since}: the contract ended.`,
  },
  length: {
    shorter: 'Shorter than usual: the terms changed its bounds',
    longer: 'Longer than usual: the terms changed its bounds',
  },
  pastServices: (n: number) => (n === 1 ? '1 service that left' : `${n} services that left`),
  archive: 'Archive this contract',
  archiveHelp:
    'It ends now: nothing is probed any more, and no window begins. The windows under way are judged on the time until now and close as usual. Everything stays to be read. Applying terms again takes it up again.',
  archiveYes: (name: string) => `Yes, archive ${name}`,
  takeUp: 'Apply terms again to take it up again:',
}
export type EndingText = typeof endingEn
