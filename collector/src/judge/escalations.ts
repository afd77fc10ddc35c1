/**
 * Escalations: an incident that people were told of, anew at each reopening, and that nobody has acknowledged is told to whom the contract's
 * documents name next. Each step is a row, its event and its deliveries in one transaction: a death in between
 * neither skips nor doubles one. Safe to run at every step of the line.
 */
import type { UnixMs } from '@constat/shared/time'
import { dueSteps, type Step } from '@constat/sla/alerting/escalation'
import type { AlertingDocument } from '@constat/sla/alerting/route'
import { incidentsIn, type ContractState } from '@constat/sla/state/contract-state'
import type { IncidentRecord } from '@constat/sla/state/incident-record'
import type { Fact } from '../alert/types.ts'
import type { Contracts } from '../contract/contracts.ts'
import { alertingOf } from '../db/alerting.ts'
import { remind, remindersOf } from '../db/reminders.ts'
import type { Database } from '../db/tx.ts'

export type EscalationDeps = {
  db: Database
  contracts: Contracts
  nowMs: () => UnixMs
  factOf: (
    state: ContractState,
    record: IncidentRecord,
    escalation: { step: number; unansweredMs: number },
  ) => Fact
}

export class Escalations {
  readonly #deps: EscalationDeps
  /** contract → incident and document → its steps that were taken, and when. Read once, while it is unanswered. */
  readonly #taken = new Map<string, Map<string, Map<string, UnixMs>>>()

  constructor(deps: EscalationDeps) {
    this.#deps = deps
  }

  /** True: something was told. */
  async advance({ contract }: ContractState): Promise<boolean> {
    const { contracts, db } = this.#deps
    const unanswered = unansweredIn(contracts.of(contract))
    if (unanswered.length === 0) {
      this.#taken.delete(contract)
      return false
    }
    const documents = (await alertingOf(db, contract)).filter(
      ({ spec }) => !spec.paused && spec.escalation.length > 0,
    )
    if (documents.length === 0) return false
    // In turn: an acknowledgement comes before a step or after it, never in between.
    return contracts.inTurn(contract, async () => {
      const state = contracts.of(contract)
      const open = unansweredIn(state)
      if (!state || open.length === 0) return false
      const taken = await this.#takenOf(contract, open, documents)
      let isTold = false
      for (const record of open) {
        for (const document of documents) {
          isTold = (await this.#escalate(state, record, { document, taken })) || isTold
        }
      }
      return isTold
    })
  }

  async #escalate(
    state: ContractState,
    record: IncidentRecord,
    { document, taken }: { document: AlertingDocument; taken: Map<string, Map<string, UnixMs>> },
  ): Promise<boolean> {
    const nowMs = this.#deps.nowMs()
    const own = taken.get(subjectOf(record, document)) ?? new Map<string, UnixMs>()
    const toldMs = record.unansweredSinceMs ?? nowMs
    const due = dueSteps(document.spec.escalation, { toldMs, nowMs, taken: own })
    for (const step of due) {
      await this.#tell(state, record, { document, step, nowMs })
      own.set(step.key, nowMs)
    }
    return due.length > 0
  }

  async #tell(
    state: ContractState,
    record: IncidentRecord,
    { document, step, nowMs }: { document: AlertingDocument; step: Step; nowMs: UnixMs },
  ): Promise<void> {
    const { db, factOf } = this.#deps
    const unansweredMs = nowMs - (record.unansweredSinceMs ?? nowMs)
    await remind(db, {
      subject: subjectOf(record, document),
      step: step.key,
      fact: factOf(state, record, { step: step.step, unansweredMs }),
      to: { contract: state.contract, document: document.name, endpoints: step.to },
    })
  }

  /** Those that are not known yet are read; those that were answered are forgotten. */
  async #takenOf(
    contract: string,
    open: readonly IncidentRecord[],
    documents: readonly AlertingDocument[],
  ): Promise<Map<string, Map<string, UnixMs>>> {
    const known = this.#taken.get(contract) ?? new Map<string, Map<string, UnixMs>>()
    const subjects = open.flatMap((record) => documents.map((document) => subjectOf(record, document)))
    const now = new Map(subjects.map((subject) => [subject, known.get(subject) ?? new Map<string, UnixMs>()]))
    const unread = subjects.filter((subject) => !known.has(subject))
    if (unread.length > 0) {
      for (const { subject, step, atMs } of await remindersOf(this.#deps.db, unread)) {
        now.get(subject)?.set(step, atMs)
      }
    }
    this.#taken.set(contract, now)
    return now
  }
}

/** Steps begin anew with each reopening. */
function subjectOf({ id, reopened }: IncidentRecord, { name }: AlertingDocument): string {
  return `${reopened === 0 ? id : `${id}.${reopened}`}/${name}`
}

/** Open, told of, and nobody has answered since. Of one that was found in late data alone nobody was told. */
function unansweredIn(state: ContractState | null): IncidentRecord[] {
  if (!state) return []
  return incidentsIn(state).filter(({ unansweredSinceMs }) => unansweredSinceMs !== null)
}
