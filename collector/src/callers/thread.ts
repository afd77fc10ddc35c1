/** A thread of the callers: one piece of work in, its answer out. It says when it is ready for the first. */
import { parentPort } from 'node:worker_threads'
import { Fault, invariant, messageOf } from '@constat/shared/fault'
import type { Told } from './threads.ts'
import { WORK, type Kind, type Work } from './work.ts'

invariant(parentPort, 'a thread of the callers has a parent')
const port = parentPort

async function answerTo<K extends Kind>({
  kind,
  given,
}: {
  kind: K
  given: Work[K]['given']
}): Promise<Told> {
  try {
    return { kind: 'made', made: await WORK[kind](given) }
  } catch (error) {
    if (!(error instanceof Fault)) return { kind: 'failed', reason: messageOf(error) }
    const { code, message, hint, problems } = error
    return { kind: 'refused', code, message, hint, problems: [...problems] }
  }
}

port.on('message', (asked: { kind: Kind; given: Work[Kind]['given'] }) => {
  void answerTo(asked).then((told) => port.postMessage(told))
})
port.postMessage({ kind: 'ready' } satisfies Told)
