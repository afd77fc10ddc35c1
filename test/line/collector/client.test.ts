/** The client of the commands, against a real server that pages. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openClient } from '@constat/collector/cli/client'
import { keepOwnerToken, tellRunning } from '@constat/collector/data-dir'

const ITEMS = Array.from({ length: 1_203 }, (_, i) => ({ name: `c${i}` }))
let server: Server
let dataDir: string
const asked: string[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://collector.example')
    asked.push(`${url.pathname}${url.search}`)
    const limit = Number(url.searchParams.get('limit'))
    const from = ITEMS.findIndex(({ name }) => name === url.searchParams.get('cursor')) + 1
    const items = ITEMS.slice(from, from + limit)
    const next = from + limit < ITEMS.length ? items.at(-1)?.name : null
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ items, next }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  dataDir = mkdtempSync(join(tmpdir(), 'constat-client-'))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  tellRunning(dataDir, { url, publicUrl: url, tlsPin: null, pid: process.pid })
  keepOwnerToken(dataDir, 'cst_some')
})

afterAll(() => {
  server.close()
  rmSync(dataDir, { recursive: true, force: true })
})

it('reads every page of a list, behind what is asked already', async () => {
  expect(await openClient(dataDir).all('/incidents?open=true')).toEqual(ITEMS)
  expect(asked).toEqual([
    '/api/v1/incidents?open=true&limit=500',
    '/api/v1/incidents?open=true&limit=500&cursor=c499',
    '/api/v1/incidents?open=true&limit=500&cursor=c999',
  ])
})
