/**
 * The letter of a claim: what was promised and measured, what it comes to clause by clause, the notice, until when,
 * and what the other side can do. It is dated once the claim is notified; before, a line is left for the date. Pure.
 */
import type { Paper, PaperBlock } from '../print/paper.ts'
import { partOf } from '../web/metric/table.ts'
import { guaranteeName, serviceName } from '../web/part/names.ts'
import type { Scene } from '../web/scene.ts'
import { creditText } from '../web/text/credit-line.ts'
import { moneyText, timeText } from '../web/text/format.ts'
import { windowName } from '../web/text/sentence.ts'
import { wordOf } from '../web/text/words.ts'
import { checkCommand, claimedOf, type Claim, type Enclosure } from './claim.ts'
import { letterEn, type LetterText } from './text/letter-en.ts'
import { letterFr } from './text/letter-fr.ts'

export const LETTERS: Record<'en' | 'fr', LetterText> = { en: letterEn, fr: letterFr }

export function letterPaper(claim: Claim, enclosures: readonly Enclosure[], scene: Scene): Paper {
  const words = LETTERS[scene.lang]
  const { report, terms } = claim
  const title = words.title[noticeOf(claim)]
  return {
    title: `${title} · ${report.displayName}`,
    head: `${title} · ${report.displayName} · ${windowName(report.window.key, scene)}`,
    foot: words.foot({ contract: terms.name, digest: report.closing?.digest ?? '' }),
    mark: null,
    parts: [
      {
        lang: scene.lang,
        blocks: [
          ...headBlocks(claim, scene),
          ...resultBlocks(claim, scene),
          ...creditBlocks(claim, scene),
          ...deadlineBlocks(claim, scene),
          ...rightBlocks(claim, enclosures, scene),
          { kind: 'heading', text: words.enclosed },
          {
            kind: 'list',
            items: enclosures.map(
              (one) => `${scene.text.glance.pair(one.path, words.file[one.what])}, SHA-256 ${one.sha256}`,
            ),
          },
          { kind: 'lines', side: 'right', lines: words.sign },
        ],
      },
    ],
  }
}

function noticeOf({ terms }: Claim): 'required' | 'not-required' {
  return terms.credits?.claim?.formalNotice ?? 'not-required'
}

function minute(at: string, scene: Scene): string {
  return timeText(Date.parse(at), 'minute', scene)
}

function headBlocks(claim: Claim, scene: Scene): PaperBlock[] {
  const words = LETTERS[scene.lang]
  const { report, terms, penalty } = claim
  const customer = terms.parties.find(({ role }) => role === 'customer')?.name ?? ''
  const day = penalty.notifiedAt === null ? null : timeText(Date.parse(penalty.notifiedAt), 'day', scene)
  const window = windowName(report.window.key, scene)
  const amount = moneyText(claimedOf(claim), scene.lang)
  return [
    { kind: 'lines', side: 'left', lines: [customer] },
    { kind: 'lines', side: 'right', lines: [words.to, report.provider, '', words.date(day)] },
    { kind: 'title', text: words.title[noticeOf(claim)] },
    { kind: 'text', text: words.subject({ amount, window }) },
    {
      kind: 'facts',
      facts: [
        [words.facts.contract, report.displayName],
        ...(terms.reference === null ? [] : [[words.facts.reference, terms.reference] as const]),
        [words.facts.window, `${minute(report.window.start, scene)} – ${minute(report.window.end, scene)}`],
        [words.facts.terms, termsText(claim, scene)],
        [
          words.facts.closing,
          words.closing({ version: String(report.closing?.version ?? 1), at: minute(report.asOf, scene) }),
        ],
      ],
    },
    { kind: 'text', text: words.opening({ contract: report.displayName, window }) },
  ]
}

function termsText({ revision }: Claim, scene: Scene): string {
  const words = LETTERS[scene.lang].terms
  const last = revision.answers.at(-1)
  const number = String(revision.revision)
  if (!last) return words.unilateral({ revision: number })
  return words[last.answer]({ revision: number, at: minute(last.at, scene) })
}

/** What is not met, and so is worth something. */
function resultBlocks({ report, terms }: Claim, scene: Scene): PaperBlock[] {
  const { head, results, binding } = LETTERS[scene.lang]
  const figure = wordOf(scene.text.glance.bindingFigure, terms.measurement.bindingFigure)
  const rows = report.guarantees
    .filter(({ verdict }) => verdict === 'not_met')
    .map((g) => [
      guaranteeName(g, scene),
      g.clause ?? '–',
      partOf(g.metric).promised(g, scene),
      partOf(g.metric).line(g, { guarantee: g, scene }).measured,
    ])
  return [
    { kind: 'heading', text: results },
    { kind: 'table', head: [head.guarantee, head.clause, head.promised, head.measured], numbers: [], rows },
    { kind: 'note', text: binding(figure) },
  ]
}

function creditBlocks(claim: Claim, scene: Scene): PaperBlock[] {
  const { report, penalty } = claim
  const { credits, contract } = report
  if (credits === null) return []
  const { head, credit, total } = LETTERS[scene.lang]
  const money = (amount: string): string => moneyText({ amount, currency: credits.currency }, scene.lang)
  const tax = scene.text.metric.credit.tax[credits.tax]
  const named = (line: (typeof credits.lines)[number]): string => {
    if (line.guarantee !== null) return guaranteeName({ contract, guarantee: line.guarantee }, scene)
    return line.service === null
      ? scene.text.metric.credit.whole
      : serviceName({ contract, service: line.service }, scene)
  }
  const said = (text: string): string => creditText({ contract, currency: credits.currency, text }, scene)
  return [
    {
      kind: 'text',
      text: credit({ clause: penalty.clause ?? '–', amount: money(claimedOf(claim).amount), tax }),
    },
    {
      kind: 'table',
      head: [head.guarantee, head.line, head.clause, head.amount],
      numbers: [3],
      rows: [
        ...credits.lines.map((line) => [
          named(line),
          said(line.text),
          line.clause ?? '–',
          money(line.amount),
        ]),
        [total, tax, '', money(credits.total)],
      ],
    },
    ...credits.rights.map(({ text, clause }) => ({
      kind: 'text' as const,
      text: [said(text), clause && scene.text.figure.clause(clause)].filter(Boolean).join(' · '),
    })),
  ]
}

function deadlineBlocks(claim: Claim, scene: Scene): PaperBlock[] {
  const words = LETTERS[scene.lang]
  const { claimUntil, late } = claim.penalty
  const until = claimUntil === null ? '' : (late ? words.late : words.claimUntil)(minute(claimUntil, scene))
  const exclusive = claim.terms.credits?.exclusive ?? false
  return [
    { kind: 'text', text: [words.notice[noticeOf(claim)], until].filter(Boolean).join(' ') },
    { kind: 'text', text: exclusive ? words.loss.exclusive : words.loss.open },
  ]
}

function rightBlocks(claim: Claim, enclosures: readonly Enclosure[], scene: Scene): PaperBlock[] {
  const words = LETTERS[scene.lang]
  const evidence = enclosures.find(({ what }) => what === 'evidence')
  const silence = claim.terms.credits?.claim?.silence ?? 'none'
  const clause = claim.penalty.clause ?? '–'
  return [
    { kind: 'heading', text: words.yours },
    {
      kind: 'list',
      items: [
        `${answerText(claim, scene)} ${silence === 'none' ? words.silence.none : words.silence[silence](clause)}`,
        ...(evidence ? [words.recompute({ file: evidence.path, digest: evidence.sha256 })] : []),
        words.statement,
        ...(claim.amendableUntil === null ? [] : [words.exclusion(minute(claim.amendableUntil, scene))]),
      ],
    },
    ...(evidence ? [{ kind: 'note' as const, text: words.command(checkCommand(claim, evidence.path)) }] : []),
  ]
}

/** An instant once the claim was notified; before, so many days from it. */
function answerText({ penalty, terms }: Claim, scene: Scene): string {
  const words = LETTERS[scene.lang]
  const days = terms.credits?.claim?.providerAnswer ?? null
  if (penalty.answerUntil !== null) return words.answer(minute(penalty.answerUntil, scene))
  if (days === null) return words.answer(null)
  return words.answerDays({ days: String(days.days), kind: words.dayKind[days.dayKind] })
}
