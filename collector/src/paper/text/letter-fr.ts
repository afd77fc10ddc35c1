/** French of a claim. Pure. */
import type { LetterText } from './letter-en.ts'

export const letterFr: LetterText = {
  title: { required: 'Mise en demeure', 'not-required': 'Réclamation d’un avoir' },
  to: 'À',
  date: (day) => `Date : ${day ?? '____________________'}`,
  subject: ({ amount, window }) => `Pénalité de ${amount}, période : ${window}`,
  facts: {
    contract: 'Contrat',
    reference: 'Référence',
    window: 'Période',
    terms: 'Conditions',
    closing: 'Résultat',
  },
  terms: {
    agreed: ({ revision, at }) => `révision ${revision}, que vous avez acceptée le ${at}`,
    objected: ({ revision, at }) => `révision ${revision}, à laquelle vous avez fait objection le ${at}`,
    unilateral: ({ revision }) => `révision ${revision}, à laquelle vous n’avez pas répondu`,
  },
  closing: ({ version, at }) => `version ${version}, définitive depuis le ${at}`,
  opening: ({ contract, window }) =>
    `Au titre du contrat « ${contract} », les engagements ci-dessous n’ont pas été tenus d’après les mesures de la période (${window}).`,
  results: 'Ce qui a été promis, et ce qui a été mesuré',
  binding: (figure) =>
    `Fait foi : ${figure}. Le temps sans mesure n’est retenu contre personne, et figure au rapport.`,
  head: {
    guarantee: 'Engagement',
    clause: 'Clause',
    promised: 'Promis',
    measured: 'Mesuré',
    line: 'Calcul',
    amount: 'Montant',
  },
  credit: ({ clause, amount, tax }) =>
    `En application de la clause ${clause}, la pénalité s’élève à ${amount}, ${tax} :`,
  total: 'Total',
  notice: {
    required: 'La présente lettre vaut mise en demeure, que le contrat exige.',
    'not-required': 'Le contrat n’exige pas de mise en demeure ; la présente lettre en tient lieu.',
  },
  claimUntil: (at) => `Le délai de réclamation court jusqu’au ${at}.`,
  late: (at) => `Le délai de réclamation a pris fin le ${at} ; la présente réclamation lui est postérieure.`,
  yours: 'Ce que vous pouvez faire',
  answer: (until) =>
    until === null
      ? 'Accepter la réclamation en tout ou partie, ou la contester en donnant vos motifs. Le contrat ne fixe pas de délai.'
      : `Accepter la réclamation en tout ou partie, ou la contester en donnant vos motifs, jusqu’au ${until}.`,
  answerDays: ({ days, kind }) =>
    `Accepter la réclamation en tout ou partie, ou la contester en donnant vos motifs, dans les ${days} jours (${kind}) de la présente.`,
  silence: {
    none: 'Le silence n’engage aucune des parties.',
    acceptance: (clause) =>
      `En application de la clause ${clause}, le silence passé ce délai vaut acceptation.`,
    rejection: (clause) => `En application de la clause ${clause}, le silence passé ce délai vaut refus.`,
  },
  recompute: ({ file, digest }) =>
    `Recalculer chaque chiffre, hors ligne, à partir des mesures signées par les agents : le fichier ${file} (SHA-256 ${digest}) les contient toutes. Le code de sortie 0 signifie que les chiffres sont retrouvés.`,
  command: (command) => `Commande : ${command}`,
  statement:
    'Remettre votre propre liste des interruptions : elle est confrontée à la mesure, interruption par interruption.',
  exclusion: (until) =>
    `Déclarer le temps que le contrat exclut, ou accepter ce qui a été déclaré. Ce qui est accepté avant le ${until} modifie le résultat.`,
  loss: {
    exclusive: 'Selon le contrat, la pénalité répare le préjudice.',
    open: 'Selon le contrat, la pénalité ne répare pas le préjudice. Tous autres droits sont réservés.',
  },
  enclosed: 'Pièces jointes',
  sign: ['Pour le client', '', '____________________'],
  foot: ({ contract, digest }) => `${contract} · résultats ${digest}`,
  dayKind: {
    calendar: 'calendaires',
    working: 'ouvrés',
    ouvrables: 'ouvrables',
    'clear-working': 'ouvrés francs',
    clear: 'francs',
  },
  file: {
    letter: 'la lettre',
    report: 'le rapport de la période, tel que le voit le prestataire',
    incidents: 'les incidents de la période, un par ligne',
    evidence: 'tout ce sur quoi la période est jugée, pour constat-verify',
  },
  readme: {
    title: ({ contract, window }) => `Réclamation : ${contract}, ${window}`,
    own: 'Ce fichier est pour vous : il dit ce qui manque encore à la réclamation. Envoyez les autres.',
    inside: 'Contenu',
    supports: 'Ce qui la corrobore',
    lacks: 'Ce qui lui manque encore',
    nothing: 'Rien.',
    standing: 'Où elle en est',
    check: 'Comment la vérifier',
    checkText: ({ leaf }) =>
      `La clôture que cite la lettre est l’entrée ${leaf} du registre. Code de sortie 0 : les chiffres sont retrouvés.`,
    newer: ({ cited, newest }) =>
      `La réclamation cite la version ${cited}. La période a été modifiée depuis : les preuves contiennent les deux, et leur \`result.json\` est la version ${newest}.`,
    next: 'Ce qu’il reste à faire',
    send: 'Dater et signer la lettre, l’envoyer comme le contrat le demande, puis l’enregistrer : Réclamations, ou `POST …/notify`.',
    wait: (at) => `Le prestataire peut répondre jusqu’au ${at}.`,
    settle: 'Enregistrer ce qui a été crédité ou compensé : Réclamations, ou `POST …/settle`.',
    done: 'Rien : elle est réglée.',
  },
  has: {
    'more-sites': 'deux sites au moins mesurent',
    references: 'une référence qui n’appartient pas au prestataire répond à côté',
    'host-administrators': 'l’administrateur de chaque hôte est déclaré',
    'provider-agreement': 'le prestataire a accepté les conditions',
    'clock-bound': 'les horloges sont dans leur tolérance',
    witness: 'les points de contrôle portent un horodatage ou un témoin',
    'alert-path': 'des alertes ont été reçues',
    'alert-path-owner': 'le prestataire n’exploite pas l’hôte qui reçoit les alertes',
  },
}
