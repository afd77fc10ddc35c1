// Bundles the agent into one file: agent/dist/constat-agent.mjs, or the path given as first argument.
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))
const outfile = process.argv[2] ?? `${root}dist/constat-agent.mjs`

// CommonJS libraries inside an ES module still call require, for Node's own modules alone.
const REQUIRE = {
  js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire('file:///');",
}
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Names stay readable in stack traces; only space and syntax shrink.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
}

// The reader of Check documents is larger than the agent, and a running agent never needs it: it lies in the file
// compressed, and is unpacked by `probe -f` alone. In the clear it costs every agent 5 MB of memory.
const packed = {
  name: 'packed',
  setup(bundle) {
    bundle.onResolve({ filter: /^@constat\/sla\/contract\/check-file$/ }, ({ path }) => ({
      path,
      namespace: 'packed',
    }))
    bundle.onLoad({ filter: /.*/, namespace: 'packed' }, async ({ path }) => {
      const stdin = { contents: `export * from '${path}'`, resolveDir: root }
      const { outputFiles } = await build({ ...common, format: 'esm', stdin, banner: REQUIRE, write: false })
      const text = brotliCompressSync(outputFiles[0].contents).toString('base64')
      const contents = `import { brotliDecompressSync } from 'node:zlib'
        const source = brotliDecompressSync(Buffer.from('${text}', 'base64')).toString('base64')
        export const { readChecks } = await import('data:text/javascript;base64,' + source)`
      return { contents, resolveDir: root }
    })
  },
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
  plugins: [packed],
  define: { CONSTAT_BODY_THREAD: JSON.stringify(thread.outputFiles[0].text) },
  // Native accelerators: both libraries do without, and one file cannot carry them.
  external: ['bufferutil', 'utf-8-validate', 'msgpackr-extract'],
  banner: { js: `#!/usr/bin/env node\n${REQUIRE.js}` },
})
