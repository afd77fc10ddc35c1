/** `constat preset`: contracts to start from, listed or one printed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '@constat/shared/fault'
import { EXIT, type World } from './world.ts'

/** Beside the built program; in a checkout where they are kept. */
const FOLDERS = ['./presets', '../../../packages/sla/presets'] as const
const ENDING = '.yaml'

export function preset(
  name: string | undefined,
  { json }: { json?: boolean },
  world: Pick<World, 'out'>,
): number {
  if (name !== undefined) {
    const text = readPreset(name)
    world.out(json ? JSON.stringify({ name, text }) : text.trimEnd())
  } else if (json) world.out(JSON.stringify(presetNames().map((one) => ({ name: one, about: aboutOf(one) }))))
  else for (const line of listed(presetNames())) world.out(line)
  return EXIT.done
}

/** Names in order. */
export function presetNames(): string[] {
  return readdirSync(folder())
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort()
}

/** The document as it is kept. Fault `not-found` that lists the names. */
export function readPreset(name: string): string {
  const names = presetNames()
  if (names.includes(name)) return readFileSync(join(folder(), `${name}${ENDING}`), 'utf8')
  throw new Fault('not-found', `there is no preset ${JSON.stringify(name)}`, {
    hint: `Choose one of ${names.join(', ')}.`,
  })
}

/** Each with the first line of its document, which says what it is. */
function listed(names: readonly string[]): string[] {
  const width = Math.max(...names.map((name) => name.length))
  return names.map((name) => `${name.padEnd(width)}  ${aboutOf(name)}`)
}

/** The first line of a document says what it is. */
function aboutOf(name: string): string {
  const [first = ''] = readPreset(name).split('\n', 1)
  return first.replace(/^# /, '')
}

function folder(): string {
  const found = FOLDERS.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) =>
    existsSync(path),
  )
  if (found !== undefined) return found
  throw new Fault('unavailable', 'the presets are not beside this program', {
    hint: 'Install it again, or run it from a checkout.',
  })
}
