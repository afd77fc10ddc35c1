/**
 * Previews: a closed window under terms that are not in force. The whole log is folded again by these terms, on
 * a thread of its own with a database connection of its own, one after the other and within a limit of time, so
 * that whoever asks delays nobody.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Fault, messageOf } from '@constat/shared/fault'
import type { UnixMs } from '@constat/shared/time'
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import type { ClosingHead } from '@constat/sla/state/closing'
import type { ContractState, Revision } from '@constat/sla/state/contract-state'
import type { PgConfig } from '../db/open.ts'
import type { Database } from '../db/tx.ts'
import type { PreviewView } from '../view/window.ts'
import { Refold } from './refold.ts'
import { previewOf, proposedRevision } from './window-answers.ts'

/** Previews that may wait; one more is refused. */
export const MAX_WAITING_PREVIEWS = 4
/** A preview that takes longer is given up: a year of one contract takes some seconds. */
export const MAX_PREVIEW_MS = 120_000

export type PreviewAsked = { state: ContractState; closing: ClosingHead; terms: ExpandedContract }
export type Previews = { under(asked: PreviewAsked): Promise<PreviewView>; close(): Promise<void> }

/** What a thread is handed: plain data. */
export type PreviewJob = {
  pgConfig: PgConfig
  log: { id: number; contract: string }
  nowMs: UnixMs
  closing: ClosingHead
  proposed: Revision
}
export type PreviewAnswer = { view: PreviewView } | { problem: string }

/** `module`: what a thread runs. */
export function startPreviews({
  pgConfig,
  nowMs,
  module = threadModule(),
  limitMs = MAX_PREVIEW_MS,
}: {
  pgConfig: PgConfig
  nowMs: () => UnixMs
  module?: URL
  limitMs?: number
}): Previews {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let running: Worker | null = null
  const run = async (job: PreviewJob): Promise<PreviewView> => {
    const worker = (running = new Worker(module, { workerData: job, execArgv: [] }))
    try {
      return await answerOf(worker, limitMs)
    } finally {
      running = null
      await worker.terminate()
    }
  }
  return {
    under: async ({ state, closing, terms }) => {
      if (waiting >= MAX_WAITING_PREVIEWS) {
        throw new Fault('unavailable', 'other previews are being worked out; ask again in a moment')
      }
      waiting += 1
      const log = { id: state.log, contract: state.contract }
      const job = { pgConfig, log, nowMs: nowMs(), closing, proposed: proposedRevision(state.life, terms) }
      const own = last.then(() => run(job))
      last = own.catch((error: unknown) => messageOf(error))
      return own.finally(() => (waiting -= 1))
    },
    close: async () => {
      await running?.terminate()
    },
  }
}

function answerOf(worker: Worker, limitMs: number): Promise<PreviewView> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      reject(new Fault('unavailable', `the preview took longer than ${limitMs / 1_000} s`))
    }, limitMs)
    worker.once('message', (answer: PreviewAnswer) => {
      if ('view' in answer) resolve(answer.view)
      else reject(new Fault('internal', answer.problem))
    })
    worker.once('error', reject)
    worker.once('exit', () => {
      clearTimeout(limit)
      reject(new Fault('unavailable', 'the preview ended before it was done; ask again'))
    })
  })
}

/** One preview, on whatever thread it is called. */
export async function previewHere(db: Database, job: Omit<PreviewJob, 'pgConfig'>): Promise<PreviewView> {
  const { log, nowMs, closing, proposed } = job
  const refold = new Refold({ db, log, nowMs: () => nowMs, extra: proposed })
  return previewOf(await refold.to(closing.ledger.size), { closing, proposed })
}

/** Beside the bundle it is built; in a checkout it is run from its source. */
function threadModule(): URL {
  const built = new URL('./preview-thread.mjs', import.meta.url)
  return existsSync(fileURLToPath(built)) ? built : new URL('../../bin/preview-thread.mjs', import.meta.url)
}
