/**
 * Previews: one after the other on a thread, a few that wait, and a limit of time for each.
 */
import { afterEach, describe, expect, it } from 'vitest'
import {
  MAX_WAITING_PREVIEWS,
  startPreviews,
  type PreviewAsked,
  type Previews,
} from '../../../collector/src/closing/preview.ts'
import { appliedState } from '../../support/contract-state.ts'
import { accepted, SMALL } from '../../support/contract-text.ts'

const TERMS = accepted(SMALL)

const threadOf = (script: string): URL => new URL(`data:text/javascript,${encodeURIComponent(script)}`)
/** It works until it is ended. */
const BUSY = threadOf('setInterval(() => undefined, 1000)')
const QUICK = threadOf(
  'import { parentPort, workerData } from "node:worker_threads"; parentPort.postMessage({ view: workerData.log })',
)

const asked = (): PreviewAsked => {
  const state = appliedState(TERMS, { origin: 'constat/test/intranet', version: 1, checks: [] })
  // A thread of the test reads nothing of it.
  return { state, terms: TERMS, closing: {} as PreviewAsked['closing'] }
}

let previews: Previews
const started = (module: URL, limitMs?: number): Previews => {
  const deps = { pgConfig: { connectionString: 'postgres://nowhere' }, nowMs: () => 0, module }
  return (previews = startPreviews(limitMs === undefined ? deps : { ...deps, limitMs }))
}

afterEach(() => previews.close())

describe('previews', () => {
  it('are worked out on a thread, one after the other', async () => {
    const { under } = started(QUICK)
    const log = { id: 1, contract: TERMS.name }
    expect(await Promise.all([under(asked()), under(asked())])).toEqual([log, log])
  })

  it('wait up to a limit, and are given up after a time', async () => {
    const { under } = started(BUSY, 50)
    const late = { code: 'unavailable', message: 'the preview took longer than 0.05 s' }
    const taken = Array.from({ length: MAX_WAITING_PREVIEWS }, () =>
      expect(under(asked())).rejects.toMatchObject(late),
    )
    await expect(under(asked())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('other previews'),
    })
    await Promise.all(taken)
    await expect(under(asked())).rejects.toMatchObject(late)
  })
})
