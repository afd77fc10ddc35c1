/**
 * Letter: a message as an e-mail, in text and HTML that say the same. Pure. It answers nobody: the one link that acts
 * leads to a page with a button, since the scanners of mail servers open every link.
 */
import { renderToString } from 'hono/jsx/dom/server'
import type { Headline, Urgency } from '../alert/headline.ts'
import type { Scene } from '../web/scene.ts'
import type { Said } from './spoken.ts'

export type Letter = { subject: string; text: string; html: string }

export type LetterParts = {
  said: Said
  headline: Headline
  /** Contract by the name it has for people; null: of none. */
  contract: string | null
  /** Where it can be acknowledged; null: it cannot, or not any more. */
  acknowledgeUrl: string | null
}

const COLOUR: Readonly<Record<Urgency, string>> = {
  page: '#b3261e',
  warn: '#8a5a00',
  good: '#1b6e3c',
  note: '#3d4a5c',
}

export function letterOf(parts: LetterParts, scene: Scene): Letter {
  const { said } = parts
  const html = `<!doctype html>${renderToString(<LetterPage parts={parts} scene={scene} />)}`
  return { subject: said.title, text: textOf(parts, scene), html }
}

function textOf({ said, headline, contract, acknowledgeUrl }: LetterParts, { text }: Scene): string {
  const { message, glance } = text
  const { pair } = glance
  return [
    said.title,
    said.lines.map(({ label, text: line }) => pair(label, line)).join('\n'),
    headline.link === null ? '' : pair(message.open, headline.link),
    acknowledgeUrl === null ? '' : `${pair(message.acknowledge, acknowledgeUrl)}\n${message.acknowledgeNote}`,
    // What stands below this line is left out of answers by mail programs.
    `-- \n${contract === null ? message.sentByAll : message.sentBy({ contract })}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function LetterPage({ parts, scene }: { parts: LetterParts; scene: Scene }) {
  const { said, headline, contract, acknowledgeUrl } = parts
  const { text, lang } = scene
  const colour = COLOUR[headline.urgency]
  return (
    <html lang={lang}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>{said.title}</title>
      </head>
      <body style="margin:0;padding:16px;font:16px/1.5 system-ui,-apple-system,Segoe UI,Arial,sans-serif">
        <div style={`max-width:560px;margin:0 auto;border-top:4px solid ${colour};padding-top:16px`}>
          <h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">{said.title}</h1>
          <table role="presentation" style="border-collapse:collapse;width:100%">
            {said.lines.map(({ label, text: line }) => (
              <tr>
                <td style="padding:4px 16px 4px 0;vertical-align:top;white-space:nowrap;opacity:.75">
                  {label}
                </td>
                <td style="padding:4px 0;vertical-align:top;overflow-wrap:anywhere">{line}</td>
              </tr>
            ))}
          </table>
          {acknowledgeUrl !== null && (
            <>
              <p style="margin:24px 0 4px">
                <a
                  href={acknowledgeUrl}
                  style={`background:${colour};color:#fff;padding:10px 16px;border-radius:6px;text-decoration:none;display:inline-block`}
                >
                  {text.message.acknowledge}
                </a>
              </p>
              <p style="margin:0 0 16px;font-size:13px;opacity:.75">{text.message.acknowledgeNote}</p>
            </>
          )}
          {headline.link !== null && (
            <p style="margin:16px 0">
              <a href={headline.link}>{text.message.open}</a>
            </p>
          )}
          <p style="margin:24px 0 0;font-size:13px;opacity:.75">
            {contract === null ? text.message.sentByAll : text.message.sentBy({ contract })}
          </p>
        </div>
      </body>
    </html>
  )
}
