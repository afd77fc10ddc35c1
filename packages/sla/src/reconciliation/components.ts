/**
 * Components: which outages of two lists belong together. Outages of both sides are joined where they overlap
 * once each is widened by the tolerance, lines of one side only where they overlap as they stand; what is
 * joined directly or over others is one component (many to many). Pure, by one sweep in order of time.
 */
import type { Interval, UnixMs } from '@constat/shared/time'

export type Side = 'measured' | 'stated'

/** One outage of one side; several intervals where it has parts, or several readings. */
export type Node = { side: Side; intervals: readonly Interval[] }

type Piece = { side: Side; node: number; fromMs: UnixMs; untilMs: UnixMs }

/** Members of each component as places in `nodes`, in order of their first instant. */
export function componentsOf(nodes: readonly Node[], toleranceMs: number): number[][] {
  const groups = new Groups(nodes.length)
  const pieces = piecesOf(nodes)
  // Widening both by the tolerance is widening one of them by twice as much.
  sweep(pieces, { reachMs: 2 * toleranceMs, meets: { measured: 'stated', stated: 'measured' } }, groups)
  sweep(pieces, { reachMs: 0, meets: { measured: 'measured', stated: 'stated' } }, groups)
  return inOrder(nodes, groups)
}

function piecesOf(nodes: readonly Node[]): Piece[] {
  return nodes
    .flatMap(({ side, intervals }, node) =>
      intervals.map(({ startMs, endMs }) => ({ side, node, fromMs: startMs, untilMs: endMs })),
    )
    .sort((a, b) => a.fromMs - b.fromMs)
}

type Rule = { reachMs: number; meets: Readonly<Record<Side, Side>> }

/**
 * Joins each piece with those before it that still last, of the side that it meets. Of what is joined the longest
 * stands for all, so each piece is looked at once or twice, however many last at the same time.
 */
function sweep(pieces: readonly Piece[], { reachMs, meets }: Rule, groups: Groups): void {
  const lasting: Record<Side, Piece[]> = { measured: [], stated: [] }
  for (const piece of pieces) {
    const side = meets[piece.side]
    let longest: Piece | null = null
    for (const one of lasting[side]) {
      if (one.untilMs + reachMs <= piece.fromMs) continue
      groups.join(one.node, piece.node)
      if (longest === null || one.untilMs > longest.untilMs) longest = one
    }
    lasting[side] = longest === null ? [] : [longest]
    lasting[piece.side].push(piece)
  }
}

/** Disjoint sets with path halving. */
class Groups {
  readonly #parent: number[]

  constructor(size: number) {
    this.#parent = Array.from({ length: size }, (_, i) => i)
  }

  rootOf(node: number): number {
    let at = node
    while (this.#parent[at] !== at) {
      this.#parent[at] = this.#parent[this.#parent[at]!]!
      at = this.#parent[at]!
    }
    return at
  }

  join(a: number, b: number): void {
    this.#parent[this.rootOf(a)] = this.rootOf(b)
  }
}

function inOrder(nodes: readonly Node[], groups: Groups): number[][] {
  const byRoot = new Map<number, number[]>()
  for (const node of nodes.keys()) {
    const root = groups.rootOf(node)
    const members = byRoot.get(root)
    if (members) members.push(node)
    else byRoot.set(root, [node])
  }
  const found = [...byRoot.values()].map((members) => ({ members, fromMs: firstMs(nodes, members) }))
  found.sort((a, b) => a.fromMs - b.fromMs || a.members[0]! - b.members[0]!)
  return found.map(({ members }) => members)
}

function firstMs(nodes: readonly Node[], members: readonly number[]): UnixMs {
  let fromMs = Infinity
  for (const node of members) {
    for (const { startMs } of nodes[node]!.intervals) fromMs = Math.min(fromMs, startMs)
  }
  return fromMs
}
