/** French of the annex, article by article. Pure. */
import type { AnnexText } from './annex-en.ts'

export const annexFr: AnnexText = {
  title: 'Annexe : mesure des niveaux de service',
  mark: 'PROJET À FAIRE RELIRE PAR UN CONSEIL',
  preamble: ({ customer, provider, contract }) =>
    `Entre ${customer} (le client) et ${provider} (le prestataire), pour faire partie du contrat « ${contract} ».`,
  facts: {
    reference: 'Référence',
    revision: 'Révision',
    digest: 'Empreinte des conditions',
    from: 'En vigueur à partir du',
  },
  instrument: {
    title: 'L’instrument',
    text: ({ semantics, digest }) => [
      'Les parties mesurent les niveaux de service du contrat avec Constat, que le client exploite : des agents sondent les services, signent ce qu’ils constatent, et un collecteur le conserve dans un registre auquel on ne fait qu’ajouter.',
      `Les chiffres et les conclusions sont calculés selon la version ${semantics} de ses règles, d’après les conditions d’empreinte ${digest}. Quiconque détient le registre peut les recalculer, sans le client et sans réseau, avec le programme constat-verify ; ce qu’il retrouve fait foi entre les parties.`,
    ],
  },
  versions: {
    title: 'Versions',
    text: [
      'Le client peut mettre les programmes à jour. Une autre version des règles ne s’applique à une période que si les deux parties l’ont acceptée avant son début ; les périodes closes gardent la leur, dont les règles restent disponibles.',
      'Une modification des présentes conditions est une révision : elle est présentée au prestataire, qui l’accepte ou y fait objection, et prend effet au début de la période suivante.',
    ],
  },
  siting: {
    title: 'Lieux de mesure',
    head: ['Site', 'Administré par'],
    nobody: 'non déclaré',
    none: 'Tout hôte du client sur lequel un agent est inscrit.',
    text: 'Un site ajouté, déplacé ou retiré est une entrée du registre. La partie qui administre un hôte en maintient l’horloge, le réseau et l’agent en l’état, et annonce à l’avance ce qu’elle y change.',
  },
  probing: {
    title: 'Ce qui est sondé, et autorisation de sonder',
    head: ['Service', 'Sonde', 'Cible', 'Toutes les'],
    text: [
      'Le prestataire autorise ces sondes, depuis ces sites, à ces intervalles et, après un échec, toutes les 2 secondes pendant 5 minutes au plus. Elles lisent ce que tout utilisateur du service peut lire, et ne modifient rien.',
      'Il les traite comme les utilisateurs du service : il ne les bloque, ne les limite, ne leur répond d’ailleurs ni ne les favorise. Les comptes dont une sonde a besoin sont donnés pour ce seul usage.',
    ],
  },
  guarantees: {
    title: 'Ce qui est promis',
    head: ['Engagement', 'Clause', 'Promesse', 'Compté par', 'Heures'],
    each: 'chaque site pour lui-même',
  },
  rules: {
    title: 'Quand un service est indisponible',
    confirm: ({ check, down, up }) =>
      `${check} : indisponible après ${down} échecs consécutifs, disponible après ${up} succès consécutifs, à compter du premier d’entre eux.`,
    quorum: (rule) => `Un service est indisponible lorsque ${rule}.`,
    binding: (figure) =>
      `Le temps sans mesure n’est ni disponible ni indisponible. Trois chiffres sont donnés ; fait foi : ${figure}.`,
    coverage: (share) =>
      `Lorsque moins de ${share} du temps est connu, « preuves insuffisantes » est dit à côté de la conclusion.`,
    minimum: (length) => `Les interruptions de moins de ${length} ne comptent pas.`,
    merge: (length) => `Les interruptions séparées de moins de ${length} n’en font qu’une.`,
    silence: {
      unknown:
        'Le silence d’un hôte que le prestataire administre est du temps inconnu, et figure avec ce nom.',
      down: 'Le silence d’un hôte que le prestataire administre vaut indisponibilité.',
    },
    blocked: {
      unknown: 'Ce qu’un pare-feu ou un limiteur répond à la place du service est du temps inconnu.',
      fail: 'Ce qu’un pare-feu ou un limiteur répond à la place du service compte comme un échec.',
    },
    references: (names) =>
      `Un site depuis lequel aucune de ces références ne répond est isolé, et ne sait rien : ${names}. Aucune n’appartient au prestataire.`,
  },
  zones: { title: 'Qui répond de quoi', head: ['Zone', 'Jusqu’à', 'Répond'] },
  clocks: {
    title: 'Horloges',
    text: (error) => [
      `Les instants sont ceux que signent les agents, d’après une horloge tenue à ${error} près. Ce que dit un agent dont l’horloge est moins juste est montré, et la réclamation dit que son horloge était hors tolérance.`,
      'Les heures sont données dans le fuseau que nomme chaque engagement, selon les règles de ce fuseau que portent les conditions.',
    ],
  },
  exclusions: {
    title: 'Le temps qui ne compte pas',
    head: ['Motif', 'Clause', 'Condition', 'Préavis'],
    none: 'Aucun motif n’est convenu.',
    needs: {
      announcement: 'une annonce dans les temps',
      'customer-acceptance': 'l’acceptation du client',
      'agreement-or-decision': 'l’accord des deux parties, ou une décision',
      nothing: 'aucune : il revient selon le contrat',
    },
    cap: (length) => `Au plus ${length} par mois, dans l’ordre du temps.`,
    mode: {
      remove: 'Le temps exclu est retiré du temps d’engagement.',
      'excuse-only': 'L’indisponibilité exclue est excusée ; le temps d’engagement demeure.',
    },
  },
  objection: {
    title: 'Clôture et délai d’objection',
    text: ({ grace, until }) => [
      `Une période devient définitive ${grace} après sa fin, ou dès que ce qui était en cours à sa fin est décidé. Chaque partie peut alors la consulter et en emporter les preuves.`,
      `Jusqu’à ${until}, le prestataire peut remettre sa propre liste d’interruptions, déclarer ou accepter des exclusions, et dire ce qu’il conteste. Ce qui est accepté modifie le résultat ; chaque version reste lisible, et une réclamation notifiée garde la version qu’elle cite.`,
    ],
    until: {
      'claim-deadline': 'la fin du délai de réclamation',
      'window-final': 'ce que la période soit définitive',
    },
  },
  claim: {
    title: 'Réclamations',
    deadline: ({ days, kind, after }) => `Une pénalité est réclamée dans les ${days} ${kind} après ${after}.`,
    monthEnd: (months) =>
      `Une pénalité est réclamée avant la fin du mois calendaire n° ${months} qui suit la période.`,
    after: { 'window-final': 'que la période est définitive', 'window-end': 'la fin de la période' },
    notice: {
      required: 'Une mise en demeure est nécessaire.',
      'not-required': 'Aucune mise en demeure n’est nécessaire.',
    },
    answer: ({ days, kind }) =>
      `Le prestataire répond dans les ${days} ${kind} : il accepte en tout ou partie, ou conteste en donnant ses motifs.`,
    silence: {
      none: 'Le silence n’engage aucune des parties.',
      acceptance: 'Le silence passé ce délai vaut acceptation, que chaque partie peut renverser.',
      rejection: 'Le silence passé ce délai vaut refus, que chaque partie peut renverser.',
    },
    none: 'Le contrat ne prévoit pas de pénalités.',
    exclusive: {
      yes: 'La pénalité répare le préjudice.',
      no: 'La pénalité ne répare pas le préjudice.',
    },
  },
  own: {
    title: 'La sonde du prestataire',
    text: [
      'Le prestataire peut inscrire ses propres agents au même registre, et y dispose d’un accès propre : il voit ce contrat et aucun autre, y prend en compte, conteste, déclare et répond. Ce qu’il dit est une entrée du registre, n’est jamais modifié, et ne peut recevoir qu’une réponse.',
      'Il peut emporter à tout moment les preuves de toute période et les conserver. Ce qui est emporté plus tard doit prolonger ce qu’il détient.',
    ],
  },
  failure: {
    title: 'Défaillance de l’instrument',
    text: [
      'Le temps pour lequel l’instrument n’a pas de preuve, quelle qu’en soit la cause, est inconnu : il ne peut faire manquer aucun engagement. Arrêter l’instrument ne profite à aucune des parties.',
      'Si le registre ou ses signatures ne tiennent plus, les périodes concernées sont jugées d’après ce que les deux parties en ont conservé auparavant et, à défaut, selon [la méthode convenue sans l’instrument].',
    ],
  },
  expert: {
    title: 'Expert commun',
    text: [
      'Ce sur quoi les parties ne s’accordent pas dans les [30] jours est soumis à un expert qu’elles désignent ensemble : [nom]. L’expert recalcule la période d’après les preuves, et dit sur quelles conditions, exclusions et entrées repose l’écart.',
      'Son avis lie les parties [à décider]. Ses frais sont à la charge de [à décider].',
    ],
  },
  confidentiality: {
    title: 'Confidentialité',
    text: 'Chaque partie garde pour elle ce que le registre lui apprend des services et des hôtes de l’autre, et ne s’en sert que pour ce contrat. Les noms de personnes et les textes libres se trouvent hors du registre, sous forme d’engagements salés, et peuvent être effacés sans le rompre. Les chiffres du préjudice propres au client n’en font pas partie.',
  },
  retention: {
    title: 'Conservation',
    text: 'Le client conserve le registre aussi longtemps qu’une réclamation est possible au titre du contrat, et [12] mois de plus. Sur demande, il remet au prestataire les preuves de toute période de ce temps.',
  },
  language: {
    title: 'Langue',
    text: {
      en: 'La présente annexe est rédigée en anglais et en français. Le texte anglais prévaut.',
      fr: 'La présente annexe est rédigée en anglais et en français. Le texte français prévaut.',
    },
  },
  calendars: { title: 'Heures et jours fériés', always: 'toujours' },
  sign: ({ customer, provider }) => [
    `Pour ${customer}`,
    '',
    '____________________',
    '',
    `Pour ${provider}`,
    '',
    '____________________',
  ],
  dayKind: {
    calendar: 'jours calendaires',
    working: 'jours ouvrés',
    ouvrables: 'jours ouvrables',
    'clear-working': 'jours ouvrés francs',
    clear: 'jours francs',
  },
}
