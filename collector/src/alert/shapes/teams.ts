/**
 * Microsoft Teams Workflows ("When a Teams webhook request is received"): one Adaptive Card. Pure.
 * Version 1.4 is what every Teams client shows.
 */
import type { Urgency } from '../headline.ts'
import type { Shape } from './shape.ts'

const COLOUR: Readonly<Record<Urgency, string>> = {
  page: 'attention',
  warn: 'warning',
  good: 'good',
  note: 'default',
}

export const teams: Shape = {
  body({ headline }) {
    const { title, lines, urgency, link } = headline
    const heading = {
      type: 'TextBlock',
      text: title,
      weight: 'bolder',
      size: 'medium',
      wrap: true,
      color: COLOUR[urgency],
    }
    const facts = lines.map(({ label, text }) => ({ title: label, value: text }))
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      body: facts.length === 0 ? [heading] : [heading, { type: 'FactSet', facts }],
      ...(link === null
        ? {}
        : { actions: [{ type: 'Action.OpenUrl', title: 'Open in Constat', url: link }] }),
    }
    const card = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }
    return JSON.stringify({ type: 'message', attachments: [card] })
  },
}
