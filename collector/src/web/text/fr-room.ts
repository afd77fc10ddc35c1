/**
 * French of the incident room, of what people say there, and of the page for the customer's own users. Pure.
 */
import { de } from './elision.ts'
import type { links as englishLinks, room as englishRoom, status as englishStatus } from './en-room.ts'

const plural = (n: number, one: string, many: string): string => `${n} ${n < 2 ? one : many}`

export const room: typeof englishRoom = {
  kind: {
    note: { customer: 'Note du client', provider: 'Note du prestataire' },
    dispute: { customer: 'Contesté par le client', provider: 'Contesté par le prestataire' },
    trouble: { customer: 'En panne pour un utilisateur', provider: 'En panne pour le prestataire' },
  },
  sinceThen: (at) => `depuis ${at}, selon lui`,
  disputed: 'Contesté',
  disputedText: 'Le prestataire conteste cet incident. Les chiffres restent tels qu’ils ont été mesurés.',
  clocks: {
    title: 'Qui a su, et quand',
    reported: 'Premier utilisateur à le dire',
    onset: 'Premier échantillon en échec',
    detected: 'Confirmé',
    told: 'Quelqu’un prévenu',
    'provider-acknowledged': 'Pris en compte par le prestataire',
    'provider-stated': 'Dans une déclaration du prestataire',
  },
  notYet: 'pas encore',
  never: 'personne',
  atOnset: 'le début du décompte',
  later: (length) => `${length} après`,
  earlier: (length) => `${length} avant`,
  happened: 'Ce qui s’est passé, dans l’ordre',
  acknowledgedBy: {
    owner: 'Pris en compte par le client',
    viewer: 'Pris en compte',
    provider: 'Pris en compte par le prestataire',
  },
  declared: (kind) => `Déclaré comme temps à ne pas compter : ${kind}`,
  excludedFrom: (kind) => `Début d’un temps à ne pas compter : ${kind}`,
  excludedTo: (kind) => `Sa fin : ${kind}`,
  recovered: 'Rétabli',
  closed: 'Clos',
  recorded: 'Trouvé après sa fin',
  reopened: 'De nouveau indisponible : rouvert',
  moved: ({ from, to }) =>
    to === null ? `Rectifié : il a commencé le ${from}` : `Rectifié : il a duré du ${from} au ${to}`,
  merged: 'Rectifié : partie d’un autre incident',
  revised: 'Rectifié : il n’en reste rien',
  attributed: (zone) => `Zone : ${zone}`,
  told: 'Un système a accepté le premier message',
  opened: 'Confirmé et ouvert',
  onset: 'Premier échantillon en échec',
  promised: 'Ce qui a été promis',
  response: 'Prise en compte (GTI)',
  restoration: 'Rétablissement (GTR)',
  ofAtMost: ({ ran, within }) => `${ran} sur ${within} au plus`,
  notStarted: (within) => `son décompte n’a pas commencé ; ${within} au plus`,
  running: 'court encore',
  countsTitle: 'Compte-t-il ?',
  counts: ({ counted, down }) => (counted === down ? `En entier : ${down}.` : `${counted} sur ${down}.`),
  countsNot: 'Rien n’en compte.',
  outside: (length) => `${length} hors des heures de service.`,
  excused: (length) => `${length} excusées par une exclusion déclarée.`,
  foreign: (owner) => `La zone est ${de(owner)} : le prestataire n’en répond pas.`,
  leads: ({ n, contract, detected, told, acknowledged }) =>
    `${contract}, ${plural(n, 'incident', 'incidents')} ci-dessous : après le début, en médiane, confirmé ${detected}, quelqu’un prévenu ${told}, pris en compte par le prestataire ${acknowledged}.`,
  cost: 'Coût à ce stade',
  costHelp: 'Selon le modèle propre au client. Il est dit à côté du crédit, et ne s’y ajoute jamais.',
  summary: 'Résumé à coller',
  note: 'Note pour tous',
  noteHelp: 'Les deux parties la lisent. Elle est datée, et personne ne peut la changer ensuite.',
  noteSend: 'Ajouter la note',
  dispute: 'Pourquoi le prestataire conteste',
  disputeHelp: 'Cela est dit à côté des chiffres, qui ne changent pas.',
  disputeSend: 'Contester',
}

export const status: typeof englishStatus = {
  title: 'État des services',
  lead: 'Ce que l’on sait à l’instant. Si un service est en panne pour vous, dites-le : c’est noté avec l’heure, à côté de ce qui est mesuré.',
  none: 'Il n’y a aucun service à montrer.',
  state: {
    up: 'Fonctionne',
    degraded: 'Fonctionne, mais lentement',
    partial: 'En panne à certains endroits',
    down: 'En panne',
    unknown: 'Inconnu pour l’instant',
  },
  sinceAt: (at) => `depuis ${at}`,
  inHand: 'Quelqu’un s’en occupe.',
  planned: 'Travaux prévus :',
  plannedNow: 'Travaux prévus en cours :',
  reports: (n) =>
    n === 0 ? '' : `${plural(n, 'personne a', 'personnes ont')} signalé une panne dans l’heure.`,
  fails: 'En panne pour moi',
  failsFor: (service) => `${service} : en panne pour moi`,
  add: 'Ajouter d’abord une phrase',
  what: 'Que se passe-t-il ?',
  noted: ({ service, at, others }) =>
    `${service} : noté à ${at}. ${others === 0 ? 'Vous êtes le premier dans l’heure.' : `${plural(others, 'autre personne l’a', 'autres personnes l’ont')} signalé dans l’heure.`}`,
  gone: 'Ce lien ne mène plus nulle part',
}

export const links: typeof englishLinks = {
  title: 'Liens sans compte',
  lead: 'Qui possède un tel lien voit une seule page et rien d’autre : ni argent, ni agents, ni adresses. Il prend fin quand vous le retirez ci-dessus.',
  make: 'Créer une page d’état pour les utilisateurs',
  makeHelp:
    'L’état des services de ce contrat, et un bouton « En panne pour moi ». Placez le lien là où vos utilisateurs regardent.',
  newTitle: 'Le nouveau lien',
  any: 'Un lien sans compte',
  status: 'Lien : état des services',
  incident: (id) => `Lien : incident ${id}`,
  share: 'Partager cet incident',
  shareHelp: 'Une page à lire sans compte, pour la cellule de crise : ni pertes, ni autre incident.',
  shareSend: 'Créer un lien',
  life: 'Valable',
  lives: { PT8H: '8 heures', P1D: '1 jour', P7D: '7 jours', P30D: '30 jours' },
  sharedUntil: (at) => `Vous lisez une page partagée. Le lien est valable jusqu’au ${at}.`,
}
