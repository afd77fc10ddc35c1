/**
 * Writes test/vectors/bundle.zip, and bundle-report.json, what is found in it: the bundle of the amended day of the story, of a collector whose key everybody
 * can make. Each version of Node.js has to find the same in it, and later programs have to read it.
 *   npx tsx test/support/write-bundle.ts
 */
import { writeFileSync } from 'node:fs'
import { digestOf } from '@constat/evidence/bundle'
import { join } from 'node:path'
import { signCheckpoints } from '../../collector/src/ledger/checkpoints.ts'
import { verifyBundle } from '@constat/verify/verify'
import { openBundle } from './forge.ts'
import { AMENDED, bundleOf, seededRandom, STORY_START, tellStory } from './bundle-story.ts'
import { openClosingWorld } from './closing-world.ts'
import { dropDataDir, makeCollectorDir } from './program.ts'
import { createKeptLog } from './silent-log.ts'
import { ROOT } from './source.ts'

function pinsOf(zip: Buffer) {
  const { manifest, files } = openBundle(zip)
  const terms = files.find(({ path }) => path === 'terms/revision-1.json')!
  return { logKey: manifest.logKey, terms: digestOf(terms).sha256 }
}

async function main(): Promise<void> {
  const dataDir = makeCollectorDir()
  const setting = { dataDir, wallMs: STORY_START, log: createKeptLog(), random: seededRandom() }
  const world = await openClosingWorld(setting)
  try {
    await tellStory(world)
    await signCheckpoints(world.database.sql, world.shell, world.line().sequencer)
    const zip = await bundleOf(world, AMENDED)
    writeFileSync(join(ROOT, 'test/vectors/bundle.zip'), zip)
    const report = await verifyBundle(zip, pinsOf(zip))
    writeFileSync(join(ROOT, 'test/vectors/bundle-report.json'), `${JSON.stringify(report, null, 1)}\n`)
  } finally {
    await world.line().callers.close()
    await world.close()
    dropDataDir(dataDir)
  }
}

await main()
