/** `constat replay`: what other tools would have said of the same window. */
import type { ReplayView } from '../view/window.ts'
import { openClient } from './client.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type ReplayFlags = { window: string; policy?: string; json?: boolean; data?: string }

export async function replay(contract: string, flags: ReplayFlags, world: World): Promise<number> {
  const { window, policy, data } = flags
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const path = `/contracts/${encodeURIComponent(contract)}/windows/${encodeURIComponent(window)}/replay`
  const search = policy === undefined ? '' : `?policy=${encodeURIComponent(policy)}`
  // The API answers the shapes of view/window.ts: it is made from them.
  const found = (await client.get(path + search)) as ReplayView
  if (flags.json) world.out(JSON.stringify(found))
  else for (const line of replayLines(found)) world.out(line)
  return EXIT.done
}

/** A heading for each guarantee, a line for each tool. */
export function replayLines({ contract, window, asOf, results }: ReplayView): string[] {
  const heading = `${contract} ${window}, measured up to ${asOf}`
  if (results.length === 0)
    return [heading, 'No guarantee of availability in this window: nothing to replay.']
  const width = Math.max(...results.map(({ policy }) => policy.length))
  const saidWidth = Math.max(...results.map(({ says }) => says.length))
  const guarantees = [...new Set(results.map(({ guarantee }) => guarantee))]
  return [
    heading,
    ...guarantees.flatMap((guarantee) => [
      guarantee,
      ...results
        .filter((one) => one.guarantee === guarantee)
        .map(
          ({ policy, says, formula }) => `  ${policy.padEnd(width)}  ${says.padStart(saidWidth)}  ${formula}`,
        ),
    ]),
  ]
}
