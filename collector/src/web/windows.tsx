/**
 * Pages of windows and statements: what came of a window, and how the provider's statement of it compares.
 */
import { Hono } from 'hono'
import type { AppDeps } from '../http/actions.ts'
import { askerOf } from '../http/caller.ts'
import { limitBody, missing, param, readFields } from '../http/describe.ts'
import { MAX_STATEMENT_BYTES } from '../http/limits.ts'
import { may } from '../http/scope.ts'
import { Reconciliation } from './page/reconciliation.tsx'
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
      const text = (await readFields(c)).get('statement') ?? ''
      const bytes = Buffer.from(text.replaceAll('\r\n', '\n'))
      const wanted = { contract, window: param(c, 'window'), bytes, by: askerOf(c.var.caller) }
      const { id } = await deps.actions.keepStatement(wanted)
      return c.redirect(statementHref({ contract, id }), 303)
    },
  )
  return pages
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
