/** Takes the lock of a directory as on a platform, says whether it has it, and holds it until it is ended. */
import { takeLock } from '../../agent/src/lock.ts'

const [dir = '', platform = ''] = process.argv.slice(2)
const said = await takeLock(dir, platform as NodeJS.Platform).then(
  (lock) => (lock === null ? 'none' : 'held'),
  (error: unknown) => String(error),
)
process.send?.(said)
setInterval(() => undefined, 1_000)
