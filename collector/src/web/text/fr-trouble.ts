/** French: what keeps the collector from its work, and what went wrong, told to a person. Pure. */
import { de } from './elision.ts'
import { mebibytes, seconds, type HealthText } from '../../view/health.ts'
import type { Text } from './en.ts'

export const healthFr: HealthText = {
  database: ({ reason }) => `la base de données ne répond pas : ${reason}`,
  disk: ({ freeBytes, floorBytes }) =>
    `le disque est plein : il reste ${mebibytes(freeBytes)} Mio des ${mebibytes(floorBytes)} à garder libres ; ` +
    'aucun échantillon n’est reçu tant que la place manque, et les agents gardent les leurs',
  ledger: ({ reason }) => `le registre ne peut pas être écrit : ${reason}`,
  'fold-behind': ({ contract }) => `le dépouillement ${de(contract)} est en retard sur son registre`,
  'set-aside': ({ contracts }) => `${contracts} contrat(s) mis de côté : leurs pages en disent la raison`,
  lie: ({ contract, index }) =>
    `le registre ${de(contract)} ment à la feuille ${index}, et n’est plus prolongé ; constat check en dit plus`,
  restored: ({ contract }) =>
    `la base ${de(contract)} est plus ancienne que ses agents : ce qui a suivi la copie remise en place est perdu ici`,
  clock: ({ offMs, isDoubted }) =>
    `l’horloge de cette machine a été ${offMs < 0 ? 'reculée' : 'avancée'} de ${seconds(offMs)} s ; l’heure d’avant continue` +
    (isDoubted
      ? ' ; aucun agent ne reçoit d’heure avant que d’autres montrent laquelle est juste ; si la nouvelle l’est, redémarrez le collecteur'
      : ', comme les agents le montrent'),
}

export const troubleFr: Text['trouble'] = {
  awayTitle: 'La base de données ne répond pas',
  awayText: 'Rien n’est perdu : les agents gardent ce qu’ils mesurent. Réessayez dans un instant.',
  back: 'Retour à la vue d’ensemble',
  code: 'Code',
  notFoundTitle: 'Il n’y a rien ici',
  notFoundText: 'L’adresse est mal écrite, ou ce qu’elle nommait a disparu ou ne vous est pas ouvert.',
  manyTitle: 'Trop à la fois',
  manyText: 'Trop de demandes sont venues d’ici en peu de temps. Attendez une minute, puis réessayez.',
  forbiddenTitle: 'Cela ne vous revient pas',
  forbiddenText: 'Demandez au titulaire, ou connectez-vous avec un autre jeton.',
  badTitle: 'Cela ne convient pas',
  brokenTitle: 'Le collecteur n’a pas pu répondre',
  brokenText:
    'Son journal en donne la raison. La mesure continue : les agents gardent ce qu’ils ne peuvent pas envoyer.',
}
