/** French: why something is unknown. Pure. */
import { de } from './elision.ts'
import type { UnknownText } from './en-unknown.ts'

export const unknownFr: UnknownText = {
  title: 'Pourquoi c’est inconnu',
  because: (reasons) => `Pourquoi : ${reasons.join(' ; ')}.`,
  more: (n) => (n === 1 ? '1 autre' : `${n} autres`),
  lasted: ({ reason, length }) => `${reason} : ${length}`,
  check: ({ check, reason }) => `${check} : ${reason}`,
  reason: {
    blocked: ({ agent }) =>
      `un pare-feu ou une limitation de débit a répondu à ${agent} à la place de la cible`,
    'no-program': ({ agent }) => `ni fping ni ping n’est installé sur ${agent}`,
    unsupported: ({ agent }) => `${agent} ne peut pas faire ce contrôle`,
    denied: ({ agent }) => `refusé sur ${agent} par la politique de l’hôte ou son propre pare-feu`,
    network: ({ agent }) => `${agent} n’avait pas de lien, ou pas de route vers la cible`,
    resources: ({ agent }) => `${agent} n’avait plus de fichiers, de ports ou de mémoire`,
    interference: ({ agent }) => `${agent} était trop occupé pour chronométrer ses sondes`,
    suspended: ({ agent }) => `l’hôte ${de(agent)} a dormi, ou son horloge a sauté`,
    missed: ({ agent }) => `${agent} a laissé passer ses créneaux sans sonder`,
    isolated: ({ agent }) => `${agent} était lui-même coupé : toutes ses références échouaient`,
    silent: ({ agent, since }) => `agent ${agent} muet${since === null ? '' : ` depuis ${since}`}`,
    lost: ({ agent }) => `la file ${de(agent)} était pleine, des échantillons ont été perdus`,
    'not-measured': ({ agent }) => `${agent} ne l’a pas encore mesuré`,
    unexplained: ({ agent }) => `${agent} n’a pas pu conclure, et n’a pas dit pourquoi`,
    'no-agent': () => 'aucun agent ne peut le mesurer',
    'not-in-force': () => 'pas dans le contrat en vigueur à ce moment-là',
    'probing-stopped': () => 'une révision a arrêté les sondes (apply --stop-probing)',
    'set-aside': () => 'le contrat est mis de côté',
    archived: () => 'le contrat a été archivé',
  },
}
