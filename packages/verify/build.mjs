// Bundles the verifier into one file: dist/constat-verify.mjs, or the path given as first argument.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))

await build({
  entryPoints: [`${root}src/main.ts`],
  outfile: process.argv[2] ?? `${root}dist/constat-verify.mjs`,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Names stay readable: whoever trusts this file may want to read it.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // A native accelerator: msgpackr does without, and one file cannot carry it.
  external: ['msgpackr-extract'],
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';const require = __createRequire('file:///');",
  },
})
