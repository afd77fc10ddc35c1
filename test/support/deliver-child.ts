/**
 * A process that delivers until it is killed. Its one argument is the address of the database as JSON.
 */
import { randomBytes } from 'node:crypto'
import { Delivering } from '@constat/collector/alert/deliver'
import type { DatabaseAddress } from '@constat/collector/db/embedded'
import { openAddress } from '@constat/collector/db/open'
import { REAL_CLOCK } from './real-clock.ts'

const log = { info: () => {}, warn: () => {}, error: (message: string) => console.error(message) }
// Written by the test that starts this.
const address = JSON.parse(process.argv[2] ?? '') as DatabaseAddress
const { sql } = await openAddress({ address, log })
new Delivering({
  sql,
  clock: REAL_CLOCK,
  random: { bytes: randomBytes },
  log,
  allowPrivate: true,
})
console.log('ready')
