/** Français : ce qui fait une ligne de pénalité. Pur. */
import { de } from './elision.ts'
import type { creditEn, CreditWords } from './en-credit.ts'

export const creditFr: typeof creditEn = {
  ofBase: ({ why, share, base }) => `${why} : ${share} de ${base}`,
  forms: {
    kept: (w) =>
      `arrondi à ${w['digits']} ${w['digits'] === '1' ? 'décimale' : 'décimales'}, ${w['figure']} tient la promesse de ${w['target']}`,
    notMet: () => 'non tenu',
    tier: (w) => `${w['figure']} atteints : palier à partir de ${w['from']}`,
    late: (w) => `${w['count']} retard${s(w['count'])}, ${w['each']} par tranche de ${w['minutes']} min`,
    below: (w) => `${w['points']} point${s(w['points'])} sous ${w['target']}`,
    restoration: (w) => `valeur × retard ÷ ${w['divisor']}, retard ${w['late']}`,
    points: (w) => `${w['points']} point${s(w['points'])} à ${w['amount']}`,
    pool: (w) => `${w['atRisk']} en jeu × ${w['pool']} de l’enveloppe × ${w['part']} de celle-ci`,
    repeat: (w) => `non tenu non plus à la période précédente : × ${w['multiplier']}`,
    sameCause: (w) =>
      `le même incident est pénalisé au titre ${de(w['guarantee'] ?? '')} : le plus élevé seul`,
    earnBack: (w) => `${w['percent']} rachetés : tenu lors des ${w['windows']} périodes suivantes`,
    misreport: (w) =>
      `${w['count']} panne${s(w['count'])} absente${s(w['count'])} du relevé du prestataire : ${w['isFailure'] ? 'compte pour un manquement de plus' : 'pour mémoire'}`,
    cap: (w) =>
      `plafond de ${w['percent']} ${w['months'] ? `des redevances de ${w['months']} mois` : 'de la redevance mensuelle'}${w['service'] ? ` ${de(w['service'])}` : ''}`,
    inARow: (w) => `non tenu ${w['times']} fois de suite${absent(w)}`,
    within: (w) => `non tenu ${w['times']} fois en ${w['windows']} périodes${absent(w)}`,
    outages: (w) =>
      `${w['count']} panne${s(w['count'])} en ${w['days']} jours${w['until'] ? ` ; à exercer avant le ${w['until']}` : ''}`,
  },
}

/** Le pluriel commence à deux. */
function s(count: string | undefined): string {
  return Number((count ?? '0').replace(',', '.')) >= 2 ? 's' : ''
}

function absent({ absent: isAbsent }: CreditWords): string {
  return isAbsent ? ', et une panne omise du relevé' : ''
}
