/**
 * Documents: strict YAML 1.2 text to plain values that remember where they stood. Pure.
 * JSON is a part of YAML, so the same reader takes both; a top-level list is taken as its documents.
 * Depth is measured on the flat syntax before anything walks it recursively.
 */
import type { Json } from '@constat/shared/canonical-json'
import { messageOf } from '@constat/shared/fault'
import {
  Composer,
  LineCounter,
  Parser,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  visit,
  type CST,
  type Document,
  type Node,
} from 'yaml'
import { pathText, type Path, type Problem } from './problem.ts'

export const MAX_FILE_BYTES = 1024 * 1024
export const MAX_DOCUMENTS = 1000
export const MAX_ALIASES = 100
export const MAX_DEPTH = 64

export type SourceFile = { name: string; text: string }

export type SourceDocument = {
  file: string
  data: Json
  /** A problem at `path`, or at its nearest ancestor that was written. `at: 'key'` points at the key. */
  problem: (path: Path, message: string, at?: 'key' | 'value') => Problem
}

export type Reading = { documents: SourceDocument[]; problems: Problem[] }

/** Every document of one file. Never throws on any text. */
export function readDocuments({ name, text }: SourceFile): Reading {
  const whole = (message: string): Reading => ({
    documents: [],
    problems: [{ file: name, path: '', line: 1, column: 1, message }],
  })
  if (Buffer.byteLength(text) > MAX_FILE_BYTES)
    return whole(`is larger than ${MAX_FILE_BYTES} bytes: split it`)
  const lines = new LineCounter()
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  if (deeperThan(tokens, MAX_DEPTH)) return whole(`is nested deeper than ${MAX_DEPTH} levels: flatten it`)
  const composer = new Composer({
    version: '1.2',
    strict: true,
    uniqueKeys: true,
    merge: false,
    lineCounter: lines,
  })
  const reading: Reading = { documents: [], problems: [] }
  for (const document of composer.compose(tokens)) {
    if (reading.documents.length >= MAX_DOCUMENTS)
      return whole(`holds more than ${MAX_DOCUMENTS} documents: split it`)
    readOne({ document, file: name, lines }, reading)
  }
  return reading
}

type Composed = { document: Document.Parsed; file: string; lines: LineCounter }

function readOne(composed: Composed, into: Reading): void {
  const { document, file, lines } = composed
  const at = (offset: number) => placeAt(lines, offset)
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    into.problems.push({
      file,
      path: '',
      ...at(pos[0]),
      message: `is not strict YAML 1.2: ${firstLine(message)}`,
    })
  }
  if (document.directives.yaml.explicit && document.directives.yaml.version !== '1.2') {
    into.problems.push({
      file,
      path: '',
      line: 1,
      column: 1,
      message: 'is not YAML 1.2: remove the %YAML directive',
    })
  }
  const keys = oddKeys(document)
  for (const offset of keys) {
    into.problems.push({
      file,
      path: '',
      ...at(offset),
      message: 'is a key that is no plain text: write a name',
    })
  }
  const isBroken = document.errors.length + document.warnings.length + keys.length > 0
  if (isBroken || document.contents === null) return
  const data = plain(composed)
  if ('problem' in data) into.problems.push(data.problem)
  else if (Array.isArray(data.value)) {
    for (const [i, item] of data.value.entries()) into.documents.push(source(composed, item, [i]))
  } else into.documents.push(source(composed, data.value, []))
}

/** Offsets of keys that are lists, maps or aliases: JSON has none of them. Depth is bounded by now. */
function oddKeys(document: Document.Parsed): number[] {
  const found: number[] = []
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key)) found.push(isNode(key) ? (key.range?.[0] ?? 0) : 0)
    },
  })
  return found
}

/** The value, or why it has none: too many aliases is how a small text becomes a huge value. */
function plain({ document, file }: Composed): { value: unknown } | { problem: Problem } {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) }
  } catch (error) {
    const message = `expands more than ${MAX_ALIASES} aliases: write them out (${firstLine(messageOf(error))})`
    return { problem: { file, path: '', line: 1, column: 1, message } }
  }
}

function source({ document, file, lines }: Composed, value: unknown, prefix: Path): SourceDocument {
  return {
    file,
    // The core schema of YAML yields JSON values only (no dates, no binary, no maps with odd keys in toJS).
    data: value as Json,
    problem: (path, message, at = 'value') => {
      const offset = offsetOf(document, [...prefix, ...path], at)
      return { file, path: pathText(path), ...placeAt(lines, offset), message }
    },
  }
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: Node | null = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const [i, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair) break
      node = pair.value ?? null
      const key = pair.key.range?.[0] ?? offset
      offset = at === 'key' && i === path.length - 1 ? key : (node?.range?.[0] ?? key)
    } else if (isSeq<Node>(node) && typeof step === 'number') {
      const item = node.items[step]
      if (!item) break
      node = item
      offset = node.range?.[0] ?? offset
    } else break
  }
  return offset
}

function placeAt(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

/** Walks the flat syntax with a stack of its own: a recursive walk is what a deep text would break. */
function deeperThan(tokens: readonly CST.Token[], limit: number): boolean {
  const stack: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { token, depth } = next
    if (depth > limit) return true
    if (token.type === 'document' && token.value) stack.push({ token: token.value, depth })
    if (!('items' in token)) continue
    for (const item of token.items) {
      if (item.key) stack.push({ token: item.key, depth: depth + 1 })
      if (item.value) stack.push({ token: item.value, depth: depth + 1 })
    }
  }
  return false
}

function firstLine(text: string): string {
  return text.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
}
