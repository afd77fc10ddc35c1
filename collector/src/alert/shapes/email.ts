/**
 * E-mail: the address is `mailto:` and one mailbox. Pure. The letter is written where it is sent, in the words of the
 * pages; what stands here is what may be asked for.
 */
import type { Shape } from './shape.ts'

/** One mailbox, as RFC 5321 has it without quotes and comments. */
const MAILBOX = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/

export const email: Shape = {
  body: ({ text }) => text,
  protocol: 'mailto:',
  problem: (url) =>
    MAILBOX.test(mailboxOf(url)) && url.search === ''
      ? null
      : 'an email address is mailto: and one mailbox, as mailto:ops@acme.example',
}

export function mailboxOf(url: URL): string {
  try {
    return decodeURIComponent(url.pathname)
  } catch {
    // No encoding of anything: no mailbox either.
    return ''
  }
}
