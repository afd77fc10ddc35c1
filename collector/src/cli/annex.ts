/** `constat annex`: the draft of the amendment that makes the instrument part of a contract, written to a file. */
import { extname } from 'node:path'
import { Fault } from '@constat/shared/fault'
import { ANNEX_FORMS } from '../view/report-format.ts'
import { openClient } from './client.ts'
import { save } from './save.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type AnnexFlags = { output: string; lang?: 'en' | 'fr'; data?: string; json?: boolean }

/** The form is that of the file's name. */
export async function annex(contract: string, flags: AnnexFlags, world: World): Promise<number> {
  const { output, lang, data } = flags
  const form = ANNEX_FORMS.find((one) => extname(output).toLowerCase() === `.${one}`)
  if (form === undefined) {
    throw new Fault('usage', `${output} should end in .${ANNEX_FORMS.join(', .')}: that is its form`)
  }
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const query = new URLSearchParams({ ...(lang && { lang }) })
  const path = `/contracts/${encodeURIComponent(contract)}/annex/${form}?${query.toString()}`
  const saved = await save(await client.read(path), output, world)
  if (flags.json) {
    world.out(JSON.stringify({ file: output, ...saved }))
    return EXIT.done
  }
  world.out(`${output}: ${saved.bytes} bytes, SHA-256 ${saved.sha256}`)
  world.out('A draft: have it read by counsel, and fill in what stands in brackets.')
  return EXIT.done
}
