/**
 * Speech: what messages say, in the language of whoever is told, and letters on their way. Puts the words of the
 * pages, the terms in force and the mail server together for the sender.
 */
import { answeredByProvider } from '@constat/sla/contract/expanded'
import type { UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { headlineOf, listAt, textAt, type Headline } from '../alert/headline.ts'
import { acknowledgeUrl, type LinkKey } from '../alert/link.ts'
import type { Answer } from '../alert/retry.ts'
import type { Letters, Sayer } from '../alert/send.ts'
import { mailboxOf } from '../alert/shapes/email.ts'
import { GROUPED_TYPE, type Envelope, type EventData } from '../alert/types.ts'
import { VERSION } from '../version.ts'
import { REPORT_TYPES, type ReportFormat } from '../view/report-format.ts'
import type { Scene } from '../web/scene.ts'
import type { Lang } from '../web/text/format.ts'
import { TEXTS } from '../web/text/words.ts'
import { letterOf, type Letter } from './letter.tsx'
import type { Attachment, Mailer } from './mailer.ts'
import { saidOf } from './spoken.ts'

export type SpeechDeps = {
  termsOf: (contract: string) => ExpandedContract | null
  nowMs: () => UnixMs
  /** Of endpoints that name none. */
  language: Lang
  publicUrl: string
  linkKey: LinkKey
  /** Null: none is configured. */
  mailer: Mailer | null
  /** Files of a report that was sent, in one language. */
  filesOf: (report: string, lang: Lang) => Promise<SentFile[]>
}

/** A report that was sent, as one file. */
export type SentFile = { form: ReportFormat; body: Uint8Array }

/** What mail servers commonly take as one letter, less what base64 adds to it; more is left to the link. */
const MAX_ATTACHED_BYTES = 7_000_000

/** Types after which somebody may take an incident in hand. */
const ASKING: ReadonlySet<string> = new Set([
  'incident.opened',
  'incident.updated',
  'incident.reopened',
  'incident.escalated',
])

const NO_MAIL_SERVER: Answer = {
  status: null,
  error:
    'no mail server is configured: set CONSTAT_SMTP_URL and CONSTAT_MAIL_FROM, and start the collector again',
  body: null,
  retryAfter: null,
}

export function openSpeech(deps: SpeechDeps): { say: Sayer; letters: Letters } {
  return {
    say: (envelope, language) => {
      const headline = headlineOf(envelope)
      return { ...headline, ...saidOf(envelope, headline, sceneOf(envelope, language, deps)) }
    },
    letters: {
      send: async ({ url, envelope, language, operatedBy, messageId, signal, isOver }) => {
        if (!deps.mailer) return NO_MAIL_SERVER
        const { letter, headline } = writeLetter({ envelope, language, operatedBy, isOver }, deps)
        const to = mailboxOf(url)
        const attachments = await attachmentsOf(envelope, language ?? deps.language, deps)
        const sent = { to, letter, attachments, messageId, subjectId: headline.subject, signal }
        return deps.mailer.send(sent)
      },
    },
  }
}

async function attachmentsOf({ type, data }: Envelope, lang: Lang, deps: SpeechDeps): Promise<Attachment[]> {
  const [id, contract, window] = ['id', 'contract', 'window'].map((key) => textAt(data, key))
  if (type === 'evidence.root') return checkpointOf(data)
  if (type !== 'report.ready' || !id) return []
  const files = await deps.filesOf(id, lang)
  const bytes = files.reduce((sum, { body }) => sum + body.length, 0)
  if (bytes > MAX_ATTACHED_BYTES) return []
  const { version } = data
  const name = [contract, window, typeof version === 'number' ? `v${version}` : null]
    .filter(Boolean)
    .join('-')
  return files.map(({ form, body }) => ({
    filename: `${name}.${form}`,
    contentType: REPORT_TYPES[form],
    content: Buffer.from(body),
  }))
}

/** The head as its log has signed it. */
function checkpointOf(data: EventData): Attachment[] {
  const [note, contract, day] = ['checkpoint', 'contract', 'day'].map((key) => textAt(data, key))
  if (!note) return []
  const filename = `${contract}-${day}.checkpoint.txt`
  return [{ filename, contentType: 'text/plain; charset=utf-8', content: Buffer.from(note) }]
}

type Written = { envelope: Envelope; language: Lang | null; operatedBy: string | null; isOver: boolean }

export function writeLetter(
  { envelope, language, operatedBy, isOver }: Written,
  deps: SpeechDeps,
): { letter: Letter; headline: Headline } {
  const scene = sceneOf(envelope, language, deps)
  const headline = headlineOf(envelope)
  const said = saidOf(envelope, headline, scene)
  const contract = textAt(envelope.data, 'contract')
  const terms = contract === null ? null : deps.termsOf(contract)
  const named = terms?.displayName ?? contract
  // Whoever presses the button speaks for the customer: the provider has a seat of its own.
  const isTheirs = operatedBy !== null && terms !== null && answeredByProvider(terms).has(operatedBy)
  const link = isOver || isTheirs ? null : acknowledgeLink(envelope, scene.lang, deps)
  return { letter: letterOf({ said, headline, contract: named, acknowledgeUrl: link }, scene), headline }
}

/** Of one incident, or of all that a message is about which nobody has in hand. */
function acknowledgeLink(envelope: Envelope, lang: Lang, deps: SpeechDeps): string | null {
  const asked = askedIn(envelope)
  if (asked.length === 0) return null
  const { linkKey: key, publicUrl } = deps
  return `${acknowledgeUrl(asked, { key, publicUrl, nowMs: deps.nowMs() })}&lang=${lang}`
}

function askedIn({ type, data }: Envelope): string[] {
  if (type === GROUPED_TYPE) {
    const open = listAt(data, 'incidents').filter(({ over, inHand }) => over !== true && inHand !== true)
    return open.flatMap((one) => textAt(one, 'id') ?? [])
  }
  const incident = textAt(data, 'id')
  const isAsked =
    ASKING.has(type) &&
    textAt(data, 'closedAt') === null &&
    (textAt(data, 'acknowledgedAt') === null || textAt(data, 'unansweredSince') !== null)
  return isAsked && incident !== null ? [incident] : []
}

/** As a page of the contract would be drawn, when the message was made. */
function sceneOf({ data, timestamp }: Envelope, language: Lang | null, deps: SpeechDeps): Scene {
  const lang = language ?? deps.language
  const contract = textAt(data, 'contract')
  const terms = contract === null ? null : deps.termsOf(contract)
  return {
    lang,
    text: TEXTS[lang],
    nowMs: Date.parse(timestamp),
    zone: terms?.guarantees[0]?.window.timeZone ?? 'UTC',
    caller: null,
    termsOf: deps.termsOf,
    address: '/',
    version: VERSION,
    troubles: [],
    fragment: false,
  }
}
