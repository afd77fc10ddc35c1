/**
 * English of what stands around the figures: terms at a glance, zones, sites, latency, days. Pure.
 */
export const glance = {
  title: 'The terms at a glance',
  promisedBy: 'Promised by',
  promisedTo: 'Promised to',
  hours: 'Service hours',
  always: 'At all hours',
  hoursOn: ({ days, from, to, zone }: { days: string; from: string; to: string; zone: string }) =>
    `${days}, ${from} to ${to} (${zone})`,
  holidays: ({ count, years }: { count: number; years: string }) =>
    `without ${count} holidays; those of ${years} are listed`,
  windows: 'Counted by',
  period: { P1D: 'day', P1W: 'week', P1M: 'calendar month', P3M: 'quarter', P1Y: 'year' },
  fee: 'Monthly fee',
  noFee: 'none written down',
  binding: 'What decides',
  bindingFigure: {
    provable: 'what is proved',
    point: 'the best estimate',
    pessimistic: 'all that may have been down',
  },
  quorum: 'Down when',
  quorumFixed: (down: number) =>
    down === 1 ? 'one place sees it failing' : `${down} places see it failing at once`,
  quorumDefault: 'two places see it failing at once; one, while only one measures',
  clauses: 'Clauses',
  zones: 'Where it can fail, and who answers',
  zonesNote: 'In order, from the places that measure to the service. The first zone that fails answers.',
  boundary: (boundary: string) => `up to the ${boundary}`,
  onBehalf: ({ owner, answers }: { owner: string; answers: string }) =>
    `${owner}, for whom ${answers} answers`,
  failing: 'Failing now',
  unreferenced: 'No reference answers here: a failure cannot be told from one further on.',
  sites: 'Places that measure',
  site: 'Site',
  administrator: 'Administered by',
  nobodySaid: 'Nobody said who administers it',
  providerHost: 'the provider’s own host',
  noAgents: 'No agent measures this contract yet.',
  siteState: {
    reachable: 'Heard',
    unreachable: 'Not heard',
    isolated: 'Cut off',
    unknown: 'Not known',
  },
  isolated: 'cut off from what it measures',
  unreachableSites: (names: readonly string[]) => `Not heard: ${names.join(', ')}`,
  isolatedSites: (names: readonly string[]) => `Cut off: ${names.join(', ')}`,
  referenceFails: (check: string) => `the reference “${check}” fails`,
  /** A term and what is said of it, on one line. */
  pair: (term: string, said: string) => `${term}: ${said}`,
  worstSite: ({ site, of }: { site: string; of: number }) => `${site}, the worst of ${of} sites`,
  eachSite: 'Site by site',
  eachSiteWhy: 'Each site is judged by itself; the worst stands first.',
  unknownZone: 'Not yet known which zone failed',
  unknownZoneWhy: (zones: string) => `no reference answers for ${zones}`,
  unknownZoneNone: 'no reference stands before the service',
  noZones: 'the contract names no zones',
  share: {
    target: ({ percent, threshold }: { percent: string; threshold: string }) =>
      `at least ${percent} within ${threshold}`,
    measured: ({ percent, threshold }: { percent: string; threshold: string }) =>
      `${percent} within ${threshold}`,
    none: 'no answer measured yet',
    counted: ({ within, n }: { within: string; n: string }) => `${within} of ${n} answers`,
    missing: (count: string) => `${count} slots without evidence`,
    percentiles: 'Answered within',
    half: 'half of the answers',
    p95: '95 in 100',
    p99: '99 in 100',
    error: (percent: string) => `live figures, within ${percent} of the exact ones`,
  },
  places: ({ failing, all }: { failing: number; all: number }) =>
    `${failing} of ${all} places ${failing === 1 ? 'sees' : 'see'} it failing.`,
  silentPlaces: (n: number) => (n === 1 ? 'One is without evidence.' : `${n} are without evidence.`),
  days: {
    range: '90 d',
    title: 'Last 90 days',
    label: ({ name, bad, down, unknown }: { name: string; bad: number; down: string; unknown: number }) =>
      `${name}: ${bad} of 90 days with downtime, ${down} in all; ${unknown} days without evidence`,
    down: ({ day, down }: { day: string; down: string }) => `${day}: ${down} down`,
    state: ({ day, state }: { day: string; state: string }) => `${day}: ${state}`,
  },
}
