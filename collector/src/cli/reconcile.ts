/**
 * `constat reconcile`: the provider's statement of a window held against what was measured; with `--keep` it is
 * handed in too. Exit 0 where both agree, 1 where they differ.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Fault, messageOf } from '@constat/shared/fault'
import type { MatchAnswer } from '@constat/sla/reconciliation/answer'
import { MAX_STATEMENT_BYTES } from '../http/limits.ts'
import { lengthText } from '@constat/sla/length'
import type { StatementReadingView } from '../view/statement.ts'
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
  const text = statementGiven(flags.statement)
  const client = openClient(configOf(world, data === undefined ? {} : { data }).dataDir)
  const found = await (flags.keep ? handIn : lookAt)(client, { contract, window: flags.window, text })
  if (flags.json) world.out(JSON.stringify(found))
  else for (const line of reconcileLines(contract, found)) world.out(line)
  return found.guarantees.every(({ agrees }) => agrees) ? EXIT.done : EXIT.no
}

type Given = { contract: string; window: string; text: Buffer }

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

const PERCENT = /^\d{1,3}(?:[.,]\d{1,12})? ?%?$/

/** The bytes of a file as they are, in whatever encoding; or the percentage itself, where no file is called so. */
function statementGiven(given: string): Buffer {
  if (PERCENT.test(given) && !existsSync(given)) return Buffer.from(given)
  let bytes: Buffer
  try {
    // `-` reads standard input, as elsewhere.
    bytes = readFileSync(given === '-' ? 0 : given)
  } catch (error) {
    throw new Fault('usage', `${given} cannot be read: ${messageOf(error)}`)
  }
  if (bytes.length <= MAX_STATEMENT_BYTES) return bytes
  throw new Fault('too-large', `${given} passes ${MAX_STATEMENT_BYTES} bytes`)
}

export function reconcileLines(contract: string, view: ReconciliationView): string[] {
  const { statement, window, asOf, version, guarantees, leftOut } = view
  const standing = version === null ? 'provisional' : `version ${version}`
  const kept = statement === null ? 'not handed in' : `statement ${statement.id}`
  const heading = `${contract} ${window} (${standing}), ${kept}, measured up to ${asOf}`
  const rest = leftOut.length === 0 ? [] : [`Not in a list of outages: ${leftOut.join(', ')}.`]
  const read = view.reading ? readingLines(view.reading) : []
  return [heading, ...read, ...guarantees.flatMap(guaranteeLines), ...rest]
}

/** How each line was read: what nobody asks anything about is counted alone. */
function readingLines({ encoding, isList, read, refused, lines, saysWhatIsAbsent }: StatementReadingView) {
  const shown = lines.filter(({ asks, status }) => status === 'refused' || asks.length > 0)
  const counted = isList ? [`read as ${encoding}: ${read} line(s), ${refused} refused`] : []
  const told = shown.slice(0, MAX_LINES_SHOWN).map((one) => `  ${lineText(one)}`)
  const more = shown.length > told.length ? [`  and ${shown.length - told.length} more: see --json`] : []
  const unsure = isList && !saysWhatIsAbsent ? ['  what is absent may stand in these lines: ask first'] : []
  return [...counted, ...told, ...more, ...unsure]
}

const MAX_LINES_SHOWN = 50

function lineText({ line, why, asks, read }: StatementReadingView['lines'][number]): string {
  if (why !== null) return why
  const spans = read?.readings.map(({ start, end }) => `${start} to ${end ?? 'now'}`).join(' or ') ?? ''
  return `line ${line}: ${spans}: ${asks.map(words).join(', ')}`
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
