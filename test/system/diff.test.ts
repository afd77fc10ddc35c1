/**
 * Revisions on the command line: what one changes, beside a collector and beside a file, and failures as JSON.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  dropDataDir,
  freePort,
  makeCollectorDir,
  makeDataDir,
  runOnce,
  startProgram,
  type Program,
} from '../support/program.ts'

const FILES = makeDataDir()
const TERMS = `apiVersion: constat/v1
kind: Contract
metadata: {name: intranet}
spec: {provider: Northstar, revision: 1, target: "99.9", timeZone: UTC, watch: ["http://127.0.0.1:9/"]}
`
const NEXT = TERMS.replace('99.9', '99.5').replace('revision: 1', 'revision: 2')
let program: Program

beforeAll(async () => {
  program = await startProgram({ args: ['collector'], dataDir: makeCollectorDir(), port: await freePort() })
})

afterAll(async () => {
  await program?.kill('SIGTERM')
  for (const folder of [program?.dataDir, FILES]) if (folder) dropDataDir(folder)
})

function fileOf(name: string, text: string): string {
  const path = join(FILES, name)
  writeFileSync(path, text)
  return path
}

const beside = (...args: string[]) => runOnce([...args, '--data', program.dataDir])

describe('beside a collector', () => {
  const [first, next] = [fileOf('first.yaml', TERMS), fileOf('next.yaml', NEXT)]

  it('says that nothing is in force yet', async () => {
    expect(await beside('diff', '-f', first)).toMatchObject({
      code: 1,
      out: 'intranet: nothing is in force yet; apply puts all of it in force\n',
    })
  })

  it('says what a revision changes, and that the same terms change nothing', async () => {
    expect((await beside('apply', '-f', first)).code).toBe(0)
    expect(await beside('diff', '-f', first)).toMatchObject({
      code: 0,
      out: 'intranet: no change from revision 1\n',
    })
    const { code, out } = await beside('diff', '-f', next)
    expect(code).toBe(1)
    expect(out.trim().split('\n')).toEqual([
      'intranet: 2 changes from revision 1',
      '  revision: was 1, now 2; from the moment of apply',
      '  guarantee 127-0-0-1-9, target percent: was 99.9, now 99.5; from the next window',
    ])
  })

  it('changes nothing itself', async () => {
    const { contracts } = JSON.parse((await beside('diff', '-f', next, '--json')).out)
    expect(contracts).toMatchObject([{ contract: 'intranet', inForce: 1, new: false, same: false }])
    expect(contracts[0].changes).toHaveLength(2)
  })

  it('applies no terms under a number that stands for others', async () => {
    const same = fileOf('same-number.yaml', NEXT.replace('revision: 2', 'revision: 1'))
    expect((await beside('diff', '-f', same)).out).toContain(
      'refused at apply: spec.revision: is 1, which is in force',
    )
    const { code, err } = await beside('apply', '-f', same)
    expect(code).toBe(3)
    expect(err).toContain('intranet spec.revision: is 1, which is in force with other terms: write 2')
    expect((await beside('apply', '-f', next)).code).toBe(0)
  })

  it('explains as JSON', async () => {
    const told = JSON.parse((await beside('explain', 'intranet', '--json')).out)
    expect(told).toMatchObject({ contract: 'intranet', revision: 2, terms: { provider: 'provider' } })
    expect(told.defaulted).toContain('measurement.bindingFigure')
    expect(told.defaulted).not.toContain('guarantees.0.target.percent')
  })
})

describe('beside a file, without a collector', () => {
  const alone = (...args: string[]) => runOnce(args, { CONSTAT_DATA_DIR: FILES })

  it('compares', async () => {
    const [old, now] = [fileOf('old.yaml', TERMS), fileOf('now.yaml', NEXT)]
    expect(await alone('diff', '-f', now, '--against', old)).toMatchObject({ code: 1 })
    expect(await alone('diff', '-f', old, '--against', old)).toMatchObject({
      code: 0,
      out: 'intranet: no change\n',
    })
    expect(await alone('diff', '-f', now, '--against', old, '--contract', 'other')).toMatchObject({ code: 3 })
  })
})

describe('failures for programs', () => {
  it.each([
    [['diff', '-f', '/nowhere/at/all', '--json'], 3, 'usage'],
    [['status', '--json'], 4, 'unavailable'],
    [['apply', '--json'], 3, 'usage'],
    [['aply', '--json'], 3, 'usage'],
  ] as const)('%j', async (args, code, named) => {
    const answer = await runOnce([...args], { CONSTAT_DATA_DIR: FILES })
    expect(answer).toMatchObject({ code, out: '' })
    expect(JSON.parse(answer.err)).toEqual({
      error: {
        code: named,
        message: expect.stringMatching(/\S/),
        hint: expect.any(String),
        problems: [],
      },
    })
  })

  it('name every problem of a document', async () => {
    const bad = fileOf('bad.yaml', TERMS.replace('"99.9"', '99.9').replace('UTC', 'CET'))
    const { error } = JSON.parse(
      (await runOnce(['apply', '-f', bad, '--json'], { CONSTAT_DATA_DIR: FILES })).err,
    )
    expect(error).toMatchObject({
      code: 'bad-contract',
      problems: [/spec\.target/, /spec\.timeZone/].map((one) => expect.stringMatching(one)),
    })
  })
})
