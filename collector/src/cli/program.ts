/** `constat`: the commands, one file each; this one is their table. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { Fault } from '@constat/shared/fault'
import { REPORT_FORMATS } from '../view/report-format.ts'
import { VERSION } from '../version.ts'
import { asksJson } from './failure.ts'
import { completionOf, SHELLS } from './completion.ts'
import { manualOf } from './man.ts'
import { entriesOf } from './table.ts'
import { EXIT, type World } from './world.ts'

/** Runs one command; the answer is the exit code. A command's code is loaded when it is called. */
export async function runCommand(args: readonly string[], world: World): Promise<number> {
  const ended = { code: EXIT.done as number }
  const program = programOf(quietFor(world, args), (code) => {
    ended.code = code
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return ended.code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version are answers, not mistakes; commander has printed both kinds.
    if (error.exitCode === 0) return EXIT.done
    if (asksJson(args)) throw new Fault('usage', error.message.replace(/^error: /, ''), { hint: ASK_HELP })
    return EXIT.usage
  }
}

const EVALUATE_HELP = `
A scenario is one JSON file: a contract, a window, samples or states, what people declared. On a terminal
the answer is a summary; into a pipe, or with --json, it is JSON.
Worked examples: docs/scenarios. Shapes: docs/scenario.schema.json and docs/scenario-result.schema.json.`

const ASK_HELP = 'constat --help lists the commands.'

/** What commander says of a mistake is no JSON: it is told once, as the failure. */
function quietFor(world: World, args: readonly string[]): World {
  return asksJson(args) ? { ...world, err: (text) => !text.startsWith('error: ') && world.err(text) } : world
}

const DATA = ['--data <dir>', 'data directory (CONSTAT_DATA_DIR, default ./data)'] as const
const WINDOW = ['--window <key>', '2026-10, 2026-Q4, 2026-W41, 2026-10-05 …'] as const
const JSON_OUT = ['--json', 'answer as JSON'] as const

function programOf(world: World, end: (code: number) => void): Command {
  const program = new Command('constat')
    .description(
      "The customer's own instrument: measures outsourced services and judges them by the contract.",
    )
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.out(text.trimEnd()),
      writeErr: (text) => world.err(text.trimEnd()),
    })
  addServing(program, world, end)
  addContracts(program, world, end)
  addOperations(program, world, end)
  addHelp(program, world)
  return program
}

/** What is said of the commands besides `--help`. */
function addHelp(program: Command, world: World): void {
  program
    .command('completion')
    .description('completes commands and options as you type: prints what your shell reads')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => world.out(completionOf(shell, entriesOf(program)).trimEnd()))
  program
    .command('man')
    .description('prints the manual page: constat man | man -l -')
    .action(() => world.out(manualOf(entriesOf(program)).trimEnd()))
}

function addServing(program: Command, world: World, end: (code: number) => void): void {
  program
    .command('up')
    .description('collector, embedded database and a local agent')
    .option('--watch <url>', 'watch this http, https, tcp, tls, dns or icmp URL (several times)', collect, [])
    .option('--target <percent>', 'availability that was promised', '99.9')
    .option('--every <duration>', 'one probe each, ISO 8601', 'PT10S')
    .option('--timeout <duration>', 'a probe takes no longer (default: PT5S, or half of --every)')
    .option(...DATA)
    .option('--listen <host:port>', 'where to listen (CONSTAT_LISTEN, default 127.0.0.1:8420)')
    .action(async (flags) => end(await (await import('./up.ts')).up(flags, world)))
  program
    .command('collector')
    .description('the collector alone')
    .option(...DATA)
    .option('--listen <host:port>', 'where to listen (CONSTAT_LISTEN, default 127.0.0.1:8420)')
    .action(async (flags) => end(await (await import('./collector.ts')).collector(flags, world)))
}

function addContracts(program: Command, world: World, end: (code: number) => void): void {
  program
    .command('apply')
    .description('put contract documents in force, each guarantee from the next start of its window')
    .requiredOption('-f, --file <path>', 'a YAML or JSON file, or a directory of them')
    .option(
      '--try',
      'apply nothing: have each check probed once by a connected agent; exit 1 unless every one is ok',
    )
    .option('--stop-probing', 'what the new revision no longer needs is not probed any more, at once')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./apply.ts')).apply(flags, world)))
  program
    .command('archive <contract>')
    .description('end a contract now: nothing is probed, everything stays readable; apply takes it up again')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./archive.ts')).archive(name, flags, world)))
  program
    .command('diff')
    .description('what contract documents would change, clause by clause; exit 1 when they do')
    .requiredOption('-f, --file <path>', 'a YAML or JSON file, or a directory of them')
    .option('--against <path>', 'compare with these documents, in place of the terms in force')
    .option('--contract <name>', 'this contract only')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./diff.ts')).diff(flags, world)))
  program
    .command('explain <contract>')
    .description('the terms in force, every default shown')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) =>
      end(await (await import('./explain.ts')).explainContract(name, flags, world)),
    )
  program
    .command('get [kind]')
    .description(
      'contracts, agents, incidents, exclusions or webhooks, all of them, as JSON; with --of the windows, revisions, penalties, statements or deliveries of one',
    )
    .option('--of <name>', 'the contract, or the id of the webhook')
    .option('--where <filter...>', 'filters of the API, each NAME=VALUE: open=true zone=network')
    .option(...DATA)
    .option('--json', 'on one line')
    .action(async (kind, flags) =>
      end(await (await import('./read.ts')).get(kind ?? 'contracts', flags, world)),
    )
  addQuestions(program, world, end)
  addPapers(program, world, end)
  addWords(program, world, end)
}

function addWords(program: Command, world: World, end: (code: number) => void): void {
  program
    .command('words <contract>')
    .description('what people wrote beside entries of the log, each by its digest')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./erase.ts')).listWords(name, flags, world)))
  program
    .command('erase <contract> <digest>')
    .description('erase what somebody wrote; the log keeps its commitment, and holds')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, digest, flags) =>
      end(await (await import('./erase.ts')).erase({ name, digest }, flags, world)),
    )
}

/** What is taken along from a window or a contract, as files. */
function addPapers(program: Command, world: World, end: (code: number) => void): void {
  program
    .command('report <contract>')
    .description('the report of a window: results, incidents, exclusions, penalty, and how it was judged')
    .requiredOption(...WINDOW)
    .addOption(new Option('--format <format>', 'form of the report').choices(REPORT_FORMATS).default('html'))
    .addOption(new Option('--lang <lang>', "language (default: the collector's)").choices(['en', 'fr']))
    .option('--version-of-window <n>', 'this version of a closed window (default: the newest)')
    .option('-o, --output <file>', 'where to (default: its own name, here)')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./report.ts')).report(name, flags, world)))
  program
    .command('evidence <contract>')
    .description('everything that a window is judged on, as one zip that constat-verify checks')
    .requiredOption(...WINDOW)
    .requiredOption('-o, --output <file>', 'the zip to write')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./evidence.ts')).evidence(name, flags, world)))
  program
    .command('claim <contract>')
    .description('what a claim takes: letter, report, incidents, evidence, and what it still lacks')
    .requiredOption(...WINDOW)
    .addOption(new Option('--lang <lang>', "language (default: the collector's)").choices(['en', 'fr']))
    .requiredOption('-o, --output <dir>', 'the folder to write into')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./claim.ts')).claim(name, flags, world)))
  program
    .command('annex <contract>')
    .description('the draft of the amendment that makes the instrument part of a contract, in both languages')
    .addOption(
      new Option('--lang <lang>', 'which stands first (default: which prevails)').choices(['en', 'fr']),
    )
    .requiredOption('-o, --output <file>', 'the file to write: .pdf, .html or .md')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./annex.ts')).annex(name, flags, world)))
}

/** What a contract is asked of the past, and of other terms. */
function addQuestions(program: Command, world: World, end: (code: number) => void): void {
  program
    .command('reconcile <contract>')
    .description("the provider's statement of a window beside the measurement; exit 1 where they differ")
    .requiredOption(...WINDOW)
    .requiredOption(
      '--statement <file>',
      'CSV or JSON, or a percentage such as 99.95; - reads standard input',
    )
    .option('--keep', 'hand it in too: it becomes an entry of the ledger')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./reconcile.ts')).reconcile(name, flags, world)))
  program
    .command('replay <contract>')
    .description('what other tools would have said of a window, by their arithmetic')
    .requiredOption(...WINDOW)
    .option('--policy <name>', 'one of them only')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./replay.ts')).replay(name, flags, world)))
  program
    .command('preset [name]')
    .description('contracts to start from: list them, or print one')
    .option(...JSON_OUT)
    .action(async (name, flags) => end((await import('./preset.ts')).preset(name, flags, world)))
  program
    .command('evaluate <scenario>')
    .description('the engine on a JSON file, no server; - reads standard input')
    .option('--check', 'exit 1 when a guarantee is not met')
    .option('--json', 'the whole answer, as a pipe gets it')
    .addHelpText('after', EVALUATE_HELP)
    .action(async (path, flags) => end((await import('./evaluate.ts')).evaluate(path, flags, world)))
}

function addOperations(program: Command, world: World, end: (code: number) => void): void {
  program
    .command('status')
    .description('contracts worst first, verdicts, open incidents, agents; exit 1 when a target is not met')
    .option('--contract <name>', 'this contract only')
    .option('--watch', 'again every two seconds, until interrupted')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./read.ts')).status(flags, world)))
  addTokens(program, world, end)
  addPeople(program, world, end)
  addLog(program, world, end)
  addAlerts(program, world, end)
  program
    .command('check')
    .description('prove the whole ledger, running or stopped; exit 2 names the first entry that lies')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./check.ts')).check(flags, world)))
  program
    .command('rebuild')
    .description('prove the ledger, then make everything derived again from it')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./rebuild.ts')).rebuild(flags, world)))
  program
    .command('doctor')
    .description('what an operator would look at first; exit 1 when something fails')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./doctor.ts')).doctor(flags, world)))
  program
    .command('backup')
    .description('everything that cannot be made again, as one folder, running or stopped')
    .requiredOption('-o, --output <folder>', 'the folder to make')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./backup.ts')).backup(flags, world)))
  program
    .command('restore <folder>')
    .description('bring a backup back into an empty data directory, and prove it')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (folder, flags) => end(await (await import('./restore.ts')).restore(folder, flags, world)))
}

function addLog(program: Command, world: World, end: (code: number) => void): void {
  const log = program.command('log').description('the evidence log of a contract, and who may read it')
  const ways = [
    ['publish', true, 'open /log/<contract>/ to everybody; an entry of the log says so'],
    ['unpublish', false, 'leave it to its readers again; what others have they keep'],
  ] as const
  for (const [name, open, description] of ways) {
    log
      .command(`${name} <contract>`)
      .description(description)
      .option(...DATA)
      .option(...JSON_OUT)
      .action(async (contract, flags) =>
        end(await (await import('./publish.ts')).publish({ name: contract, open }, flags, world)),
      )
  }
}

function addAlerts(program: Command, world: World, end: (code: number) => void): void {
  program
    .command('alert')
    .description('who is told')
    .command('test <contract>')
    .description(
      'who would be told of what, when and why, if each service went down now; exit 1 where nobody is',
    )
    .option('--send', 'send a test message to each endpoint, and wait for its answer')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./alert-test.ts')).alertTest(name, flags, world)))
}

function addTokens(program: Command, world: World, end: (code: number) => void): void {
  const token = program.command('token').description('who may come in; a token is shown once')
  token
    .command('agent')
    .description('one command that joins an agent, good for a day')
    .option('--name <name>', 'name of the agent')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./token.ts')).agentToken(flags, world)))
  token
    .command('api')
    .description('one API token')
    .requiredOption('--role <role>', 'owner, viewer, provider or internal (status only)')
    .option('--contract <name>', 'sees this contract only')
    .option('--expires <duration>', 'good so long, as P90D, or never (default: a year; of an owner never)')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./token.ts')).apiToken(flags, world)))
  token
    .command('list')
    .description('those that are good now')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./token.ts')).listedTokens(flags, world)))
  token
    .command('revoke <id>')
    .description('end a token, its sessions and its event streams')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (id, flags) => end(await (await import('./token.ts')).revokedToken(id, flags, world)))
  token
    .command('owner')
    .description('the owner link')
    .option('--renew', 'make another; the one of before opens nothing any more')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./token.ts')).ownerToken(flags, world)))
}

function addPeople(program: Command, world: World, end: (code: number) => void): void {
  const people = program.command('people').description('who has an account')
  people
    .command('list')
    .description('accounts, what each may see, and how each signs in')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (flags) => end(await (await import('./people.ts')).listedPeople(flags, world)))
  people
    .command('invite <name>')
    .description('a link that lets one account in, good for a week')
    .requiredOption('--role <role>', 'owner, viewer, provider or internal (status only)')
    .option('--contract <names...>', 'sees these contracts only')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./people.ts')).invitedPerson(name, flags, world)))
  people
    .command('remove <name>')
    .description('end an account, by name or id, its sessions and its event streams')
    .option(...DATA)
    .option(...JSON_OUT)
    .action(async (name, flags) => end(await (await import('./people.ts')).removedPerson(name, flags, world)))
}

/** Watched URLs at most, on the command line. */
const MAX_WATCHED = 200

function collect(value: string, previous: string[]): string[] {
  if (previous.length >= MAX_WATCHED) throw new InvalidArgumentError(`at most ${MAX_WATCHED} URLs`)
  return [...previous, value]
}
