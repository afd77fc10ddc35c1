// Bundles the agent into one file: agent/dist/constat-agent.mjs, or the path given as first argument.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))
const outfile = process.argv[2] ?? `${root}dist/constat-agent.mjs`

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Names stay readable in stack traces; only space and syntax shrink.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
}
/** The agent is one file: the program of its thread is a text in it. */
const thread = await build({
  ...common,
  entryPoints: [`${root}../packages/probe/src/body-thread.ts`],
  format: 'cjs',
  write: false,
})

await build({
  ...common,
  entryPoints: [`${root}src/main.ts`],
  outfile,
  format: 'esm',
  define: { CONSTAT_BODY_THREAD: JSON.stringify(thread.outputFiles[0].text) },
  // Native accelerators: both libraries do without, and one file cannot carry them.
  external: ['bufferutil', 'utf-8-validate', 'msgpackr-extract'],
  banner: {
    // CommonJS libraries inside an ES module still call require for Node's own modules.
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
})
