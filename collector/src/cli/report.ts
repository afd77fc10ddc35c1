/** `constat report`: the report of a window, written to a file. */
import { writeFileSync } from 'node:fs'
import { Fault, messageOf } from '@constat/shared/fault'
import type { ReportFormat } from '../view/report.ts'
import { openClient } from './client.ts'
import { configOf } from './serve.ts'
import { EXIT, type World } from './world.ts'

export type ReportFlags = {
  window: string
  format: ReportFormat
  lang?: 'en' | 'fr'
  versionOfWindow?: string
  output?: string
  data?: string
}

export async function report(contract: string, flags: ReportFlags, world: World): Promise<number> {
  const { window, format, lang, versionOfWindow: version, data } = flags
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const query = new URLSearchParams({ ...(lang && { lang }), ...(version && { version }) })
  const path = `/contracts/${encodeURIComponent(contract)}/reports/${encodeURIComponent(window)}.${format}`
  const bytes = await client.download(`${path}?${query.toString()}`)
  const output = flags.output ?? `${contract}-${window}.${format}`
  try {
    writeFileSync(output, bytes)
  } catch (error) {
    throw new Fault('disk', `${output} cannot be written: ${messageOf(error)}`, {
      hint: 'Name another file with --output.',
    })
  }
  world.err(`${output}: ${bytes.length} bytes`)
  return EXIT.done
}
