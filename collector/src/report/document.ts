/**
 * Document: a report in one language, as headings, facts and tables of text: what is printed and what is shown are
 * drawn from this one. Pure.
 */
import type { ReportDocument, ReportSection } from '../print/document.ts'
import type { GuaranteeView } from '../view/guarantee.ts'
import type { ReportView } from '../view/report.ts'
import { partOf } from '../web/metric/table.ts'
import { answersFor, guaranteeName, partyOf, serviceName, spoken } from '../web/part/names.ts'
import { verdictsText } from '../web/part/window-life.tsx'
import type { Scene } from '../web/scene.ts'
import {
  decimalText,
  durationText,
  latencyText,
  moneyText,
  percentText,
  shareText,
  timeText,
} from '../web/text/format.ts'
import { mostText } from '../web/text/figures.ts'
import { reasonText } from '../web/text/reasons.ts'
import { countText } from '../web/text/format.ts'
import { verdictText, windowName, type Counts } from '../web/text/sentence.ts'
import { wordOf } from '../web/text/words.ts'
import { losses, penalty } from './money.ts'

export function reportDocument(report: ReportView, scene: Scene): ReportDocument {
  const { text, lang } = scene
  const words = text.report
  const minute = (at: string): string => timeText(Date.parse(at), 'minute', scene)
  const { closing, window } = report
  const customer = report.parties.find(({ role }) => role === 'customer')
  return {
    lang,
    title: words.title,
    contract: report.displayName,
    window: windowName(window.key, scene),
    verdict: verdictText(countsOf(report), scene),
    standing:
      closing === null
        ? words.provisional
        : words.version({ version: countText(closing.version, lang), at: minute(report.asOf) }),
    facts: [
      [words.span, `${minute(window.start)} – ${minute(window.end)}`],
      [text.contract.provider, report.provider],
      ...(customer ? [[text.glance.promisedTo, customer.name] as const] : []),
      [text.contract.terms, text.terms[report.terms]],
      [text.contract.revision, String(report.revision)],
      [words.zone, report.timeZone],
      [words.madeFrom, minute(report.asOf)],
    ],
    sections: [
      results(report, scene),
      downtime(report, scene),
      incidents(report, scene),
      exclusions(report, scene),
      unmeasured(report, scene),
      ...latency(report, scene),
      penalty(report, scene),
      ...losses(report, scene),
      disputes(report, scene),
      trend(report, scene),
      method(report, scene),
    ],
    foot: [text.product, closing?.digest ?? words.notClosed].join(' · '),
  }
}

function countsOf({ guarantees }: ReportView): Counts {
  const n = (verdict: GuaranteeView['verdict']): number =>
    guarantees.filter((one) => one.verdict === verdict).length
  return { met: n('met'), not_met: n('not_met'), indeterminate: n('indeterminate') }
}

function results({ guarantees }: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  return {
    heading: text.report.results,
    table: {
      head: [
        text.contract.guarantee,
        text.figure.promised,
        text.figure.measured,
        text.figure.coverage,
        text.figure.verdict,
      ],
      numbers: [3],
      rows: guarantees.map((g) => [
        named(g, scene),
        partOf(g.metric).promised(g, scene),
        partOf(g.metric).line(g, { guarantee: g, scene }).measured,
        shareText(g.coverage, lang),
        text.verdict[g.verdict],
      ]),
    },
  }
}

/** With the clause that it rests on. */
function named(g: GuaranteeView, scene: Scene): string {
  const clause = g.clause === null ? [] : [scene.text.figure.clause(g.clause)]
  return [guaranteeName(g, scene), ...clause].join(' · ')
}

/** The three figures of what is counted in time. */
function downtime({ guarantees }: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  const { figure } = text
  const rows = guarantees.flatMap((g) =>
    'downMs' in g && 'availability' in g
      ? [
          [
            guaranteeName(g, scene),
            durationText(g.committedMs, lang),
            durationText(g.excludedMs, lang),
            `${durationText(g.downMs.provable, lang)} / ${durationText(g.downMs.point, lang)} / ${mostText(g.downMs.pessimistic, lang)}`,
            [g.availability.provable, g.availability.point, g.availability.pessimistic]
              .map((percent) => decimalText(percent, lang))
              .join(' / '),
          ],
        ]
      : [],
  )
  const three = `${figure.provable} / ${figure.point} / ${figure.pessimistic}`
  return {
    heading: text.report.downtime,
    notes: [text.report.downtimeNote],
    table: {
      head: [
        text.contract.guarantee,
        figure.committed,
        figure.excluded,
        `${figure.down}, ${three}`,
        `${figure.availability} %, ${three}`,
      ],
      numbers: [1, 2, 3, 4],
      rows,
    },
  }
}

function incidents({ contract, incidents: all, incidentsLeftOut }: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  const at = (instant: string | null): string =>
    instant === null ? '–' : timeText(Date.parse(instant), 'minute', scene)
  return {
    heading: text.report.incidents,
    notes: [
      ...(all.length === 0 ? [text.report.noIncidents] : []),
      ...(incidentsLeftOut > 0 ? [text.report.leftOut(countText(incidentsLeftOut, lang))] : []),
    ],
    table: {
      head: [
        text.incident.onset,
        text.report.service,
        text.incident.end,
        text.figure.down,
        text.incident.cause,
        text.incident.owner,
      ],
      numbers: [3],
      rows: all.map((one) => [
        at(one.onsetAt),
        serviceName(one, scene),
        one.closedAt === null ? text.incident.stillDown : at(one.endAt ?? one.closedAt),
        durationText(one.downMs.point, lang),
        causeText(one, scene),
        one.zone === 'undetermined'
          ? text.incident.undetermined
          : (answersFor({ contract, owner: one.owner }, scene).answers ??
            answersFor({ contract, owner: one.owner }, scene).owner),
      ]),
    },
  }
}

function causeText({ cause, failure }: ReportView['incidents'][number], { text }: Scene): string {
  const word = wordOf(text.cause, cause)
  return failure?.code ? `${word} (${failure.code})` : word
}

function exclusions({ contract, exclusions: all }: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  const words = text.metric.exclusion
  const terms = scene.termsOf(contract)
  return {
    heading: words.title,
    notes: all.length === 0 ? [words.none] : [],
    table: {
      head: [words.kind, words.span, words.service, words.who, words.standing, words.effect],
      numbers: [],
      rows: all.map((one) => {
        const excused = one.effects.filter(({ excusedMs }) => excusedMs > 0)
        return [
          spoken(one.kind),
          spanText(one, scene),
          one.service === null ? words.everyService : serviceName({ contract, service: one.service }, scene),
          partyOf(terms, one.declaredBy)?.name ?? one.declaredBy,
          words.standings[one.standing],
          excused.length === 0
            ? words.nothing
            : excused
                .map(({ guarantee, excusedMs }) =>
                  text.glance.pair(
                    guaranteeName({ contract, guarantee }, scene),
                    durationText(excusedMs, lang),
                  ),
                )
                .join('; '),
        ]
      }),
    },
  }
}

function spanText({ start, end }: { start: string; end: string }, scene: Scene): string {
  return [start, end].map((at) => timeText(Date.parse(at), 'minute', scene)).join(' – ')
}

function unmeasured({ guarantees }: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  const rows = guarantees.flatMap((g) =>
    g.unknown.map((one) => [
      guaranteeName(g, scene),
      reasonText({ ...one, since: null }, scene),
      durationText(one.ms, lang),
    ]),
  )
  return {
    heading: text.report.unmeasured,
    notes: rows.length === 0 ? [text.report.allMeasured] : [],
    table: { head: [text.contract.guarantee, text.report.reason, text.report.length], numbers: [2], rows },
  }
}

/** Nothing where no guarantee is about speed. */
function latency({ guarantees }: ReportView, scene: Scene): ReportSection[] {
  const { text, lang } = scene
  const rows = guarantees.flatMap((g) => {
    if (g.metric !== 'share-within') return []
    const { p50, p95, p99 } = g.percentileUs
    const percentiles = [p50, p95, p99].map((us) => (us === null ? '–' : latencyText(us, lang)))
    return [[guaranteeName(g, scene), countText(g.share.n, lang), ...percentiles]]
  })
  if (rows.length === 0) return []
  const head = [text.contract.guarantee, text.latency.answers, 'p50', 'p95', 'p99']
  return [{ heading: text.report.latency, table: { head, numbers: [1, 2, 3, 4], rows } }]
}

function disputes(report: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  const words = text.report
  const contested = report.exclusions
    .filter(({ standing }) => standing === 'contested')
    .map(({ kind, start, end }) => {
      const [from, to] = [start, end].map((at) => timeText(Date.parse(at), 'minute', scene))
      return words.contested({ kind: spoken(kind), from: from ?? '', to: to ?? '' })
    })
  const stated = report.statements.map(({ receivedAt, sha256 }) =>
    words.stated({ at: timeText(Date.parse(receivedAt), 'minute', scene), sha: sha256 }),
  )
  const both = report.guarantees.flatMap((g) => {
    if (g.contested === null) return []
    const sides = [g.contested.accepted, g.contested.refused].map(({ verdict, percent }) =>
      [text.verdict[verdict], percent?.point && percentText(percent.point, lang)].filter(Boolean).join(' · '),
    )
    return [[guaranteeName(g, scene), ...sides]]
  })
  const head = [text.contract.guarantee, text.metric.ifAccepted, text.metric.ifRefused]
  return {
    heading: words.disputes,
    notes: contested.length + stated.length === 0 ? [words.noDisputes] : [...contested, ...stated],
    table: { head, numbers: [], rows: both },
  }
}

function trend({ trend: windows }: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  return {
    heading: text.report.trend,
    notes: windows.length === 0 ? [text.report.notClosed] : [],
    table: {
      head: [text.life.window, text.life.verdicts, text.life.credit],
      numbers: [2],
      rows: windows.map((one) => [
        windowName(one.window, scene),
        verdictsText(one, scene),
        one.credit ? moneyText({ amount: one.credit.total, currency: one.credit.currency }, lang) : '–',
      ]),
    },
  }
}

function method({ binding, closing, contractDigest }: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  const { glance, report: words, contract, life } = text
  return {
    heading: words.method,
    notes: [words.methodNote],
    facts: [
      [glance.binding, wordOf(glance.bindingFigure, binding)],
      ...(contractDigest === null ? [] : [[contract.digest, contractDigest] as const]),
      ...(closing === null
        ? []
        : ([
            [words.semantics, String(closing.semantics)],
            [words.resultsDigest, closing.digest],
            [
              life.ledger,
              life.leaves({ size: countText(closing.ledger.size, lang), root: closing.ledger.root }),
            ],
          ] as const)),
    ],
  }
}
