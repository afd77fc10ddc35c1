/**
 * Documents: strict YAML 1.2 text to plain values that remember where they stood. Pure.
 * JSON is a part of YAML, so the same reader takes both; a top-level list is taken as its documents.
 * Depth and size are measured on the flat syntax before anything walks it recursively, and keys are compared
 * through sets: whatever is sent, reading it takes time in proportion to its length.
 */
import type { Json } from '@constat/shared/canonical-json'
import { messageOf } from '@constat/shared/fault'
import { Composer, LineCounter, Parser, isAlias, isMap, isNode, isScalar, isSeq, visit } from 'yaml'
import type { CST, Document, Node, Pair, YAMLMap } from 'yaml'
import { MAX_PROBLEMS, pathText, wholeProblem, type Path, type Problem } from './problem.ts'

export const MAX_FILE_BYTES = 1024 * 1024
export const MAX_DOCUMENTS = 1000
export const MAX_ALIASES = 100
export const MAX_DEPTH = 64
/** Keys and values of one file. The fullest contract that fits a file by its bytes has a third of it. */
export const MAX_NODES = 200_000

const TOO_MANY = `holds more than ${MAX_NODES} keys and values: split it`

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
  const whole = (message: string): Reading => ({ documents: [], problems: [wholeProblem(name, message)] })
  if (Buffer.byteLength(text) > MAX_FILE_BYTES)
    return whole(`is larger than ${MAX_FILE_BYTES} bytes: split it`)
  if (flowMarks(text) > MAX_NODES) return whole(TOO_MANY)
  const lines = new LineCounter()
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  const shape = shapeProblem(tokens)
  if (shape) return whole(shape)
  const composer = new Composer({
    version: '1.2',
    strict: true,
    // Compared in `keyMistakes`: the library compares every key with every other.
    uniqueKeys: false,
    merge: false,
    // Dates, sets and bytes are no JSON: their tags stay unresolved, which is refused.
    resolveKnownTags: false,
    logLevel: 'error',
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
  // Every character can be a mistake of its own.
  const mistakes = [...document.errors.slice(0, MAX_PROBLEMS), ...document.warnings.slice(0, MAX_PROBLEMS)]
  for (const { message, pos } of mistakes) {
    const told = `is not strict YAML 1.2: ${firstLine(message)}`
    into.problems.push({ file, path: '', ...at(pos[0]), message: told })
  }
  if (document.directives.yaml.explicit && document.directives.yaml.version !== '1.2') {
    into.problems.push(wholeProblem(file, 'is not YAML 1.2: remove the %YAML directive'))
  }
  const keys = keyMistakes(document)
  for (const { offset, message } of keys) into.problems.push({ file, path: '', ...at(offset), message })
  const isBroken = document.errors.length + document.warnings.length + keys.length > 0
  if (isBroken || document.contents === null) return
  const data = plain(composed)
  if ('problem' in data) into.problems.push(data.problem)
  else if (Array.isArray(data.value)) {
    for (const [i, item] of data.value.entries()) into.documents.push(source(composed, item, [i]))
  } else into.documents.push(source(composed, data.value, []))
}

type KeyMistake = { offset: number; message: string }

/** Keys that stand twice, and keys that are lists, maps or aliases: JSON has none. Depth is bounded by now. */
function keyMistakes(document: Document.Parsed): KeyMistake[] {
  const found: KeyMistake[] = []
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>()
      for (const { key } of map.items) {
        const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0
        if (!isScalar(key)) {
          found.push({ offset, message: 'is a key that is no plain text: write a name' })
          continue
        }
        const name = String(key.value)
        if (seen.has(name)) {
          const message = `is not strict YAML 1.2: Map keys must be unique: remove one ${JSON.stringify(name)}`
          found.push({ offset, message })
        }
        seen.add(name)
      }
    },
  })
  return found.slice(0, MAX_PROBLEMS)
}

/** The value, or why it has none: too many aliases is how a small text becomes a huge value. */
function plain({ document, file }: Composed): { value: Json } | { problem: Problem } {
  const refused = (message: string) => ({ problem: wholeProblem(file, message) })
  try {
    const value = treeOf(document.toJS({ maxAliasCount: MAX_ALIASES }), {
      depth: 0,
      left: { nodes: MAX_NODES },
    })
    return typeof value === 'string' ? refused(value) : value
  } catch (error) {
    return refused(
      `expands more than ${MAX_ALIASES} aliases: write them out (${firstLine(messageOf(error))})`,
    )
  }
}

type Bounds = { depth: number; left: { nodes: number } }

/**
 * A tree of its own, or what is wrong with it: aliases make one value stand in many places, and an anchor
 * that holds its own alias has no end.
 */
function treeOf(value: unknown, { depth, left }: Bounds): { value: Json } | string {
  left.nodes -= 1
  if (depth > MAX_DEPTH || left.nodes < 0)
    return 'has no end, or too many levels, once its aliases are written out: write the values instead'
  // The core schema of YAML yields JSON values only (no dates, no binary, no maps with odd keys in toJS).
  if (typeof value !== 'object' || value === null) return { value: value as Json }
  const isList = Array.isArray(value)
  const members: [string, Json][] = []
  for (const [key, member] of Object.entries(value)) {
    const copy = treeOf(member, { depth: depth + 1, left })
    if (typeof copy === 'string') return copy
    members.push([key, copy.value])
  }
  return { value: isList ? members.map(([, member]) => member) : Object.fromEntries(members) }
}

function source({ document, file, lines }: Composed, value: Json, prefix: Path): SourceDocument {
  const pairs: Pairs = new Map()
  return {
    file,
    data: value,
    problem: (path, message, at = 'value') => {
      const offset = offsetOf({ document, pairs }, [...prefix, ...path], at)
      return { file, path: pathText(path), ...placeAt(lines, offset), message }
    },
  }
}

/** The pairs of a map by key, made when a first problem asks: many problems may stand in one large map. */
type Pairs = Map<YAMLMap<Node, Node | null>, Map<string, Pair<Node, Node | null>>>
type Located = { document: Document.Parsed; pairs: Pairs }

function pairOf(
  pairs: Pairs,
  map: YAMLMap<Node, Node | null>,
  key: string,
): Pair<Node, Node | null> | undefined {
  let known = pairs.get(map)
  if (!known) {
    const named = map.items.filter((pair) => isScalar(pair.key)).reverse()
    known = new Map(named.map((pair) => [String(isScalar(pair.key) && pair.key.value), pair]))
    pairs.set(map, known)
  }
  return known.get(key)
}

function offsetOf({ document, pairs }: Located, path: Path, at: 'key' | 'value'): number {
  let node: Node | null = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const [i, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    if (isMap<Node, Node | null>(node)) {
      const pair: Pair<Node, Node | null> | undefined = pairOf(pairs, node, String(step))
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

/** Brackets, braces and commas: counted before anything is read, since each may be a value that is not there. */
function flowMarks(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i)
    if (char === 0x2c || char === 0x5b || char === 0x5d || char === 0x7b || char === 0x7d) count += 1
  }
  return count
}

/** Walks the flat syntax with a stack of its own: a recursive walk is what a deep text would break. */
function shapeProblem(tokens: readonly CST.Token[]): string | undefined {
  const stack: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }))
  let nodes = 0
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { token, depth } = next
    nodes += 1
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels: flatten it`
    if (nodes > MAX_NODES) return TOO_MANY
    if (token.type === 'document' && token.value) stack.push({ token: token.value, depth })
    if (!('items' in token)) continue
    for (const item of token.items) {
      if (item.key) stack.push({ token: item.key, depth: depth + 1 })
      if (item.value) stack.push({ token: item.value, depth: depth + 1 })
    }
  }
  return undefined
}

function firstLine(text: string): string {
  return text.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
}
