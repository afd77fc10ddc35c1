/** Certificates: the key that agents pin stays, what is around it follows names and time; files are read again. */
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { parsePin, pinOf } from '@constat/shared/pin'
import {
  namesOf,
  openCertificate,
  ownCertificate,
  OWN_RENEW_MS,
  OWN_VALID_MS,
  watchFiles,
  type Served,
} from '../../../collector/src/certificate.ts'
import { readConfig } from '../../../collector/src/config.ts'
import { joinLine } from '../../../collector/src/installer.ts'
import { openListener, type Listener } from '../../../collector/src/listener.ts'
import { CA, GOOD_LEAF, LEAF_KEY, SELF_SIGNED } from '../../support/certificates.ts'
import { REAL_CLOCK } from '../../support/real-clock.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'constat-certificate-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))
const freshDir = (): string => mkdtempSync(join(FOLDER, 'data-'))

const NOW_MS = Date.parse('2026-11-22T00:00:00Z')
const NAMES = ['constat.example', '10.0.0.5', '2001:db8::5']

describe('its own', () => {
  it('is made once, for its user alone, and names everything', async () => {
    const dir = freshDir()
    const made = await ownCertificate(dir, { names: NAMES, nowMs: NOW_MS })
    const leaf = new X509Certificate(made.cert)
    expect(leaf.checkHost('constat.example')).toBe('constat.example')
    for (const address of ['10.0.0.5', '2001:db8::5']) expect(leaf.checkIP(address)).toBe(address)
    expect(Date.parse(leaf.validTo)).toBe(NOW_MS + OWN_VALID_MS)
    expect(Date.parse(leaf.validFrom)).toBeLessThan(NOW_MS)
    expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    expect(leaf.ca).toBe(false)
    expect(made).toMatchObject({ pin: pinOf(leaf), isPinned: true })
    for (const file of ['tls.key', 'tls.pem']) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600)
    expect(await ownCertificate(dir, { names: NAMES, nowMs: NOW_MS })).toEqual(made)
  })

  const LATER: [string, { names: string[]; nowMs: number }, 'kept' | 'renewed'][] = [
    ['fewer names', { names: ['10.0.0.5'], nowMs: NOW_MS }, 'kept'],
    ['another name', { names: [...NAMES, 'new.example'], nowMs: NOW_MS }, 'renewed'],
    ['another address', { names: ['10.0.0.6'], nowMs: NOW_MS }, 'renewed'],
    ['more than a year left', { names: NAMES, nowMs: NOW_MS + OWN_VALID_MS - OWN_RENEW_MS - 1 }, 'kept'],
    ['a year left', { names: NAMES, nowMs: NOW_MS + OWN_VALID_MS - OWN_RENEW_MS }, 'renewed'],
    ['long over', { names: NAMES, nowMs: NOW_MS + 2 * OWN_VALID_MS }, 'renewed'],
    ['a clock that went back', { names: NAMES, nowMs: NOW_MS - 5 * 86_400_000 }, 'renewed'],
  ]
  it.each(LATER)('%s: the pin stays', async (_, wanted, expected) => {
    const dir = freshDir()
    const before = await ownCertificate(dir, { names: NAMES, nowMs: NOW_MS })
    const after = await ownCertificate(dir, wanted)
    expect(after.cert === before.cert ? 'kept' : 'renewed').toBe(expected)
    expect(after.pin).toBe(before.pin)
    expect(after.key).toBe(before.key)
  })

  it('a damaged one stops the start, and is not replaced', async () => {
    const dir = freshDir()
    await ownCertificate(dir, { names: NAMES, nowMs: NOW_MS })
    writeFileSync(join(dir, 'tls.key'), 'damaged')
    const again = ownCertificate(dir, { names: NAMES, nowMs: NOW_MS })
    await expect(again).rejects.toMatchObject({ code: 'bad-config' })
    expect(readFileSync(join(dir, 'tls.key'), 'utf8')).toBe('damaged')
  })

  it('names the public address first, and no wildcard', () => {
    const names = namesOf({ listen: { host: '0.0.0.0', port: 1 }, publicUrl: 'https://[2001:DB8::9]:8/x' })
    expect(names[0]).toBe('2001:db8::9')
    expect(names).toEqual(expect.arrayContaining(['localhost', '127.0.0.1', '::1']))
    expect(names).not.toContain('0.0.0.0')
  })
})

describe('files', () => {
  function filesWith(cert: string, key: string) {
    const dir = freshDir()
    writeFileSync(join(dir, 'cert.pem'), cert)
    writeFileSync(join(dir, 'key.pem'), key)
    return { dir, config: readConfig({ CONSTAT_TLS: `${dir}/cert.pem:${dir}/key.pem` }) }
  }

  it('of an authority are not pinned, self-signed ones are', async () => {
    const signed = await openCertificate(filesWith(GOOD_LEAF + CA, LEAF_KEY).config, NOW_MS)
    expect(signed).toMatchObject({ isPinned: false, pin: pinOf(new X509Certificate(GOOD_LEAF)) })
    const own = await openCertificate(filesWith(SELF_SIGNED, LEAF_KEY).config, NOW_MS)
    expect(own?.isPinned).toBe(true)
  })

  it.each([
    ['a key of another certificate', CA, LEAF_KEY],
    ['no certificate', 'nothing', LEAF_KEY],
    ['no key', GOOD_LEAF, 'nothing'],
  ])('%s stops the start', async (_, cert, key) => {
    const opened = openCertificate(filesWith(cert, key).config, NOW_MS)
    await expect(opened).rejects.toMatchObject({ code: 'bad-config' })
  })

  it('are read again when they change; a broken one changes nothing', async () => {
    const { dir, config } = filesWith(GOOD_LEAF, LEAF_KEY)
    const seen: string[] = []
    const files = watchFiles(config, {
      everyMs: 10,
      changed: ({ cert }) => void seen.push(cert === SELF_SIGNED ? 'new' : 'other'),
      failed: () => void seen.push('failed'),
    })
    writeFileSync(join(dir, 'cert.pem'), 'half')
    utimesSync(join(dir, 'cert.pem'), 1, 1)
    await until(() => seen.includes('failed'))
    writeFileSync(join(dir, 'cert.pem'), SELF_SIGNED)
    utimesSync(join(dir, 'cert.pem'), 2, 2)
    await until(() => seen.includes('new'))
    const before = seen.length
    files.look()
    expect(seen.slice(before)).toEqual(['new'])
    files.close()
  })
})

describe('the port', () => {
  const served: Served = { cert: SELF_SIGNED, key: LEAF_KEY, pin: '', isPinned: true }
  const open: Listener[] = []
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
  })
  const listen = async (host: string, certificate: Served | null): Promise<Listener> => {
    const listener = await openListener({ host, port: 0 }, certificate, REAL_CLOCK)
    open.push(listener)
    return listener
  }

  it.each(['127.0.0.1', '::1'])('speaks TLS on %s, says who comes too early, then answers', async (host) => {
    const listener = await listen(host, served)
    expect(await ask(listener.url)).toMatchObject({ status: 503 })
    listener.serve((_, response) => response.end('here'))
    expect(await ask(listener.url)).toEqual({ status: 200, text: 'here' })
  })

  it('answers plain HTTP with the right address', async () => {
    const { url } = await listen('127.0.0.1', served)
    const { status, text } = await ask(url.replace('https', 'http'))
    expect(status).toBe(400)
    expect(text).toContain(`write ${url}`)
  })

  it('refuses TLS 1.1', async () => {
    const { url } = await listen('127.0.0.1', served)
    const socket = connectTls({
      port: Number(new URL(url).port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
    })
    const ended = await new Promise((resolve) => {
      socket.once('error', () => resolve('refused'))
      socket.once('secureConnect', () => resolve('taken'))
    })
    socket.destroy()
    expect(ended).toBe('refused')
  })

  it('serves another certificate to the next connection', async () => {
    const listener = await listen('127.0.0.1', served)
    expect(await subjectOf(listener.url)).toBe(new X509Certificate(SELF_SIGNED).fingerprint256)
    listener.renew({ ...served, cert: GOOD_LEAF })
    expect(await subjectOf(listener.url)).toBe(new X509Certificate(GOOD_LEAF).fingerprint256)
  })

  it('closes although somebody holds a connection without a word', async () => {
    const listener = await openListener({ host: '127.0.0.1', port: 0 }, served, REAL_CLOCK)
    const silent = connectTcp(Number(new URL(listener.url).port), '127.0.0.1')
    silent.on('error', () => silent.destroy())
    await new Promise((resolve) => silent.once('connect', resolve))
    await listener.close()
    silent.destroy()
  })

  it('that listens everywhere is loopback for this host', async () => {
    const listener = await listen('0.0.0.0', served)
    expect(new URL(listener.url).hostname).toBe('127.0.0.1')
    expect(new URL(listener.outerUrl).hostname).not.toBe('0.0.0.0')
  })

  it('that is busy is told with what to do', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    // A TCP server that listens has an address of this form.
    const { port } = taken.address() as AddressInfo
    await expect(openListener({ host: '127.0.0.1', port }, null, REAL_CLOCK)).rejects.toMatchObject({
      code: 'network',
      hint: expect.stringContaining('CONSTAT_LISTEN'),
    })
    await new Promise((resolve) => taken.close(resolve))
  })
})

describe('a pin', () => {
  const PIN = `sha256/${Buffer.alloc(32, 9).toString('base64')}`
  it.each([
    [PIN, PIN],
    [` ${PIN}\n`, PIN],
    [PIN.replace('/', '//'), PIN],
    [PIN.slice(0, -1), null],
    [PIN.replace('sha256', 'sha1'), null],
    [`${PIN}A`, null],
    ['', null],
  ])('%j is read as %j', (text, pin) => expect(parsePin(text)).toBe(pin))
})

describe('the line to paste', () => {
  const scriptDigest = 'ab'.repeat(32)
  const lineOf = (url: string, tlsPin: string | null = null) =>
    joinLine({ url, tlsPin, scriptDigest }, 'join_x')

  it('carries pin and digest where the certificate is ours', () => {
    const line = lineOf('https://[2001:db8::1]:8420', 'sha256/AAAA=')
    expect(line).toContain(
      'curl -fsSk --pinnedpubkey sha256//AAAA= -o install.sh https://[2001:db8::1]:8420/install.sh',
    )
    expect(line).toContain(`${scriptDigest}  install.sh`)
    expect(line).toContain('--url https://[2001:db8::1]:8420 --pin sha256/AAAA= --token join_x')
    expect(line).not.toContain('\n')
  })
  it('asks the authorities where they vouch', () => {
    const line = lineOf('https://constat.example/here')
    expect(line).toContain('curl -fsSL -o install.sh https://constat.example/here/install.sh')
    expect(line).not.toMatch(/-k|--pin|--insecure/)
  })
  it.each([
    ['http://127.0.0.1:8420', false],
    ['http://[::1]:8420', false],
    ['http://10.0.0.5:8420', true],
  ])('of %s says --insecure: %s', (url, isOpen) => expect(lineOf(url).includes('--insecure')).toBe(isOpen))
  it('takes an agent that is there where the collector has none to give', () => {
    const line = joinLine({ url: 'https://c.example', tlsPin: null, scriptDigest: null }, 'join_x')
    expect(line).toBe(
      'npx constat-agent enroll --url https://c.example --token join_x && npx constat-agent run',
    )
  })
  it('has nothing in it that a shell would run', () => {
    const line = lineOf("https://x.example/a';$(id)&`id`")
    expect(line.slice(0, -1).split("'").length).toBe(2)
    expect(line).toContain('--url https://x.example/a%27%3B%24%28id%29%26%60id%60 ')
  })
})

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(isSo()).toBe(true)
}

function ask(url: string): Promise<{ status: number; text: string }> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const asked = send(url, { rejectUnauthorized: false, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.once('error', reject)
    asked.end()
  })
}

function subjectOf(url: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      port: Number(new URL(url).port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
    })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256)
      socket.destroy()
    })
  })
}
