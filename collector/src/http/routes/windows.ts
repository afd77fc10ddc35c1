/**
 * Windows: what came of each, version by version; what the provider stated of it, what other tools would
 * have said, and what other terms would have made of it.
 */
import { Fault } from '@constat/shared/fault'
import { Hono, type Context } from 'hono'
import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import type { AppDeps } from '../actions.ts'
import { allow, askerOf, type Env } from '../caller.ts'
import { describe, limitBody, missing, name, pageQuery, query } from '../describe.ts'
import { MAX_CONTRACT_BYTES, MAX_STATEMENT_BYTES } from '../limits.ts'
import { pageOf } from '../../view/paging.ts'
import { listOf } from '../describe.ts'
import {
  closing,
  preview,
  reconciliation,
  replayed,
  statement,
  windowLife,
  type StatementView,
  type WindowLifeView,
} from '../../view/window.ts'

const tag = 'contracts'

const versionQuery = z.object({
  version: z.coerce.number().int().min(1).optional().describe('Absent: the newest'),
})

export function windowRoutes(deps: AppDeps): Hono<Env> {
  const app = new Hono<Env>()
  addWindows(app)
  addClosings(app)
  addStatements(app, deps)
  addReconciliation(app)
  addPreview(app)
  addEvidence(app)
  return app
}

function addWindows(app: Hono<Env>): void {
  app.get(
    '/contracts/:contract/windows',
    allow('read'),
    describe({
      summary: 'Windows that have begun, newest first',
      tag,
      answer: listOf(windowLife),
      problems: [400, 404],
    }),
    query(pageQuery),
    async (c) => {
      const contract = knownContract(c)
      const keys = pageOf(c.var.read.windowKeys(contract), { keyOf: (key) => key, ...c.req.valid('query') })
      const items: WindowLifeView[] = []
      for (const key of keys.items) {
        const found = await c.var.read.window(contract, key)
        if (found !== null) items.push(found)
        // A year of days is judged window by window: others have their turn in between.
        await turn()
      }
      return c.json({ items, next: keys.next })
    },
  )
  app.get(
    '/contracts/:contract/windows/:window',
    allow('read'),
    describe({
      summary: 'One window, guarantee by guarantee; keys like 2026-10, 2026-Q4, 2026-W41, 2026-10-05',
      tag,
      answer: windowLife,
      problems: [400, 404],
    }),
    query(versionQuery),
    async (c) => {
      const found = await c.var.read.window(
        knownContract(c),
        c.req.param('window'),
        c.req.valid('query').version,
      )
      if (found === null) throw missing('window')
      return c.json(found)
    },
  )
}

function addClosings(app: Hono<Env>): void {
  app.get(
    '/contracts/:contract/windows/:window/closing',
    allow('read'),
    describe({
      summary: 'The closing of a window whole: results, their digest, the ledger judged on, what decided',
      tag,
      answer: closing,
      problems: [400, 404],
    }),
    query(versionQuery),
    async (c) => {
      const found = await c.var.read.closing(
        knownContract(c),
        c.req.param('window'),
        c.req.valid('query').version,
      )
      if (found === null) throw missing('closing')
      return c.json(found)
    },
  )
  app.get(
    '/contracts/:contract/windows/:window/replay',
    allow('read'),
    describe({
      summary: 'What other tools would have said of the same window',
      tag,
      answer: replayed,
      problems: [400, 404],
    }),
    query(z.object({ policy: name.optional().describe('Absent: every known one') })),
    async (c) => {
      const found = await c.var.read.replay(
        knownContract(c),
        c.req.param('window'),
        c.req.valid('query').policy,
      )
      if (found === null) throw missing('window')
      return c.json(found)
    },
  )
}

function addStatements(app: Hono<Env>, { actions }: AppDeps): void {
  app.get(
    '/contracts/:contract/statements',
    allow('read'),
    describe({
      summary: "The provider's statements, newest first",
      tag,
      answer: listOf(statement),
      problems: [400, 404],
    }),
    query(pageQuery.extend({ window: name.optional().describe('Of which it is: 2026-10') })),
    (c) => {
      const { window, ...page } = c.req.valid('query')
      const wanted = (item: StatementView) => window === undefined || item.window === window
      const all = c.var.read.statements(knownContract(c))
      return c.json(pageOf(all, { keyOf: (item) => item.id, wanted, ...page }))
    },
  )
  app.post(
    '/contracts/:contract/statements',
    allow('declare'),
    describe({
      summary:
        "Hand in the provider's statement of a window: JSON, CSV, or one percentage; with preview=true only say how it reads",
      tag,
      answer: statement,
      status: 201,
      problems: [400, 404, 409, 413, 429, 503],
      rawBody: ['application/json', 'text/csv', 'text/plain'],
    }),
    limitBody(MAX_STATEMENT_BYTES),
    query(
      z.object({
        window: name.optional().describe('Absent: the last one that has ended'),
        preview: z.enum(['true', 'false']).default('false').describe('Nothing is written: StatementPreview'),
      }),
    ),
    async (c) => {
      const contract = knownContract(c)
      const bytes = Buffer.from(await c.req.arrayBuffer())
      if (bytes.length === 0) throw new Fault('bad-request', 'The body is empty: send the statement.')
      const { window = null, preview: isPreview } = c.req.valid('query')
      const wanted = { contract, window, bytes, by: askerOf(c.var.caller) }
      if (isPreview === 'true') return c.json(await actions.previewStatement(wanted))
      const { id } = await actions.keepStatement(wanted)
      const kept = c.var.read.statements(contract).find((one) => one.id === id)
      if (!kept) throw missing('statement')
      return c.json(kept, 201)
    },
  )
}

function addReconciliation(app: Hono<Env>): void {
  app.post(
    '/contracts/:contract/windows/:window/reconcile',
    allow('read'),
    describe({
      summary: 'Hold a statement against the measurement without handing it in: nothing is written',
      tag,
      answer: reconciliation,
      problems: [400, 404, 413, 429, 503],
      rawBody: ['application/json', 'text/csv', 'text/plain'],
    }),
    limitBody(MAX_STATEMENT_BYTES),
    async (c) => {
      const bytes = Buffer.from(await c.req.arrayBuffer())
      const found = await c.var.read.reconcile(
        knownContract(c),
        c.req.param('window'),
        bytes,
        askerOf(c.var.caller),
      )
      if (found === null) throw missing('window')
      return c.json(found)
    },
  )
  app.get(
    '/contracts/:contract/statements/:statement/reconciliation',
    allow('read'),
    describe({
      summary: 'A statement held against the measurement, outage by outage',
      tag,
      answer: reconciliation,
      problems: [404, 429, 503],
    }),
    async (c) => {
      const found = await c.var.read.reconciliation(
        knownContract(c),
        c.req.param('statement'),
        askerOf(c.var.caller),
      )
      if (found === null) throw missing('statement')
      return c.json(found)
    },
  )
}

const ZIP = '.zip'

function addEvidence(app: Hono<Env>): void {
  app.get(
    '/contracts/:contract/evidence/:file',
    allow('read'),
    describe({
      summary: 'The evidence of a window as one zip, for constat-verify: the file is its key and `.zip`',
      tag,
      media: 'application/zip',
      problems: [404, 413, 429, 503],
    }),
    async (c) => {
      const contract = knownContract(c)
      const file = c.req.param('file')
      const key = file.endsWith(ZIP) ? file.slice(0, -ZIP.length) : null
      const found = key === null ? null : await c.var.read.bundle(contract, key, askerOf(c.var.caller))
      if (found === null) throw missing('window')
      return c.body(ReadableStream.from(found.bytes), 200, {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="${found.name}"`,
      })
    },
  )
}

function addPreview(app: Hono<Env>): void {
  app.post(
    '/contracts/:contract/preview',
    allow('declare'),
    describe({
      summary: 'What the last closed window would have been under other terms; nothing is written',
      tag,
      answer: preview,
      problems: [400, 404, 413, 422, 429, 503],
      rawBody: ['application/json', 'application/yaml', 'text/plain'],
    }),
    limitBody(MAX_CONTRACT_BYTES),
    async (c) => {
      const contract = knownContract(c)
      const source = [{ name: `${contract}.yaml`, text: await c.req.text() }]
      const found = await c.var.read.preview(contract, source, askerOf(c.var.caller))
      if (found) return c.json(found)
      throw new Fault('not-found', 'No window of this contract has closed yet.', {
        hint: 'A window closes after its end and its grace.',
      })
    },
  )
}

function knownContract(c: Context<Env, '/contracts/:contract'>): string {
  const found = c.var.read.contract(c.req.param('contract'))
  if (found === null) throw missing('contract')
  return found.name
}
