/** `constat up`: collector, embedded database and a local agent; with --watch a contract too. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@constat/shared/fault'
import { readTimings } from '@constat/shared/frame-reader'
import { OUTCOMES } from '@constat/shared/sample'
import { parseContract } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import type { Pipeline } from '../pipeline.ts'
import { startLocalAgent } from './local-agent.ts'
import type { ServeFlags } from './configured.ts'
import { serve, tellDoor, tellOwner, type Served } from './serve.ts'
import { WATCH_CONTRACT, watchDocument } from './watch.ts'
import type { World } from './world.ts'

export type UpFlags = ServeFlags & { watch: string[]; target: string; every: string; timeout?: string }

export async function up(flags: UpFlags, world: World): Promise<number> {
  const source = flags.watch.length > 0 ? sourceOf(flags, world) : null
  return serve(world, flags, async (served) => {
    const { collector, config } = served
    tellDoor(collector.door, world)
    if (source) await applySource(source, served, world)
    sayFirstSamples(collector.pipeline, world)
    const stop = await startLocalAgent(served, world.environment)
    await tellOwner(served, world)
    const hasContract = collector.pipeline.contracts.all().length > 0
    if (!hasContract)
      world.out('Nothing is watched yet: open the owner link, or add --watch https://your.service')
    world.out(`Data in ${config.dataDir}. Stop with Ctrl-C.`)
    return stop
  })
}

type Source = { name: string; text: string }

/** Wrong flags are told before anything is started. */
function sourceOf(flags: UpFlags, world: World): Source {
  const { watch, target, every, timeout } = flags
  const text = watchDocument({ urls: watch, target, every, timeout, timeZone: world.timeZone })
  const source = { name: `${WATCH_CONTRACT}.yaml`, text }
  const parsed = parseContract([source])
  if (parsed.kind === 'ok') return source
  const problems = parsed.problems.map((problem) => problemText(problem).replace(/^\S+ /, ''))
  throw new Fault('usage', '--watch, --target, --every or --timeout cannot be used as given', { problems })
}

async function applySource(source: Source, { collector, config }: Served, world: World): Promise<void> {
  const answer = await collector.actions.applyContract({
    contract: WATCH_CONTRACT,
    source: [source],
    stopProbing: false,
    by: { key: 'up', role: 'owner' },
  })
  if (answer.kind === 'refused')
    throw new Fault('bad-contract', 'the contract was refused', { problems: answer.problems })
  const folder = join(config.dataDir, 'contracts')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, source.name), source.text)
  world.out(`Contract ${answer.contract}, revision ${answer.revision}: ${join(folder, source.name)}`)
}

/** Says the first sample of each check, once. */
function sayFirstSamples(pipeline: Pipeline, world: World): void {
  const said = new Set<number>()
  pipeline.onCommitted(({ drafts }) => {
    const states = pipeline.contracts.all()
    const checks = states.flatMap(({ configuration }) => configuration?.config.checks ?? [])
    if (said.size >= checks.length) return
    for (const { frame, body } of drafts) {
      if (!frame) continue
      const { baseS, samples } = readTimings(body)
      for (const [i, check] of samples.check.entries()) {
        const name = checks[check]?.name
        if (said.has(check) || name === undefined) continue
        said.add(check)
        const at = new Date(baseS * 1000 + samples.offsetMs[i]!).toISOString()
        const latencyMs = (samples.latencyUs[i]! / 1000).toFixed(1)
        world.out(`First sample of ${name} at ${at}: ${OUTCOMES[samples.outcome[i]!]}, ${latencyMs} ms`)
      }
    }
  })
}
