/**
 * Explanation: every value of an expanded contract as lines of text, the defaulted ones marked. Pure.
 */
import { formatInstant } from '@constat/shared/time'
import { durationText } from '../duration.ts'
import type { ExpandedContract } from './expanded.ts'
import { memberOf } from './refusal.ts'
import { leafKey, plainName } from './defaulted.ts'
import type { Path } from './problem.ts'

export const DEFAULT_MARK = '(default)'

type Line = { depth: number; name: string; text: string; path: Path }

/** Members that are told elsewhere, or that only machines read. */
export const SILENT = new Set(['schema', 'source', 'zoneTables'])

/** One value a line, indented; times, durations and lists in words. */
export function explain(terms: ExpandedContract): string[] {
  const defaulted = new Set(terms.source.defaulted)
  const lines = Object.entries(terms)
    .filter(([key]) => !SILENT.has(key))
    .flatMap(([key, value]: [string, unknown]) => linesOf(value, { name: key, depth: 0, path: [key] }))
  return [...lines.map((line) => lineText(line, defaulted)), ...zoneLines(terms)]
}

function linesOf(value: unknown, at: Omit<Line, 'text'>): Line[] {
  if (Array.isArray(value)) return listLines(value, at)
  if (typeof value !== 'object' || value === null) return [{ ...at, text: scalarText(at.name, value) }]
  const members: [string, unknown][] = Object.entries(value)
  if (members.length === 0) return [{ ...at, text: 'none' }]
  return [
    { ...at, text: '' },
    ...members.flatMap(([key, member]) => {
      return linesOf(member, { name: key, depth: at.depth + 1, path: [...at.path, key] })
    }),
  ]
}

function listLines(list: readonly unknown[], at: Omit<Line, 'text'>): Line[] {
  if (list.length === 0) return [{ ...at, text: 'none' }]
  if (list.every((one) => typeof one !== 'object' || one === null))
    return [{ ...at, text: list.map(String).join(', ') }]
  return [
    { ...at, text: '' },
    ...list.flatMap((member, i) => {
      return linesOf(member, { name: labelOf(member, i), depth: at.depth + 1, path: [...at.path, i] })
    }),
  ]
}

/** Members of a list go by their own name where they have one. */
function labelOf(member: unknown, i: number): string {
  const label = memberOf(member, 'id') ?? memberOf(member, 'name')
  return typeof label === 'string' ? label : String(i + 1)
}

function scalarText(name: string, value: unknown): string {
  if (value === null) return name === 'fromMs' ? 'the moment of apply' : 'none'
  return timeText(name, value) ?? (typeof value === 'string' ? value : JSON.stringify(value))
}

/** Of what its name says is an instant or a length. */
export function timeText(name: string, value: unknown): string | undefined {
  if (typeof value !== 'number' || !name.endsWith('Ms')) return undefined
  return /^(from|to)Ms$/.test(name) ? formatInstant(value) : durationText(value)
}

function lineText({ depth, name, text, path }: Line, defaulted: ReadonlySet<string>): string {
  // A list of plain values is one line and many leaves.
  const isDefault = text !== '' && (defaulted.has(leafKey(path)) || defaulted.has(leafKey([...path, 0])))
  const value = text === '' ? '' : ` ${text}`
  return `${'  '.repeat(depth)}${plainName(name)}:${value}${isDefault ? ` ${DEFAULT_MARK}` : ''}`
}

function zoneLines({ zoneTables }: ExpandedContract): string[] {
  const tables = Object.values(zoneTables)
  return [
    'zoneTables:',
    ...tables.map(({ zone, fromMs, toMs, transitions }) => {
      return `  ${zone}: ${transitions.length} offsets from ${formatInstant(fromMs)} to ${formatInstant(toMs)}`
    }),
  ]
}
