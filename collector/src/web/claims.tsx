/** Pages behind the door of claims: what each final window is worth, and what the sides say to it and to the terms. */
import { Fault } from '@constat/shared/fault'
import { PENALTY_ACTS, type PenaltyAct } from '@constat/sla/state/penalty-record'
import { Hono } from 'hono'
import type { AppDeps } from '../http/actions.ts'
import { limitBody, missing, param } from '../http/describe.ts'
import { deedOf } from '../http/routes/penalties.ts'
import { revisionNumber } from '../http/routes/contracts.ts'
import type { ContractView } from '../view/contract.ts'
import type { PenaltyView } from '../view/penalty.ts'
import { noteOf } from './form/exclusion-form.ts'
import { penaltyForm } from './form/penalty-form.ts'
import { Claims } from './page/claims.tsx'
import { Penalty } from './page/penalty.tsx'
import { penaltyHref } from './part/penalty.tsx'
import { storeyHref } from './part/storeys.tsx'
import { sharedZone, zoneOf } from './scene.ts'
import { knownContract, visitorMay, type Visit, type VisitEnv } from './visit.ts'

export function claimPages(deps: AppDeps): Hono<VisitEnv> {
  const pages = new Hono<VisitEnv>()
  pages.get('/claims', claims)
  pages.get('/contracts/:contract/penalties/:window', (c) => shown(c, null))
  for (const act of PENALTY_ACTS) {
    pages.post(`/contracts/:contract/penalties/:window/${act}`, visitorMay('declare'), limitBody(), (c) =>
      step(c, act, deps),
    )
  }
  termsDeeds(pages, deps)
  return pages
}

async function claims(c: Visit) {
  const { read, scene } = c.var
  const all: { contract: ContractView; penalties: PenaltyView[] }[] = []
  for (const contract of read.contracts()) {
    all.push({ contract, penalties: await read.penalties(contract.name) })
  }
  return c.html(<Claims scene={{ ...scene, zone: sharedZone(read, scene.zone) }} contracts={all} />)
}

/** `problem`: of a step that was just refused. */
async function shown(c: Visit, problem: Fault | null) {
  const { read, scene } = c.var
  const contract = knownContract(c)
  const key = param(c, 'window')
  const penalty = await read.penalty(contract.name, key)
  if (penalty === null) throw missing('penalty: the window is not final, or has no credits')
  const window = await read.window(contract.name, key, penalty.citedVersion ?? penalty.newestVersion)
  const said = problem === null ? [] : [problem.message, ...problem.problems]
  return c.html(
    <Penalty
      scene={{ ...scene, zone: zoneOf(contract) }}
      contract={contract}
      penalty={penalty}
      credits={window?.credits ?? null}
      problems={said}
    />,
    problem === null ? 200 : 409,
  )
}

async function step(c: Visit, act: PenaltyAct, { actions }: AppDeps) {
  const contract = knownContract(c)
  const of = { contract: contract.name, window: param(c, 'window'), by: c.var.caller }
  const terms = c.var.read.terms(contract.name)
  try {
    const said = penaltyForm(act, await c.req.parseBody(), { terms, zone: zoneOf(contract) })
    await actions.takePenaltyStep(deedOf(act, said, of))
  } catch (error) {
    if (error instanceof Fault && ['conflict', 'bad-request'].includes(error.code)) return shown(c, error)
    throw error
  }
  return c.redirect(penaltyHref(of), 303)
}

function termsDeeds(pages: Hono<VisitEnv>, { actions }: AppDeps): void {
  for (const [path, answer] of [
    ['accept', 'agreed'],
    ['object', 'objected'],
  ] as const) {
    pages.post(
      `/contracts/:contract/revisions/:revision/${path}`,
      visitorMay('answer'),
      limitBody(),
      async (c) => {
        const contract = knownContract(c).name
        const revision = revisionNumber(param(c, 'revision'))
        const note = noteOf(await c.req.parseBody())
        await actions.answerTerms({ contract, revision, answer, note, by: c.var.caller })
        return c.redirect(`${storeyHref(contract, 'terms')}#agreement`, 303)
      },
    )
  }
}
