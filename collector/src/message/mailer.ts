/**
 * Mailer: one letter to one mailbox, by the operator's own mail server. Not pure. What that server says is an answer
 * like those of webhooks: its code is the status, and what it refuses for good is not tried again.
 */
import { createTransport } from 'nodemailer'
import { messageOf } from '@constat/shared/fault'
import type { Answer } from '../alert/retry.ts'
import type { Letter } from './letter.tsx'

export type MailConfig = { url: string; from: string }

export type Mail = {
  to: string
  letter: Letter
  attachments: readonly Attachment[]
  /** Same on every try: a receiver that has it already knows. */
  messageId: string
  /** What later letters about the same thing share. */
  subjectId: string
  /** Aborted when the collector stops. */
  signal: AbortSignal
}

export type Attachment = { filename: string; contentType: string; content: Buffer }

export type Mailer = {
  send(mail: Mail): Promise<Answer>
  close(): void
}

const CONNECT_WITHIN_MS = 10_000
const SAY_WITHIN_MS = 15_000

export function openMailer({ url, from }: MailConfig): Mailer {
  const transport = createTransport({
    url,
    // A password goes to no server of the network in the clear.
    requireTLS: mustBeSealed(new URL(url)),
    connectionTimeout: CONNECT_WITHIN_MS,
    greetingTimeout: CONNECT_WITHIN_MS,
    socketTimeout: SAY_WITHIN_MS,
    // A letter is made of our own text: nothing in it is fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'constat.invalid'
  return {
    async send({ to, letter, attachments, messageId, subjectId, signal }) {
      const thread = `<${idPart(subjectId)}@${domain}>`
      const sent = transport.sendMail({
        from,
        to,
        ...letter,
        attachments: [...attachments],
        messageId: `<${idPart(messageId)}@${domain}>`,
        inReplyTo: thread,
        references: thread,
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      })
      return Promise.race([sent.then(({ response }) => taken(response), refused), aborted(signal)])
    },
    close: () => transport.close(),
  }
}

function idPart(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, '.').slice(0, 128)
}

function taken(response: string): Answer {
  return { status: codeOf(response) ?? 250, error: null, body: response, retryAfter: null }
}

/** 5xx to the envelope or the letter is for good; wrong credentials are the operator's to mend. */
function refused(error: unknown): Answer {
  const {
    responseCode,
    code,
    response = null,
  } = error as {
    responseCode?: number
    code?: string
    response?: string
  }
  const isFinal = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH'
  const said = { status: responseCode ?? null, error: messageOf(error), body: response, retryAfter: null }
  return isFinal ? { ...said, isFinal } : said
}

function codeOf(response: string): number | null {
  const [, code] = /^(\d{3})/.exec(response) ?? []
  return code === undefined ? null : Number(code)
}

function aborted(signal: AbortSignal): Promise<Answer> {
  return new Promise((settle) => {
    const end = (): void =>
      settle({ status: null, error: 'the collector stops', body: null, retryAfter: null })
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

function mustBeSealed({ protocol, password, hostname }: URL): boolean {
  return protocol === 'smtp:' && password !== '' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
}
