/** French: how long answers take. Pure. */
import { de } from './elision.ts'
import type { latencyEn } from './en-latency.ts'

export const latencyFr: typeof latencyEn = {
  title: 'Temps de réponse',
  all: 'Tous les chiffres',
  within: 'Dans le délai',
  late: 'En retard',
  answers: 'Réponses comptées',
  missingSlots: 'Mesures manquantes',
  missingMeaning: 'si tout ce qui manque ou reste en doute avait été en retard',
  chart: (check) => `Temps de réponse ${de(check)} au fil du temps`,
  summary: (s) =>
    `${s.check} : ${s.n} réponses. D’ordinaire la moitié en ${s.p50}, 95 % en ${s.p95} ; au pire 99 % en ${s.worst}. ${s.failed} échecs.`,
  none: 'Aucune réponse n’a été mesurée sur cette durée.',
  threshold: (threshold) => `promis : ${threshold}`,
  above: (highest) => `monte à ${highest} : coupé au-dessus`,
  legend: {
    p50: 'la moitié (p50)',
    band: 'p50 à p95',
    p95: '95 % (p95)',
    p99: '99 % (p99)',
    failed: 'échecs',
  },
  table: 'Les mêmes chiffres en tableau',
  at: 'À partir de',
  n: 'Réponses',
  failed: 'Échecs',
  step: (length) => `Par pas de ${length}, tous les lieux ensemble.`,
  tooMany:
    'Trop de réponses pour une seule page : choisissez une durée plus courte ou interrogez l’API par parties.',
  more: (n) => `${n} autres contrôles : l’API les donne tous.`,
}
