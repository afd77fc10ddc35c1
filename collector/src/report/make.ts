/**
 * Making a report: one window of a contract, gathered from the read model of whoever asks, so that it holds what they
 * may see and nothing else. Of a closed window the figures are those of one version.
 */
import type { UnixMs } from '@constat/shared/time'
import { formatInstant } from '@constat/shared/time'
import type { ExclusionView } from '../view/exclusion.ts'
import type { ReadModel } from '../view/reads.ts'
import type { ReportView } from '../view/report.ts'
import type { IncidentView } from '../view/timeline.ts'
import type { WindowLifeView } from '../view/window.ts'
import { zoneOf } from '../web/scene.ts'

/** Listed in one report; how many more there were is said. */
const MAX_INCIDENTS = 500
/** Looked through for them. */
const MAX_LOOKED = 5_000
const PAGE = 500
const MAX_EXCLUSIONS = 5_000
/** Windows of the trend, this one among them. */
const TREND = 12

export type ReportAsked = { contract: string; window: string; version?: number | undefined }

/** Null: there is no such contract, window or version. */
export async function makeReport(
  read: ReadModel,
  { contract: name, window: key, version }: ReportAsked,
  nowMs: UnixMs,
): Promise<ReportView | null> {
  const contract = read.contract(name)
  const window = contract && (await read.window(name, key, version))
  const terms = read.terms(name)
  if (contract === null || window === null || terms === null) return null
  const closing = window.versions.find((one) => one.version === window.version) ?? null
  const incidents = await incidentsOf(read, name, window)
  const within = { fromMs: Date.parse(window.start), toMs: Date.parse(window.end) }
  const exclusions = await read.exclusions({ contract: name, within, limit: MAX_EXCLUSIONS })
  return {
    contract: name,
    displayName: contract.displayName,
    provider: contract.provider,
    parties: terms.parties.map(({ id, name: called, role }) => ({ id, name: called, role })),
    timeZone: zoneOf(contract),
    terms: contract.terms,
    revision: closing?.revision ?? contract.revision,
    contractDigest: closing?.contractDigest ?? null,
    binding: terms.measurement.bindingFigure,
    window: { key: window.key, start: window.start, end: window.end, state: window.state },
    provisional: window.provisional,
    asOf: closing?.at ?? formatInstant(nowMs),
    closing: closing && {
      version: closing.version,
      digest: closing.digest,
      semantics: closing.semantics,
      ledger: closing.ledger,
    },
    guarantees: window.guarantees,
    credits: window.credits,
    losses: window.losses,
    incidents: incidents.slice(0, MAX_INCIDENTS),
    incidentsLeftOut: Math.max(0, incidents.length - MAX_INCIDENTS),
    exclusions: exclusions.map(withoutWords),
    statements: read.statements(name).filter((one) => one.window === key),
    trend: read
      .closedWindows(name)
      .filter(({ end }) => end <= window.end)
      .slice(0, TREND),
  }
}

/** They can be erased, and what was handed out cannot: a report leaves them out. */
function withoutWords({ answers, ...rest }: ExclusionView): ExclusionView {
  return { ...rest, reason: '', answers: answers.map((one) => ({ ...one, note: '' })) }
}

/** Instants are texts of one form: they compare as they follow each other. */
async function incidentsOf(
  read: ReadModel,
  contract: string,
  { start, end }: WindowLifeView,
): Promise<IncidentView[]> {
  const found: IncidentView[] = []
  let before: string | undefined
  for (let looked = 0; looked < MAX_LOOKED; looked += PAGE) {
    const page = await read.incidents({
      contract,
      limit: PAGE,
      ...(before !== undefined && { before }),
    })
    found.push(...page.filter((one) => one.onsetAt < end && (one.endAt === null || one.endAt > start)))
    before = page.at(-1)?.id
    if (page.length < PAGE) break
  }
  return found.toReversed()
}
