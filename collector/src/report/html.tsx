/** A report as one HTML file that needs nothing beside it: it is kept, sent and printed. Pure. */
import { html, raw } from 'hono/html'
import { renderToString } from 'hono/jsx/dom/server'
import type { ReportDocument, ReportSection } from '../print/document.ts'
import { Table, type Column } from '../web/part/table.tsx'

/** Of every paper that is one file. */
export const PAPER_STYLE = `
:root{color-scheme:light;--ink:#1b2540;--soft:#4f5a75;--rule:#c4cddd;--blue:#23459a;--down:#b3231c;--up:#1f7a55}
body{margin:0 auto;max-width:60rem;padding:2rem;font:16px/1.45 ui-sans-serif,system-ui,'Segoe UI',Roboto,Arial,sans-serif;color:var(--ink)}
h1,h2{font-family:'Iowan Old Style','Palatino Linotype',Palatino,Georgia,serif}h1{margin:0;font-size:2rem}
h2{margin:2rem 0 .5rem;font-size:1.25rem;border-bottom:1px solid var(--rule)}
.of{margin:.25rem 0;font-size:1.25rem}.verdict{display:inline-block;margin:1rem 0 .25rem;padding:.3rem .8rem;border:3px solid;border-radius:4px;font-weight:700}
.good{color:var(--up)}.bad{color:var(--down)}.calm{color:var(--blue)}.note{color:var(--soft);margin:.25rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.5rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{width:100%;border-collapse:collapse;font-size:.875rem}
th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
thead th{color:var(--soft);font-weight:600}.number{text-align:right;font-variant-numeric:tabular-nums}
footer{margin-top:2rem;color:var(--soft);font-size:.8125rem;overflow-wrap:anywhere}
@media print{body{padding:0;font-size:12px}h2,tr{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}@page{margin:18mm}}
`

export function reportHtml(document: ReportDocument): string {
  return renderToString(<Page document={document} />)
}

function Page({ document }: { document: ReportDocument }) {
  const { lang, title, contract, window, verdict, standing, facts, sections, foot } = document
  return (
    <>
      {html`<!doctype html>`}
      <html lang={lang}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{`${title} · ${contract} · ${window}`}</title>
          <style>{raw(PAPER_STYLE + runningHead({ head: `${contract} · ${window}`, foot }))}</style>
        </head>
        <body>
          <header>
            <p class="note">{title}</p>
            <h1>{contract}</h1>
            <p class="of">{window}</p>
            <p class={`verdict ${verdict.tone}`}>{verdict.text}</p>
            <p class="note">{standing}</p>
            <Facts facts={facts} />
          </header>
          <main>
            {sections.map((section) => (
              <Section section={section} />
            ))}
          </main>
          <footer>{foot}</footer>
        </body>
      </html>
    </>
  )
}

/** On every printed page: what it is of, the digest, and its number. */
function runningHead({ head, foot }: { head: string; foot: string }): string {
  // Any other character of a name is written by its number, so that none ends the text or the style.
  const css = (text: string): string =>
    `"${text.replaceAll(/[^A-Za-z0-9 ,.:-]/gu, (one) => `\\${one.codePointAt(0)!.toString(16)} `)}"`
  const box = (place: string, content: string): string => `@${place}{content:${content};font-size:8pt}`
  const number = 'counter(page) " / " counter(pages)'
  return `@media print{@page{${box('top-left', css(head))}${box('bottom-left', css(foot))}${box('bottom-right', number)}}}`
}

function Facts({ facts }: Pick<ReportDocument, 'facts'>) {
  return (
    <dl>
      {facts.map(([term, said]) => (
        <>
          <dt>{term}</dt>
          <dd>{said}</dd>
        </>
      ))}
    </dl>
  )
}

function Section({ section: { heading, notes = [], facts = [], table } }: { section: ReportSection }) {
  return (
    <section>
      <h2>{heading}</h2>
      {notes.map((note) => (
        <p class="note">{note}</p>
      ))}
      {facts.length > 0 && <Facts facts={facts} />}
      {table && table.rows.length > 0 && <Rows label={heading} table={table} />}
    </section>
  )
}

type RowsProps = { label: string; table: NonNullable<ReportSection['table']> }

function Rows({ label, table: { head, numbers, rows } }: RowsProps) {
  const columns = head.map((said, i): Column<readonly string[]> => ({
    head: said,
    cell: (row) => row[i],
    ...(numbers.includes(i) && { look: 'number' }),
  }))
  return <Table label={label} rows={rows} columns={columns} plain />
}
