/** `npm run demo`: installs and builds what is missing, then shows a collector over an invented year. */
import { build, install, nodeProblem } from '../../collector/bin/prepare.mjs'

const problem = nodeProblem()
if (problem !== null || (await install()) !== 0 || (await build()) !== 0) {
  process.stderr.write(`constat: ${problem ?? 'the lines above say what is missing'}\n`)
  process.exit(4)
}
const { register } = await import('tsx/esm/api')
register()
await import('./demo.ts')
