/**
 * Service trees walked: a service rests on checks and on other services. `all` is down where any part is, `any`
 * where all are, `atLeast k` where fewer than k are up; set by set, unknown after Kleene's three-valued logic.
 * Whoever has a timeline for each check has one for each service. Pure. Percentages are never multiplied.
 * (spec: composition)
 */
import { invariant } from '@constat/shared/fault'
import { combine, type Counts } from './combine.ts'
import type { CheckTerms, ExpandedContract, ServiceNode } from './contract/expanded.ts'
import { shade } from './quorum.ts'
import { MARK, type Timeline } from './timeline.ts'

/** Services inside services; circles are refused by the parser. */
const MAX_DEPTH = 16

/** The timeline of a service out of those of its checks, by name. */
export function serviceTimeline(
  terms: ExpandedContract,
  service: string,
  timelineOf: (check: string) => Timeline,
): Timeline {
  const walk = (node: ServiceNode, depth: number): Timeline => {
    invariant(depth < MAX_DEPTH, 'a service tree is not deeper than its limit')
    if ('check' in node) return timelineOf(node.check)
    if ('service' in node) return walk(treeOf(terms, node.service), depth + 1)
    const { operator, parts } = partsOf(node)
    return compose(
      parts.map((part) => walk(part, depth + 1)),
      operator,
    )
  }
  return walk(treeOf(terms, service), 0)
}

/** Of terms, which never change: where a service is found, and the checks it rests on. */
type Index = { trees: ReadonlyMap<string, ServiceNode>; checks: Map<string, readonly CheckTerms[]> }

const INDEX = new WeakMap<ExpandedContract, Index>()

function indexOf(terms: ExpandedContract): Index {
  const known = INDEX.get(terms)
  if (known) return known
  const made = { trees: new Map(terms.services.map(({ name, tree }) => [name, tree])), checks: new Map() }
  INDEX.set(terms, made)
  return made
}

/** Checks a service rests on, those of its parts included. None of a service that the terms do not have. */
export function checksOf(terms: ExpandedContract, service: string): readonly CheckTerms[] {
  const { checks } = indexOf(terms)
  let found = checks.get(service)
  if (!found) checks.set(service, (found = checksBelow(terms, service)))
  return found
}

function checksBelow(terms: ExpandedContract, service: string): CheckTerms[] {
  const names = new Set<string>()
  const walk = (node: ServiceNode, depth: number): void => {
    invariant(depth < MAX_DEPTH, 'a service tree is not deeper than its limit')
    if ('check' in node) names.add(node.check)
    else if ('service' in node) walk(treeOf(terms, node.service), depth + 1)
    else for (const part of partsOf(node).parts) walk(part, depth + 1)
  }
  const tree = indexOf(terms).trees.get(service)
  if (tree) walk(tree, 0)
  return terms.checks.filter(({ name }) => names.has(name))
}

function treeOf(terms: ExpandedContract, service: string): ServiceNode {
  const tree = indexOf(terms).trees.get(service)
  invariant(tree, `the terms name the service ${service}`)
  return tree
}

function partsOf(node: Exclude<ServiceNode, { check: string } | { service: string }>): {
  operator: Operator
  parts: readonly ServiceNode[]
} {
  if ('all' in node) return { operator: { op: 'all' }, parts: node.all }
  if ('any' in node) return { operator: { op: 'any' }, parts: node.any }
  return { operator: { op: 'atLeast', k: node.atLeast }, parts: node.of }
}

export type Operator = { op: 'all' } | { op: 'any' } | { op: 'atLeast'; k: number }

/** The timeline of the whole. At least one part. */
export function compose(parts: readonly Timeline[], operator: Operator): Timeline {
  invariant(parts.length > 0, 'a composition has parts')
  const needed = downNeeded(operator, parts.length)
  return combine(parts, (counts) => markOf(counts, { needed, of: parts.length }))
}

/** How many of `of` parts must be down for the whole to be down. */
function downNeeded(operator: Operator, of: number): number {
  if (operator.op === 'all') return 1
  if (operator.op === 'any') return of
  invariant(operator.k >= 1 && operator.k <= of, 'atLeast asks for 1 … n parts')
  return of - operator.k + 1
}

function markOf(counts: Readonly<Counts>, { needed, of }: { needed: number; of: number }): number {
  if (counts.down >= needed) {
    return MARK.known | MARK.down | (counts.provenDown >= needed ? MARK.provenDown : 0)
  }
  // Kleene: known up once enough parts are known up, whatever the unknown ones are.
  const knownUp = counts.known - counts.down
  if (knownUp <= of - needed) return counts.blocked > 0 ? MARK.blocked : 0
  const provenUp = of - counts.provenUp < needed ? MARK.provenUp : 0
  return MARK.known | provenUp | shade(counts)
}
