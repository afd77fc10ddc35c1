/**
 * Library: the documents of one apply by kind and name, each with its place. Pure.
 * Names are known even where the document itself was refused, so that one mistake is told once.
 */
import type { SourceDocument } from './document.ts'
import { apiVersionOf, isKind, KINDS, type DocumentOf, type Kind } from './kinds.ts'
import { MAX_PROBLEMS, type Path, type Problem } from './problem.ts'
import { memberOf, parseLeniently } from './refusal.ts'

export type Entry<K extends Kind = Kind> = {
  document: DocumentOf<K>
  /** Whether all of it was accepted. */
  whole: boolean
  source: SourceDocument
  /** A problem at a path of `document`. */
  problem: (path: Path, message: string, at?: 'key' | 'value') => Problem
}

export type Library = {
  entries: Entry[]
  /** `Calendar/paris-office` and so on, refused documents too. */
  names: ReadonlySet<string>
  problems: Problem[]
}

export function buildLibrary(documents: readonly SourceDocument[]): Library {
  const names = new Set<string>()
  const entries: Entry[] = []
  const problems: Problem[] = []
  for (const source of documents) {
    const kind = memberOf(source.data, 'kind')
    if (!isKind(kind)) {
      const message = `should be one of ${Object.keys(KINDS).join(', ')}`
      problems.push(source.problem(['kind'], kind === undefined ? `is missing: it ${message}` : message))
      continue
    }
    const name = memberOf(memberOf(source.data, 'metadata'), 'name')
    if (typeof name === 'string') {
      const message = `is taken: another ${kind} is named ${name}; rename one`
      if (names.has(`${kind}/${name}`)) problems.push(source.problem(['metadata', 'name'], message))
      names.add(`${kind}/${name}`)
    }
    const entry = parseEntry(kind, source, problems)
    if (entry) entries.push(entry)
  }
  return { entries, names, problems }
}

function parseEntry(kind: Kind, source: SourceDocument, problems: Problem[]): Entry | undefined {
  const parsed = parseLeniently(KINDS[kind], source.data)
  // More would not be read, and finding the place of each takes time.
  for (const { path, message, at } of parsed.refusals.slice(0, MAX_PROBLEMS)) {
    const hint = path[0] === 'apiVersion' ? `should be ${apiVersionOf(kind)} for a ${kind}` : message
    problems.push(source.problem(path, hint, at))
  }
  if (parsed.kind === 'refused') return undefined
  const { value, original, refusals } = parsed
  return {
    document: value,
    whole: refusals.length === 0,
    source,
    problem: (path, message, at) => source.problem(original(path), message, at),
  }
}

export function entriesOf<K extends Kind>(library: Library, kind: K): Entry<K>[] {
  return library.entries.filter((entry): entry is Entry<K> => entry.document.kind === kind)
}

/** The document of that kind and name, as far as it was accepted. */
export function entryOf<K extends Kind>(library: Library, kind: K, name: string): Entry<K> | undefined {
  return entriesOf(library, kind).find((entry) => entry.document.metadata.name === name)
}

/** Ids of a list as written, refused members too: `idsAt(source, ['spec', 'guarantees'], 'id')`. */
export function idsAt(source: SourceDocument, path: Path, key: string): string[] {
  let node: unknown = source.data
  for (const step of path) node = memberOf(node, step)
  if (!Array.isArray(node)) return []
  return node.map((member: unknown) => memberOf(member, key)).filter((id) => typeof id === 'string')
}
