/** `constat report`: the report of a window, written to a file. */
import type { ReportFormat } from '../view/report-format.ts'
import { openClient } from './client.ts'
import { save } from './save.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type ReportFlags = {
  window: string
  format: ReportFormat
  lang?: 'en' | 'fr'
  versionOfWindow?: string
  output?: string
  json?: boolean
  data?: string
}

export async function report(contract: string, flags: ReportFlags, world: World): Promise<number> {
  const { window, format, lang, versionOfWindow: version, data } = flags
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const query = new URLSearchParams({ ...(lang && { lang }), ...(version && { version }) })
  const path = `/contracts/${encodeURIComponent(contract)}/reports/${encodeURIComponent(window)}.${format}`
  const output = flags.output ?? `${contract}-${window}.${format}`
  const saved = await save(await client.read(`${path}?${query.toString()}`), output, world)
  if (flags.json) world.out(JSON.stringify({ file: output, ...saved }))
  else world.out(`${output}: ${saved.bytes} bytes, SHA-256 ${saved.sha256}`)
  return EXIT.done
}
