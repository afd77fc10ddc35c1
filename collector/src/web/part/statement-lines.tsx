/** How each line of a statement was read: what it says, what is asked about it, or why it was not read. Pure. */
import type { StatementLineView, StatementReadingView } from '../../view/statement.ts'
import type { Scene } from '../scene.ts'
import { serviceName } from './names.ts'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

/** The API has them all. */
const SHOWN = 200

type Props = { reading: StatementReadingView; contract: string; scene: Scene }

export function StatementLines({ reading, contract, scene }: Props) {
  const { statement: text } = scene.text
  const { lines, isList, availability, saysWhatIsAbsent } = reading
  const shown = lines.slice(0, SHOWN)
  return (
    <>
      {lines.length > 0 && <p>{text.counts(reading)}</p>}
      {isList && !saysWhatIsAbsent && <p class="notice ill">{text.unsure}</p>}
      {Object.entries(availability).map(([name, percent]) => (
        <p>{text.figure({ name, percent })}</p>
      ))}
      {shown.length > 0 && (
        <Table
          label={text.lines}
          rows={shown}
          columns={[
            { head: text.line, cell: ({ line }) => String(line) },
            {
              head: scene.text.incident.service,
              cell: ({ read }) =>
                read === null
                  ? '–'
                  : read.service === null
                    ? text.all
                    : serviceName({ contract, service: read.service }, scene),
            },
            { head: scene.text.life.span, cell: (line) => <Spans line={line} scene={scene} /> },
            { head: text.look, bare: true, look: 'note', cell: (line) => remarkOf(line, scene) },
          ]}
        />
      )}
      {lines.length > shown.length && <p class="note">{text.more(lines.length - shown.length)}</p>}
    </>
  )
}

function Spans({ line: { read }, scene }: { line: StatementLineView; scene: Scene }) {
  const { statement: text } = scene.text
  const readings = read?.readings ?? []
  if (readings.length === 0) return <>–</>
  return (
    <span>
      {readings.map(({ start, end }, i) => (
        <>
          {i > 0 && ` ${text.or} `}
          <Time at={start} scene={scene} style="minute" /> –{' '}
          {end === null ? text.notOver : <Time at={end} scene={scene} style="minute" />}
        </>
      ))}
    </span>
  )
}

function remarkOf({ status, problem, asks }: StatementLineView, { text: { statement } }: Scene): string {
  if (status === 'skipped') return statement.skipped
  if (problem === null) return asks.map((ask) => statement.asks[ask]).join(' · ')
  const said = statement.problems[problem.code]
  if (problem.code === 'shape') return `${problem.column}: ${said} ${problem.value}`
  return problem.value === '' ? said : `“${problem.value}” ${said}`
}
