/**
 * French of the contract form, its preview and what comes after. Pure.
 */
import { de } from './elision.ts'
import type { first as english } from './en-first.ts'

export const DAYS = {
  MO: 'lundi',
  TU: 'mardi',
  WE: 'mercredi',
  TH: 'jeudi',
  FR: 'vendredi',
  SA: 'samedi',
  SU: 'dimanche',
}

export const first: typeof english = {
  title: 'Ajouter un contrat',
  intro:
    'Ce qu’il faut surveiller, qui le fournit, ce qui a été promis. Vous voyez le document avant que rien ne s’applique.',
  start: 'Écrire le premier contrat',
  watchTitle: 'Ce qu’il faut surveiller',
  watch: 'Adresses, une par ligne',
  watchHint:
    'https://hôte/chemin, http://hôte, tcp://hôte:port, tls://hôte:port, dns://serveur/nom?type=A, icmp://hôte',
  promiseTitle: 'Qui a promis quoi',
  provider: 'Qui le fournit',
  name: 'Nom du contrat',
  nameHint: 'Laissé vide : le nom du prestataire.',
  target: 'Disponibilité promise, en %',
  allows: 'Sur 30 jours à toute heure, {target} % laissent {time} de panne.',
  fee: 'Redevance mensuelle',
  feeHint: 'Facultatif. Les pénalités se calculent sur elle.',
  currency: 'Monnaie',
  hoursTitle: 'Quand cela a été promis',
  timeZone: 'Fuseau horaire du contrat',
  timeZoneHint: 'Les mois commencent et les heures se lisent à cette horloge.',
  hours: 'Plage de service',
  always: 'À toute heure',
  weekly: 'Certains jours, de … à …',
  days: 'Jours',
  day: DAYS,
  from: 'De',
  to: 'À',
  country: 'Jours fériés de',
  noCountry: 'Aucun jour férié',
  region: 'Région',
  wholeCountry: 'Tout le pays',
  fill: 'Remplir les jours fériés',
  filled: (n: number) => (n === 0 ? 'Aucun jour férié n’y est connu.' : `${n} jours fériés ont été remplis.`),
  holidays: 'Jours fériés, un par ligne',
  holidaysHint:
    'La date, puis un nom si vous voulez : 2027-01-01 Jour de l’an. Ajoutez, changez ou effacez des lignes : c’est le contrat qui compte, non le pays.',
  preview: 'Voir le document',
  problems: (n: number) => (n === 1 ? 'Un point est à revoir' : `${n} points sont à revoir`),
  problem: {
    watchNone: 'Écrivez au moins une adresse, par exemple https://intranet.example.',
    watchMany: (most: number) =>
      `Écrivez au plus ${most} adresses ; un contrat écrit dans un fichier en prend davantage.`,
    watch: (url: string) =>
      `« ${url} » ne peut pas être surveillée. Écrivez-la comme l’un des exemples ci-dessous.`,
    watchTwice: (url: string) => `« ${url} » y figure deux fois. Effacez-en une.`,
    provider: 'Écrivez qui fournit le service.',
    tooLong: (most: number) => `Raccourcissez à ${most} caractères.`,
    target: 'Écrivez un pourcentage au-dessus de 0 et jusqu’à 100, par exemple 99,9.',
    timeZone: 'Choisissez un fuseau horaire dans la liste.',
    taken: (name: string) => `Il y a déjà un contrat « ${name} ». Choisissez un autre nom.`,
    days: 'Cochez au moins un jour.',
    clocks: 'Écrivez deux heures différentes, par exemple 08:00 et 20:00.',
    holidaysMany: (most: number) => `Gardez au plus ${most} jours fériés.`,
    holiday: (line: string) =>
      `« ${line} » ne commence pas par une date qui existe. Écrivez 2027-01-01, puis un nom.`,
    fee: 'Écrivez un montant comme 1800,00 et une monnaie de trois lettres comme EUR, ou laissez le montant vide.',
  },
  previewTitle: 'Voici le contrat',
  previewLead: 'Rien n’est encore appliqué.',
  says: 'Ce qu’il dit',
  document: 'Voici le document ; gardez-le',
  documentHint:
    'Le contrat est ce texte. Changez-le plus tard dans un fichier et appliquez-le de nouveau : constat apply -f contrat.yaml',
  everything: 'Toutes les valeurs, y compris par défaut',
  apply: 'L’appliquer',
  change: 'Changer quelque chose',
  say: {
    watched: ({ addresses, every }: { addresses: string; every: string }) =>
      `Chaque agent sonde ${addresses} toutes les ${every}.`,
    confirmed: (down: number) =>
      `${down} échecs de suite sont une panne, comptée depuis le premier ; le second essai vient en quelques secondes.`,
    promised: ({ provider, target }: { provider: string; target: string }) =>
      `${provider} a promis ${target} de la plage de service de chaque mois civil.`,
    allowed: ({ month, committed, allowed }: { month: string; committed: string; allowed: string }) =>
      `La plage de service ${de(month)} compte ${committed} : ${allowed} de panne sont admis.`,
    always: (zone: string) =>
      `La plage de service couvre toutes les heures ; les mois commencent à l’horloge de ${zone}.`,
    hours: ({ days, from, to, zone }: { days: string; from: string; to: string; zone: string }) =>
      `La plage de service : ${days}, de ${from} à ${to}, à l’horloge de ${zone}.`,
    holidays: ({ count, years, next }: { count: number; years: string; next: number }) =>
      `${count} jours fériés de ${years} n’en font pas partie. Écrivez ceux de ${next} avant que l’année ne commence.`,
    noHolidays: 'Aucun jour férié n’en est exclu.',
    fee: (amount: string) =>
      `La redevance mensuelle est de ${amount}. Aucune clause de pénalité n’est encore écrite.`,
    noFee: 'Ni redevance ni clause de pénalité ne sont encore écrites.',
    from: 'Il compte dès que vous l’appliquez. Le temps sans preuve est inconnu : ni disponible ni indisponible.',
    unilateral:
      'Ces termes sont les vôtres seuls tant que le prestataire n’a pas accepté ; chaque page le dit.',
  },
  refused: 'Le document a été refusé. Changez ce qui est nommé ici, puis revoyez-le.',
  done: 'Appliqué. La mesure a commencé.',
  waiting: 'La première mesure arrive dans quelques secondes.',
  waitingAgent: 'Aucun agent n’a encore rejoint : personne ne mesure. Ajoutez-en un d’abord.',
  seen: (since: string) => `Première mesure à ${since}.`,
  next: 'Et ensuite',
  nextSite: 'Ajouter un agent sur un second site',
  nextSiteWhy: 'un seul lieu prouve peu',
  nextAlerts: 'Dire qui est prévenu en cas de panne',
  nextAlertsWhy: 'pour le savoir avant les utilisateurs',
}
