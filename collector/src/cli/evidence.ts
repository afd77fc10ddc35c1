/**
 * `constat evidence`: everything that a window is judged on, as one file that `constat-verify` checks without this
 * collector.
 */
import { openClient } from './client.ts'
import { MB, save } from './save.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type EvidenceFlags = { window: string; output: string; json?: boolean; data?: string }

export async function evidence(contract: string, flags: EvidenceFlags, world: World): Promise<number> {
  const { window, output, data } = flags
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const name = `${encodeURIComponent(window)}.zip`
  const bytes = await client.read(`/contracts/${encodeURIComponent(contract)}/evidence/${name}`)
  const saved = await save(bytes, output, world)
  if (flags.json) world.out(JSON.stringify({ file: output, ...saved }))
  else {
    world.out(`${output}: ${(saved.bytes / MB).toFixed(1)} MB, SHA-256 ${saved.sha256}`)
    world.out('Its README says how it is checked, by constat-verify and by hand.')
  }
  return EXIT.done
}
