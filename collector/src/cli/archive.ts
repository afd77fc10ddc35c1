/** `constat archive NAME`: a contract ends now; everything of it stays to be read. */
import { openClient } from './client.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

type Archived = { contract: string; endedAt: string; changed: boolean }

export async function archive(
  name: string,
  { json, data }: { json?: boolean; data?: string },
  world: World,
): Promise<number> {
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  // The collector answers what `archiveContract` says.
  const archived = (await client.post(`/contracts/${encodeURIComponent(name)}/archive`, '')) as Archived
  const { contract, endedAt, changed } = archived
  if (json) world.out(JSON.stringify(archived))
  else world.out(`${contract}: ${changed ? 'archived' : 'had ended already'}, ended at ${endedAt}`)
  return EXIT.done
}
