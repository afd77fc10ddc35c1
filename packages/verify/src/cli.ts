/** `constat-verify`: its options, its answer, its exit codes. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { readFileSync, statSync } from 'node:fs'
import { readAnchors, type Certificate } from '@constat/evidence/certificate'
import { parsePolicy, type Policy } from '@constat/evidence/policy'
import { ED25519_TYPE, formatVkey, parseVkey, type Vkey } from '@constat/evidence/vkey'
import { MAX_ZIP_BYTES } from '@constat/evidence/zip'
import { Fault, messageOf } from '@constat/shared/fault'
import { rawPublicKey } from '@constat/shared/signature'
import { formatInstant } from '@constat/shared/time'
import { runMirror, type MirrorFlags } from './run-mirror.ts'
import { counterSign } from './counter-signature.ts'
import type { Signed } from './trust.ts'
import { openPersonKey } from './person-key.ts'
import { failureLine, reportLines } from './text.ts'
import { verifyBundle, type Verdict } from './verify.ts'
import { VERSION } from './version.ts'
import type { World } from './world.ts'
import { serveWitness, witnessVkey } from './witness.ts'
import { WitnessStore } from './witness-store.ts'

/** 0 reproduced · 1 figures differ · 2 evidence broken · 3 usage · 4 could not run. */
export const EXIT = { usage: 3, failed: 4 } as const
const EXIT_OF: Readonly<Record<Verdict, number>> = { reproduced: 0, differs: 1, broken: 2, unjudged: 4 }

const HELP = `
It reads one file, and neither the network nor anything else. Exit 0: the evidence holds and gives the same
figures. 1: it holds, and the figures differ. 2: the evidence is broken; every entry, agent or file is named.
3: it was asked wrongly. 4: it could not run, or the window was judged by rules that it does not have.
A key inside a bundle proves nothing by itself: get the key of the log, and the digest of the terms that were
agreed, by another way, and give them.`

type Signing = { signature?: Signed['notes']; signer?: Vkey[] }
type Flags = {
  logKey?: string
  terms?: string
  policy?: Policy
  head?: string
  tsaCa?: Certificate[]
  json?: boolean
} & Signing

export async function runProgram(args: readonly string[], world: World): Promise<number> {
  let code = 0
  const program = new Command('constat-verify')
    .description('Checks a bundle of Constat: what was signed, by whom, and whether it gives these figures.')
    .version(VERSION)
    .argument('<bundle>', 'the zip that `constat evidence` or the page of a contract gave')
    .option('--log-key <key>', 'the key of the log: 64 hex digits, or a key as text (name+id+base64)', logKey)
    .option('--terms <digest>', 'SHA-256 of the terms that were agreed, 64 hex digits', hexDigits)
    .option(
      '--policy <file>',
      'witnesses that have to have cosigned the checkpoint, as C2SP tlog-policy',
      policyFile,
    )
    .option(
      '--head <file>',
      'a checkpoint of the log that you have kept: the bundle has to extend it',
      textFile,
    )
    .option(
      '--tsa-ca <file>',
      'root certificates, PEM, of a timestamp authority that has to have dated a checkpoint',
      anchorsFile,
    )
    .option('--signature <file>', 'a counter-signature of a declaration (several times)', textFiles)
    .option('--signer <key>', 'the key of a person who counter-signs, as text (several times)', vkeys)
    .option('--json', 'answer as JSON')
    .addHelpText('after', HELP)
    // What stands behind the name of a subcommand is the subcommand's.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.out(text.trimEnd()),
      writeErr: (text) => world.err(text.trimEnd()),
    })
    .action(async (path: string, flags: Flags) => {
      code = await verify(path, flags, world)
    })
  addWitness(program, world)
  addSign(program, world)
  addMirror(program, world, (ended) => {
    code = ended
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

/** Its subcommands write to the terminal as it does, and end as it does. */
function addWitness(program: Command, world: World): void {
  program
    .command('witness')
    .description('cosign the checkpoints of a log, each only where it extends all that was cosigned before')
    .requiredOption('--dir <folder>', 'where its key and what it has cosigned are kept')
    .requiredOption('--log <key>', 'a log to witness, its key as text (several times)', vkeys)
    .option('--name <name>', 'of a new witness, as witness.example: it becomes a part of its key')
    .option('--listen <host:port>', 'where to listen', '127.0.0.1:8430')
    .copyInheritedSettings(program)
    .action((flags: WitnessFlags) => witness(flags, world))
}

const SIGN_HELP = `
The signature is written to the terminal: keep it in a file, and give it with the key, which is told beside it, to whoever
checks the bundle (--signature, --signer). Without a file of a key one is made, under --name.
An entry is signed as it stands in a bundle that holds; its number stands in the log and in what --json says of failures.`

/** Whoever declared something, signs it. */
function addSign(program: Command, world: World): void {
  program
    .command('sign <bundle>')
    .description(
      'counter-sign a declaration of yours: an exclusion, an answer, a statement, a remark, a penalty',
    )
    .requiredOption('--entry <number>', 'the entry of the log that says it', entryNumber)
    .requiredOption('--key <file>', 'your key')
    .requiredOption('--log-key <key>', 'the key of the log: 64 hex digits, or a key as text', logKey)
    .option('--name <name>', 'of a new key, as ana.northstar.example')
    .addHelpText('after', SIGN_HELP)
    .copyInheritedSettings(program)
    .action(async (path: string, flags: SignFlags) => sign(path, flags, world))
}

type SignFlags = { entry: number; key: string; logKey: string; name?: string }

async function sign(path: string, flags: SignFlags, world: World): Promise<void> {
  const zip = readBundle(path)
  const report = await verifyBundle(zip, { logKey: flags.logKey, terms: null })
  if (report.verdict === 'broken') {
    const [first] = report.failures
    throw new Fault(
      'evidence',
      `the bundle does not hold, so nothing of it is signed: ${failureLine(first!)}`,
    )
  }
  const key = openPersonKey(flags.key, flags.name)
  for (const line of counterSign(zip, { entry: flags.entry, key }).trimEnd().split('\n')) world.out(line)
  const { name, keyId, type } = key
  world.err(`Key ${formatVkey({ name, keyId, type, publicKey: rawPublicKey(key.key) })}`)
}

const MIRROR_HELP = `
The token of a reader is taken from CONSTAT_TOKEN; a published log needs none. A certificate that the host does not
trust is named in NODE_EXTRA_CA_CERTS.
Exit 0: what is published comes out. 1: some figure does not. 2: the evidence is broken, or the log has signed two
histories; both heads are kept in the folder. 3: asked wrongly. 4: it could not run, or a window was judged by rules
that it does not have. Without --once it goes on until
it is interrupted or the evidence breaks; what does not answer is asked again.`

function addMirror(program: Command, world: World, end: (code: number) => void): void {
  program
    .command('mirror <url>')
    .description(
      'follow a log, hold every entry against its heads, and work every figure out again as it grows',
    )
    .requiredOption(
      '--log <key>',
      'the key of the log as text, as the page of the evidence shows it',
      oneVkey,
    )
    .requiredOption('--dir <folder>', 'where the entries and the newest head are kept')
    .option('--once', 'as far as the log is signed now, and end')
    .option('--every <seconds>', 'how often the log is asked for more', seconds, 60)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', MIRROR_HELP)
    .copyInheritedSettings(program)
    .action(async (url: string, flags: MirrorFlags) => end(await runMirror(url, flags, world)))
}

type WitnessFlags = { dir: string; log: Vkey[]; name?: string; listen: string }

async function witness({ dir, log: logs, name, listen }: WitnessFlags, world: World): Promise<void> {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(listen) ?? []
  if (host === '') throw new Fault('usage', `--listen is ${listen}: write HOST:PORT, as 127.0.0.1:8430`)
  const store = await WitnessStore.open(dir, name)
  try {
    const told = (line: string): void => world.out(`${formatInstant(world.nowMs())} ${line}`)
    const place = { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
    const server = await serveWitness(place, { store, logs, nowMs: world.nowMs, told })
    world.out(`Witness ${witnessVkey(store)}`)
    world.out(`Listens on http://${listen}`)
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    })
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  } finally {
    await store.close()
  }
}

/** Logs that one witness takes, signatures that are held at once. */
const MAX_LOGS = 1_000

function textFiles(file: string, before: Signed['notes'] = []): Signed['notes'] {
  if (before.length >= MAX_LOGS) throw new InvalidArgumentError(`at most ${MAX_LOGS} files.`)
  return [...before, { file, text: textFile(file) }]
}

function vkeys(text: string, before: readonly Vkey[] = []): Vkey[] {
  if (before.length >= MAX_LOGS) throw new InvalidArgumentError(`at most ${MAX_LOGS} of them.`)
  return [...before, oneVkey(text)]
}

function entryNumber(text: string): number {
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return Number(text)
  throw new InvalidArgumentError('the number of an entry, from 0.')
}

function oneVkey(text: string): Vkey {
  const vkey = parseVkey(text)
  if (vkey?.type === ED25519_TYPE) return vkey
  throw new InvalidArgumentError('a key as text (name+id+base64), as the page of the evidence shows it.')
}

function seconds(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('a number of seconds, at least 1.')
}

async function verify(path: string, flags: Flags, world: World): Promise<number> {
  const { logKey: key = null, terms = null, policy, head, tsaCa: authorities, json } = flags
  const { signature: notes, signer: signers } = flags
  if ((notes === undefined) !== (signers === undefined))
    throw new Fault('usage', '--signature and --signer go together: whose word is it to be')
  const signed = notes && signers && { notes, signers }
  const zip = readBundle(path)
  const report = await verifyBundle(
    zip,
    { logKey: key, terms, policy, head, authorities, signed },
    ({ done, of }) => world.progress(bar(done, of)),
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

function textFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InvalidArgumentError(`it cannot be read: ${messageOf(error)}`)
  }
}

function anchorsFile(path: string): Certificate[] {
  const anchors = readAnchors(textFile(path))
  if (anchors) return anchors
  throw new InvalidArgumentError('it is no file of certificates in PEM that can be used.')
}

function policyFile(path: string): Policy {
  const parsing = parsePolicy(textFile(path))
  if (parsing.kind === 'parsed') return parsing.policy
  throw new InvalidArgumentError(`line ${parsing.line}: ${parsing.reason}.`)
}

function hexDigits(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('64 hex digits.')
}
