/** Pages of one contract, storey by storey, and what people do there. */
import { Fault } from '@constat/shared/fault'
import { Hono } from 'hono'
import type { AppDeps } from '../http/actions.ts'
import { limitBody, missing, param } from '../http/describe.ts'
import { may } from '../http/scope.ts'
import type { ContractView } from '../view/contract.ts'
import { exclusionForm, noteOf } from './form/exclusion-form.ts'
import {
  ExclusionsStorey,
  EvidenceStorey,
  ServicesStorey,
  TermsStorey,
  WindowsStorey,
} from './page/contract-storeys.tsx'
import { Contract } from './page/contract.tsx'
import { contractHref, Contracts } from './page/contracts.tsx'
import { EXCLUSIONS_SHOWN } from './part/exclusions.tsx'
import { STANDINGS, type Found } from './part/guarantee-table.tsx'
import { storeyHref } from './part/storeys.tsx'
import { barsOf, before, DAY_MS, OPEN_INCIDENTS } from './reading.tsx'
import { ReportsStorey, REPORTS_SHOWN } from './page/reports.tsx'
import { zoneOf } from './scene.ts'
import { knownContract, visitorMay, type Visit, type VisitEnv } from './visit.ts'

export function contractPages({ actions }: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  pages.get('/contracts', contracts)
  pages.get('/contracts/:contract', contract)
  pages.get('/contracts/:contract/services', services)
  pages.get('/contracts/:contract/windows', windows)
  pages.get('/contracts/:contract/exclusions', (c) => exclusions(c, []))
  pages.get('/contracts/:contract/terms', terms)
  pages.get('/contracts/:contract/reports', reports)
  pages.get('/contracts/:contract/evidence', evidence)
  pages.post('/contracts/:contract/archive', visitorMay('manage'), limitBody(), async (c) => {
    const found = knownContract(c)
    await actions.archiveContract(found.name)
    return c.redirect(contractHref(found.name), 303)
  })
  exclusionDeeds(pages, actions)
  return pages
}

/** Forms of exclusions: declared and answered as the API would. */
function exclusionDeeds(pages: Hono<VisitEnv>, actions: AppDeps['actions']): void {
  pages.post('/contracts/:contract/exclusions', visitorMay('declare'), limitBody(), async (c) => {
    const found = knownContract(c)
    const form = exclusionForm(await c.req.parseBody(), {
      contract: found,
      terms: c.var.read.terms(found.name),
    })
    if (form.kind === 'refused') return exclusions(c, form.problems)
    const answer = await actions.declareExclusion({ ...form.wanted, by: c.var.caller })
    if (answer.kind === 'refused') return exclusions(c, answer.problems)
    return c.redirect(storeyHref(found.name, 'exclusions'), 303)
  })
  for (const [path, answer] of [
    ['accept', 'accepted'],
    ['dispute', 'disputed'],
  ] as const) {
    pages.post(`/exclusions/:exclusion/${path}`, visitorMay('declare'), limitBody(), async (c) => {
      const found = await c.var.read.exclusion(param(c, 'exclusion'))
      if (found === null) throw missing('exclusion')
      const note = noteOf(await c.req.parseBody())
      await actions.answerExclusion({ exclusion: found.id, answer, note, decision: false, by: c.var.caller })
      return c.redirect(storeyHref(found.contract, 'exclusions'), 303)
    })
  }
}

/** What every storey is of. */
function subjectOf(c: Visit) {
  const contract = knownContract(c)
  return { contract, scene: { ...c.var.scene, zone: zoneOf(contract) } }
}

function contracts(c: Visit) {
  const all = c.var.read.contracts()
  const only = all[0]
  if (all.length === 1 && only) return c.redirect(contractHref(only.name), 303)
  return c.html(<Contracts scene={c.var.scene} contracts={all} />)
}

async function contract(c: Visit) {
  const { read, caller } = c.var
  const fresh = c.req.query('new') !== undefined
  const subject = subjectOf(c)
  const { name } = subject.contract
  const span = before(subject.scene.nowMs, DAY_MS)
  const keys = read.windowKeys(name)
  const key = c.req.query('window') ?? keys[0]
  return c.html(
    <Contract
      {...subject}
      keys={keys}
      window={key === undefined ? null : await shownOf(subject.contract, read.window(name, key))}
      closed={read.closedWindows(name)}
      agents={fresh && may(caller, 'read-hosts') ? read.agents() : []}
      fresh={fresh}
      found={foundOf(c)}
      barOf={barsOf(read, span)}
      span={span}
    />,
  )
}

async function reports(c: Visit) {
  const { read, caller } = c.var
  const subject = subjectOf(c)
  const { name: contract } = subject.contract
  const before = c.req.query('before')
  const found = await read.sentReports({ contract, before, limit: REPORTS_SHOWN + 1 })
  const plan = may(caller, 'manage') ? await read.alertPlan(contract) : null
  return c.html(<ReportsStorey {...subject} found={found} plan={plan} />)
}

const MAX_FIND = 100
/** A page number longer than this is none. */
const PAGE = /^\d{1,6}$/

function foundOf(c: Visit): Found {
  const wanted = c.req.query('verdict')
  const page = c.req.query('page') ?? ''
  return {
    text: (c.req.query('find') ?? '').trim().slice(0, MAX_FIND),
    standing: STANDINGS.find((one) => one === wanted) ?? null,
    page: PAGE.test(page) ? Math.max(0, Number(page) - 1) : 0,
  }
}

/** Null of a contract that is set aside: its page says so. */
async function shownOf<T>({ trouble }: ContractView, asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Fault && trouble !== null) return null
    throw error
  }
}

function services(c: Visit) {
  const subject = subjectOf(c)
  const span = before(subject.scene.nowMs, DAY_MS)
  return c.html(<ServicesStorey {...subject} barOf={barsOf(c.var.read, span)} span={span} />)
}

function windows(c: Visit) {
  const subject = subjectOf(c)
  const { name } = subject.contract
  const { read } = c.var
  return c.html(<WindowsStorey {...subject} keys={read.windowKeys(name)} closed={read.closedWindows(name)} />)
}

/** `problems`: of a declaration that was not taken. */
async function exclusions(c: Visit, problems: readonly string[]) {
  const subject = subjectOf(c)
  const before = c.req.query('before')
  const found = await c.var.read.exclusions({
    contract: subject.contract.name,
    ...(before !== undefined && { before }),
    limit: EXCLUSIONS_SHOWN + 1,
  })
  return c.html(
    <ExclusionsStorey {...subject} exclusions={found} problems={problems} />,
    problems.length === 0 ? 200 : 400,
  )
}

async function evidence(c: Visit) {
  const subject = subjectOf(c)
  const { name } = subject.contract
  const key = c.req.query('window') ?? c.var.read.windowKeys(name)[0]
  const window = key === undefined ? null : await shownOf(subject.contract, c.var.read.window(name, key))
  return c.html(<EvidenceStorey {...subject} window={window} />)
}

async function terms(c: Visit) {
  const subject = subjectOf(c)
  const { name } = subject.contract
  const { read } = c.var
  return c.html(
    <TermsStorey
      {...subject}
      revisions={await read.revisions(name)}
      open={await read.incidents({ open: true, contract: name, limit: OPEN_INCIDENTS })}
    />,
  )
}
