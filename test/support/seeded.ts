/**
 * Seeded: the whole collector behind its pages, over a copy of the seed that a test may change. The seed is
 * written once for a run of the tests, beside the database of made-cluster.ts.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeEvent } from '../../collector/src/db/events.ts'
import type { Fact } from '../../collector/src/alert/types.ts'
import type { AppDeps } from '../../collector/src/http/actions.ts'
import { asker } from './ask.ts'
import { openClosingWorld, type ClosingWorld } from './closing-world.ts'
import { dropDataDir, keepFirst, MADE_CLUSTER, makeCollectorDir, makeDataDir } from './program.ts'
import { hear, repeatableRandom, writeSeed } from './seed.ts'
import { SEED_NOW_MS } from './seed-story.ts'
import { HOSTING } from './seed-terms.ts'
import { createKeptLog, type KeptLog } from './silent-log.ts'
import { worldDeps, worldToken } from './world-app.ts'

export type Seeded = {
  world: ClosingWorld
  deps: AppDeps
  log: KeptLog
  /** By name: owner-token, viewer-token, provider-token, internal-token, and confined-token, a viewer of one contract. */
  tokens: Record<string, string>
  ask: ReturnType<typeof asker>
  /** The outage of the portal that is not over. */
  portal: string
  /** Writes a fact and tells it, as the line would. */
  tell: (fact: Fact) => Promise<void>
  /** Readers of the stream of facts. */
  listening: () => number
  close: () => Promise<void>
}

export async function openSeeded({ publicUrl = 'http://collector.example' } = {}): Promise<Seeded> {
  const dataDir = await copyOfSeed()
  const log = createKeptLog()
  const random = repeatableRandom('seeded')
  let publish = (): void => undefined
  const told = (): void => publish()
  const world = await openClosingWorld({ dataDir, wallMs: SEED_NOW_MS, log, random, told })
  hear(world)
  const { deps, bus } = await worldDeps(world, { publicUrl, joinLine })
  publish = () => bus.publish()
  const tokens = {
    'owner-token': await worldToken(world, { role: 'owner', contract: null }),
    'viewer-token': await worldToken(world, { role: 'viewer', contract: null }),
    'provider-token': await worldToken(world, { role: 'provider', contract: HOSTING }),
    'internal-token': await worldToken(world, { role: 'internal', contract: HOSTING }),
    'confined-token': await worldToken(world, { role: 'viewer', contract: 'intranet' }),
  }
  const open = await deps.read.incidents({ open: true, contract: HOSTING, limit: 10 })
  const portal = open.find(({ service }) => service === 'order-portal')?.id ?? 'none is open'
  const listening = new Set<object>()
  deps.events = {
    since: bus.since,
    subscribe(listener) {
      const leave = bus.subscribe(listener)
      const here = {}
      listening.add(here)
      // Safe to call twice, as the real one.
      return () => {
        listening.delete(here)
        leave()
      }
    },
  }
  return {
    world,
    deps,
    log,
    tokens,
    ask: asker({ deps, tokens }),
    portal,
    tell: async (fact) => {
      await world.database.sql.begin((tx) => writeEvent(tx, fact))
      bus.publish()
    },
    listening: () => listening.size,
    close: async () => {
      await world.line().close()
      await world.close()
      dropDataDir(dataDir)
    },
  }
}

async function copyOfSeed(): Promise<string> {
  const made = process.env[MADE_CLUSTER]
  const seed = made === undefined ? null : join(made, 'seed')
  const dataDir = makeDataDir()
  if (seed === null || !existsSync(seed)) {
    const written = makeCollectorDir()
    await writeSeed(written)
    if (seed === null) return written
    keepFirst(written, seed)
  }
  mkdirSync(dataDir, { recursive: true })
  execFileSync('cp', ['-a', `${seed}/.`, dataDir])
  return dataDir
}

/** As long as the real one: it has to be read and pasted on a phone, too. */
function joinLine(token: string): string {
  const pin = `sha256//${'Q3Cr'.repeat(11)}`
  return (
    `sh -c 'd=$(mktemp -d) && trap "rm -rf \\"$d\\"" EXIT && cd "$d" && ` +
    `{ curl -fsSk --pinnedpubkey ${pin} -o install.sh https://collector.example:8420/install.sh || ` +
    `{ echo "constat: https://collector.example:8420 could not be reached" >&2; exit 4; }; } && ` +
    `{ echo "${'5e1f'.repeat(16)}  install.sh" | sha256sum -c >/dev/null 2>&1 || exit 4; } && ` +
    `sh install.sh --url https://collector.example:8420 --pin sha256/${'Q3Cr'.repeat(11)} --token ${token}'`
  )
}
