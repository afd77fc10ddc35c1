/**
 * Witnesses, as programs: two of them are asked by a collector. One cosigns, and a bundle under its word passes the
 * verifier that asks for it; the other has seen another history, and that is told. Both keep their word over a kill.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signCheckpoint } from '@constat/evidence/checkpoint'
import { cosignatureVerifier } from '@constat/evidence/cosignature'
import { parseNote } from '@constat/evidence/note'
import { ED25519_TYPE, formatVkey, parseVkey, vkeyOf } from '@constat/evidence/vkey'
import { cosignaturesIn, formatSubmission } from '@constat/evidence/witness'
import { privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import type { ContractView } from '../../collector/src/view/contract.ts'
import { fleetContract, sealSession } from '../support/bench-fleet.ts'
import {
  dropDataDir,
  endOf,
  freePort,
  makeCollectorDir,
  makeDataDir,
  OWN_CONNECTION,
  runOnce,
  startAgent,
  startProgram,
  until,
  VERIFY,
  type Program,
} from '../support/program.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { openSender } from '../support/sender.ts'
import { serveAuthority, TimestampAuthority } from '../support/timestamp-authority.ts'

type Running = { child: ChildProcess; vkey: string; url: string; dir: string; lines(): string }

const [dataDir, dir] = [makeCollectorDir(), makeDataDir()]
const policy = join(dir, 'policy')
const running: Running[] = []
let port: number
let program: Program
let receiver: Receiver
let logKey: string
let walkKey: string
let closed: number

const start = (env: Record<string, string> = {}): Promise<Program> =>
  startProgram({ args: ['collector'], dataDir, port, env: { CONSTAT_WITNESS_POLICY: policy, ...env } })

async function startWitness(name: string, at: number): Promise<Running> {
  const folder = join(dir, name)
  const args = [
    'witness',
    '--dir',
    folder,
    '--name',
    name,
    '--log',
    logKey,
    '--log',
    walkKey,
    '--listen',
    `127.0.0.1:${at}`,
  ]
  const child = spawn(process.execPath, [VERIFY, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += String(chunk)))
  await until(() => Promise.resolve(said.includes('Listens on ')), {
    withinMs: 30_000,
    what: 'a witness that listens',
  })
  const vkey = /^Witness (.+)$/m.exec(said)![1]!
  const witness = { child, vkey, url: `http://127.0.0.1:${at}`, dir: folder, lines: () => said }
  running.push(witness)
  return witness
}

const log = async (): Promise<ContractView['log'] & Pick<ContractView, 'readiness'>> => {
  const { log: own, readiness } = await program.get<ContractView>('/contracts/shop')
  return { ...own, readiness }
}

/** Something that nothing answers for: an outage from the first second on. */
const walk = ({ closed, more }: { closed: number; more: string }): string => `apiVersion: constat/v1
kind: Contract
metadata: {name: walk}
spec:
  timeZone: UTC
  target: "99.9"
  every: PT5S
  timeout: PT2S
  alertAfter: PT0S
  watch: ["http://127.0.0.1:${closed}/"]
  parties:
    - {id: customer, role: customer, name: Acme}
    - {id: northstar, role: provider, name: Northstar}
    - {id: witnesses, role: third-party, name: Watchtower}
${more || '  measurement: {vantages: [lyon, lille]}\n'}`

beforeAll(async () => {
  port = await freePort()
  receiver = await openReceiver()
  program = await startProgram({ args: ['collector'], dataDir, port })
  await program.post('/webhooks', { url: receiver.url, types: ['evidence.anomaly'], shape: 'generic' })
  expect((await program.put('/contracts/shop', fleetContract('shop', ['north']))).status).toBe(200)
  const sender = await openSender(program, 'north')
  await sender.stream(sealSession(sender, 20), 16)
  sender.close()
  logKey = (await log()).key
  closed = await freePort()
  expect((await program.put('/contracts/walk', walk({ closed, more: '' }))).status).toBe(200)
  walkKey = (await program.get<ContractView>('/contracts/walk')).log.key
  expect((await log()).witnesses).toEqual([])
  await program.kill('SIGTERM')
}, 60_000)

afterAll(async () => {
  for (const { child } of running)
    if (child.exitCode === null && child.signalCode === null) await endOf(child, 'SIGTERM')
  await program?.kill('SIGTERM')
  await receiver?.close()
  for (const folder of [dataDir, dir]) dropDataDir(folder)
})

describe('a log under witnesses', () => {
  it('is refused to start under a policy that cannot be read', async () => {
    writeFileSync(policy, 'quorum nobody\n')
    const { code, err } = await runOnce(['collector', '--data', dataDir, '--listen', `127.0.0.1:${port}`], {
      CONSTAT_WITNESS_POLICY: policy,
    })
    expect([code, err]).toEqual([
      3,
      expect.stringContaining(`${policy}:1: no witness or group above is named nobody`),
    ])
  })

  it('is cosigned by the one, and contradicted by the other, which is told once', async () => {
    const honest = await startWitness('honest.example', await freePort())
    const other = await startWitness('other.example', await freePort())
    await endOf(other.child, 'SIGKILL')
    // What it has seen: more of this log than there is, signed by the key of the log.
    const key = privateKeyOf(Buffer.from(readFileSync(join(dataDir, 'collector.key'), 'utf8').trim(), 'hex'))
    const origin = logKey.slice(0, logKey.indexOf('+'))
    const note = signCheckpoint({ origin, size: 1_000_000, root: Buffer.alloc(32, 7), extensions: [] }, key)
    writeFileSync(join(other.dir, 'checkpoints.json'), JSON.stringify({ [origin]: note }))
    const again = await startWitness('other.example', Number(new URL(other.url).port))
    expect(again.vkey).toBe(other.vkey)

    const lines = [honest, again].map(({ vkey, url }, i) => `witness w${i} ${vkey} ${url}`)
    writeFileSync(policy, `${lines.join('\n')}\ngroup both any w0 w1\nquorum both\n`)
    program = await start()
    const { witnesses } = await until(
      async () => {
        const now = await log()
        return now.witnesses.every(({ cosignedAt, problem }) => cosignedAt !== null || problem !== null)
          ? now
          : null
      },
      { withinMs: 60_000, what: 'what both say' },
    )
    expect(witnesses).toMatchObject([
      { name: 'w0', key: 'honest.example', size: (await log()).size, problem: null },
      { name: 'w1', key: 'other.example', size: 0, cosignedAt: null },
    ])
    expect(witnesses[1]!.problem).toContain('it has cosigned 1000000 entries, and this log has ')
    const [told] = await receiver.until(1)
    expect(JSON.parse(told!.body)).toMatchObject({
      type: 'evidence.anomaly',
      data: { kind: 'witness', witness: 'w1' },
    })
    const isWitnessed = async (): Promise<boolean> => !(await log()).readiness.lacks.includes('witness')
    await until(isWitnessed, { withinMs: 30_000, what: 'a contract that does not lack a witness' })
  }, 90_000)

  it('comes to be one that a claim can rest on, a step at a time', async () => {
    const hosts = ['lyon', 'lille']
    const operated = await openReceiver()
    const lacks = async () => (await program.get<ContractView>('/contracts/walk')).readiness.lacks
    const apply = async (text: string): Promise<void> => {
      const answer = await program.put('/contracts/walk', text)
      expect([answer.status, answer.status === 200 ? '' : await answer.text()]).toEqual([200, ''])
    }
    const leaves = (code: string): Promise<boolean> =>
      until(async () => !(await lacks()).includes(code as never), {
        withinMs: 40_000,
        what: `no more ${code}`,
      })
    const children: ChildProcess[] = []
    try {
      expect(await lacks()).toEqual(expect.arrayContaining(['more-sites', 'references', 'clock-bound']))
      for (const name of hosts) children.push(await startAgent(program, { dir: join(dir, name), name }))
      for (const code of ['more-sites', 'clock-bound']) await leaves(code)
      // Its own log has to be cosigned, too.
      await leaves('witness')

      const sites = `  sites:
    - {id: lyon, agents: [lyon], administeredBy: customer}
    - {id: lille, agents: [lille], administeredBy: customer}
  measurement: {vantages: [lyon, lille], isolation: {rule: all-references-failed, references: [anchor]}}
`
      const hook = (operator: string): string => `---
apiVersion: constat/v1
kind: Alerting
metadata: {name: walk-duty}
spec: {contract: walk, endpoints: [{id: ops, url: "${operated.url}"${operator}}]}
`
      const anchor = `---
apiVersion: constat/v1
kind: Check
metadata: {name: anchor}
spec: {tcp: {host: 127.0.0.1, port: ${operated.port}}, interval: PT5S, timeout: PT2S}
`
      const full = walk({ closed, more: sites }) + anchor
      await apply(full + hook(''))
      for (const code of ['references', 'host-administrators', 'alert-path']) await leaves(code)
      expect(await lacks()).toEqual(['provider-agreement', 'alert-path-owner'])
      await apply(full + hook(', operatedBy: witnesses'))
      // What it took before somebody said who runs it shows nothing of that path: the next message does.
      const { items } = await program.get<{ items: { id: string; contract: string }[] }>('/incidents')
      const incident = items.find(({ contract }) => contract === 'walk')
      await program.post(`/incidents/${incident?.id}/acknowledge`, {})
      await leaves('alert-path-owner')
      const { revision } = await program.get<ContractView>('/contracts/walk')
      const { token } = await program.post<{ token: string }>('/tokens', {
        role: 'provider',
        contract: 'walk',
      })
      // All that the window going on is judged by has to be agreed to.
      for (let n = 1; n <= revision; n += 1) {
        const answer = await fetch(`${program.url}/api/v1/contracts/walk/revisions/${n}/accept`, {
          method: 'POST',
          headers: { ...OWN_CONNECTION, authorization: `Bearer ${token}` },
        })
        expect(answer.status).toBe(200)
      }
      await leaves('provider-agreement')
      await until(async () => (await program.get<ContractView>('/contracts/walk')).readiness.claimable, {
        withinMs: 10_000,
        what: 'a contract that a claim can rest on',
      })
    } finally {
      for (const child of children) await endOf(child, 'SIGTERM')
      await operated.close()
    }
  }, 180_000)

  it('gives bundles that hold by their word, and not by that of others', async () => {
    const window = new Date().toISOString().slice(0, 7)
    const bundle = join(dir, 'bundle.zip')
    expect(
      (await runOnce(['evidence', 'shop', '--window', window, '-o', bundle, '--data', dataDir])).code,
    ).toBe(0)
    const verify = (...args: string[]) => runOnce([bundle, '--json', ...args], {}, 'constat-verify')
    const [pinned, bare] = await Promise.all([verify('--policy', policy), verify()])
    expect({ code: pinned.code, ...JSON.parse(pinned.out) }).toMatchObject({
      code: 0,
      verdict: 'reproduced',
      witnessing: { isPinned: true, isMet: true, words: [{ witness: 'w0' }] },
    })
    expect(JSON.parse(bare.out)).toMatchObject({
      verdict: 'reproduced',
      witnessing: { isPinned: false, isMet: true },
    })

    const other = join(dir, 'both')
    writeFileSync(other, readFileSync(policy, 'utf8').replace('any w0', 'all w0'))
    const { code, out } = await verify('--policy', other)
    expect({ code, ...JSON.parse(out) }).toMatchObject({
      code: 2,
      failures: [{ step: 'checkpoints', reason: 'quorum-not-met' }],
    })
  }, 60_000)

  it('shows what was cosigned, where tiles are served', async () => {
    const authorization = `Bearer ${readFileSync(join(dataDir, 'owner.token'), 'utf8').trim()}`
    const response = await fetch(`${program.url}/log/shop/checkpoint`, {
      headers: { ...OWN_CONNECTION, authorization },
    })
    const note = await response.text()
    expect(note.split('\n').filter((line) => line.startsWith('— '))).toHaveLength(2)
    expect(note).toContain('— honest.example ')
  })

  it('is mirrored by the program as soon as it is open to everybody', async () => {
    const args = [
      'mirror',
      `${program.url}/log/shop`,
      '--log',
      logKey,
      '--dir',
      join(dir, 'mirror'),
      '--once',
    ]
    const mirror = () => runOnce([...args, '--json'], {}, 'constat-verify')
    const closed = await mirror()
    expect([closed.code, closed.err]).toEqual([4, expect.stringContaining('"code":"forbidden"')])
    expect((await runOnce(['log', 'publish', 'shop', '--data', dataDir])).code).toBe(0)
    const { code, out } = await mirror()
    const found = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind)
    expect([code, found]).toEqual([0, expect.arrayContaining(['head', 'reproduced', 'figures'])])
    expect((await runOnce(['log', 'unpublish', 'shop', '--data', dataDir])).code).toBe(0)
    expect((await mirror()).code).toBe(4)
  }, 60_000)

  it('is a witness itself, of the logs that its policy names', async () => {
    const origin = 'example.com/other'
    const key = privateKeyOf(Buffer.alloc(32, 5))
    const vkey = formatVkey(vkeyOf({ name: origin, type: ED25519_TYPE, publicKey: rawPublicKey(key) }))
    await program.kill('SIGTERM')
    writeFileSync(policy, `log ${vkey}\n${readFileSync(policy, 'utf8')}`)
    program = await start()
    const own = parseVkey(/"key":"([^"]+)".*cosigns the logs of others/.exec(program.output())![1]!)!
    const note = signCheckpoint({ origin, size: 3, root: Buffer.alloc(32, 1), extensions: [] }, key)
    const add = async (body: string): Promise<[number, string]> => {
      const response = await fetch(`${program.url}/add-checkpoint`, {
        method: 'POST',
        body,
        headers: OWN_CONNECTION,
      })
      return [response.status, await response.text()]
    }
    const first = await Promise.all(
      [0, 1, 2].map(() => add(formatSubmission({ oldSize: 0, proof: [], note }))),
    )
    // One at a time: the first is new, the others come with an old size that is not the one any more.
    expect(first.map(([status]) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409])
    const [, line] = first.find(([status]) => status === 200)!
    const { text } = parseNote(note)!
    expect(cosignaturesIn(line, { text, witnesses: [cosignatureVerifier(own)] })).toHaveLength(1)
    const forked = signCheckpoint({ origin, size: 3, root: Buffer.alloc(32, 2), extensions: [] }, key)
    expect(await add(formatSubmission({ oldSize: 3, proof: [], note: forked }))).toEqual([
      409,
      'other-root\n',
    ])
    expect(await add('hello')).toEqual([400, 'malformed\n'])
    expect(
      (await add(formatSubmission({ oldSize: 0, proof: [], note: note.replaceAll(origin, 'x') })))[0],
    ).toBe(404)
  }, 60_000)

  it('knows after a kill of both what was cosigned', async () => {
    const before = (await log()).witnesses[0]!
    const honest = running[0]!
    await Promise.all([program.kill('SIGKILL'), endOf(honest.child, 'SIGKILL')])
    const state = JSON.parse(readFileSync(join(honest.dir, 'checkpoints.json'), 'utf8')) as Record<
      string,
      string
    >
    expect(Object.values(state)[0]).toContain(`\n${before.size}\n`)
    program = await start()
    expect((await log()).witnesses[0]).toEqual(before)
  }, 60_000)

  it('is dated by an authority, whose word a bundle brings along', async () => {
    const authority = new TimestampAuthority(join(dir, 'tsa'))
    const served = await serveAuthority(authority)
    const tsa = { CONSTAT_TSA_URL: served.url, CONSTAT_TSA_CA: authority.root.certificate }
    try {
      await program.kill('SIGTERM')
      program = await start(tsa)
      const { timestamps } = await until(async () => ((await log()).timestamps?.at ? log() : null), {
        withinMs: 30_000,
        what: 'a log that is dated',
      })
      expect(timestamps).toMatchObject({ authority: 'CN=signer', problem: null })
      const window = new Date().toISOString().slice(0, 7)
      const bundle = join(dir, 'dated.zip')
      expect(
        (await runOnce(['evidence', 'shop', '--window', window, '-o', bundle, '--data', dataDir])).code,
      ).toBe(0)
      const verify = (ca: string) => runOnce([bundle, '--json', '--tsa-ca', ca], {}, 'constat-verify')
      const own = await verify(authority.root.certificate)
      expect({ code: own.code, ...JSON.parse(own.out) }).toMatchObject({
        code: 0,
        verdict: 'reproduced',
        dated: [{ size: timestamps!.size, isKnown: true }],
      })
      const other = await verify(authority.signer.certificate)
      expect(other.code).toBe(0)
      const strange = await verify(new TimestampAuthority(join(dir, 'other-tsa')).root.certificate)
      expect({ code: strange.code, ...JSON.parse(strange.out) }).toMatchObject({
        code: 2,
        failures: [{ step: 'clocks', reason: 'unknown-authority' }],
      })
    } finally {
      await served.close()
    }
  }, 90_000)
})
