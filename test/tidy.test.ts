/**
 * Tidy: the architecture as a test. The rules are the tables; a failure lists `path:line what` for each
 * offender. A new room, library or exception is one line here, with its reason in ARCHITECTURE.md.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  parseSource,
  pathsBelow,
  readSource,
  ROOT,
  type FindingKind,
  type SourceFile,
} from './support/source.ts'

/** Who may import whom. The longest prefix of a path is its room; its own room is always allowed. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'shared/src': [],
  'packages/sla/src': ['shared/src'],
  'packages/evidence/src': ['shared/src'],
  'packages/probe/src': ['shared/src'],
  'packages/verify/src': ['shared/src', 'packages/sla/src', 'packages/evidence/src'],
  'agent/src': ['shared/src', 'packages/probe/src', 'packages/evidence/src'],
  // `probe -f` reads a Check as the contract does: one implementation, packed apart in the agent's file.
  'agent/src/cli/probe.ts': [
    'agent/src',
    'shared/src',
    'packages/probe/src',
    'packages/sla/src/contract/check-file',
  ],
  ...collectorRooms({
    // In flow order: a stage reads what comes before it and never reaches back.
    // What is published, whoever makes it and whoever shows it.
    view: [],
    'shell.ts': [],
    'version.ts': [],
    'config.ts': [],
    'data-dir.ts': [],
    'certificate.ts': ['config.ts', 'data-dir.ts'],
    'rates.ts': [],
    'pace.ts': [],
    'host-names.ts': [],
    'places.ts': ['rates.ts'],
    'listener.ts': ['config.ts', 'certificate.ts', 'places.ts', 'intake/socket.ts'],
    'door.ts': ['config.ts', 'certificate.ts', 'listener.ts'],
    'install-script.ts': [],
    'shipped.ts': [],
    'installer.ts': ['install-script.ts', 'shipped.ts', 'http/routes/install.ts', 'http/shared-body.ts'],
    'verifier.ts': ['shipped.ts', 'http/shared-body.ts'],
    db: ['view/paging.ts', 'alert/types.ts', 'alert/shapes'],
    'access.ts': ['view', 'db'],
    // Accounts: rows beside the tokens, with a password and more ways to prove who somebody is.
    people: ['view', 'db', 'access.ts'],
    'openid.ts': ['config.ts', 'http/actions.ts'],
    'people-actions.ts': ['access.ts', 'people', 'http/actions.ts'],
    // An anomaly is told in the transaction that keeps it.
    intake: ['db', 'ledger', 'alert/types.ts', 'alert/facts.ts', 'host-names.ts'],
    // An event is written with the leaf that it tells of.
    ledger: ['db', 'alert/types.ts'],
    // The whole ledger proved, by the rules that frames were admitted by; a lie is told.
    audit: ['db', 'ledger', 'intake', 'alert/types.ts', 'alert/facts.ts'],
    // The state of each contract, fed by what is committed; who runs which check; what people do to it.
    contract: [
      'db',
      'ledger',
      'alert/types.ts',
      'alert/facts.ts',
      'alert/shapes',
      'intake/connection.ts',
      'intake/agents.ts',
    ],
    fold: ['db', 'ledger'],
    // Read from the ledger when somebody asks; the fold tells which chunks there are.
    latency: ['db', 'ledger', 'fold'],
    // What it tells is part of its own transaction; who is heard is part of what it judges.
    judge: [
      'view',
      'db',
      'ledger',
      'contract',
      'fold',
      'latency',
      'alert/types.ts',
      'alert/facts.ts',
      'alert/gathered-facts.ts',
      'intake/agents.ts',
    ],
    // A window that has closed is a leaf of its own, and what is told of it is in the same transaction.
    closing: ['view', 'db', 'ledger', 'contract', 'fold', 'latency', 'judge', 'alert/types.ts'],
    // What is set on paper, on a thread of the callers.
    print: [],
    // The letter and the pack of a claim, and the annex: what goes from one side to the other.
    paper: ['view', 'web', 'print', 'report', 'version.ts', 'http/actions.ts'],
    // What callers send, read and worked on by threads of its own.
    callers: ['view', 'db', 'closing', 'print'],
    // Everything that a window is judged on, as one file.
    bundle: ['view', 'db', 'ledger', 'contract', 'callers'],
    // Those who cosign checkpoints, asked beside the line.
    witness: [
      'view',
      'db',
      'ledger',
      'bundle',
      'alert/bus.ts',
      'alert/facts.ts',
      'alert/types.ts',
      'intake/agents.ts',
      'intake/connection.ts',
    ],
    // All that cannot be made again, taken away and brought back.
    backup: ['db'],
    // Checks tried by agents that are connected; nothing of it is kept.
    'trials.ts': ['view', 'intake/agents.ts', 'intake/connection.ts'],
    'set-aside.ts': [],
    // What pages, API and CLI are shown, out of all of it.
    read: [
      'view',
      'db',
      'ledger',
      'contract',
      'fold',
      'judge',
      'closing',
      'callers',
      'bundle',
      'latency',
      'intake/agents.ts',
      'set-aside.ts',
    ],
    alert: ['view', 'db', 'ledger'],
    'pipeline.ts': [
      'view',
      'db',
      'intake',
      'ledger',
      'audit',
      'contract',
      'fold',
      'latency',
      'judge',
      'closing',
      'callers',
      'bundle',
      'read',
      'set-aside.ts',
      'pace.ts',
      'alert',
      'witness',
    ],
    'metrics.ts': ['pipeline.ts'],
    'held-clock.ts': [],
    'health.ts': ['view', 'db', 'held-clock.ts', 'pipeline.ts'],
    http: [
      'view',
      'db',
      'ledger',
      'fold',
      'alert',
      'intake',
      'pipeline.ts',
      'places.ts',
      'rates.ts',
      'host-names.ts',
    ],
    'http/app.ts': ['http', 'web'],
    web: ['view', 'http', 'alert'],
    // A window in four forms, by the names and words of the pages.
    // What a message says in the words of the pages, and the letters that carry it.
    message: ['view', 'web', 'alert', 'version.ts'],
    // What a schedule makes of it is sent, and kept as it was sent.
    report: ['view', 'db', 'web', 'print', 'version.ts', 'alert/types.ts', 'http/actions.ts'],
    // What people do through pages and API, joined to the line.
    'actions.ts': [
      'db',
      'access.ts',
      'people-actions.ts',
      'people/password.ts',
      'intake',
      'contract',
      'judge/remarks.ts',
      'closing',
      'callers',
      'alert',
      'pipeline.ts',
      'trials.ts',
      'report',
      'paper',
      'http/actions.ts',
      'http/answers.ts',
    ],
    // What leaves, put together.
    'alerts.ts': [
      'db',
      'alert',
      'message',
      'report',
      'config.ts',
      'pipeline.ts',
      'http/actions.ts',
      'http/scope.ts',
    ],
    'collector.ts': ['.'],
    cli: ['.'],
    'main.ts': ['.'],
  }),
}

/** One owner per library: the only folders (or files) that import it. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  msgpackr: ['shared/src'],
  ws: ['agent/src', 'collector/src/intake'],
  postgres: ['collector/src/db'],
  'drizzle-orm': ['collector/src/db'],
  hono: [
    'collector/src/http',
    'collector/src/web',
    'collector/src/report',
    'collector/src/message',
    'collector/src/paper',
  ],
  'hono-openapi': ['collector/src/http'],
  '@hono/node-server': ['collector/src/collector.ts'],
  'prom-client': ['collector/src/metrics.ts'],
  zod: ['collector/src/view', 'collector/src/http', 'collector/src/backup', 'packages/sla/src'],
  yaml: ['packages/sla/src/contract', 'collector/src/cli'],
  'temporal-polyfill': ['packages/sla/src'],
  'rrule-temporal': ['packages/sla/src'],
  '@noble/curves': ['packages/evidence/src'],
  'd3-scale': ['collector/src/web'],
  'd3-shape': ['collector/src/web'],
  standardwebhooks: ['collector/src/alert'],
  undici: ['collector/src/alert'],
  systeminformation: ['packages/probe/src/host-elsewhere.ts'],
  entities: ['packages/probe/src/body-inspect.ts'],
  'https-proxy-agent': ['agent/src/uplink.ts', 'agent/src/proxy.ts'],
  '@peculiar/x509': ['collector/src/certificate.ts'],
  'reflect-metadata': ['collector/src/certificate.ts'],
  '@myriaddreamin/typst-ts-node-compiler': ['collector/src/print'],
  'date-holidays': ['collector/src/web/holidays.ts'],
  nodemailer: ['collector/src/message'],
  otpauth: ['collector/src/people'],
  uqr: ['collector/src/web'],
  'openid-client': ['collector/src/openid.ts'],
  pino: ['collector/src/cli'],
  commander: ['agent/src/cli', 'collector/src/cli', 'packages/verify/src'],
}

const SOURCE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 60

/** Where what is forbidden everywhere else is the point. */
const ALLOWED: Readonly<Record<FindingKind, readonly RegExp[]>> = {
  'default export': [],
  any: [],
  // Only main has the real clock, randomness and environment; tests measure and start programs.
  'outside world': [/(^|\/)main\.tsx?$/, /^test\//],
  'star export': [],
  'empty catch': [],
  'skipped test': [],
  'module mock': [],
}

const UNFINISHED = /\b(TODO|FIXME|XXX)\b|not implemented/
/** What a path in a document may begin with to be taken for one of ours. */
const CITED_PATH = /^(shared|packages|agent|collector|test|docs|\.ci)\/[\w@.\-/]+$/

function collectorRooms(rooms: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  const below = (path: string) => posix.join('collector/src', path)
  const pure = ['shared/src', 'packages/sla/src', 'packages/evidence/src', below('shell.ts')]
  return Object.fromEntries(
    Object.entries(rooms).map(([room, may]) => [below(room), [...pure, ...may.map(below)]] as const),
  )
}

const manifests = pathsBelow(['shared', 'packages', 'agent', 'collector'], ['package.json'])
const packages = new Map(manifests.map((path) => [manifestOf(path).name, dirname(path)]))
const files = pathsBelow(['shared', 'packages', 'agent', 'collector', 'test'], ['.ts', '.tsx'])
  .filter((path) => !path.endsWith('.d.ts') && !path.endsWith('.d.mts') && !path.endsWith('.config.ts'))
  .map((path) => readSource(path, packages))
const sources = files.filter(({ path }) => path.includes('/src/'))
const documents = pathsBelow(['shared', 'packages', 'agent', 'collector', 'test', 'docs'], ['.md']).concat(
  ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter((path) =>
    existsSync(join(ROOT, path)),
  ),
)

describe('rooms', () => {
  test('every source file is in a room of the table', () => {
    const strangers = sources.filter(({ path }) => roomOf(path) === null)
    expect(strangers.map(({ path }) => path)).toEqual([])
  })

  test('imports follow the table', () => {
    expect(importOffenders()).toEqual([])
  })

  test('a library is imported by its owners alone', () => {
    expect(libraryOffenders()).toEqual([])
  })

  test('relative imports carry their extension', () => {
    const bare = files.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => specifier.startsWith('.') && !/\.(tsx?|mjs|json)$/.test(specifier))
        .map(({ specifier, line }) => `${path}:${line} ${specifier}`),
    )
    expect(bare).toEqual([])
  })
})

describe('files', () => {
  test(`none is longer than ${SOURCE_LINES_MAX} lines`, () => {
    const long = sources.filter(({ lines }) => lines > SOURCE_LINES_MAX)
    expect(long.map(({ path, lines }) => `${path} ${lines} lines`)).toEqual([])
  })

  test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
    const long = sources.flatMap(({ path, functions }) =>
      functions
        .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
        .map(({ name, line, lines }) => `${path}:${line} ${name} ${lines} lines`),
    )
    expect(long).toEqual([])
  })

  test('each begins by saying what it is', () => {
    const silent = files.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text))
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  // Every file of a package is open to the others, so that the search for unused exports passes them over.
  test('each exports only what something uses', () => {
    const uses = new Map<string, number>()
    for (const { text } of files)
      for (const word of text.match(/\w+/g) ?? []) uses.set(word, (uses.get(word) ?? 0) + 1)
    const lone = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/^export (?:async )?(?:function\*?|const|class|type) (\w+)/gm)]
        .filter(([, name]) => uses.get(name!) === 1)
        .map(([, name]) => `${path} ${name}`),
    )
    expect(lone).toEqual([])
  })

  test('none is a barrel', () => {
    const barrels = files.filter(({ path, isBarrel }) => isBarrel || /\/index\.tsx?$/.test(path))
    expect(barrels.map(({ path }) => path)).toEqual([])
  })

  test('none says that it is unfinished', () => {
    const unfinished = files
      .filter(({ path }) => path !== 'test/tidy.test.ts')
      .flatMap(({ path, text }) =>
        text
          .split('\n')
          .flatMap((line, at) => (UNFINISHED.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
      )
    expect(unfinished).toEqual([])
  })

  test.each(Object.keys(ALLOWED))('none has: %s', (kind) => {
    expect(findingOffenders(kind)).toEqual([])
  })
})

describe('documents', () => {
  test('every path they cite exists', () => {
    expect(documents.flatMap(missingPaths)).toEqual([])
  })

  test('ARCHITECTURE.md names every dependency', () => {
    const path = join(ROOT, 'ARCHITECTURE.md')
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    const names = [...manifests, 'package.json'].flatMap((manifest) => dependenciesOf(manifest))
    const unnamed = [...new Set(names)].filter((name) => !mentions(text, name))
    expect(unnamed).toEqual([])
  })

  test('the lock file holds every platform, so that "npm ci" works on all of them', () => {
    expect(unlockedPackages()).toEqual([])
  })
})

/** The rules themselves: each must be able to fail. */
describe('the reader', () => {
  const SAMPLE = `/** Date.now() and "import 'x'" in comments and strings are not findings. */
import type { Clock } from '@constat/shared/time'
import { ROOT } from './source.ts'
import type { Child } from 'hono/jsx'

const inner = (text: string): string => \`\${text} Date.now()\`

export function Sample({ clock }: { clock: Clock }) {
  const loose: any = Date.now()
  try { inner(loose) } catch {}
  return <p title={inner("import 'x'")}>don't {process.env.HOME} {new Date()} {new Date(5)}</p>
}
`

  test('reads imports, lengths and findings off the syntax, not the text', () => {
    const file = parseSource({ path: 'test/support/sample.tsx', text: SAMPLE, packages })
    expect(file.lines).toBe(12)
    expect(file.imports.map(({ target }) => target)).toEqual([
      'shared/src/time',
      'test/support/source.ts',
      'hono',
    ])
    expect(file.functions.map(({ name, line, lines }) => [name, line, lines])).toEqual([
      ['inner', 6, 1],
      ['Sample', 8, 5],
    ])
    expect(file.findings.map(({ kind, line }) => [kind, line])).toEqual([
      ['any', 9],
      ['outside world', 9],
      ['empty catch', 10],
      ['outside world', 11],
      ['outside world', 11],
    ])
    expect(file.isBarrel).toBe(false)
  })

  test('tells a barrel from a file', () => {
    const barrel = "export * from './a.ts'\nexport { b } from './b.ts'\n"
    expect(parseSource({ path: 'test/b.ts', text: barrel, packages }).isBarrel).toBe(true)
    expect(parseSource({ path: 'test/b.ts', text: `${barrel}export const c = 1\n`, packages }).isBarrel).toBe(
      false,
    )
  })

  test('finds the room and refuses what the table does not name', () => {
    expect(roomOf('collector/src/http/app.ts')).toBe('collector/src/http/app.ts')
    expect(roomOf('collector/src/http/api.ts')).toBe('collector/src/http')
    expect(mayImport('packages/sla/src/window.ts', 'packages/evidence/src/tree')).toBe(false)
    expect(mayImport('collector/src/ledger/head.ts', 'collector/src/view/reads.ts')).toBe(false)
    expect(mayImport('collector/src/cli/apply.ts', 'collector/src/view/reads.ts')).toBe(true)
    expect(mayImport('collector/src/fold/fold.ts', 'collector/src/folding/x.ts')).toBe(false)
  })
})

function roomOf(path: string): string | null {
  const rooms = Object.keys(ROOMS).filter((room) => isWithin(path, room))
  return rooms.toSorted((a, b) => b.length - a.length)[0] ?? null
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function mayImport(path: string, target: string): boolean {
  const room = roomOf(path)
  if (room === null) return true
  return isWithin(target, room) || (ROOMS[room] ?? []).some((allowed) => isWithin(target, allowed))
}

function importOffenders(): string[] {
  return sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ target }) => target.includes('/src/') && !mayImport(path, target))
      .map(({ target, line }) => `${path}:${line} imports ${target}`),
  )
}

/** Node's own modules and ours aside. */
function libraryOffenders(): string[] {
  return sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ target }) => !target.startsWith('node:') && !target.includes('/src/'))
      .filter(({ target }) => !(OWNERS[target] ?? []).some((owner) => isWithin(path, owner)))
      .map(({ target, line }) => `${path}:${line} imports ${target}`),
  )
}

function findingOffenders(kind: string): string[] {
  const excused = (path: string) =>
    Object.entries(ALLOWED).some(([name, paths]) => name === kind && paths.some((one) => one.test(path)))
  return files
    .filter(({ path }) => !excused(path))
    .flatMap(({ path, findings }: SourceFile) =>
      findings.filter((one) => one.kind === kind).map(({ line, text }) => `${path}:${line} ${text}`),
    )
}

function missingPaths(document: string): string[] {
  const text = readFileSync(join(ROOT, document), 'utf8')
  const inCode = [...text.matchAll(/`([^`\n]+)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => CITED_PATH.test(path))
  const links = [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map(([, path = '']) => path)
    .filter((path) => !/^[a-z]+:/.test(path))
    .map((path) => posix.join(dirname(document), path))
  return [...inCode, ...links]
    .filter((path) => !existsSync(join(ROOT, path)))
    .map((path) => `${document} cites ${path}`)
}

type Manifest = {
  name: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

function manifestOf(path: string): Manifest {
  // Our own files, which npm has read before us.
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest
}

function dependenciesOf(manifest: string): string[] {
  const { dependencies = {}, devDependencies = {} } = manifestOf(manifest)
  const names = Object.keys({ ...dependencies, ...devDependencies })
  return names.filter((name) => !name.startsWith('@constat/') && !name.startsWith('@types/'))
}

/** As a word: `ws` is not named by "news". */
function mentions(text: string, name: string): boolean {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)
  return new RegExp(`(?<![\\w@/-])${escaped}(?![\\w/-])`).test(text)
}

type Lock = { packages: Record<string, { optionalDependencies?: Record<string, string> }> }

function unlockedPackages(): string[] {
  // Written by npm.
  const { packages: locked } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  return Object.entries(locked).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in locked) && !(`${path}/node_modules/${name}` in locked),
    ),
  )
}
