/**
 * The probe, Chromium and curl before the same odd servers: no answer that Chromium shows is told as down, and
 * none that it refuses as up. `npm run agree -- 10000` asks more of them.
 */
import { expect, test } from 'vitest'
import { agree } from '../support/agreement.ts'
import { agreeOnChains } from '../support/chain-agreement.ts'

const ANSWERS = 300
const CHAINS = 12

test(`${ANSWERS} odd answers count as Chromium counts them`, async () => {
  const { answers, differences, curlDiffers } = await agree({ count: ANSWERS, seed: 20 })
  expect(differences.filter(({ reason }) => reason === undefined)).toEqual([])
  // The servers are odd, and each of the three was there.
  expect(answers).toBe(ANSWERS)
  expect(curlDiffers).toBeGreaterThan(ANSWERS / 20)
  expect(curlDiffers).toBeLessThan(ANSWERS / 2)
})

test(`${CHAINS} odd certificate chains count as Chromium counts them`, async () => {
  const { chains, differences } = await agreeOnChains({ count: CHAINS, seed: 4 })
  expect(differences.filter(({ reason }) => reason === undefined)).toEqual([])
  expect(chains).toBe(CHAINS)
})
