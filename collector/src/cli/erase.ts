/** `constat words CONTRACT` and `constat erase CONTRACT DIGEST`: what people wrote is found, and erased. */
import type { ErasedView, WordsView } from '../view/words.ts'
import { openClient } from './client.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

type Flags = { json?: boolean; data?: string }

const SHOWN_DIGITS = 12

export async function listWords(name: string, { json, data }: Flags, world: World): Promise<number> {
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  // The collector answers what the route describes.
  const found = (await client.all(pathOf(name))) as WordsView[]
  if (json) world.out(JSON.stringify(found))
  else if (found.length === 0) world.out(`${name}: nobody wrote anything`)
  else for (const words of found) world.out(lineOf(words))
  return EXIT.done
}

function lineOf({ digest, at, side, of, about, text }: WordsView): string {
  return `${digest.slice(0, SHOWN_DIGITS)}  ${at}  ${side}, ${of} (${about}): ${text === null ? 'erased' : JSON.stringify(text)}`
}

export async function erase(
  { name, digest }: { name: string; digest: string },
  { json, data }: Flags,
  world: World,
): Promise<number> {
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const answer = (await client.post(`${pathOf(name)}/${encodeURIComponent(digest)}/erase`, '')) as ErasedView
  if (json) world.out(JSON.stringify(answer))
  else
    world.out(
      `${answer.contract}: ${answer.digest.slice(0, SHOWN_DIGITS)} ${answer.changed ? 'is erased' : 'was erased already'}`,
    )
  return EXIT.done
}

function pathOf(name: string): string {
  return `/contracts/${encodeURIComponent(name)}/words`
}
