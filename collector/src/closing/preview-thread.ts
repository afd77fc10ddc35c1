/** A thread of one preview: its job in, its answer out, and it ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { invariant, messageOf } from '@constat/shared/fault'
import { connectConfigured } from '../db/open.ts'
import { previewHere, type PreviewAnswer, type PreviewJob } from './preview.ts'

invariant(parentPort, 'a thread of a preview has a parent')
const port = parentPort
// Handed over by `startPreviews`.
const { pgConfig, ...job } = workerData as PreviewJob

/** What goes wrong is part of the answer. */
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined }

async function answer(): Promise<PreviewAnswer> {
  const db = await connectConfigured(pgConfig, SILENT)
  try {
    return { view: await previewHere(db, job) }
  } catch (error) {
    return { problem: messageOf(error) }
  } finally {
    await db.end({ timeout: 1 })
  }
}

port.postMessage(await answer())
