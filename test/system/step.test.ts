/**
 * A step of `npm test`: whatever a program has started is gone when the step is, however it came to its end.
 * Real processes that hear no signal, in sessions of their own, their parents gone.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { eventually, processesIn } from '../support/processes.ts'

const STEP = fileURLToPath(new URL('../support/step.mjs', import.meta.url))
const LONG_MS = 600_000
/** A child, one in a session of its own, and a daemon that only SIGKILL ends. */
const FAMILY = `
sleep 600 &
setsid sleep 600 &
(setsid sh -c 'trap "" TERM INT HUP; while :; do sleep 600; done' &)
`
const FAMILY_SIZE = 4
/** Deaf itself. */
const HANGS = `trap "" TERM INT HUP; ${FAMILY} while :; do sleep 600; done`

function newFolder(): string {
  // As /proc names it.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'constat-step-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

type Step = { child: ChildProcess; said: () => string; exit: Promise<number | null> }

function startStep(
  script: string,
  { folder, limitMs = LONG_MS }: { folder: string; limitMs?: number },
): Step {
  const command = [STEP, String(limitMs), '/bin/sh', '-c', script]
  const child = spawn(process.execPath, command, { cwd: folder, detached: true })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  return { child, said: () => said, exit }
}

async function untilFamily(folder: string): Promise<void> {
  // The step is in the folder too.
  await eventually('the family to stand', () => processesIn(folder).length > FAMILY_SIZE)
}

it.concurrent.each([0, 3])('passes on what the program says and how it ends: %i', async (code) => {
  const step = startStep(`echo hello; exit ${code}`, { folder: newFolder() })
  expect(await step.exit).toBe(code)
  expect(step.said()).toBe('hello\n')
})

it.concurrent('says so when there is no such program', async () => {
  const child = spawn(process.execPath, [STEP, '1000', '/nowhere/program'], { cwd: newFolder() })
  const [code] = await once(child, 'close')
  expect(code).toBe(127)
})

it.concurrent('past its limit, all of a hanging program is ended', async () => {
  const folder = newFolder()
  const step = startStep(HANGS, { folder, limitMs: 3_000 })
  await untilFamily(folder)
  expect(await step.exit).toBe(124)
  expect(step.said()).toContain('took longer than 3 s and was ended')
  expect(processesIn(folder)).toEqual([])
})

it.concurrent.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends all of it', async (signal) => {
  const folder = newFolder()
  const step = startStep(HANGS, { folder })
  await untilFamily(folder)
  step.child.kill(signal)
  expect(await step.exit).toBe(130)
  expect(processesIn(folder)).toEqual([])
})

it.concurrent('whoever started it is killed: all of it is ended', async () => {
  const folder = newFolder()
  const runner = `
    const { spawn } = require('node:child_process')
    const command = ${JSON.stringify([STEP, String(LONG_MS), '/bin/sh', '-c', HANGS])}
    spawn(process.execPath, command, { detached: true, stdio: ['pipe', 'inherit', 'inherit'] })
  `
  const child = spawn(process.execPath, ['--eval', runner], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await untilFamily(folder)
  child.kill('SIGKILL')
  await eventually('all of it to be gone', () => processesIn(folder).length === 0, { limitMs: 60_000 })
})

it.concurrent('what a program that ends well leaves behind is named, ended, and not passed over', async () => {
  const folder = newFolder()
  const step = startStep(FAMILY, { folder })
  await untilFamily(folder)
  expect(await step.exit).toBe(125)
  expect(step.said()).toMatch(/left behind, and ended now:\n(.*\n)*? {2}\d+ sleep 600/)
  expect(processesIn(folder)).toEqual([])
})
