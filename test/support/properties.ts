/**
 * Properties: each run of `npm test` tries the same cases, so that a failure is one of what was changed. Others are
 * tried where CONSTAT_TEST_SEED names a number, or is `random`.
 */
import process from 'node:process'
import fc from 'fast-check'

const SEED = 20_261_201
const asked = process.env['CONSTAT_TEST_SEED'] ?? String(SEED)

if (asked !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(asked) })
