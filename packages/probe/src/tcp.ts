/**
 * `tcp`: the port takes a connection, and where the check asks, the server greets as its protocol does
 * and answers with the text expected. `value` is 0.
 */
import type { Socket } from 'node:net'
import { BANNERS, type TcpSpec } from '@constat/shared/check'
import { NETWORK_LIMITS } from '@constat/shared/target'
import { judgePace, ProbeFailure, runAttempt, type Attempt } from './attempt.ts'
import { FAREWELLS, readGreeting } from './banner.ts'
import { dial } from './connect.ts'
import { MAX_DIALOGUE_BYTES, printable, startDialogue, takeLeave, type Dialogue } from './dialogue.ts'
import * as form from './fields.ts'
import { endpointOf } from './endpoint.ts'
import type { Kind, Probe } from './probe.ts'

export const probeTcp: Probe<TcpSpec> = (spec, context) =>
  runAttempt(context, async (attempt) => {
    const doing = { send: spec.send !== undefined }
    const socket = await dial({ ...spec, doing }, attempt)
    const detail = await exchange(spec, { socket, attempt })
    attempt.watch.stop()
    if (spec.banner !== undefined || spec.send !== undefined) takeLeave(socket, farewell(spec), attempt)
    return (latencyUs) => judgePace({ latencyUs, value: 0, detail }, spec)
  })

type Connection = { socket: Socket; attempt: Attempt }

/** What there was to see, for people. */
async function exchange(spec: TcpSpec, { socket, attempt }: Connection): Promise<string> {
  const { banner, send, expect } = spec
  if (banner === undefined && expect === undefined) {
    if (send !== undefined) socket.write(send)
    return 'connected'
  }
  attempt.watch.enter('ttfbUs')
  const dialogue = startDialogue(socket, {
    signal: attempt.signal,
    firstByte: () => attempt.watch.enter('transferUs'),
  })
  const greeting = banner === undefined ? undefined : await readGreeting(banner, dialogue)
  if (send !== undefined) dialogue.say(send)
  if (expect !== undefined) {
    // What was not asked for may stand in the greeting.
    if (send === undefined) dialogue.rewind()
    await expectText(expect, { dialogue, attempt })
  }
  dialogue.release()
  return greeting === undefined ? 'the expected text came' : printable(greeting)
}

async function expectText(
  text: string,
  { dialogue, attempt }: { dialogue: Dialogue; attempt: Attempt },
): Promise<void> {
  const came = await dialogue.until(Buffer.from(text)).catch((error: unknown) => {
    // A server that answered otherwise and then kept the line open did answer.
    if (attempt.signal.aborted && dialogue.excerpt() !== '') return false
    throw error
  })
  if (came) return
  const detail =
    dialogue.heardBytes() >= MAX_DIALOGUE_BYTES
      ? `the expected text is not in the first ${MAX_DIALOGUE_BYTES} bytes`
      : `the expected text did not come, but: ${dialogue.excerpt()}`
  throw dialogue.heardBytes() === 0
    ? Object.assign(new Error('the server closed without a word'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
    : new ProbeFailure({ outcome: 'fail', cause: 'assertion', value: 0, detail })
}

function farewell({ banner, send }: TcpSpec): string | Buffer {
  // Where the check has spoken for itself, it may have identified itself to SSH already.
  if (banner === undefined || (banner === 'ssh' && send !== undefined)) return ''
  return FAREWELLS[banner]
}

const FORMS = {
  host: form.host,
  port: form.port,
  family: form.family,
  banner: form.oneOf(BANNERS),
  send: form.words(NETWORK_LIMITS.textChars),
  expect: form.words(NETWORK_LIMITS.textChars),
  degradedOverMs: form.integer(NETWORK_LIMITS.degradedOverMs),
}

export const tcpKind: Kind<TcpSpec> = {
  read(fields) {
    const read = form.readFields(fields, FORMS, { needed: ['host', 'port'] })
    return typeof read === 'string' ? read : { kind: 'tcp', ...read }
  },
  ofUrl(url) {
    const endpoint = endpointOf(url)
    return typeof endpoint === 'string' ? endpoint : { kind: 'tcp', ...endpoint }
  },
  probe: probeTcp,
}
