/** Français : un message pour plusieurs incidents, et un pour ce qui est instable. */
import type { gatheredEn } from './en-gathered.ts'

export const gatheredFr: typeof gatheredEn = {
  gathered: {
    down: ({ all, since, shared }) => `${all} service${all > 1 ? 's' : ''} en panne depuis ${since}${shared}`,
    some: ({ all, down, since, shared }) =>
      `Encore ${down} service${down > 1 ? 's' : ''} sur ${all} en panne depuis ${since}${shared}`,
    over: ({ all, since, shared }) =>
      all > 1
        ? `Les ${all} services sont rétablis, en panne depuis ${since}${shared}`
        : `1 service rétabli, en panne depuis ${since}${shared}`,
    shared: {
      site: (name) => `, sur le site ${name}`,
      agent: (name) => `, vus par ${name} seul`,
      host: (name) => `, hôte ${name}`,
      zone: (name) => `, zone ${name}`,
    },
    isDown: (since) => `en panne depuis ${since}`,
    isOver: (at) => (at === '' ? 'rétabli' : `rétabli ${at}`),
    inHand: 'quelqu’un s’en occupe',
  },
  flapping: {
    one: ({ who, n, since }) => `${who} est instable : tombé ${n} fois depuis ${since}`,
    many: ({ n, since }) => `${n} services sont instables depuis ${since}`,
    stable: ({ who, n, since, changed }) =>
      `${who} est stable : rétabli depuis ${changed}, tombé ${n} fois depuis ${since}`,
    staysDown: ({ who, n, changed }) => `${who} reste en panne depuis ${changed}, après être tombé ${n} fois`,
    manyStable: ({ n }) => `${n} services ne sont plus instables`,
    times: ({ n, since }) => `tombé ${n} fois depuis ${since}`,
    isDown: (since) => `en panne depuis ${since}`,
    isUp: (since) => `rétabli depuis ${since}`,
  },
}
