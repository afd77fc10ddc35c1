/**
 * Service trees walked: a service rests on checks and on other services, joined by all, any or at least k.
 * Pure. Whoever has a timeline for each check has one for each service. (spec: composition)
 */
import { invariant } from '@constat/shared/fault'
import { compose, type Operator } from './compose.ts'
import type { CheckTerms, ExpandedContract, ServiceNode } from './contract/expanded.ts'
import type { Timeline } from './timeline.ts'

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

/** Checks a service rests on, those of its parts included. None of a service that the terms do not have. */
export function checksOf(terms: ExpandedContract, service: string): CheckTerms[] {
  const names = new Set<string>()
  const walk = (node: ServiceNode, depth: number): void => {
    invariant(depth < MAX_DEPTH, 'a service tree is not deeper than its limit')
    if ('check' in node) names.add(node.check)
    else if ('service' in node) walk(treeOf(terms, node.service), depth + 1)
    else for (const part of partsOf(node).parts) walk(part, depth + 1)
  }
  const found = terms.services.find(({ name }) => name === service)
  if (found) walk(found.tree, 0)
  return terms.checks.filter(({ name }) => names.has(name))
}

function treeOf({ services }: ExpandedContract, service: string): ServiceNode {
  const found = services.find(({ name }) => name === service)
  invariant(found, `the terms name the service ${service}`)
  return found.tree
}

function partsOf(node: Exclude<ServiceNode, { check: string } | { service: string }>): {
  operator: Operator
  parts: readonly ServiceNode[]
} {
  if ('all' in node) return { operator: { op: 'all' }, parts: node.all }
  if ('any' in node) return { operator: { op: 'any' }, parts: node.any }
  return { operator: { op: 'atLeast', k: node.atLeast }, parts: node.of }
}
