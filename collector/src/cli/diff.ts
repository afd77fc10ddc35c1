/**
 * `constat diff -f PATH`: what documents would change, clause by clause, beside the terms in force or beside
 * another file. Exit 0 no change, 1 changes.
 */
import { Fault } from '@constat/shared/fault'
import { changeText, compareTerms, revisionProblem, type TermsChange } from '@constat/sla/contract/compare'
import { contractDigest } from '@constat/sla/contract/digest'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { newest } from '@constat/sla/state/contract-state'
import { Contracts } from '../contract/contracts.ts'
import { logRows } from '../db/ledger-rows.ts'
import { parseOrFault, readSource } from './apply.ts'
import type { PreviewView } from '../view/window.ts'
import { beside } from './beside.ts'
import { openClient } from './client.ts'
import { lastWindowLines, lastWindowUnder } from './last-window.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type DiffFlags = { file: string; against?: string; contract?: string; json?: boolean; data?: string }

/** What stands on the other side: the terms, and what they are called. */
type InForce = { name: string; revision: number | null; terms: ExpandedContract }

type Difference = {
  contract: string
  /** The revision compared with; null: a file, or nothing in force. */
  inForce: number | null
  isNew: boolean
  /** The same terms by their digest: applying them changes nothing, not even the log. */
  isSame: boolean
  changes: TermsChange[]
  /** What apply would refuse beside mistakes in the documents. */
  problem: string | null
  /** Null: nothing closed yet, nothing changes, or no collector was asked. */
  lastWindow: PreviewView | null
}

export async function diff(flags: DiffFlags, world: World): Promise<number> {
  const source = readSource(flags.file)
  const wanted = chosen(parseOrFault(source), flags.contract)
  const differences: Difference[] = []
  if (flags.against === undefined) {
    await beside(flags, world, async ({ sql }) => {
      const contracts = new Contracts(sql)
      await contracts.catchUp(await logRows(sql))
      for (const terms of wanted) differences.push(difference(terms, ofLedger(contracts, terms.name)))
    })
    const client = openClient(configOf(world, flags.data === undefined ? {} : { data: flags.data }).dataDir)
    // One stream of documents: JSON is YAML too.
    const text = source.map((one) => one.text.trimEnd()).join('\n---\n')
    for (const one of differences.filter(({ changes }) => changes.length > 0))
      one.lastWindow = await lastWindowUnder(client, { contract: one.contract, text })
  } else {
    const old = parseOrFault(readSource(flags.against))
    for (const terms of wanted) differences.push(difference(terms, ofFile(old, terms, wanted)))
  }
  if (flags.json) world.out(JSON.stringify({ contracts: differences.map(shown) }))
  else for (const line of differences.flatMap(linesOf)) world.out(line)
  return differences.some(({ isNew, changes }) => isNew || changes.length > 0) ? EXIT.no : EXIT.done
}

function chosen(contracts: ExpandedContract[], name: string | undefined): ExpandedContract[] {
  if (name === undefined) return contracts
  const wanted = contracts.filter((terms) => terms.name === name)
  if (wanted.length > 0) return wanted
  const others = contracts.map((terms) => terms.name).join(', ')
  throw new Fault('usage', `no document describes the contract ${name}`, { hint: `There is ${others}.` })
}

function ofLedger(contracts: Contracts, name: string): InForce | null {
  const known = contracts.of(name)
  if (!known) return null
  const { revision, terms } = newest(known)
  return { name: `revision ${revision}`, revision, terms }
}

/** One contract on each side is meant as one, whatever it is called. */
function ofFile(
  old: ExpandedContract[],
  terms: ExpandedContract,
  wanted: ExpandedContract[],
): InForce | null {
  const found = old.find(({ name }) => name === terms.name)
  const only = old.length === 1 && wanted.length === 1 ? old[0] : undefined
  const other = found ?? only
  return other ? { name: 'the other file', revision: null, terms: other } : null
}

function difference(terms: ExpandedContract, inForce: InForce | null): Difference {
  const base = { contract: terms.name, inForce: inForce?.revision ?? null }
  if (!inForce) return { ...base, isNew: true, isSame: false, changes: [], problem: null, lastWindow: null }
  const isSame = contractDigest(terms).equals(contractDigest(inForce.terms))
  const changes = isSame ? [] : compareTerms(inForce.terms, terms)
  const problem = isSame ? null : (revisionProblem(terms, inForce.terms) ?? null)
  return { ...base, isNew: false, isSame, changes, problem, lastWindow: null }
}

function shown({ isNew, isSame, ...difference }: Difference) {
  return { ...difference, new: isNew, same: isSame }
}

function linesOf({ contract, inForce, isNew, isSame, changes, problem, lastWindow }: Difference): string[] {
  const than = inForce === null ? '' : ` from revision ${inForce}`
  if (isNew) return [`${contract}: nothing is in force yet; apply puts all of it in force`]
  if (isSame) return [`${contract}: no change${than}`]
  if (changes.length === 0)
    return [`${contract}: no change${than} but the order of lists in which order says nothing`]
  const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`
  return [
    `${contract}: ${count}${than}`,
    ...changes.map((change) => `  ${changeText(change)}`),
    ...(lastWindow === null ? [] : lastWindowLines(lastWindow).map((line) => `  ${line}`)),
    ...(problem === null ? [] : [`  refused at apply: ${problem}`]),
  ]
}
