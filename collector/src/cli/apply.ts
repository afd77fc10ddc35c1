/** `constat apply -f PATH`: documents of a file or a directory, checked here, applied by the collector. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault, messageOf } from '@constat/shared/fault'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { parseContract } from '@constat/sla/contract/parse'
import { problemText } from '@constat/sla/contract/problem'
import { openClient } from './client.ts'
import { configOf } from './serve.ts'
import { EXIT, type World } from './world.ts'

export type SourceFile = { name: string; text: string }

type Applied = { contract: string; revision: number; digest: string; changed: boolean; warnings: string[] }

type ApplyFlags = { file: string; json?: boolean; data?: string; stopProbing?: boolean }

export async function apply({ file, json, data, stopProbing }: ApplyFlags, world: World): Promise<number> {
  const source = readSource(file)
  const contracts = parseOrFault(source)
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  // One stream of documents: JSON is YAML too.
  const text = source.map((one) => one.text.trimEnd()).join('\n---\n')
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
