/** The report as people read it: what came of the window, what is unknown, what is assumed, what fails. Pure. */
import { formatInstant } from '@constat/shared/time'
import { lengthText } from '@constat/sla/length'
import { entryOf } from '@constat/sla/metric/table'
import type { GuaranteeResult } from '@constat/sla/judgement/result'
import { plain, type Failure } from './failure.ts'
import type { Gap, Silence } from './gaps.ts'
import type { Report, Verdict } from './verify.ts'

/** Lines of one table: the rest is counted, and stands in `--json`. */
const MAX_LINES = 40

const ENDS: Readonly<Record<Verdict, string>> = {
  reproduced: 'REPRODUCED: the evidence holds, and gives the same figures.',
  differs: 'FIGURES DIFFER: the evidence holds, and does not give the figures of the bundle.',
  unjudged:
    'NOT JUDGED: the evidence holds, and the window was judged by rules that this program does not have: take the one of its time.',
  broken: 'EVIDENCE BROKEN: what is named above was changed, left out or put in.',
}

export function reportLines(report: Report): string[] {
  const { verdict, failures, failuresLeftOut, assumptions } = report
  const more = failuresLeftOut === 0 ? [] : [`… and ${failuresLeftOut} more`]
  return [
    ...headLines(report),
    ...(verdict === 'reproduced' ? figureLines(report) : []),
    ...table('Unknown time', report.gaps.map(gapLine)),
    ...table('Agents not heard', report.silences.map(silenceLine)),
    ...table('Received late', report.late.map(lateLine)),
    ...table('Two frames under one number; the first counts', report.equivocations.map(equivocationLine)),
    ...table('Assumed', assumptions),
    ...(failures.length === 0 ? [] : ['', 'Does not hold:']),
    ...failures.map((one) => `  ${failureLine(one)}`),
    ...more,
    '',
    ENDS[verdict],
  ]
}

export function failureLine({ step, reason, detail, file, entry, agent }: Failure): string {
  const place = [
    ...(entry === undefined ? [] : [`entry ${entry}`]),
    ...(agent === undefined ? [] : [`agent ${agent}`]),
    ...(file === undefined ? [] : [file]),
  ]
  return `${place.length === 0 ? step : place.join(', ')}: ${reason}: ${detail}`
}

function headLines({
  contract,
  window,
  origin,
  size,
  root,
  frames,
  closings,
  checkpoints,
  result,
  witnessing,
  dated,
}: Report): string[] {
  if (contract === null || window === null || origin === null) return []
  const standing = result?.kind === 'closing' ? `closed, version ${result.version}` : 'still open'
  const seen = frames
    ? [
        `${frames.frames} frames, ${frames.samples} samples in ${frames.sessions} sessions; ${frames.lostFrames} frames lost by agents`,
      ]
    : []
  const witnessed = (witnessing?.words ?? []).map(
    ({ witness, atMs }) => `cosigned by ${plain(witness)} at ${formatInstant(atMs)}`,
  )
  const stamped = dated
    .slice(-1)
    .map(({ size, atMs, authority }) => `${size} entries dated ${formatInstant(atMs)} by ${plain(authority)}`)
  const judged = closings ? [closingsLine(closings)] : []
  return [
    `${plain(contract)}, window ${plain(window)}${result ? ` (${standing})` : ''}`,
    `log ${plain(origin)}: ${size} entries under ${root ?? 'no root'}, ${checkpoints} checkpoints`,
    ...witnessed,
    ...stamped,
    ...seen,
    ...judged,
  ]
}

function closingsLine({ reproduced, differing, unchecked }: NonNullable<Report['closings']>): string {
  const other = unchecked === 0 ? '' : `, ${unchecked} of other semantics not judged`
  return `closings of the log: ${reproduced} reproduced, ${differing} not${other}`
}

function figureLines({ result, termsDigest }: Report): string[] {
  if (!result) return []
  const { asOfMs, semantics, revision, digest, results } = result
  const { credit } = results
  return [
    `judged up to ${formatInstant(asOfMs)} by semantics ${semantics}, terms of revision ${revision}, ${termsDigest}`,
    `digest of the results ${digest}`,
    '',
    ...results.guarantees.map(({ result: one }) => guaranteeLine(one)),
    ...(credit ? [`credit ${credit.total} ${credit.currency}`] : []),
  ]
}

/** `portal (shop): met; 99.98 % of 99.9 %; coverage 1.0000` */
export function guaranteeLine(one: GuaranteeResult): string {
  const { guarantee, service, verdict, metric, target, coverage, measure } = one
  const seen = coverage === null ? '' : `; coverage ${coverage}`
  return `${plain(guarantee)} (${plain(service)}): ${verdict.replaceAll('_', ' ')}; ${entryOf(metric).brief(measure, target)}${seen}`
}

function gapLine({ service, agent, startMs, endMs, reason }: Gap): string {
  const length = lengthText(endMs - startMs)
  const whose = agent === null ? '' : `, agent ${agent}`
  return `${formatInstant(startMs)} to ${formatInstant(endMs)} (${length}): ${plain(service)}${whose}: ${reason}`
}

function silenceLine({ service, agent, startMs, endMs }: Silence): string {
  const length = lengthText(endMs - startMs)
  return `${formatInstant(startMs)} to ${formatInstant(endMs)} (${length}): agent ${agent}, of ${plain(service)}`
}

function lateLine({ agent, fromMs, toMs, untilMs, frames }: Report['late'][number]): string {
  const last = frames === 1 ? 'a frame' : `${frames} frames, the last`
  return `${formatInstant(fromMs)} to ${formatInstant(toMs)}: agent ${agent}, ${last} received ${formatInstant(untilMs)}`
}

function equivocationLine({ agent, first, second }: Report['equivocations'][number]): string {
  return `agent ${agent}: entries ${first} and ${second}`
}

function table(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const more =
    lines.length > MAX_LINES ? [`  … and ${lines.length - MAX_LINES} more: --json has all of them`] : []
  return ['', `${title}:`, ...lines.slice(0, MAX_LINES).map((line) => `  ${line}`), ...more]
}
