/** French: what leaves a contract, what ended, was stopped or is set aside. Pure. */
import type { EndingText } from './en-ending.ts'

export const endingFr: EndingText = {
  ended: 'Terminé',
  left: 'Sorti du contrat',
  setAside: 'Mis de côté',
  endedAt: (at) => `Terminé le ${at}. Plus rien n’est sondé ; tout reste consultable.`,
  trouble: (reason) => `Mis de côté : ${reason} ; les autres contrats continuent.`,
  leftAt: (at) => `Sorti du contrat le ${at}. Ce qui a été mesuré jusque-là reste.`,
  leavesAt: (at) => `Jugé jusqu’au ${at}, puis il sort du contrat.`,
  newTermsAt: (at) =>
    `Jugé selon ses termes actuels jusqu’au ${at}, puis selon ceux d’une révision plus récente.`,
  notProbed: {
    stopped: (since) => `Plus sondé depuis ${since} : une révision y a mis fin.`,
    ended: (since) => `Plus sondé depuis ${since} : le contrat a pris fin.`,
  },
  length: {
    shorter: 'Plus courte que d’habitude : les termes ont changé ses bornes',
    longer: 'Plus longue que d’habitude : les termes ont changé ses bornes',
  },
  pastServices: (n) => (n === 1 ? '1 service sorti du contrat' : `${n} services sortis du contrat`),
  archive: 'Archiver ce contrat',
  archiveHelp:
    'Il prend fin maintenant : plus rien n’est sondé et aucune période ne commence. Les périodes en cours sont jugées sur le temps écoulé et closes comme d’habitude. Tout reste consultable. Appliquer à nouveau des termes le reprend.',
  archiveYes: (name) => `Oui, archiver ${name}`,
  takeUp: 'Appliquez à nouveau des termes pour le reprendre :',
}
