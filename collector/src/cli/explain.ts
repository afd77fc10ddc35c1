/** `constat explain`: the terms in force, read from the ledger beside the collector. */
import { Fault } from '@constat/shared/fault'
import { termsJson } from '@constat/sla/contract/digest'
import type { SourceFile } from '@constat/sla/contract/document'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { explain } from '@constat/sla/contract/explain'
import { parseContract } from '@constat/sla/contract/parse'
import { newest } from '@constat/sla/state/contract-state'
import { Contracts } from '../contract/contracts.ts'
import { logRows } from '../db/ledger-rows.ts'
import { sourceOf } from '../db/source-rows.ts'
import { beside } from './beside.ts'
import type { ReadFlags } from './read.ts'
import type { World } from './world.ts'

/** The expanded terms in force, every default shown. */
export function explainContract(name: string, flags: ReadFlags, world: World): Promise<number> {
  return beside(flags, world, async ({ sql }) => {
    const contracts = new Contracts(sql)
    await contracts.catchUp(await logRows(sql))
    const known = contracts.of(name)
    if (!known) throw new Fault('not-found', `there is no contract ${name}`)
    const { revision, digest, terms } = newest(known)
    const files = (await sourceOf(sql, { contract: name, revision })) ?? []
    const explained = { ...terms, source: { raw: null, defaulted: defaultedIn(files, terms) } }
    if (flags.json) {
      const { defaulted } = explained.source
      world.out(JSON.stringify({ contract: name, revision, digest, terms: termsJson(explained), defaulted }))
    } else for (const line of explain(explained)) world.out(line)
  })
}

/** What nobody wrote. The terms are the log's: of documents that a later version refuses, this is not known. */
function defaultedIn(files: readonly SourceFile[], { name }: ExpandedContract): string[] {
  const parsed = parseContract(files)
  const own = parsed.kind === 'ok' ? parsed.contracts.find((one) => one.name === name) : undefined
  return own?.source.defaulted ?? []
}
