/** `constat log publish CONTRACT` and `unpublish`: the log is open to everybody, or to its readers alone. */
import type { PublicationView } from '../view/setup.ts'
import { openClient } from './client.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export async function publish(
  { name, open }: { name: string; open: boolean },
  { json, data }: { json?: boolean; data?: string },
  world: World,
): Promise<number> {
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const path = `/contracts/${encodeURIComponent(name)}/log/${open ? 'publish' : 'unpublish'}`
  // The collector answers what `publishLog` says.
  const answer = (await client.post(path, '')) as PublicationView
  const { contract, published, changed } = answer
  if (json) world.out(JSON.stringify(answer))
  else {
    const standing = published ? 'open to everybody' : 'left to its readers'
    world.out(`${contract}: its log ${changed ? 'is' : 'was'} ${standing}${changed ? '' : ' already'}`)
    if (published) world.out(`${client.url}/log/${encodeURIComponent(contract)}/checkpoint`)
  }
  return EXIT.done
}
