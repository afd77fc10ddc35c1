/**
 * STARTTLS: the words that change a plain connection to TLS. A server that is of the protocol and will not
 * change fails as `tls`; one that is not of it, as `protocol`.
 */
import { isIPv6, type Socket } from 'node:net'
import type { STARTTLS } from '@constat/shared/check'
import { ProbeFailure, type Attempt } from './attempt.ts'
import { FAREWELLS, readGreeting, readReply, type Reply } from './banner.ts'
import { printable, protocolFailure, replyCode, startDialogue, type Dialogue } from './dialogue.ts'
import { given } from './fields.ts'

export type StartTls = (typeof STARTTLS)[number]

/** Untagged lines of IMAP before the answer. */
const MAX_UNTAGGED = 50
/** PostgreSQL, 54.7: length 8, then 1234 in the high and 5679 in the low half. */
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')

const WORDS: Record<StartTls, (dialogue: Dialogue, socket: Socket) => Promise<void>> = {
  smtp: startSmtp,
  imap: startImap,
  pop3: startPop3,
  ftp: startFtp,
  postgres: startPostgres,
}

/** Leaves the socket ready for a handshake. The dialogue is the `ttfbUs` of the probe. */
export async function startTls(protocol: StartTls, socket: Socket, attempt: Attempt): Promise<void> {
  attempt.watch.enter('ttfbUs')
  const dialogue = startDialogue(socket, attempt)
  await WORDS[protocol](dialogue, socket)
  // What was slipped in after the answer would be taken for a part of what is encrypted (CVE-2011-0411).
  if (!dialogue.release()) throw protocolFailure('the server spoke on in the clear after it agreed to TLS')
}

/** Last words over TLS. PostgreSQL wants none: it has not been told who is there. */
export function farewellOf(protocol: StartTls | undefined): string | Buffer {
  return protocol === undefined || protocol === 'postgres' ? '' : FAREWELLS[protocol]
}

/** RFC 3207, 4. */
async function startSmtp(dialogue: Dialogue, socket: Socket): Promise<void> {
  await readGreeting('smtp', dialogue)
  dialogue.say(`EHLO ${addressLiteral(socket.localAddress ?? '127.0.0.1')}\r\n`)
  const offer = await readReply(dialogue, 'SMTP')
  if (offer.code !== 250) throw refusal('SMTP EHLO was refused', offer.first)
  if (!offer.lines.some((line) => /^250[ -]STARTTLS\s*$/i.test(line))) {
    throw refusal('the server offers no STARTTLS', offer.first)
  }
  dialogue.say('STARTTLS\r\n')
  agreed(await readReply(dialogue, 'SMTP'), 220)
}

/** RFC 9051, 6.2.1; RFC 2595, 3. */
async function startImap(dialogue: Dialogue): Promise<void> {
  await readGreeting('imap', dialogue)
  dialogue.say('a STARTTLS\r\n')
  for (let i = 0; i < MAX_UNTAGGED; i += 1) {
    const line = await dialogue.line()
    if (line.startsWith('* ')) continue
    if (/^a OK\b/i.test(line)) return
    if (/^a (?:NO|BAD)\b/i.test(line)) throw refusal('STARTTLS was refused', line)
    throw protocolFailure(`not IMAP: ${printable(line)}`)
  }
  throw protocolFailure(`more than ${MAX_UNTAGGED} lines of IMAP before the answer to STARTTLS`)
}

/** RFC 2595, 4. */
async function startPop3(dialogue: Dialogue): Promise<void> {
  await readGreeting('pop3', dialogue)
  dialogue.say('STLS\r\n')
  const line = await dialogue.line()
  if (/^\+OK(?: |$)/i.test(line)) return
  throw line.startsWith('-ERR')
    ? refusal('STLS was refused', line)
    : protocolFailure(`not POP3: ${printable(line)}`)
}

/** RFC 4217, 4. */
async function startFtp(dialogue: Dialogue): Promise<void> {
  await readGreeting('ftp', dialogue)
  dialogue.say('AUTH TLS\r\n')
  agreed(await readReply(dialogue, 'FTP'), 234)
}

async function startPostgres(dialogue: Dialogue): Promise<void> {
  dialogue.say(SSL_REQUEST)
  const answer = (await dialogue.bytes(1)).toString('latin1')
  if (answer === 'S') return
  throw answer === 'N'
    ? refusal('the server has no TLS: set ssl = on in postgresql.conf', 'N')
    : protocolFailure(`not PostgreSQL: ${printable(answer)}`)
}

function agreed(reply: Reply, code: number): void {
  if (reply.code !== code) throw refusal('TLS was refused', reply.first)
}

/** RFC 5321, 4.1.3: a client without a name of its own gives its address. */
function addressLiteral(address: string): string {
  const bare = address.replace(/%.*$/, '')
  return isIPv6(bare) ? `[IPv6:${bare}]` : `[${bare}]`
}

function refusal(what: string, words: string): ProbeFailure {
  const detail = `${what}: ${printable(words)}`
  const code = replyCode(words)
  return new ProbeFailure({ outcome: 'fail', cause: 'tls', value: 0, ...given({ code }), detail })
}
