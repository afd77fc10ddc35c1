/** The sections of a report that are about money. Pure. */
import type { ReportSection } from '../print/document.ts'
import type { ReportView } from '../view/report.ts'
import { guaranteeName, serviceName, spoken } from '../web/part/names.ts'
import type { Scene } from '../web/scene.ts'
import { creditText } from '../web/text/credit-line.ts'
import { decimalText, moneyText, timeText } from '../web/text/format.ts'

/** The penalty line by line, with what carries each. */
export function penalty({ contract, credits }: ReportView, scene: Scene): ReportSection {
  const { text, lang } = scene
  const words = text.metric.credit
  if (credits === null) return { heading: text.report.penalty, notes: [text.report.noPenalty] }
  const { currency, lines, rights, claim } = credits
  const money = (amount: string): string => moneyText({ amount, currency }, lang)
  const said = (line: string): string => creditText({ contract, currency, text: line }, scene)
  return {
    heading: text.report.penalty,
    notes: [
      `${text.penalty.short[credits.state]}. ${text.penalty.says[credits.state]}`,
      ...(lines.length === 0 ? [words.none] : []),
      credits.exclusive ? words.exclusive : words.notExclusive,
      ...rights.map(({ right, text: why, clause }) =>
        [text.glance.pair(spoken(right), said(why)), clause && text.figure.clause(clause)]
          .filter(Boolean)
          .join(' · '),
      ),
      ...(claim?.deadlineAt ? [words.deadline(timeText(Date.parse(claim.deadlineAt), 'minute', scene))] : []),
    ],
    table: {
      head: [words.guarantee, words.line, words.clause, words.amount],
      numbers: [3],
      rows: [
        ...lines.map((line) => [
          line.guarantee === null
            ? line.service === null
              ? words.whole
              : serviceName({ contract, service: line.service }, scene)
            : guaranteeName({ contract, guarantee: line.guarantee }, scene),
          said(line.text),
          line.clause ?? '–',
          money(line.amount),
        ]),
        [words.whole, words.tax[credits.tax], '', money(credits.total)],
      ],
    },
  }
}

/** Apart: by private models, for those who may see them. */
export function losses({ contract, losses: all }: ReportView, scene: Scene): ReportSection[] {
  const { text, lang } = scene
  const words = text.metric.loss
  return all.map(({ currency, total, lines, showToProvider }) => ({
    heading: words.title,
    notes: [words.note, showToProvider ? words.shown : words.hidden],
    table: {
      head: [words.service, text.metric.onset, words.minutes, text.metric.credit.amount],
      numbers: [2, 3],
      rows: [
        ...lines.map(({ service, onsetAt, minutes, amount }) => [
          serviceName({ contract, service }, scene),
          timeText(Date.parse(onsetAt), 'minute', scene),
          decimalText(minutes, lang),
          moneyText({ amount, currency }, lang),
        ]),
        [text.metric.credit.whole, '', '', moneyText({ amount: total, currency }, lang)],
      ],
    },
  }))
}
