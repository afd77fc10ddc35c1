#!/usr/bin/env node
/**
 * `npm start`: from a clone with nothing installed to a running collector. Installs what is missing,
 * builds, then becomes `constat up`. Everything it says goes to stderr.
 */
import { fileURLToPath } from 'node:url'
import { build, install, nodeProblem } from './prepare.mjs'

function stop(message) {
  process.stderr.write(`constat: ${message}\n`)
  process.exit(4)
}

const problem = nodeProblem()
if (problem !== null) stop(`${problem} Install it from https://nodejs.org or your distribution.`)
if ((await install()) !== 0) stop('the packages could not be installed; npm says why above.')
if ((await build()) !== 0) stop('the build failed; the lines above say where.')
process.argv = [
  process.execPath,
  fileURLToPath(new URL('constat.mjs', import.meta.url)),
  'up',
  ...process.argv.slice(2),
]
await import('./constat.mjs')
