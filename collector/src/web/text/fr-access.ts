/**
 * French of signing in, and of the page of tokens. Pure.
 */
import type { access as englishAccess, signIn as englishSignIn } from './en-access.ts'

export const signIn: typeof englishSignIn = {
  title: 'Connexion',
  lead: 'Cette page est réservée au titulaire des contrats et à ceux qu’il a admis.',
  token: 'Jeton',
  button: 'Se connecter',
  where: 'Où le trouver ?',
  whereText:
    'Le collecteur affiche un lien de titulaire dans son terminal à son premier démarrage. Ouvrez ce lien, ou collez son jeton ici. Pour le revoir, lancez ceci sur l’hôte du collecteur :',
  wrongTitle: 'Ce jeton n’ouvre rien',
  wrongText: 'Il est mal recopié, retiré ou expiré. Copiez de nouveau le lien entier, ou créez un jeton.',
  signedOut: 'Vous êtes déconnecté.',
  again:
    'Reconnectez-vous pour continuer : ouvrir l’accès à d’autres demande une connexion de moins d’une demi-heure.',
  againFirst:
    'Pour ouvrir l’accès à d’autres, reconnectez-vous : votre connexion date de plus de vingt minutes.',
  againButton: 'Se reconnecter',
  askTitle: 'Se connecter par ce lien ?',
  askText:
    'Une autre page, ou un programme, vous amène ici par un lien qui vous connecte. Ne continuez que si c’est le vôtre : qui l’a envoyé peut vouloir vous faire agir sous son nom.',
  askButton: 'Oui, se connecter',
}

export const access: typeof englishAccess = {
  title: 'Accès',
  intro:
    'Qui peut entrer. Retirer un jeton met fin aussitôt à ses sessions, à ses pages et à ses flux d’événements.',
  id: 'Jeton',
  grant: 'Pour',
  owner: 'Titulaire',
  viewer: 'Lecteur',
  provider: 'Prestataire',
  internal: 'Utilisateur interne (état seulement)',
  invite: (name, role) => `Invitation de ${name} : ${role}`,
  person: (name, role) => `Compte de ${name} : ${role}`,
  agent: 'Un agent qui rejoint',
  agentNamed: (name) => `L’agent ${name}, qui rejoint`,
  contract: 'Contrat',
  all: 'Tous',
  made: 'Créé',
  expires: 'Expire',
  never: 'Jamais',
  sessions: 'Sessions ouvertes',
  yours: 'le vôtre',
  revoke: 'Retirer',
  revokeHelp: 'Qui le détient est dehors aussitôt. Ce qu’il a écrit reste.',
  revokeYes: (id) => `Oui, retirer ${id}`,
  renew: 'Renouveler',
  shownOnce: 'C’était montré une seule fois. Qui l’a perdu en crée un autre.',
  renewHelp: 'Crée un autre jeton avec les mêmes droits, affiché une fois. Celui-ci n’ouvrira plus rien.',
  renewYes: (id) => `Oui, renouveler ${id}`,
  revoked: 'Le jeton est retiré.',
  newTitle: 'Le nouveau jeton',
  newOnce: 'Copiez-le maintenant : il ne sera plus affiché.',
  make: 'Pour en créer un, lancez ceci sur l’hôte du collecteur :',
  audit: 'Qui a admis qui',
  auditNone: 'Personne encore.',
  at: 'Quand',
  by: 'Par',
  operator: 'Qui a le répertoire de données',
  start: 'Un démarrage du collecteur',
  deed: 'Acte',
  deeds: {
    issued: 'a donné',
    revoked: 'a retiré',
    joined: 'a accepté l’invitation',
    changed: 'a changé les droits',
    'signed-in': 's’est connecté',
    password: 'a défini le mot de passe',
    'factor-on': 'a activé le second facteur',
    'factor-off': 'a désactivé le second facteur',
    codes: 'a créé des codes de secours',
    'code-used': 'a utilisé un code de secours',
    'signed-out': 'a fermé des sessions',
  },
}
