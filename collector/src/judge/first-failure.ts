/**
 * First failure: the sample that an incident began with, read back from the ledger once, when the incident is
 * written. What it says stands in the notice from then on.
 */
import { decodeFrame, type Batch } from '@constat/shared/batch'
import { invariant } from '@constat/shared/fault'
import { NO_PHASES, outcomeCode, PHASES, type Phases } from '@constat/shared/sample'
import { configurationNamed, type ContractState } from '@constat/sla/state/contract-state'
import type { FirstFailure } from '@constat/sla/state/incident-record'
import { framesWithin } from '../db/ledger-rows.ts'
import type { Database } from '../db/tx.ts'
import { provedFrames } from '../ledger/proved.ts'
import type { FailurePlace } from './describe.ts'

const FAIL = outcomeCode('fail')

/** Null where the ledger holds no such sample: the failure is told of by something else. */
export async function readFailure(
  db: Database,
  state: ContractState,
  { agent, check, atMs }: FailurePlace,
): Promise<FirstFailure | null> {
  const span = { fromMs: atMs, untilMs: atMs + 1, from: 0, below: Number.MAX_SAFE_INTEGER }
  const asked = { log: state.log, agent: Buffer.from(agent, 'hex'), ...span }
  for await (const frames of provedFrames(db, asked, framesWithin)) {
    for (const { body, index } of frames) {
      const decoding = decodeFrame(body)
      invariant(decoding.kind === 'decoded', `leaf ${index} is a frame that was proved`)
      const { batch } = decoding.frame
      const checks = configurationNamed(state, batch.configDigest)?.config.checks ?? []
      const { samples, baseS } = batch
      const at = samples.check.findIndex(
        (own, i) =>
          checks[own]?.name === check &&
          samples.offsetMs[i] === atMs - baseS * 1_000 &&
          samples.outcome[i] === FAIL,
      )
      if (at >= 0) return { agent, atMs, ...saidAt(batch, at) }
    }
  }
  return null
}

function saidAt(
  { samples }: Batch,
  at: number,
): Pick<FirstFailure, 'code' | 'value' | 'latencyUs' | 'phases'> {
  const { codes, value, latencyUs, phases } = samples
  const place = codes?.place[at] ?? 0
  return {
    code: codes?.texts[place - 1] ?? null,
    value: value?.[at] ?? 0,
    latencyUs: latencyUs[at]!,
    phases: phases
      ? // A column for each phase, in their order.
        (Object.fromEntries(PHASES.map((phase, i) => [phase, phases[i]![at]!])) as Phases)
      : NO_PHASES,
  }
}
