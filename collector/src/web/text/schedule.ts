/** When a report is sent, in words. Pure. */
import type { PlannedReportView } from '../../view/alerting.ts'
import type { ReportText } from './en-report.ts'

type When = Pick<PlannedReportView, 'every' | 'on' | 'at' | 'timeZone'>

export function scheduleText({ every, on, at, timeZone }: When, words: ReportText['archive']): string {
  if (every === 'closing' || on === null) return words.onClosing
  const clock = { at: at ?? '', zone: timeZone ?? '' }
  return typeof on === 'string'
    ? words.weekly({ day: words.days[on], ...clock })
    : words.monthly({ day: String(on), ...clock })
}
