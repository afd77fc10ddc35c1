/**
 * Columns: what the head of an export calls them, in English and French. Where it has `start` and `end` by these very
 * words, it is our own form, and only our own five words mean something. Pure.
 */
import type { LengthUnit } from './stated-length.ts'

export const OWN_COLUMNS = ['service', 'start', 'end', 'kind', 'note'] as const
export type Column = (typeof OWN_COLUMNS)[number] | 'duration' | 'day' | 'availability'

export type Head = {
  at: Partial<Record<Column, number>>
  /** Of the lengths, as their head says. */
  unit: LengthUnit | null
  isFrench: boolean
  /** Times are said to be of UTC. */
  isUtc: boolean
}

/** Without articles and the words date, hour, time. What comes first in a list is taken first. */
const WORDS: Readonly<Record<Column, readonly string[]>> = {
  start: listOf(`
    start, started, actual start, incident start, start incident, outage start, begin, began, beginning,
    debut, debut incident, debut panne, debut interruption, debut indisponibilite, debut reel, from, du, depuis,
    down since, down, detected, detecte, detection, opened, open, opening, ouvert, ouverture, ouverture ticket,
    created, creation, cree, time, heure, problem`),
  end: listOf(`
    end, ended, actual end, incident end, end incident, outage end, finish, fin, fin incident, fin panne,
    fin interruption, fin indisponibilite, fin reelle, to, until, au, up, up since, recovery, recovered, restored,
    restoration, retabli, retablissement, resolved, resolution, resolu, solved, closed, close, clos, cloture, ferme,
    fermeture`),
  duration: listOf(`
    duration, duree, duree incident, duree panne, duree indisponibilite, downtime, length, outage duration,
    indisponibilite, temps arret, temps indisponibilite, business duration, elapsed`),
  day: listOf('date, day, jour'),
  service: listOf(`
    service, services, service name, nom service, affected service, service impacte, business service, application,
    configuration item, cmdb ci, ci, component, components, composant, composants, host, hote, host name, monitor,
    monitor name, system, systeme, element, guarantee, garantie`),
  kind: listOf('kind, type, incident type, type incident, nature, category, categorie, motif, class'),
  note: listOf(`
    note, notes, comment, comments, commentaire, commentaires, short description, description, summary, resume, title,
    titre, subject, objet, number, numero, issue key, key, id`),
  availability: listOf(`
    availability, disponibilite, taux disponibilite, uptime, dispo, taux, percent, pourcentage, availability percent,
    uptime percent, sla`),
}

const FRENCH =
  /^(debut|fin|du|au|duree|ouvert|ouverture|resolu|resolution|cloture|clos|ferme|fermeture|retabli|cree)/
const SILENT = new Set(listOf('date, heure, time, at, le, la, les, l, de, d, des, et, the, of, and'))
const UNITS: readonly (readonly [LengthUnit, RegExp])[] = [
  ['ms', /^ms$/],
  ['s', /^(s|secs?|seconds|secondes)$/],
  ['min', /^(mn|mins?|minutes)$/],
  ['h', /^(h|hours|heures)$/],
  ['d', /^(days|jours|j)$/],
]

/** Null where the row names nothing that a statement needs. */
export function headOf(cells: readonly string[]): Head | null {
  const own = cells.map((cell) => cell.trim().toLowerCase())
  if (own.includes('start') && own.includes('end')) return ownHead(own)
  const heads = cells.map(headWords)
  const at: Head['at'] = {}
  for (const column of Object.keys(WORDS) as Column[]) {
    const found = WORDS[column]
      .map((word) => heads.findIndex(({ name }) => name === word))
      .find((i) => i >= 0)
    if (found !== undefined && !Object.values(at).includes(found)) at[column] = found
  }
  const hasTimes = (at.start !== undefined || at.day !== undefined) && (at.end ?? at.duration) !== undefined
  if (!hasTimes && (at.availability === undefined || at.service === undefined)) return null
  const timed = [at.start, at.end].flatMap((i) => heads[i ?? -1] ?? [])
  return {
    at,
    unit: heads[at.duration ?? -1]?.unit ?? null,
    isFrench: heads.some(({ name }) => FRENCH.test(name)),
    isUtc: timed.length > 0 && timed.every(({ isUtc }) => isUtc),
  }
}

function ownHead(own: readonly string[]): Head {
  const at = Object.fromEntries(
    OWN_COLUMNS.flatMap((name) => (own.includes(name) ? [[name, own.indexOf(name)]] : [])),
  )
  return { at, unit: null, isFrench: false, isUtc: false }
}

type HeadWords = { name: string; unit: LengthUnit | null; isUtc: boolean }

/** "Date de début (UTC)" → debut, of UTC; "Durée (min)" → duree, in minutes. */
function headWords(cell: string): HeadWords {
  const words = plain(cell)
    .replaceAll('%', ' percent ')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const last = words.length > 1 ? unitOf(words.at(-1) ?? '') : null
  const kept = last === null ? words : words.slice(0, -1)
  const isUtc = kept.some((word) => word === 'utc' || word === 'gmt')
  const spoken = kept.filter((word) => word !== 'utc' && word !== 'gmt')
  const bare = spoken.filter((word) => !SILENT.has(word))
  return { name: (bare.length > 0 ? bare : spoken).join(' '), unit: last, isUtc }
}

function unitOf(word: string): LengthUnit | null {
  return UNITS.find(([, spelled]) => spelled.test(word))?.[0] ?? null
}

function listOf(text: string): string[] {
  return text.split(',').map((one) => one.trim().replaceAll(/\s+/g, ' '))
}

/** Small letters without accents; spaces that are ones. */
export function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[\s\u00a0\u202f]+/g, ' ')
    .toLowerCase()
    .trim()
}
