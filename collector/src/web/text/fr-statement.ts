/** French of how each line of a statement was read. Pure. */
import type { statement as english } from './en-statement.ts'

export const statement: typeof english = {
  handInText:
    'Un export de votre outil de tickets, de supervision ou de page d’état : CSV sous toute forme usuelle, JSON, ou un pourcentage. Voyez d’abord comment chaque ligne se lit ; rien n’est remis par là.',
  file: 'Ou un fichier',
  preview: 'Voir comment elle se lit',
  title: 'Lecture de la déclaration',
  lead: 'Rien n’est encore remis. Regardez chaque ligne, et remettez-la quand elle dit ce que vous voulez dire.',
  lines: 'Ligne par ligne',
  line: 'Ligne',
  look: 'À regarder',
  counts: ({ read, refused }) =>
    `${read} ${read < 2 ? 'ligne lue' : 'lignes lues'}, ${refused} non ${refused < 2 ? 'lue' : 'lues'}.`,
  figure: ({ name, percent }) => {
    const shown = percent.replace('.', ',')
    return name === '*' ? `${shown} % pour tout` : `${name} : ${shown} %`
  },
  unsure:
    'Une ligne n’a pu être lue ou située. Ce qui manque à la déclaration peut s’y trouver : rien n’est donc tenu pour omis.',
  notFound: 'pas parmi les lignes qui ont pu être lues',
  all: 'tous les services',
  notOver: 'pas terminée',
  or: 'ou',
  skipped: 'passée : elle n’a pas d’horaire',
  more: (n) => `et ${n} de plus ; l’API les a toutes`,
  problems: {
    'no-time': 'n’est pas une date',
    'no-length': 'n’est pas une durée : écrivez 1h32, 92 min ou 01:32:00',
    'no-unit': 'n’a pas d’unité : écrivez 92 min, ou nommez l’unité dans l’en-tête',
    'day-or-month': 'l’un ou l’autre nombre peut être le jour : écrivez 2026-10-05 10:00',
    backwards: 'finit avant de commencer',
    'open-quote': 'un guillemet n’est jamais fermé',
    'no-percentage': 'n’est pas un pourcentage : écrivez 99,95',
    shape: 'devrait être',
  },
  asks: {
    'not-over': 'pas encore terminée ?',
    twice: 'l’horloge a donné deux fois cette heure : laquelle ?',
    'one-step': 'commence et finit sur une même lecture de l’horloge',
    'no-clock': 'un jour sans heure : minuit est retenu',
    'length-differs': 'sa durée n’est pas celle entre début et fin',
    duplicate: 'y figure deux fois',
    'not-possible': 'cette date peut-elle être juste ?',
    outside: 'hors de cette période',
    'other-service': 'pas un service de ce contrat',
  },
}
