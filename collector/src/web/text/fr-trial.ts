/** French: trying checks before a contract is in force. Pure. */
import type { trialEn } from './en-trial.ts'
import { COMPARED_FR, probeSentenceFr, seenFr, wantedFr } from './fr-probe.ts'

export const trialFr: typeof trialEn = {
  try: 'Essayer maintenant',
  help: 'Un agent sonde chaque adresse une fois. Rien ne s’applique et rien n’est conservé.',
  title: 'Essayé à l’instant',
  nothingKept:
    'Un seul regard sur chaque adresse. Ce n’est pas une mesure : rien n’a été appliqué, compté ni conservé.',
  outcome: {
    ok: 'répond comme il faut',
    degraded: 'répond, mais',
    fail: 'échoue',
    unknown: 'n’a pas pu être jugé',
    blocked: 'a refusé l’agent',
  },
  phase: {
    dnsUs: 'nom résolu',
    connectUs: 'connexion',
    tlsUs: 'échange TLS',
    ttfbUs: 'premier octet',
    transferUs: 'contenu',
  },
  took: (time) => `${time} en tout`,
  seenFrom: (agent) => `Vu depuis ${agent}.`,
  seenAt: ({ agent, address, port }) =>
    `Vu depuis ${agent}, à l’adresse ${address}${port === null ? '' : `, port ${port}`}.`,
  ledTo: (url) => `L’adresse a mené à ${url}.`,
  detail: probeSentenceFr,
  compared: ({ what, wanted, seen }) =>
    `${COMPARED_FR.get(what) ?? what} : attendu ${wantedFr(wanted)}${seen === null ? '' : `, vu ${seenFr(seen)}`}`,
  reason: {
    'no-agent': ({ detail }) =>
      `Aucun agent qui le sonderait n’est connecté${detail === '' ? '' : ` : ${detail}`}.`,
    'old-agent': ({ agent, detail }) =>
      `L’agent ${agent} ${detail} ne sait pas essayer un contrôle : mettez-le à jour.`,
    over: ({ detail }) => `Pas commencé : un essai dure ${detail} au plus.`,
    late: ({ agent }) => `L’agent ${agent} n’a pas répondu à temps.`,
    lost: ({ agent }) => `La connexion de l’agent ${agent} a été perdue.`,
    refused: ({ agent, detail }) => `L’agent ${agent} ne l’a pas essayé : ${detail}.`,
    unreadable: ({ agent }) => `La réponse de l’agent ${agent} est illisible.`,
  },
  fault: {
    'rate-limited':
      'Un essai est encore en cours, ou il y en a eu trop en une minute. Attendez, puis réessayez.',
    unavailable: 'Aucun agent connecté ne peut l’essayer. Ajoutez-en un d’abord.',
    'too-large': 'C’est trop d’adresses pour un seul essai : essayez-en moins.',
  },
}
