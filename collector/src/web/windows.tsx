/**
 * Pages of windows and statements: what came of a window, and how the provider's statement of it compares.
 */
import { Fault } from '@constat/shared/fault'
import { Hono } from 'hono'
import type { AppDeps } from '../http/actions.ts'
import { askerOf } from '../http/caller.ts'
import { limitBody, missing, param, readFields } from '../http/describe.ts'
import { MAX_STATEMENT_BYTES } from '../http/limits.ts'
import { may } from '../http/scope.ts'
import { Reconciliation } from './page/reconciliation.tsx'
import { StatementPreview } from './page/statement-preview.tsx'
import { statementHref, WindowPage } from './page/window.tsx'
import { zoneOf } from './scene.ts'
import { knownContract, visitorMay, type Visit, type VisitEnv } from './visit.ts'

/** Form fields are longer than what they hold: each byte may be written as three. */
const MAX_FORM_BYTES = 3 * MAX_STATEMENT_BYTES

export function windowPages(deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  pages.get('/contracts/:contract/windows/:window', window)
  pages.get('/contracts/:contract/statements/:statement', statement)
  pages.post(
    '/contracts/:contract/windows/:window/statements',
    visitorMay('declare'),
    limitBody(MAX_FORM_BYTES),
    async (c) => {
      const contract = knownContract(c).name
      const wanted = await statementSent(c, contract)
      const { id } = await deps.actions.keepStatement(wanted)
      return c.redirect(statementHref({ contract, id }), 303)
    },
  )
  pages.post(
    '/contracts/:contract/windows/:window/statements/preview',
    visitorMay('declare'),
    limitBody(MAX_FORM_BYTES),
    async (c) => {
      const contract = knownContract(c)
      const wanted = await statementSent(c, contract.name)
      const found = await deps.actions.previewStatement(wanted)
      const scene = { ...c.var.scene, zone: zoneOf(contract) }
      return c.html(<StatementPreview scene={scene} contract={contract} found={found} bytes={wanted.bytes} />)
    },
  )
  return pages
}

/** A file, what was typed, or what was looked at before. Faults `too-large`, `bad-request` for nothing. */
async function statementSent(c: Visit, contract: string) {
  const bytes = await bytesSent(c)
  if (bytes.length === 0) throw new Fault('bad-request', 'Choose a file, or paste the statement.')
  if (bytes.length > MAX_STATEMENT_BYTES) {
    throw new Fault('too-large', `The statement is larger than ${MAX_STATEMENT_BYTES} bytes.`)
  }
  return { contract, window: param(c, 'window'), bytes, by: askerOf(c.var.caller) }
}

async function bytesSent(c: Visit): Promise<Buffer> {
  const ofText = (text: string): Buffer => Buffer.from(text.replaceAll('\r\n', '\n'))
  if (!(c.req.header('content-type') ?? '').startsWith('multipart/form-data')) {
    const fields = await readFields(c)
    const seen = fields.get('bytes')
    return seen === null ? ofText(fields.get('statement') ?? '') : Buffer.from(seen, 'base64')
  }
  const { file, statement: typed } = await c.req.parseBody()
  if (file instanceof File && file.size > 0) return Buffer.from(await file.arrayBuffer())
  return ofText(typeof typed === 'string' ? typed : '')
}

async function window(c: Visit) {
  const { read, scene, caller } = c.var
  const contract = knownContract(c)
  const key = param(c, 'window')
  const version = versionOf(c.req.query('version'))
  const found = await read.window(contract.name, key, version)
  if (found === null) throw missing('window')
  return c.html(
    <WindowPage
      scene={{ ...scene, zone: zoneOf(contract) }}
      contract={contract}
      window={found}
      closing={await read.closing(contract.name, key, version)}
      statements={read.statements(contract.name).filter((one) => one.window === key)}
      mayState={may(caller, 'declare')}
    />,
  )
}

async function statement(c: Visit) {
  const { read, scene } = c.var
  const contract = knownContract(c)
  const found = await read.reconciliation(contract.name, param(c, 'statement'), askerOf(c.var.caller))
  if (found === null) throw missing('statement')
  return c.html(
    <Reconciliation scene={{ ...scene, zone: zoneOf(contract) }} contract={contract} found={found} />,
  )
}

function versionOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) throw missing('version')
  return Number(text)
}
