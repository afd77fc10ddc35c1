/**
 * What a clone needs before anything of it can run: a new enough Node.js, its packages, its builds.
 * Plain Node without a package, as nothing may be installed yet. Used by start.mjs and test/run.mjs.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NODE_MIN = [20, 19]
/** Each builds itself with esbuild in a fraction of a second; `npm run build` does the same with a cache. */
const BUILDS = ['collector/build.mjs', 'agent/build.mjs', 'packages/verify/build.mjs']

/** A sentence when this Node.js is too old, otherwise null. */
export function nodeProblem(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
  return isEnough ? null : `Constat needs Node.js ${NODE_MIN.join('.')} or newer; this is ${version}.`
}

/** Why `npm ci` has to run, or null. Compares contents: npm writes the two files in no fixed order. */
export function installReason(root = ROOT) {
  const installedPath = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedPath)) return 'nothing is installed yet'
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages
  for (const [path, { version, optional, devOptional, link }] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/')) continue
    const found = installed[path]
    if (found === undefined && (optional || devOptional)) continue
    if (found === undefined) return `${path.slice('node_modules/'.length)} is missing`
    if (!link && found.version !== version) return `${path.slice('node_modules/'.length)} has changed`
  }
  return null
}

/** Runs a program in `cwd`. Its output goes to our stderr, or comes back with the exit code. */
function run(command, args, { cwd = ROOT, isKept = false } = {}) {
  return new Promise((settle) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', isKept ? 'pipe' : 2, isKept ? 'pipe' : 2] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
    child.once('error', (error) => settle({ code: 127, output: `${command}: ${error.message}\n` }))
    child.once('close', (code) => settle({ code: code ?? 1, output }))
  })
}

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error']

/**
 * Exit code of the installation, or 0 when nothing was to be done. `npm ci` refuses a lock file written
 * beside a registry that lacks some platforms' packages; `npm install` then takes the same versions.
 */
export async function install(root = ROOT) {
  const reason = installReason(root)
  if (reason === null) return 0
  process.stderr.write(`constat: installing packages (${reason}), this takes a minute …\n`)
  const first = await npm(['ci', ...QUIET], root)
  if (first.code === 0) return 0
  process.stderr.write('constat: "npm ci" refused, trying "npm install" with the same versions …\n')
  const second = await npm(['install', '--no-save', ...QUIET], root)
  if (second.code !== 0) process.stderr.write(first.output + second.output)
  return second.code
}

/** Under `npm start` the very npm that runs us, otherwise the one on the PATH. */
async function npm(args, cwd) {
  const own = process.env.npm_execpath
  const [command, ...before] = own?.endsWith('.js') ? [process.execPath, own] : ['npm']
  return await run(command, [...before, ...args], { cwd, isKept: true })
}

/** The first exit code that is not 0, or 0. */
export async function build(root = ROOT) {
  const scripts = BUILDS.filter((script) => existsSync(join(root, script)))
  const builds = await Promise.all(scripts.map((script) => run(process.execPath, [join(root, script)])))
  return builds.find(({ code }) => code !== 0)?.code ?? 0
}
