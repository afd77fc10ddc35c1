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
  // Widening both by the tolerance is widening one of them by twice as much.
  sweep(piecesOf(nodes), { reachMs: 2 * toleranceMs, isEdge: (a, b) => a.side !== b.side }, groups)
  for (const side of ['measured', 'stated'] as const) {
    const own = piecesOf(nodes).filter((piece) => piece.side === side)
    sweep(own, { reachMs: 0, isEdge: () => true }, groups)
  }
  return inOrder(nodes, groups)
}

function piecesOf(nodes: readonly Node[]): Piece[] {
  return nodes
    .flatMap(({ side, intervals }, node) =>
      intervals.map(({ startMs, endMs }) => ({ side, node, fromMs: startMs, untilMs: endMs })),
    )
    .sort((a, b) => a.fromMs - b.fromMs)
}

type Rule = { reachMs: number; isEdge: (a: Piece, b: Piece) => boolean }

/** Joins each piece with those before it that still last; of what is joined the longest stands for all. */
function sweep(pieces: readonly Piece[], { reachMs, isEdge }: Rule, groups: Groups): void {
  let lasting: Piece[] = []
  for (const piece of pieces) {
    const met: Piece[] = []
    const others: Piece[] = []
    for (const one of lasting) {
      if (one.untilMs + reachMs <= piece.fromMs) continue
      if (isEdge(one, piece)) met.push(one)
      else others.push(one)
    }
    for (const one of met) groups.join(one.node, piece.node)
    const longest = met.reduce<Piece[]>(
      (best, one) => (best[0] && best[0].untilMs >= one.untilMs ? best : [one]),
      [],
    )
    lasting = [...others, ...longest, piece]
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
  const firstOf = (members: readonly number[]): number =>
    Math.min(...members.flatMap((node) => nodes[node]!.intervals.map(({ startMs }) => startMs)))
  return [...byRoot.values()].sort((a, b) => firstOf(a) - firstOf(b) || a[0]! - b[0]!)
}
