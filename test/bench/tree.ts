/**
 * How fast a log grows: leaf hash, frontier and tiles for leaves of 600 bytes, in groups of 1,000 as the
 * sequencer commits them, beside the bare hashes of the same run.   npx tsx test/bench/tree.ts [--tiny]
 */
import { performance } from 'node:perf_hooks'
import { EMPTY_EDGE, growTiles } from '@constat/evidence/tile'
import { EMPTY_FRONTIER, appendLeaves, frontierRoot, leafHash } from '@constat/evidence/tree'
import { sized, state } from '../support/bench.ts'

const LEAVES = sized({ full: 400_000, tiny: 10_000 })
const LEAF_BYTES = 600
const GROUP = 1_000

/** Leaves a second of `grow`, which takes one group and keeps its own state. */
function leavesPerSecond(grow: (leafHashes: Buffer[]) => void): number {
  const leaves = Array.from({ length: GROUP }, (_, i) => Buffer.alloc(LEAF_BYTES, i))
  const run = (count: number) => {
    for (let done = 0; done < count; done += GROUP) {
      leaves[0]!.writeUInt32BE(done)
      grow(leaves.map(leafHash))
    }
  }
  run(LEAVES / 10)
  const startMs = performance.now()
  run(LEAVES)
  return LEAVES / ((performance.now() - startMs) / 1000)
}

const bare = leavesPerSecond(() => undefined)
let frontier = EMPTY_FRONTIER
const withFrontier = leavesPerSecond((hashes) => {
  frontier = appendLeaves(frontier, hashes)
  frontierRoot(frontier)
})
let edge = EMPTY_EDGE
const withTiles = leavesPerSecond((hashes) => {
  edge = growTiles(edge, hashes).edge
  frontierRoot(edge.frontier)
})
for (const [name, rate] of Object.entries({
  'leaf hashes alone': bare,
  'the same + frontier': withFrontier,
  'the same + tiles': withTiles,
})) {
  console.log(`${name}, ${LEAF_BYTES} B: ${Math.round(rate).toLocaleString('en')} leaves/s`)
}
state('leaves a second with frontier and tiles, of their hashes alone', withTiles / bare)
