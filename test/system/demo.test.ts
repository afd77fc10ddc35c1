/**
 * The demonstration in a small form, two months: what was made up stands in a ledger as good as any, whose proofs and
 * judgements hold, and every page says what it is.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { serveDemonstration } from '../demo/serve.ts'
import { writeHistory } from '../demo/write.ts'
import { openMailServer } from '../support/mail-server.ts'
import { dropDataDir, freePort, makeCollectorDir, runOnce } from '../support/program.ts'
import { REAL_CLOCK } from '../support/real-clock.ts'
import { openReceiver } from '../support/receiver.ts'
import { HOSTING } from '../support/seed-terms.ts'

/** Sunday evening in Paris: October is closed, claimed and answered. */
const NOW_MS = Date.parse('2026-11-22T17:29:04Z')
const dataDir = makeCollectorDir()
const listen = `127.0.0.1:${await freePort()}`
const publicUrl = `http://${listen}`
const [sink, mail] = [await openReceiver(), await openMailServer(() => 250)]
await writeHistory({ dataDir, publicUrl, sink: sink.url, nowMs: NOW_MS, months: 2 })
const aheadMs = NOW_MS - REAL_CLOCK.nowMs()
const clock = { ...REAL_CLOCK, nowMs: () => REAL_CLOCK.nowMs() + aheadMs }
const lost = (reason: string): void => expect.unreachable(reason)
const { collector, token } = await serveDemonstration({
  dataDir,
  listen,
  clock,
  mailPort: mail.port,
  lost,
})

afterAll(async () => {
  await collector.stop()
  await Promise.all([sink.close(), mail.close()])
  dropDataDir(dataDir)
})

const asOwner = { authorization: `Bearer ${token}`, connection: 'close' }
async function textOf(path: string, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(publicUrl + path, { headers: { ...asOwner, ...headers } })).text()
}
async function itemsOf<T = Record<string, unknown>>(path: string): Promise<T[]> {
  return (JSON.parse(await textOf(`/api/v1${path}`)) as { items: T[] }).items
}

it.each([
  ['/', 'en', /A demonstration: /],
  [`/contracts/${HOSTING}`, 'fr', /Une démonstration\s: /],
  ['/incidents', 'fr', /Une démonstration\s: /],
  ['/no-such-page', 'en', /A demonstration: /],
] as const)('%s says in %s that it is made up', async (path, lang, words) => {
  const isSaid = words.test(await textOf(path, { 'accept-language': lang }))
  expect(isSaid).toBe(true)
})

it('shows both sides of a year', async () => {
  const penalties = await itemsOf<{ window: string; status: string; steps: { act: string }[] }>(
    `/contracts/${HOSTING}/penalties`,
  )
  expect(penalties.map(({ window, steps }) => [window, steps.map(({ act }) => act)])).toEqual([
    ['2026-10', ['notify', 'dispute']],
  ])
  const standings = (await itemsOf<{ standing: string }>('/exclusions')).map(({ standing }) => standing)
  expect([...new Set(standings)].sort()).toEqual(['contested', 'waiting'])
  expect(await itemsOf(`/contracts/${HOSTING}/statements`)).toHaveLength(1)
  expect(await itemsOf(`/contracts/${HOSTING}/reports`)).not.toHaveLength(0)
  const revisions = await itemsOf<{ terms: string }>(`/contracts/${HOSTING}/revisions`)
  expect(revisions.map(({ terms }) => terms)).toEqual(['objected', 'agreed', 'agreed'])
  expect((await itemsOf('/incidents?open=true')).length).toBeGreaterThan(0)
})

it('holds before whoever checks it', async () => {
  const proved = await runOnce(['check', '--data', dataDir])
  expect(proved, proved.err).toMatchObject({ code: 0 })
  const bundle = await fetch(`${publicUrl}/api/v1/contracts/${HOSTING}/evidence/2026-10.zip`, {
    headers: asOwner,
  })
  const file = join(dataDir, 'bundle.zip')
  writeFileSync(file, Buffer.from(await bundle.arrayBuffer()))
  const verified = await runOnce([file], {}, 'constat-verify')
  expect(verified, verified.out + verified.err).toMatchObject({ code: 0 })
})
