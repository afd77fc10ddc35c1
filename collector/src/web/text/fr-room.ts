/**
 * French of the incident room, of what people say there, and of the page for the customer's own users. Pure.
 */
import type { links as englishLinks, room as englishRoom, status as englishStatus } from './en-room.ts'

const plural = (n: number, one: string, many: string): string => `${n} ${n < 2 ? one : many}`

export const room: typeof englishRoom = {
  said: 'Ce qui a été dit',
  nobodySaid: 'Personne n’a encore rien dit.',
  kind: {
    note: { customer: 'Note du client', provider: 'Note du prestataire' },
    dispute: { customer: 'Contesté par le client', provider: 'Contesté par le prestataire' },
    trouble: { customer: 'En panne pour un utilisateur', provider: 'En panne pour le prestataire' },
  },
  sinceThen: (at) => `depuis ${at}, selon lui`,
  disputed: 'Contesté',
  disputedText: 'Le prestataire conteste cet incident. Les chiffres restent tels qu’ils ont été mesurés.',
  note: 'Note pour tous',
  noteHelp: 'Les deux parties la lisent. Elle est datée, et personne ne peut la changer ensuite.',
  noteSend: 'Ajouter la note',
  dispute: 'Pourquoi le prestataire conteste',
  disputeHelp: 'Cela est dit à côté des chiffres, qui ne changent pas.',
  disputeSend: 'Contester',
}

export const status: typeof englishStatus = {
  title: 'État des services',
  lead: 'Ce que l’on sait à l’instant. Si un service est en panne pour vous, dites-le : c’est noté avec l’heure, à côté de ce qui est mesuré.',
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
  planned: 'Travaux prévus :',
  plannedNow: 'Travaux prévus en cours :',
  reports: (n) =>
    n === 0 ? '' : `${plural(n, 'personne a', 'personnes ont')} signalé une panne dans l’heure.`,
  fails: 'En panne pour moi',
  failsFor: (service) => `${service} : en panne pour moi`,
  what: 'Que se passe-t-il ? (peut rester vide)',
  send: 'Signaler la panne',
  noted: ({ service, at, others }) =>
    `${service} : noté à ${at}. ${others === 0 ? 'Vous êtes le premier dans l’heure.' : `${plural(others, 'autre personne l’a', 'autres personnes l’ont')} signalé dans l’heure.`}`,
  gone: 'Ce lien ne mène plus nulle part',
}

export const links: typeof englishLinks = {
  title: 'Liens sans compte',
  lead: 'Qui possède un tel lien voit une seule page et rien d’autre : ni argent, ni agents, ni adresses. Il prend fin quand vous le retirez ci-dessus.',
  make: 'Créer une page d’état pour les utilisateurs',
  makeHelp:
    'L’état des services de ce contrat, et un bouton « En panne pour moi ». Placez le lien là où vos utilisateurs regardent.',
  newTitle: 'Le nouveau lien',
  status: 'Lien : état des services',
  incident: (id) => `Lien : incident ${id}`,
  share: 'Partager cet incident',
  shareHelp: 'Une page à lire sans compte, pour la cellule de crise : ni pertes, ni autre incident.',
  shareSend: 'Créer un lien',
  life: 'Valable',
  lives: { PT8H: '8 heures', P1D: '1 jour', P7D: '7 jours', P30D: '30 jours' },
  sharedUntil: (at) => `Vous lisez une page partagée. Le lien est valable jusqu’au ${at}.`,
}
