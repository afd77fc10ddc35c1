/**
 * `constat reconcile`: the provider's statement of a window held against what was measured; with `--keep` it is
 * handed in too. Exit 0 where both agree, 1 where they differ.
 */
import { readFileSync } from 'node:fs'
import { Fault, messageOf } from '@constat/shared/fault'
import type { MatchAnswer } from '@constat/sla/reconciliation/answer'
import { MAX_STATEMENT_BYTES } from '../http/limits.ts'
import { lengthText } from '@constat/sla/length'
import type { ReconciliationView, StatementView } from '../view/window.ts'
import { openClient, type Client } from './client.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export type ReconcileFlags = {
  window: string
  statement: string
  keep?: boolean
  json?: boolean
  data?: string
}

const SECOND_MS = 1000

type GuaranteeReconciled = ReconciliationView['guarantees'][number]

export async function reconcile(contract: string, flags: ReconcileFlags, world: World): Promise<number> {
  const { data } = flags
  const text = readStatementFile(flags.statement)
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const found = await (flags.keep ? handIn : lookAt)(client, { contract, window: flags.window, text })
  if (flags.json) world.out(JSON.stringify(found))
  else for (const line of reconcileLines(contract, found)) world.out(line)
  return found.guarantees.every(({ agrees }) => agrees) ? EXIT.done : EXIT.no
}

type Given = { contract: string; window: string; text: string }

/** Nothing is written. */
async function lookAt(client: Client, { contract, window, text }: Given): Promise<ReconciliationView> {
  const path = `/contracts/${encodeURIComponent(contract)}/windows/${encodeURIComponent(window)}/reconcile`
  // The API answers the shapes of view/window.ts: it is made from them.
  return (await client.post(path, text, { type: 'text/plain' })) as ReconciliationView
}

async function handIn(client: Client, { contract, window, text }: Given): Promise<ReconciliationView> {
  const path = `/contracts/${encodeURIComponent(contract)}/statements`
  const search = `?window=${encodeURIComponent(window)}`
  // As above.
  const kept = (await client.post(path + search, text, { type: 'text/plain' })) as StatementView
  return (await client.get(`${path}/${encodeURIComponent(kept.id)}/reconciliation`)) as ReconciliationView
}

function readStatementFile(path: string): string {
  let text: string
  try {
    // `-` reads standard input, as elsewhere.
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    throw new Fault('usage', `${path} cannot be read: ${messageOf(error)}`)
  }
  if (Buffer.byteLength(text) <= MAX_STATEMENT_BYTES) return text
  throw new Fault('too-large', `${path} passes ${MAX_STATEMENT_BYTES} bytes`)
}

export function reconcileLines(contract: string, view: ReconciliationView): string[] {
  const { statement, window, asOf, version, guarantees, leftOut } = view
  const standing = version === null ? 'provisional' : `version ${version}`
  const kept = statement === null ? 'not handed in' : `statement ${statement.id}`
  const heading = `${contract} ${window} (${standing}), ${kept}, measured up to ${asOf}`
  const rest = leftOut.length === 0 ? [] : [`Not in a list of outages: ${leftOut.join(', ')}.`]
  return [heading, ...guarantees.flatMap(guaranteeLines), ...rest]
}

function guaranteeLines(one: GuaranteeReconciled): string[] {
  const { guarantee, agrees, matches, waterfall, credits, linesOutside } = one
  const outside = linesOutside.length === 0 ? [] : [`  outside the window: line ${linesOutside.join(', ')}`]
  return [
    `${guarantee}: ${agrees ? 'agreed' : 'differs'}`,
    ...matches.flatMap(matchLines),
    ...outside,
    `  ${waterfall.map(stepText).join(', ')}`,
    ...(credits ? [creditLine(credits)] : []),
  ]
}

function matchLines({ start, end, lines, excuses, readings, ...match }: MatchAnswer): string[] {
  const cited = lines.length === 0 ? '' : `, line ${lines.join(', ')}`
  const told = [
    `both ${lengthText(match.bothMs)}`,
    `only measured ${lengthText(match.measuredOnlyMs)}`,
    `only stated ${lengthText(match.providerOnlyMs)}`,
  ]
  const meanings = readings.map((one) => `    could mean ${one.start} to ${one.end}`)
  return [
    `  ${start} to ${end}: ${words(match.class)}${cited}: ${told.join(', ')}`,
    ...meanings,
    ...excuses.map(excuseLine),
  ]
}

function excuseLine(excuse: MatchAnswer['excuses'][number]): string {
  const { line, kind, standing, refusals, acceptedBy, excusedMs, claimedMs } = excuse
  const why = refusals.length === 0 ? '' : ` (${refusals.map(words).join(', ')})`
  const who = acceptedBy.length === 0 ? '' : `, accepted by ${acceptedBy.join(', ')}`
  return `    line ${line}, ${kind}: ${words(standing)}${why}${who}: ${lengthText(excusedMs)} of ${lengthText(claimedMs)} excused`
}

function stepText({ step, ms }: GuaranteeReconciled['waterfall'][number], i: number): string {
  const sign = i > 0 && step !== 'measured' ? (ms < 0 ? '−' : '+') : ''
  const size = Math.abs(ms)
  return `${words(step)} ${sign}${size > 0 && size < SECOND_MS ? `${size} ms` : lengthText(size)}`
}

function creditLine({ currency, credits, inDispute }: NonNullable<GuaranteeReconciled['credits']>): string {
  const { stated, agreed, provable, point } = credits
  const amounts = `${stated} by the statement, ${agreed} by what both say, ${provable} proved, ${point} measured`
  return `  credit in ${currency}: ${amounts}; ${inDispute} in dispute`
}

/** `absent-from-the-statement` as people write it. */
function words(name: string): string {
  return name.replaceAll('-', ' ')
}
