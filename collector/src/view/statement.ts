/** How each line of a provider's statement was read, as it is published before and after it is handed in. Pure. */
import { formatInstant } from '@constat/shared/time'
import {
  LINE_ASKS,
  LINE_PROBLEMS,
  problemText,
  type StatedLine,
} from '@constat/sla/reconciliation/stated-line'
import { saysWhatIsAbsent, type StatementLines } from '@constat/sla/reconciliation/statement-bytes'
import { ENCODINGS } from '@constat/sla/reconciliation/statement-text'
import { z } from 'zod'
import { count, instant } from './parts.ts'

/** Longer texts of a line are cut: the statement itself has them whole. */
const MAX_TEXT_CHARS = 200

const line = z
  .object({
    line: count.describe('Line of the document, or place in its list, from 1'),
    status: z.enum(['read', 'skipped', 'refused']).describe('skipped: it has no times, as a total has none'),
    why: z.string().nullable().describe('Of a refused one: what is wrong, and what to write'),
    problem: z.object({ code: z.enum(LINE_PROBLEMS), column: z.string(), value: z.string() }).nullable(),
    asks: z.array(z.enum(LINE_ASKS)).describe('What a person should look at; none of it accuses anybody'),
    read: z
      .object({
        service: z.string().nullable().describe('By the name that the terms have, where they have one'),
        readings: z
          .array(z.object({ start: instant, end: instant.nullable().describe('Null: not over') }))
          .describe('Several where the provider’s clock read the same twice'),
        kind: z.string().nullable(),
        note: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'StatementLine' })
export type StatementLineView = z.infer<typeof line>

export const statementReading = z
  .object({
    encoding: z.enum(ENCODINGS),
    isList: z.boolean().describe('A percentage lists nothing, and says of no outage that it is absent'),
    availability: z.record(z.string(), z.string()).describe('Percent, by guarantee or service; * is all'),
    read: count,
    refused: count,
    saysWhatIsAbsent: z
      .boolean()
      .describe('False: a line could not be read or placed, so that what is missing may stand in it'),
    lines: z.array(line),
  })
  .meta({ id: 'StatementReading' })
export type StatementReadingView = z.infer<typeof statementReading>

export const statementPreview = z
  .object({ window: z.string(), reading: statementReading })
  .meta({ id: 'StatementPreview' })
export type StatementPreviewView = z.infer<typeof statementPreview>

export function readingView(reading: StatementLines): StatementReadingView {
  const { encoding, isList, availability, lines } = reading
  const having = (status: StatedLine['status']): number => lines.filter((one) => one.status === status).length
  return {
    encoding,
    isList,
    availability,
    read: having('read'),
    refused: having('refused'),
    saysWhatIsAbsent: saysWhatIsAbsent(reading),
    lines: lines.map(lineView),
  }
}

function lineView({ line: number, status, problem, asks, incident }: StatedLine): StatementLineView {
  return {
    line: number,
    status,
    why: problem && problemText(`line ${number}`, { ...problem, value: cut(problem.value) }),
    problem: problem && { ...problem, value: cut(problem.value) },
    asks,
    read: incident && {
      service: incident.service && cut(incident.service),
      readings: incident.readings.map(({ startMs, endMs }) => ({
        start: formatInstant(startMs),
        end: endMs === Infinity ? null : formatInstant(endMs),
      })),
      kind: incident.kind && cut(incident.kind),
      note: cut(incident.note),
    },
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS - 1)}…` : text
}
