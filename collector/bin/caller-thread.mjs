/** A thread of the callers, from its source through tsx: for a checkout that has no build. */
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

register({ tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)) })
await import('../src/callers/thread.ts')
