/**
 * ntfy (docs.ntfy.sh, "Publish as JSON"). Pure. The webhook's address names the topic,
 * `https://ntfy.example/topic`; JSON goes to the server's root with the topic inside.
 */
import { linesText, type Urgency } from '../headline.ts'
import type { Shape } from './shape.ts'

const PRIORITY: Readonly<Record<Urgency, number>> = { page: 5, warn: 4, good: 3, note: 3 }
const TAG: Readonly<Record<Urgency, string>> = {
  page: 'rotating_light',
  warn: 'warning',
  good: 'white_check_mark',
  note: 'information_source',
}
/** ntfy's own rule for topics. */
const TOPIC = /^[-_A-Za-z0-9]{1,64}$/

export const ntfy: Shape = {
  body({ envelope, headline, url }) {
    return JSON.stringify({
      topic: topicOf(url),
      title: headline.title,
      message: linesText(headline) || envelope.type,
      priority: PRIORITY[headline.urgency],
      tags: [TAG[headline.urgency]],
      ...(headline.link === null ? {} : { click: headline.link }),
    })
  },
  target(url) {
    const root = new URL(url)
    root.pathname = url.pathname.replace(/[^/]*$/, '')
    return root
  },
  problem: (url) => (TOPIC.test(topicOf(url)) ? null : 'an ntfy address ends in the name of a topic'),
}

function topicOf(url: URL): string {
  return url.pathname.slice(url.pathname.lastIndexOf('/') + 1)
}
