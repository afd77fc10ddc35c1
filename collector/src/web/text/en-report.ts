/** English of the report of a window. Pure. */

export const reportEn = {
  title: 'Service level report',
  offered: 'Report of this window',
  formats: { pdf: 'PDF', html: 'HTML', csv: 'CSV', json: 'JSON' },
  span: 'From – to',
  zone: 'Time zone',
  madeFrom: 'As of',
  notMet: ({ n, of }: { n: string; of: string }) => `Not met: ${n} of ${of} guarantees`,
  undecided: ({ n, of }: { n: string; of: string }) => `Undecided: ${n} of ${of} guarantees`,
  allMet: (n: string) => `Met: all ${n} guarantees`,
  noGuarantee: 'No guarantee in this window',
  provisional: 'Provisional: the window is not closed, and every figure may still move.',
  version: ({ version, at }: { version: string; at: string }) => `Version ${version}, written ${at}.`,
  results: 'Result by guarantee',
  service: 'Service',
  downtime: 'Downtime',
  downtimeNote:
    'Provable is what the evidence proves, point the best estimate, pessimistic what it would be if all that is unknown had been down.',
  incidents: 'Incidents',
  noIncidents: 'None.',
  leftOut: (n: string) => `${n} more are not listed here.`,
  unmeasured: 'Unmeasured time',
  allMeasured: 'There is evidence for all of it.',
  reason: 'Why',
  length: 'How long',
  latency: 'Latency',
  penalty: 'Penalty, line by line',
  noPenalty: 'No credit is agreed for this contract.',
  disputes: 'Disputes',
  noDisputes: 'Nothing is in dispute.',
  contested: ({ kind, from, to }: { kind: string; from: string; to: string }) =>
    `The exclusion “${kind}” from ${from} to ${to} is contested; both results are told.`,
  stated: ({ at, sha }: { at: string; sha: string }) =>
    `The provider handed in a statement on ${at} (SHA-256 ${sha}).`,
  trend: 'The last windows',
  method: 'How it was judged',
  semantics: 'Version of the rules',
  resultsDigest: 'Digest of the results',
  methodNote:
    'Every figure is folded from samples that the agents signed and that stand in the ledger. Whoever folds the same entries by the same rules finds the same digest; the file result.json that is attached holds every figure in full.',
  notClosed: 'not closed yet',
  yes: 'yes',
  no: 'no',
  page: ({ page, of }: { page: string; of: string }) => `Page ${page} of ${of}`,
}

export type ReportText = typeof reportEn
