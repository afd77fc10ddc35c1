/**
 * Node 24: the same tests under the next long-term version of Node.js. npm ships its binary as a package;
 * it is fetched once, into the tests' own folder. Plain Node.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const NODE24_MAJOR = 24
const FOLDER = fileURLToPath(new URL('../.artifacts/node24', import.meta.url))
const FETCH_LIMIT_MS = 3 * 60_000

/**
 * What runs again: the tests in which Node.js itself matters: sockets, streams, threads, files, signals,
 * child processes, cryptography. The others wait for clocks, or test arithmetic, words and pages: the same
 * lines of JavaScript, and minutes more.
 */
const ROOMS_AGAIN = ['verify', 'probe', 'agent']
const SYSTEM_AGAIN = ['agent', 'hostile', 'transaction']
export const NODE24_SUITE = ['--project', 'line', '--project', 'system'].concat(
  ROOMS_AGAIN.map((name) => `test/line/${name}/`),
  SYSTEM_AGAIN.map((name) => `test/system/${name}.`),
)

/** The path of a binary that runs here, or null with the reason said. Fetches it where it is not yet. */
export function fetchNode24(say) {
  const name = `node-${{ win32: 'win' }[process.platform] ?? process.platform}-${process.arch}`
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  const path = join(FOLDER, 'node_modules', name, 'bin', program)
  if (!existsSync(path)) {
    say(`fetching Node.js ${NODE24_MAJOR} (${name}) …`)
    const { status, stderr } = npmInstall(`${name}@${NODE24_MAJOR}`)
    if (status !== 0) say(stderr?.trim() ?? 'npm could not be run')
  }
  const said = spawnSync(path, ['--version'], { encoding: 'utf8' })
  if (said.stdout?.startsWith(`v${NODE24_MAJOR}.`)) return path
  say(`no Node.js ${NODE24_MAJOR} for ${process.platform} on ${process.arch} could be fetched`)
  return null
}

/** Under `npm test` the very npm that runs us. A folder of its own: the workspace stays as it is. */
function npmInstall(spec) {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'package.json'), '{"private":true}\n')
  const own = process.env.npm_execpath
  const [command, ...before] = own?.endsWith('.js') ? [process.execPath, own] : ['npm']
  const flags = ['--prefix', FOLDER, '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  return spawnSync(command, [...before, 'install', ...flags, spec], {
    cwd: FOLDER,
    encoding: 'utf8',
    timeout: FETCH_LIMIT_MS,
  })
}
