/** Problems: what a failure of the world answers over HTTP, and that a bug keeps to itself what it knows. */
import { describe, expect, it } from 'vitest'
import { Fault, type FaultCode } from '@constat/shared/fault'
import { asker } from '../../support/ask.ts'
import { plainDeps } from '../../support/plain-deps.ts'

describe('problems', () => {
  it.each<[FaultCode, number]>([
    ['conflict', 409],
    ['rate-limited', 429],
    ['network', 502],
    ['database', 503],
    ['disk', 503],
    ['unavailable', 503],
    ['evidence', 500],
  ])('a fault %s answers %i', async (code, status) => {
    const applyContract = () => Promise.reject(new Fault(code, 'It failed.', { hint: 'Do this.' }))
    const answer = await asker(plainDeps({ actions: { applyContract } }))('/api/v1/contracts/intranet', {
      method: 'PUT',
      as: 'owner-token',
      body: 'metadata: {name: intranet}',
    })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ status, code, detail: 'It failed. Do this.' })
  })

  it('keeps to itself what a bug says', async () => {
    const applyContract = () => Promise.reject(new Error('secret at row 7'))
    const plain = plainDeps({ actions: { applyContract } })
    const answer = await asker(plain)('/api/v1/contracts/intranet', {
      method: 'PUT',
      as: 'owner-token',
      body: 'metadata: {name: intranet}',
    })
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
    expect(plain.errors).toEqual(['a route failed Error: secret at row 7'])
  })
})
