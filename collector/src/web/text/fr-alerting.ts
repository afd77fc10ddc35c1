/** Français : qui serait prévenu, et les destinataires des documents d’un contrat. */
import type { alertingEn } from './en-alerting.ts'

export const alertingFr: typeof alertingEn = {
  planTitle: (contract) => `${contract} : si un service tombait maintenant`,
  planNote: 'Selon les routes, les étapes et les heures calmes en vigueur. Rien n’est envoyé.',
  everyService: 'Tous les services',
  nobody: 'Personne ne serait prévenu.',
  nobodyHelp:
    'Ajoutez une adresse ci-dessous, ou nommez des destinataires dans un document Alerting du contrat.',
  when: 'Quand',
  who: 'Qui',
  why: 'Pourquoi',
  held: 'Retenu jusqu’à',
  atOnce: 'aussitôt',
  atOnceOrSoon: 'aussitôt si deux lieux concordent, sinon après 1 min',
  after: (length) => `après ${length}`,
  withFirst: 'avec le premier message',
  unanswered: (length) => `${length} sans réponse`,
  gathered: (length) => `retenu ${length} pour ce qui a la même cause`,
  again: (length) => `puis toutes les ${length}`,
  because: {
    subscription: 'adresse ajoutée à la main',
    all: 'le document n’a pas de routes : tous sont prévenus',
    route: 'une route du document',
    step: (n) => `étape ${n} de l’escalade`,
  },
  problem: {
    disabled: 'arrêté : le destinataire a répondu 410',
    paused: 'mis en pause à la main',
    'no-mail-server':
      'ne peut pas partir : indiquez CONSTAT_SMTP_URL et CONSTAT_MAIL_FROM, puis relancez le collecteur',
  },
  paused: (document) => `Le document ${document} est en pause : il ne prévient personne.`,
  fromContract: ({ contract, endpoint }) => `du contrat ${contract}, ${endpoint}`,
  changeThere: 'Se modifie et se retire dans le document, en l’appliquant.',
  renew: 'Nouveau secret',
  renewNote: 'Le secret précédent signe encore un jour à côté du nouveau.',
  ended: (n) => (n < 2 ? '1 destinataire qui a pris fin' : `${n} destinataires qui ont pris fin`),
  endedAt: (since) => `A pris fin ${since} : plus aucun document ne le nomme`,
  heartbeat: ({ address, every }) => `Signe de vie vers ${address} toutes les ${every}`,
  heartbeatAnswered: (since) => `reçu ${since}`,
  heartbeatWaiting: 'pas encore reçu',
  heartbeatFailed: (reason) => `sans réponse : ${reason}`,
  more: (n) => `Pour ${n} autres contrats, constat alert test NOM le dit.`,
}
