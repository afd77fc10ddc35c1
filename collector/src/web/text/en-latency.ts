/** English: how long answers take. Pure. */

export const latencyEn = {
  title: 'How long answers take',
  all: 'All the figures',
  within: 'Within the threshold',
  late: 'Late',
  answers: 'Answers counted',
  missingSlots: 'Probes missing',
  missingMeaning: 'if all that is missing or in doubt had been late',
  chart: (check: string) => `Latency of ${check} over time`,
  /** For those who do not see the drawing. */
  summary: (s: { check: string; n: string; p50: string; p95: string; worst: string; failed: string }) =>
    `${s.check}: ${s.n} answers. Usually half within ${s.p50}, 95 % within ${s.p95}; at worst 99 % within ${s.worst}. ${s.failed} failed.`,
  none: 'No answer was measured in this span.',
  threshold: (threshold: string) => `promised: ${threshold}`,
  above: (highest: string) => `rises to ${highest}: cut off above`,
  legend: {
    p50: 'half (p50)',
    band: 'p50 to p95',
    p95: '95 in 100 (p95)',
    p99: '99 in 100 (p99)',
    failed: 'failures',
  },
  table: 'The same as a table',
  at: 'From',
  n: 'Answers',
  failed: 'Failed',
  step: (length: string) => `Steps of ${length}, from all places together.`,
  tooMany: 'Too many answers for one page: choose a shorter span, or ask the API step by step.',
  more: (n: number) => `${n} more checks: the API has them all.`,
}
