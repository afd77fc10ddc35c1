/**
 * Source: what the rules of tidy.test.ts ask about a file, read off its syntax tree. Reads the disk only.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'vitest/node'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export type Import = { specifier: string; target: string; line: number }
export type FunctionSpan = { name: string; line: number; lines: number }
export type Finding = { kind: FindingKind; line: number; text: string }
export type FindingKind =
  | 'default export'
  | 'any'
  | 'outside world'
  | 'star export'
  | 'empty catch'
  | 'skipped test'
  | 'module mock'

export type SourceFile = {
  /** From the top of the clone, with forward slashes. */
  path: string
  text: string
  lines: number
  imports: Import[]
  functions: FunctionSpan[]
  findings: Finding[]
  /** Nothing but imports and exports from elsewhere. */
  isBarrel: boolean
}

const SKIPPED_FOLDERS = new Set([
  'node_modules',
  'dist',
  'migrations',
  '.artifacts',
  'data',
  '.git',
  '.turbo',
])
/** The real world, called by these names wherever they stand. */
const WORLD = new Set(['Date.now', 'Math.random', 'process.env', 'process.hrtime', 'performance.now'])
const SKIPS = new Set(['skip', 'only', 'todo', 'fails'])

/** Every path below `folders` whose name ends in one of `endings`. */
export function pathsBelow(folders: readonly string[], endings: readonly string[]): string[] {
  const found: string[] = []
  for (const folder of folders) {
    if (!existsSync(join(ROOT, folder))) continue
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) found.push(...pathsBelow([path], endings))
      if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending))) found.push(path)
    }
  }
  return found.toSorted()
}

/** `packages`: the folder of each workspace by its npm name. */
export function readSource(path: string, packages: ReadonlyMap<string, string>): SourceFile {
  return parseSource({ path, text: readFileSync(join(ROOT, path), 'utf8'), packages })
}

type Unparsed = { path: string; text: string; packages: ReadonlyMap<string, string> }

export function parseSource({ path, text, packages }: Unparsed): SourceFile {
  // Its successor is exported by vite alone, which we do not depend on.
  // oxlint-disable-next-line typescript/no-deprecated
  const program = asNode(parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }))
  const starts = lineStarts(text)
  const lineOf = (offset: number) => starts.findLastIndex((start) => start <= offset) + 1
  const file: SourceFile = {
    path,
    text,
    lines: starts.length - (text.endsWith('\n') ? 1 : 0),
    imports: [],
    functions: [],
    findings: [],
    isBarrel: isBarrel(program),
  }
  walk(program, null, (node, parent) => {
    const line = lineOf(node.start)
    const specifier = specifierOf(node)
    if (specifier !== null)
      file.imports.push({ specifier, target: targetOf({ path, specifier, packages }), line })
    if (FUNCTIONS.has(node.type)) {
      file.functions.push({ name: nameOf(node, parent), line, lines: lineOf(node.end) - line + 1 })
    }
    const kind = findingOf(node)
    if (kind !== null)
      file.findings.push({ kind, line, text: text.slice(node.start, node.end).split('\n')[0] ?? '' })
  })
  return file
}

/** The part of an ESTree node that every kind has; the rest is looked up by name. */
type Node = { type: string; start: number; end: number; [key: string]: unknown }

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

function asNode(value: unknown): Node {
  if (isNode(value)) return value
  throw new TypeError('not a syntax node')
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function walk(node: Node, parent: Node | null, visit: (node: Node, parent: Node | null) => void): void {
  visit(node, parent)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, node, visit)
  }
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
}

const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
])

function specifierOf(node: Node): string | null {
  if (!IMPORTING.has(node.type) || !isNode(node['source'])) return null
  const { value } = node['source']
  return typeof value === 'string' ? value : null
}

type Specified = { path: string; specifier: string; packages: ReadonlyMap<string, string> }

/** A path of ours (`shared/src/time`), or the name of a library. */
function targetOf({ path, specifier, packages }: Specified): string {
  if (specifier.startsWith('.')) return posix.join(dirname(path), specifier)
  const parts = specifier.split('/')
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  const folder = packages.get(name)
  return folder === undefined ? name : posix.join(folder, 'src', ...parts.slice(2))
}

function nameOf(node: Node, parent: Node | null): string {
  for (const named of [node['id'], parent?.['id'], parent?.['key']]) {
    if (isNode(named) && typeof named['name'] === 'string') return named['name']
  }
  return 'an unnamed function'
}

function findingOf(node: Node): FindingKind | null {
  switch (node.type) {
    case 'ExportDefaultDeclaration':
      return 'default export'
    case 'ExportAllDeclaration':
      return 'star export'
    case 'TSAnyKeyword':
      return 'any'
    case 'CatchClause':
      return isNode(node['body']) && isEmptyList(node['body']['body']) ? 'empty catch' : null
    case 'NewExpression':
      return nameIs(node['callee'], 'Date') && isEmptyList(node['arguments']) ? 'outside world' : null
    case 'MemberExpression':
      return memberFinding(node)
    default:
      return null
  }
}

function memberFinding(node: Node): FindingKind | null {
  const { object, property } = node
  if (!isNode(property) || typeof property['name'] !== 'string') return null
  if (isNode(object) && WORLD.has(`${String(object['name'])}.${property['name']}`)) return 'outside world'
  const isSuite = ['it', 'test', 'describe'].some((name) => nameIs(object, name))
  if (isSuite && SKIPS.has(property['name'])) return 'skipped test'
  return nameIs(object, 'vi') && /mock$/i.test(property['name']) ? 'module mock' : null
}

function nameIs(value: unknown, name: string): boolean {
  return isNode(value) && value.type === 'Identifier' && value['name'] === name
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isBarrel(program: Node): boolean {
  const body = Array.isArray(program['body']) ? program['body'].filter(isNode) : []
  return body.length > 0 && body.every((one) => one.type === 'ImportDeclaration' || specifierOf(one) !== null)
}
