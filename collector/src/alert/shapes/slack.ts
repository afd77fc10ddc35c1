/**
 * Slack incoming webhook (docs.slack.dev, "Sending messages using incoming webhooks"). Pure.
 * `text` is what notifications show, `blocks` what the channel shows; both escape the three
 * characters that Slack reads as markup.
 */
import type { Urgency } from '../headline.ts'
import type { Shape } from './shape.ts'

const MARK: Readonly<Record<Urgency, string>> = {
  page: ':red_circle:',
  warn: ':large_yellow_circle:',
  good: ':large_green_circle:',
  note: ':information_source:',
}

export const slack: Shape = {
  body({ headline }) {
    const title = `${MARK[headline.urgency]} *${escaped(headline.title)}*`
    const lines = headline.lines.map(({ label, text }) => `${label}: ${escaped(text)}`)
    // The address is ours; a `>` or `|` in it was percent-encoded when it was made.
    if (headline.link !== null) lines.push(`<${headline.link}|Open in Constat>`)
    const section = { type: 'section', text: { type: 'mrkdwn', text: [title, ...lines].join('\n') } }
    return JSON.stringify({ text: escaped(headline.title), blocks: [section] })
  },
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
