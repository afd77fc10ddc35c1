/** `constat claim`: the claim pack of a window that is final, unpacked into a folder. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openZip } from '@constat/evidence/zip'
import { Fault } from '@constat/shared/fault'
import { openClient } from './client.ts'
import { save } from './save.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type ClaimFlags = { window: string; output: string; lang?: 'en' | 'fr'; json?: boolean; data?: string }

export async function claim(contract: string, flags: ClaimFlags, world: World): Promise<number> {
  const { window, output, lang, data } = flags
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const query = new URLSearchParams({ ...(lang && { lang }) })
  const name = `${encodeURIComponent(window)}.zip`
  const bytes = await client.read(
    `/contracts/${encodeURIComponent(contract)}/claims/${name}?${query.toString()}`,
  )
  mkdirSync(output, { recursive: true })
  const zip = join(output, `${contract}-${window}-claim.zip`)
  await save(bytes, zip, world)
  const files = unpacked(zip, output)
  if (flags.json) world.out(JSON.stringify({ folder: output, files }))
  else {
    for (const { path, bytes: size, sha256 } of files) world.out(`${path}: ${size} bytes, SHA-256 ${sha256}`)
    world.out(`README.md in ${output} says what the claim still lacks; it is yours, the others are sent.`)
  }
  return EXIT.done
}

/** Each file beside the others; the zip that they came in is gone afterwards. */
function unpacked(zip: string, folder: string) {
  const opening = openZip(readFileSync(zip))
  if (opening.kind === 'refused') throw new Fault('evidence', `the pack is no zip: ${opening.reason}`)
  const files = opening.files.map(({ path, bytes }) => {
    writeFileSync(join(folder, path), bytes)
    return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
  rmSync(zip)
  return files
}
