/**
 * Bundles of a real ledger, and what the verifier makes of them: sound ones come out, and whatever is done to one
 * is found and named.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyBundle, type Report } from '@constat/verify/verify'
import { signCheckpoints } from '../../collector/src/ledger/checkpoints.ts'
import { AMENDED, bundleOf, CLOSED, OPEN, STORY_START, tellStory } from '../support/bundle-story.ts'
import { openClosingWorld, type ClosingWorld } from '../support/closing-world.ts'
import { dropDataDir, makeCollectorDir } from '../support/program.ts'
import { createKeptLog } from '../support/silent-log.ts'

const NO_PINS = { logKey: null, terms: null }

let dataDir: string
let world: ClosingWorld
const bundles = new Map<string, Buffer>()

beforeAll(async () => {
  dataDir = makeCollectorDir()
  world = await openClosingWorld({ dataDir, wallMs: STORY_START, log: createKeptLog() })
  await tellStory(world)
  await signCheckpoints(world.database.sql, world.shell, world.line().sequencer)
  for (const window of [AMENDED, CLOSED, OPEN]) bundles.set(window, await bundleOf(world, window))
})

afterAll(async () => {
  await world.close()
  dropDataDir(dataDir)
})

const saidOf = ({ failures }: Report): string[] =>
  failures.map(({ reason, detail }) => `${reason}: ${detail}`)

describe('a sound bundle', () => {
  test.each([AMENDED, CLOSED, OPEN])('of %s comes out', async (window) => {
    const report = await verifyBundle(bundles.get(window)!, NO_PINS)
    expect(saidOf(report)).toEqual([])
    expect(report.verdict).toBe('reproduced')
  })
})
