/** A paper as one HTML file that needs nothing beside it, and as text to edit. Pure. */
import { html, raw } from 'hono/html'
import { renderToString } from 'hono/jsx/dom/server'
import type { Paper, PaperBlock } from '../print/paper.ts'
import { PAPER_STYLE } from '../report/html.tsx'
import { Table, type Column } from '../web/part/table.tsx'

export function paperHtml(paper: Paper): string {
  return renderToString(<Page paper={paper} />)
}

function Page({ paper: { title, mark, parts, foot } }: { paper: Paper }) {
  return (
    <>
      {html`<!doctype html>`}
      <html lang={parts[0]?.lang}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{title}</title>
          <style>{raw(PAPER_STYLE)}</style>
        </head>
        <body>
          {mark !== null && <p class="verdict bad">{mark}</p>}
          {parts.map(({ lang, blocks }) => (
            <main lang={lang}>
              {blocks.map((block) => (
                <Block block={block} />
              ))}
            </main>
          ))}
          <footer>{foot}</footer>
        </body>
      </html>
    </>
  )
}

function Block({ block }: { block: PaperBlock }) {
  switch (block.kind) {
    case 'title':
      return <h1>{block.text}</h1>
    case 'heading':
      return <h2>{block.text}</h2>
    case 'text':
      return <p>{block.text}</p>
    case 'note':
      return <p class="note">{block.text}</p>
    case 'lines':
      return (
        <p>
          {block.lines.map((line) => (
            <>
              {line}
              <br />
            </>
          ))}
        </p>
      )
    case 'list':
      return (
        <ul>
          {block.items.map((item) => (
            <li>{item}</li>
          ))}
        </ul>
      )
    case 'facts':
      return (
        <dl>
          {block.facts.map(([term, said]) => (
            <>
              <dt>{term}</dt>
              <dd>{said}</dd>
            </>
          ))}
        </dl>
      )
    case 'table':
      return <Table label={block.head[0] ?? ''} rows={block.rows} columns={columnsOf(block.head)} plain />
  }
}

function columnsOf(head: readonly string[]): Column<readonly string[]>[] {
  return head.map((said, i) => ({ head: said, cell: (row) => row[i] }))
}

/** Markdown, with the mark at the head of each part. */
export function paperText({ parts, mark, foot }: Paper): string {
  const written = parts.map(({ blocks }) =>
    [...(mark === null ? [] : [`**${mark}**`]), ...blocks.map(blockText)].join('\n\n'),
  )
  return `${written.join('\n\n---\n\n')}\n\n${foot}\n`
}

function blockText(block: PaperBlock): string {
  switch (block.kind) {
    case 'title':
      return `# ${block.text}`
    case 'heading':
      return `## ${block.text}`
    case 'text':
    case 'note':
      return block.text
    case 'lines':
      return block.lines.map((line) => `${line}  `).join('\n')
    case 'list':
      return block.items.map((item) => `- ${item}`).join('\n')
    case 'facts':
      return block.facts.map(([term, said]) => `- ${term}: ${said}`).join('\n')
    case 'table':
      return [block.head, block.head.map(() => '---'), ...block.rows].map(rowText).join('\n')
  }
}

function rowText(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
