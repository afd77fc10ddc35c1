/**
 * Benches, each as a process at its tiny size: that it runs to its end and states a figure. What the figure
 * is, only a quiet machine can tell.
 */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const FOLDER = fileURLToPath(new URL('../bench', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** agree.test.ts asks more than its tiny form does. */
const BENCHES = readdirSync(FOLDER).filter((name) => name !== 'agree.ts')

it.concurrent.each(BENCHES)('%s states its figure', async (name) => {
  const command = ['--import', 'tsx', `${FOLDER}/${name}`, '--tiny']
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: ROOT })
  expect(stdout).toMatch(/^figure {2}\d\S* {2}\S.*$/m)
})
