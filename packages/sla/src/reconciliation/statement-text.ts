/**
 * The text of a statement: bytes as programs save them, and rows as spreadsheets write them. Pure. A quote that is
 * never closed spoils its own row and no other.
 */
import { Fault } from '@constat/shared/fault'

export const ENCODINGS = ['utf-8', 'utf-16', 'windows-1252'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** Files that are no text, by how they begin: a workbook, a page. */
const NO_TEXT = ['PK\u0003\u0004', '%PDF', '\u00d0\u00cf\u0011\u00e0']

/** UTF-16 by its mark or its zeros, UTF-8 where it holds, else what Windows saves. Fault `bad-request` for no text. */
export function textOf(bytes: Uint8Array): { text: string; encoding: Encoding } {
  const [first = 0, second = 0] = bytes
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0 && bytes.length > 1)
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0)
  const encoding = isLittle || isBig ? 'utf-16' : isUtf8(bytes) ? 'utf-8' : 'windows-1252'
  const label = isBig ? 'utf-16be' : isLittle ? 'utf-16le' : encoding
  const text = new TextDecoder(label).decode(bytes)
  if (!text.includes('\u0000') && !NO_TEXT.some((start) => text.startsWith(start))) return { text, encoding }
  throw new Fault('bad-request', 'the statement is no text', {
    hint: 'Save it as CSV, from the program that has it open, and send that.',
  })
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** `line`: where it begins, from 1. `isOpen`: a quote in it is never closed. */
export type Row = { line: number; cells: string[]; isOpen: boolean }

/** Rows with something in them; quotes as in RFC 4180. Fault `too-large` past `most`. */
export function rowsOf(text: string, most: number): Row[] {
  const sep = /^sep=(.)\r?\n/i.exec(text)
  const body = sep ? text.slice(sep[0].length) : text
  const separator = sep?.[1] ?? separatorOf(body)
  const rows: Row[] = []
  let at = 0
  let maySpan = true
  let line = sep ? 2 : 1
  while (at < body.length) {
    const row = rowAt(body, { at, separator, spans: maySpan ? 'lines' : 'line' })
    // From here on a quote is held to its line: else each open one would be looked for to the end.
    maySpan &&= !row.isOpen
    if (row.cells.some((cell) => cell.trim() !== ''))
      rows.push({ line, cells: row.cells, isOpen: row.isOpen })
    if (rows.length > most) throw new Fault('too-large', `the statement has more than ${most - 1} incidents`)
    line += countLines(body, at, row.next)
    at = row.next
  }
  return rows
}

type Place = { at: number; separator: string; spans: 'lines' | 'line' }

/** A row, and where the next one begins. */
function rowAt(
  text: string,
  { at, separator, spans }: Place,
): { cells: string[]; isOpen: boolean; next: number } {
  const cells: string[] = []
  let cell = ''
  let isQuoted = false
  let i = at
  for (; i < text.length; i += 1) {
    const char = text[i]!
    if (isQuoted) {
      if (char === '\n' && spans === 'line') break
      if (char !== '"') cell += char
      else if (text[i + 1] === '"') {
        cell += '"'
        i += 1
      } else isQuoted = false
    } else if (char === '"' && cell === '') isQuoted = true
    else if (char === separator) {
      cells.push(cell)
      cell = ''
    } else if (char === '\n') break
    else if (char !== '\r') cell += char
  }
  if (!isQuoted) return { cells: [...cells, cell], isOpen: false, next: i + 1 }
  // Nothing closes it: the row ends with its line.
  const end = text.indexOf('\n', at)
  const next = end < 0 ? text.length : end + 1
  return { cells: text.slice(at, next).trim().split(separator), isOpen: true, next }
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0
  for (let i = text.indexOf('\n', from); i >= 0 && i < to; i = text.indexOf('\n', i + 1)) lines += 1
  return lines
}

/** What stands in the first line; where that is a title, in the one after it. */
function separatorOf(text: string): string {
  const lines = text.split('\n', 10)
  for (const line of lines) {
    const found = [';', '\t', ','].find((one) => line.includes(one))
    if (found !== undefined) return found
  }
  return ','
}
