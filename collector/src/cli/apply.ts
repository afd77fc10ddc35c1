/**
 * `constat apply -f PATH`: documents of a file or a directory, checked here, applied by the collector; with
 * `--try` they are not applied, but each check is probed once by an agent that would run it.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault, messageOf } from '@constat/shared/fault'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { parseContract } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import type { TriedView } from '../view/trial.ts'
import { openClient, type Client } from './client.ts'
import { configOf } from './configured.ts'
import { trialLines } from './trial-lines.ts'
import { EXIT, type World } from './world.ts'

/** The collector ends a try after a minute and the timeout of a check. */
const TRY_MS = 150_000

export type SourceFile = { name: string; text: string }

type Applied = { contract: string; revision: number; digest: string; changed: boolean; warnings: string[] }

type ApplyFlags = { file: string; json?: boolean; data?: string; stopProbing?: boolean; try?: boolean }

export async function apply(flags: ApplyFlags, world: World): Promise<number> {
  const { file, json, data, stopProbing } = flags
  if (flags.try && stopProbing)
    throw new Fault('usage', '--try applies nothing, so there is no probing to stop')
  const source = readSource(file)
  const contracts = parseOrFault(source)
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  // One stream of documents: JSON is YAML too.
  const text = source.map((one) => one.text.trimEnd()).join('\n---\n')
  if (flags.try) return tryAll({ contracts, text, json: json ?? false }, { client, world })
  for (const { name } of contracts) {
    // The collector answers what `ContractAnswer` says.
    const path = `/contracts/${encodeURIComponent(name)}${stopProbing ? '?stopProbing=true' : ''}`
    const applied = (await client.put(path, text)) as Applied
    if (json) world.out(JSON.stringify(applied))
    else world.out(lineOf(applied))
    for (const warning of applied.warnings) world.err(`warning: ${warning}`)
  }
  return EXIT.done
}

type Trying = { contracts: readonly ExpandedContract[]; text: string; json: boolean }

/** Every check is tried, also after one that is not ok. */
async function tryAll(
  { contracts, text, json }: Trying,
  { client, world }: { client: Client; world: World },
): Promise<number> {
  let isOk = true
  for (const { name } of contracts) {
    // The API answers the shapes of view.
    const path = `/contracts/${encodeURIComponent(name)}/try`
    const tried = (await client.post(path, text, { type: 'application/yaml', withinMs: TRY_MS })) as TriedView
    isOk &&= tried.ok
    if (json) world.out(JSON.stringify(tried))
    else for (const line of tried.checks.flatMap(trialLines)) world.out(line)
  }
  if (!json) world.out('Nothing was applied.')
  return isOk ? EXIT.done : EXIT.no
}

/** The files of a path: itself, or the .yaml, .yml and .json files of a directory, by name. */
export function readSource(path: string): SourceFile[] {
  try {
    if (!statSync(path).isDirectory()) return [{ name: basename(path), text: readFileSync(path, 'utf8') }]
    const names = readdirSync(path)
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
    if (names.length === 0) throw new Fault('usage', `${path} holds no .yaml, .yml or .json file`)
    return names.map((name) => ({ name, text: readFileSync(join(path, name), 'utf8') }))
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('usage', `${path} cannot be read: ${messageOf(error)}`)
  }
}

/** Fault `bad-contract` with every problem and its place. */
export function parseOrFault(source: SourceFile[]): ExpandedContract[] {
  const parsed = parseContract(source)
  if (parsed.kind === 'refused') {
    const problems = parsed.problems.map(problemText)
    throw new Fault('bad-contract', `${problems.length} problem(s): nothing was applied`, { problems })
  }
  if (parsed.contracts.length === 0) throw new Fault('bad-contract', 'no document of kind Contract was given')
  return parsed.contracts
}

function lineOf({ contract, revision, digest, changed }: Applied): string {
  const what = changed ? `revision ${revision} applied` : `revision ${revision} is in force already`
  const when =
    changed && revision > 1 ? '; what it changes begins with the next window of each guarantee' : ''
  return `${contract}: ${what} (terms ${digest.slice(0, 16)}…)${when}`
}
