/**
 * Banners: how a server greets in the protocols that begin with the server, and how one takes leave. A
 * greeting that is of another protocol, or that turns the client away, fails as `protocol`.
 */
import type { BANNERS } from '@constat/shared/check'
import { printable, protocolFailure, type Dialogue } from './dialogue.ts'

export type Banner = (typeof BANNERS)[number]

/** Lines of one greeting or reply at most. */
const MAX_LINES = 100

/** Reads the greeting to its end, and hands back its first line. */
export async function readGreeting(banner: Banner, dialogue: Dialogue): Promise<string> {
  switch (banner) {
    // RFC 5321, 3.1 and 4.3.1: 220 opens the service, 554 says that there is none here.
    case 'smtp':
      return (await expectReply(dialogue, { code: 220, of: 'SMTP' })).first
    // RFC 959, 5.4: 220, and 120 where it is not ready yet.
    case 'ftp':
      return readFtpGreeting(dialogue)
    // RFC 9051, 7.1: OK, or PREAUTH; BYE turns the client away.
    case 'imap':
      return lineLike(dialogue, { form: /^\* (?:OK|PREAUTH)\b/i, of: 'IMAP' })
    // RFC 1939, 4.
    case 'pop3':
      return lineLike(dialogue, { form: /^\+OK(?: |$)/i, of: 'POP3' })
    case 'ssh':
      return readSshIdentification(dialogue)
  }
}

async function readFtpGreeting(dialogue: Dialogue): Promise<string> {
  const { code, first } = await readReply(dialogue, 'FTP')
  if (code === 120) return (await expectReply(dialogue, { code: 220, of: 'FTP' })).first
  if (code !== 220) throw protocolFailure(`no FTP greeting: ${printable(first)}`, { reply: first })
  return first
}

/** RFC 4253, 4.2: other lines may come before it. 1.99 is a 2.0 that still knows the old one. */
async function readSshIdentification(dialogue: Dialogue): Promise<string> {
  let first = ''
  for (let i = 0; i < MAX_LINES; i += 1) {
    const line = await dialogue.line()
    if (/^SSH-(?:2\.0|1\.99)-\S/.test(line)) return line
    if (i === 0) first = line
    // Nothing that can be read as text: this will never become SSH.
    if (line.startsWith('SSH-') || /[^\t\x20-\x7e\u00a0-\uffff]/.test(line)) break
  }
  throw protocolFailure(`no SSH identification: ${printable(first)}`)
}

export type Reply = { code: number; first: string; lines: string[] }

/** One reply of SMTP (RFC 5321, 4.2.1) or FTP (RFC 959, 4.2): `250-…` goes on until `250 …`. */
export async function readReply(dialogue: Dialogue, of: string): Promise<Reply> {
  const first = await dialogue.line()
  const [, code = '', mark] = /^([1-5]\d\d)(?:([ -])|$)/.exec(first) ?? []
  if (code === '') throw protocolFailure(`not ${of}: ${printable(first)}`)
  const lines = [first]
  while (mark === '-' && !isLast(lines, code)) {
    if (lines.length >= MAX_LINES) throw protocolFailure(`an ${of} reply of more than ${MAX_LINES} lines`)
    lines.push(await dialogue.line())
  }
  return { code: Number(code), first, lines }
}

function isLast(lines: readonly string[], code: string): boolean {
  const last = lines.at(-1) ?? ''
  return last === code || last.startsWith(`${code} `)
}

export async function expectReply(
  dialogue: Dialogue,
  { code, of }: { code: number; of: string },
): Promise<Reply> {
  const reply = await readReply(dialogue, of)
  const { first } = reply
  if (reply.code !== code)
    throw protocolFailure(`${of} ${code} expected: ${printable(first)}`, { reply: first })
  return reply
}

async function lineLike(dialogue: Dialogue, { form, of }: { form: RegExp; of: string }): Promise<string> {
  const line = await dialogue.line()
  if (!form.test(line)) throw protocolFailure(`no ${of} greeting: ${printable(line)}`, { reply: line })
  return line
}

/**
 * SSH has no word for leaving before the keys: an identification, then SSH_MSG_DISCONNECT, by application
 * (RFC 4253, 4.2, 6 and 11.1: length 28, padding 11, message 1, reason 11, "bye", no language).
 */
const SSH_FAREWELL = Buffer.concat([
  Buffer.from('SSH-2.0-constat\r\n'),
  Buffer.from('0000001c0b010000000b0000000362796500000000', 'hex'),
  Buffer.alloc(11),
])

/** The last words of a client that came to see whether the server is there. */
export const FAREWELLS: Record<Banner, string | Buffer> = {
  smtp: 'QUIT\r\n',
  imap: 'z LOGOUT\r\n',
  pop3: 'QUIT\r\n',
  ftp: 'QUIT\r\n',
  ssh: SSH_FAREWELL,
}
