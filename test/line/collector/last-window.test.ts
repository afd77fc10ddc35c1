/**
 * The last closed window under other terms, as the command line tells it.
 */
import { Fault } from '@constat/shared/fault'
import { describe, expect, test } from 'vitest'
import type { Client } from '../../../collector/src/cli/client.ts'
import { lastWindowLines, lastWindowUnder } from '../../../collector/src/cli/last-window.ts'
import type { PreviewView } from '../../../collector/src/view/window.ts'

const met = { verdict: 'met', coverage: '0.9990', credit: null } as const
const missed = { verdict: 'not_met', coverage: '0.9990', credit: '1800.00' } as const
const view = (given: Partial<PreviewView>): PreviewView => ({
  contract: 'hosting',
  window: '2026-10',
  version: 1,
  guarantees: [],
  credit: { inForce: null, proposed: null, currency: null },
  ...given,
})

describe('in words', () => {
  test('the same', () => {
    expect(
      lastWindowLines(view({ guarantees: [{ guarantee: 'portal', inForce: met, proposed: met }] })),
    ).toEqual(['the last closed window, 2026-10, would have been the same'])
  })

  test('a verdict, its credit, and what is no longer promised', () => {
    const guarantees = [
      { guarantee: 'portal', inForce: missed, proposed: met },
      { guarantee: 'vpn', inForce: met, proposed: null },
      { guarantee: 'mail', inForce: met, proposed: met },
    ]
    const credit = { inForce: '1800.00', proposed: null, currency: 'EUR' }
    expect(lastWindowLines(view({ guarantees, credit }))).toEqual([
      'the last closed window, 2026-10, under it:',
      '  portal: was not_met, coverage 0.9990, credit 1800.00, would be met, coverage 0.9990',
      '  vpn: was met, coverage 0.9990, would be not promised',
      '  credit in all: was 1800.00 EUR, would be none',
    ])
  })
})

describe('asked of a collector', () => {
  const clientOf = (post: Client['post']): Client => ({
    url: 'http://127.0.0.1:1',
    ready: () => Promise.resolve({ ok: true, reasons: [] }),
    get: () => Promise.reject(new Error('nothing is read')),
    all: () => Promise.reject(new Error('nothing is listed')),
    put: () => Promise.reject(new Error('nothing is written')),
    post,
    read: () => Promise.reject(new Error('no file is read')),
  })

  test('by the path of the contract', async () => {
    const asked: string[] = []
    const client = clientOf((path, text) => {
      asked.push(path, String(text))
      return Promise.resolve(view({}))
    })
    expect(await lastWindowUnder(client, { contract: 'a.b', text: 'kind: Contract' })).toEqual(view({}))
    expect(asked).toEqual(['/contracts/a.b/preview', 'kind: Contract'])
  })

  test('that has closed none yet', async () => {
    const client = clientOf(() => Promise.reject(new Fault('not-found', 'No window has closed yet.')))
    expect(await lastWindowUnder(client, { contract: 'a', text: '' })).toBeNull()
  })

  test('that cannot answer', async () => {
    const client = clientOf(() => Promise.reject(new Fault('unavailable', 'it does not answer')))
    await expect(lastWindowUnder(client, { contract: 'a', text: '' })).rejects.toThrow('it does not answer')
  })
})
