/** Frames as rows of the ledger, for tests that fold them: signed, with the samples of one agent. */
import { sealBatch, type Batch } from '@constat/shared/batch'
import { configDigest, type CheckConfig } from '@constat/shared/check'
import { outcomeCode, type Outcome } from '@constat/shared/sample'
import type { EntryRow } from '../../collector/src/db/ledger-rows.ts'
import { sampleBatch, VECTOR_KEY } from './sample-batch.ts'

/** `check` is the index in the configuration. */
export type FrameSample = {
  check: number
  atMs: number
  outcome: Outcome
  attempt: number
  latencyUs?: number
}

export type FramePlace = { config: CheckConfig; agent: Buffer; index: number }

/** `samples` in order of instant. Nothing is scheduled, so nothing is missing either. */
export function frameRow({ config, agent, index }: FramePlace, samples: readonly FrameSample[]): EntryRow {
  const instants = samples.map(({ atMs }) => atMs)
  const fromMs = Math.min(...instants)
  const baseS = Math.floor(fromMs / 1000)
  const columns: Batch['samples'] = {
    check: samples.map(({ check }) => check),
    offsetMs: instants.map((atMs) => atMs - baseS * 1000),
    outcome: samples.map(({ outcome }) => outcomeCode(outcome)),
    attempt: samples.some(({ attempt }) => attempt > 0) ? samples.map(({ attempt }) => attempt) : null,
    latencyUs: samples.map(({ latencyUs = 0 }) => latencyUs),
    value: null,
    phases: null,
    cause: null,
  }
  const place = { agent, session: Buffer.alloc(16, 1), seq: index }
  const schedule = { check: [], firstMs: [], count: [] }
  const changes = {
    ...place,
    gapCount: 0,
    baseS,
    samples: columns,
    schedule,
    configDigest: configDigest(config),
  }
  const body = sealBatch(sampleBatch(changes), VECTOR_KEY)
  return { log: 1, index, type: 1, receivedMs: 0, body, ...place, fromMs, toMs: Math.max(...instants) }
}
