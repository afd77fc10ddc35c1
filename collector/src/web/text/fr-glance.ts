/**
 * French of what stands around the figures: terms at a glance, zones, sites, latency, days. Pure.
 */
import type { glance as english } from './en-glance.ts'

export const glance: typeof english = {
  title: 'Les termes en bref',
  promisedBy: 'Promis par',
  promisedTo: 'Promis à',
  hours: 'Plage de service',
  always: 'À toute heure',
  hoursOn: ({ days, from, to, zone }: { days: string; from: string; to: string; zone: string }) =>
    `${days}, de ${from} à ${to} (${zone})`,
  holidays: ({ count, years }: { count: number; years: string }) =>
    `sans ${count} jours fériés ; ceux de ${years} y figurent`,
  windows: 'Compté par',
  period: { P1D: 'jour', P1W: 'semaine', P1M: 'mois civil', P3M: 'trimestre', P1Y: 'année' },
  fee: 'Redevance mensuelle',
  noFee: 'aucune n’est écrite',
  binding: 'Ce qui décide',
  bindingFigure: {
    provable: 'ce qui est prouvé',
    point: 'la meilleure estimation',
    pessimistic: 'tout ce qui a pu être en panne',
  },
  quorum: 'En panne quand',
  quorumFixed: (down: number) =>
    down < 2 ? 'un lieu le voit échouer' : `${down} lieux le voient échouer en même temps`,
  quorumDefault: 'deux lieux le voient échouer en même temps ; un seul, tant qu’un seul mesure',
  clauses: 'Clauses',
  zones: 'Où cela peut échouer, et qui en répond',
  zonesNote: 'Dans l’ordre, des lieux de mesure jusqu’au service. La première zone qui échoue en répond.',
  boundary: (boundary: string) => `jusqu’à : ${boundary}`,
  onBehalf: ({ owner, answers }: { owner: string; answers: string }) => `${owner}, dont ${answers} répond`,
  failing: 'Échoue maintenant',
  unreferenced: 'Aucune référence ne répond ici : un échec ne s’y distingue pas d’un échec plus loin.',
  sites: 'Lieux de mesure',
  site: 'Lieu',
  administrator: 'Administré par',
  nobodySaid: 'Personne n’a dit qui l’administre',
  providerHost: 'un hôte du prestataire',
  noAgents: 'Aucun agent ne mesure encore ce contrat.',
  siteState: {
    reachable: 'Entendu',
    unreachable: 'Pas entendu',
    isolated: 'Coupé',
    unknown: 'Pas connu',
  },
  isolated: 'coupé de ce qu’il mesure',
  unreachableSites: (names: readonly string[]) => `Pas entendus : ${names.join(', ')}`,
  isolatedSites: (names: readonly string[]) => `Coupés : ${names.join(', ')}`,
  referenceFails: (check: string) => `la référence « ${check} » échoue`,
  /** A term and what is said of it, on one line. */
  pair: (term: string, said: string) => `${term}\u00a0: ${said}`,
  worstSite: ({ site, of }: { site: string; of: number }) => `${site}, le pire de ${of} lieux`,
  eachSite: 'Lieu par lieu',
  eachSiteWhy: 'Chaque lieu est jugé pour lui-même ; le pire vient en premier.',
  unknownZone: 'On ne sait pas encore quelle zone a échoué',
  unknownZoneWhy: (zones: string) => `aucune référence ne répond pour ${zones}`,
  unknownZoneNone: 'aucune référence ne précède le service',
  noZones: 'le contrat ne nomme aucune zone',
  share: {
    target: ({ percent, threshold }: { percent: string; threshold: string }) =>
      `au moins ${percent} en ${threshold}`,
    measured: ({ percent, threshold }: { percent: string; threshold: string }) =>
      `${percent} en ${threshold}`,
    none: 'aucune réponse mesurée encore',
    counted: ({ within, n }: { within: string; n: string }) => `${within} réponses sur ${n}`,
    missing: (count: string) => `${count} créneaux sans preuve`,
    percentiles: 'Répond en',
    half: 'la moitié des réponses',
    p95: '95 sur 100',
    p99: '99 sur 100',
    error: (percent: string) => `chiffres en direct, à ${percent} près des chiffres exacts`,
  },
  places: ({ failing, all }: { failing: number; all: number }) =>
    failing < 2 ? `1 lieu sur ${all} le voit échouer.` : `${failing} lieux sur ${all} le voient échouer.`,
  silentPlaces: (n: number) => (n < 2 ? 'Un lieu est sans preuve.' : `${n} lieux sont sans preuve.`),
  days: {
    range: '90 j',
    title: '90 derniers jours',
    label: ({ name, bad, down, unknown }: { name: string; bad: number; down: string; unknown: number }) =>
      `${name} : ${bad} jours sur 90 avec une panne, ${down} en tout ; ${unknown} jours sans preuve`,
    down: ({ day, down }: { day: string; down: string }) => `${day} : ${down} de panne`,
    state: ({ day, state }: { day: string; state: string }) => `${day} : ${state}`,
  },
}
