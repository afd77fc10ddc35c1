/** `constat-verify`: its options, its answer, its exit codes. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { readFileSync, statSync } from 'node:fs'
import { parseVkey } from '@constat/evidence/vkey'
import { MAX_ZIP_BYTES } from '@constat/evidence/zip'
import { Fault, messageOf } from '@constat/shared/fault'
import { reportLines } from './text.ts'
import { verifyBundle, type Verdict } from './verify.ts'
import { VERSION } from './version.ts'

export type World = {
  /** One line of the answer, and one beside it. */
  out(text: string): void
  err(text: string): void
  /** Rewrites one line of a terminal, and says nothing elsewhere. Null ends it. */
  progress(text: string | null): void
}

/** 0 reproduced · 1 figures differ · 2 evidence broken · 3 usage · 4 could not run. */
export const EXIT = { usage: 3, failed: 4 } as const
const EXIT_OF: Readonly<Record<Verdict, number>> = { reproduced: 0, differs: 1, broken: 2 }

const HELP = `
It reads one file, and neither the network nor anything else. Exit 0: the evidence holds and gives the same
figures. 1: it holds, and the figures differ. 2: the evidence is broken; every entry, agent or file is named.
3: it was asked wrongly. 4: it could not run.
A key inside a bundle proves nothing by itself: get the key of the log, and the digest of the terms that were
agreed, by another way, and give them.`

type Flags = { logKey?: string; terms?: string; json?: boolean }

export async function runProgram(args: readonly string[], world: World): Promise<number> {
  let code = 0
  const program = new Command('constat-verify')
    .description('Checks a bundle of Constat: what was signed, by whom, and whether it gives these figures.')
    .version(VERSION)
    .argument('<bundle>', 'the zip that `constat evidence` or the page of a contract gave')
    .option('--log-key <key>', 'the key of the log: 64 hex digits, or a key as text (name+id+base64)', logKey)
    .option('--terms <digest>', 'SHA-256 of the terms that were agreed, 64 hex digits', hexDigits)
    .option('--json', 'answer as JSON')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.out(text.trimEnd()),
      writeErr: (text) => world.err(text.trimEnd()),
    })
    .action(async (path: string, flags: Flags) => {
      code = await verify(path, flags, world)
    })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Commander has said it already; help and version are answers.
    return error.exitCode === 0 ? 0 : EXIT.usage
  }
}

async function verify(path: string, flags: Flags, world: World): Promise<number> {
  const { logKey: key = null, terms = null, json } = flags
  const zip = readBundle(path)
  const report = await verifyBundle(zip, { logKey: key, terms }, ({ done, of }) =>
    world.progress(bar(done, of)),
  )
  world.progress(null)
  if (json) world.out(JSON.stringify(report))
  else for (const line of reportLines(report)) world.out(line)
  return EXIT_OF[report.verdict]
}

function readBundle(path: string): Buffer {
  try {
    const { size } = statSync(path)
    if (size <= MAX_ZIP_BYTES) return readFileSync(path)
  } catch (error) {
    throw new Fault('usage', `${path} cannot be read: ${messageOf(error)}`)
  }
  throw new Fault('usage', `${path} is larger than 2 GiB: no bundle is`)
}

const BAR_CHARS = 30

function bar(done: number, of: number): string {
  const share = of === 0 ? 1 : done / of
  const full = Math.floor(share * BAR_CHARS)
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CHARS - full)} ${done} of ${of} entries`
}

/** As hex. */
function logKey(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  const vkey = parseVkey(text)
  if (vkey) return vkey.publicKey.toString('hex')
  throw new InvalidArgumentError('64 hex digits, or a key as text (name+id+base64).')
}

function hexDigits(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('64 hex digits.')
}
