/**
 * The probe, Chromium, curl and glibc before the same odd servers: no answer that Chromium shows is told as down, and
 * none that it refuses as up. `npm run agree -- 10000` asks more of them.
 */
import { expect, test } from 'vitest'
import { agree } from '../support/agreement.ts'
import { agreeOnChains } from '../support/chain-agreement.ts'
import { agreeOnNames } from '../support/name-agreement.ts'

const ANSWERS = 200
const CHAINS = 8
/** Each oddity by itself, and some together. */
const NAMES = 64

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

test(`${NAMES} odd answers of name servers count as glibc counts them`, async () => {
  const { names, found, differences } = await agreeOnNames({ count: NAMES, seed: 7 })
  expect(differences).toEqual([])
  // glibc was there, and finds some of them.
  expect(names).toBe(NAMES)
  expect(found).toBeGreaterThan(NAMES / 4)
  expect(found).toBeLessThan(NAMES)
})
