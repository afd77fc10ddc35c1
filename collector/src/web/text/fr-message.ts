/** Français : ce que disent les messages, et la page où mène leur lien. */
import { de } from './elision.ts'
import type { messageEn, Spoken } from './en-message.ts'
import { gatheredFr } from './fr-gathered.ts'

export const messageFr: typeof messageEn = {
  ...gatheredFr,
  places: ({ failing, all }) =>
    all === 1 ? 'depuis le seul lieu' : `depuis ${failing} lieu${failing > 1 ? 'x' : ''} sur ${all}`,
  opened: ({ who, since, cause, places }: Spoken) =>
    `${who} en panne depuis ${since} : ${[cause, places].filter(Boolean).join(' ')}`,
  updated: ({ who, since, what }) =>
    `${who} : sa panne a commencé ${since}, ${what === '' ? 'et dure encore' : `et a fini ${what}`}`,
  closed: ({ who, length }) => `${who} rétabli : en panne au moins ${length}`,
  reopened: ({ who, since }) => `${who} de nouveau en panne : la panne du ${since} continue`,
  merged: ({ who, since }) => `${who} : la panne du ${since} fait partie d’une autre`,
  acknowledged: ({ who, since }) => `${who} : quelqu’un s’en occupe, en panne depuis ${since}`,
  escalated: ({ who, since, length }) => `${who} en panne depuis ${since}, sans réponse depuis ${length}`,
  siteUnreachable: ({ who, since }) => `Plus aucune nouvelle ${de(who)} depuis ${since}`,
  siteBack: ({ who }) => `${who} donne de nouveau signe de vie`,
  agentSilent: ({ who, since }) => `L’agent ${who} se tait depuis ${since}`,
  agentBack: ({ who }) => `L’agent ${who} donne de nouveau signe de vie`,
  atRisk: ({ who, what, window }) => `${who} : le budget ${de(what)} fond trop vite en ${window}`,
  breached: ({ who, what, window }) => `${who} : ${what} n’est pas tenu en ${window}, selon les mesures`,
  finalised: ({ who, window }) => `${who} : la période ${window} est définitive`,
  amended: ({ who, window }) => `${who} : la période ${window} a une nouvelle version`,
  exclusion: ({ who, what }) => `${who} : ${what} déclare une durée à ne pas compter`,
  anomaly: ({ who }) => `${who} : une preuve n’est pas en ordre`,
  root: ({ who, what }) => `${who} : le registre de preuves tel qu’il était le ${what}`,
  certificate: ({ who, what }) => `${who} : son certificat expire dans ${what}`,
  deadline: ({ who, window, what }) => `${who} : plus que ${what} pour réclamer au titre ${de(window)}`,
  termsAgreed: ({ who }) => `${who} : le prestataire accepte les termes`,
  termsObjected: ({ who }) => `${who} : le prestataire conteste les termes`,
  penaltyNotified: ({ who, window }) => `${who} : une pénalité est notifiée pour ${window}`,
  penaltyAnswered: ({ who, window }) => `${who} : la pénalité pour ${window} a reçu une réponse`,
  report: ({ who, window }) => `${who} : le rapport ${de(window)} est prêt`,
  test: () => 'Un message d’essai de Constat',
  days: (n) => (n < 2 ? '1 jour' : `${n} jours`),
  label: {
    failure: 'Premier échec',
    keep: 'À conserver',
    message: 'Contenu',
    guarantee: 'Garantie',
    window: 'Période',
    from: 'Du',
    to: 'Au',
    deadline: 'Échéance',
    silent: 'Silencieux depuis',
  },
  keepRoot:
    'Conservez cette lettre. Tout registre qui vous sera montré plus tard doit prolonger cette tête : « constat-verify BUNDLE --head FICHIER », avec le fichier joint, dit s’il le fait.',
  open: 'Ouvrir dans Constat',
  acknowledge: 'Je m’en occupe',
  acknowledgeNote: 'Ouvre une page avec un bouton. Rien n’est pris en compte avant qu’il soit pressé.',
  sentBy: ({ contract }) =>
    `Envoyé par Constat, qui mesure pour ${contract}. Personne ne lit les réponses à cette adresse.`,
  sentByAll: 'Envoyé par Constat. Personne ne lit les réponses à cette adresse.',
  page: {
    title: 'Prise en compte',
    sentence: 'Qui presse le bouton s’en occupe : tous ceux qui ont été prévenus l’apprennent aussi.',
    button: 'Je m’en occupe',
    done: (at) => `Pris en compte ${at}. Tous ceux qui ont été prévenus l’apprennent.`,
    together: (n) => `${n} incidents de même cause`,
    over: 'C’est fini : il n’y a plus rien à prendre en compte.',
    refused: 'Ce lien n’est plus valable.',
    refusedHelp: 'Il vaut pour un incident et deux semaines. Connectez-vous pour voir où en sont les choses.',
  },
}
