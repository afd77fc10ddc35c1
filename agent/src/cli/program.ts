/** The command line: commands, options, help. Each command is a file of its own, loaded when it is run. */
import { Command, CommanderError } from 'commander'
import { Fault } from '@constat/shared/fault'
import type { Given } from '../settings.ts'
import { AGENT_VERSION } from '../version.ts'
import { endWith, EXIT, type ExitCode, type Format, type Terminal } from './terminal.ts'

type Common = { json?: boolean; dir?: string }
type Reaching = Common & Pick<Given, 'url' | 'pin' | 'proxy' | 'insecure'>
/** Runs a command and keeps its exit code. */
type Perform = (work: Promise<ExitCode>) => Promise<void>
type Program = { add: (name: string, summary: string) => Command; perform: Perform; terminal: Terminal }

export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done
  const root = createRoot(argv, terminal)
  const add = (name: string, summary: string): Command =>
    root.command(name).description(summary).option('--json', 'answer in JSON')
  const perform: Perform = async (work) => {
    exit = await work
  }
  for (const addCommand of [addInstall, addUninstall, addEnroll, addRun, addStatus, addPolicy, addProbe])
    addCommand({ add, perform, terminal })
  try {
    await root.parseAsync(argv, { from: 'user' })
  } catch (error) {
    // Commander has said it already: its own exits are help, version, and what was mistyped.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    throw error
  }
  return exit
}

function createRoot(argv: readonly string[], terminal: Terminal): Command {
  return new Command('constat-agent')
    .description('Probes services where it stands and streams signed samples to a Constat collector.')
    .version(AGENT_VERSION)
    .addHelpText('after', ENVIRONMENT)
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      outputError: (text) => {
        const fault = new Fault('usage', text.trim().replace(/^error: /, ''), { hint: HINT })
        endWith(fault, { format: formatOf(argv.includes('--json')), terminal })
      },
    })
}

function addEnroll({ add, perform, terminal }: Program): void {
  type Options = Reaching & { token?: string; name?: string; key?: string }
  reaching(add('enroll', 'bind this host to a collector'))
    .option('--token <token>', 'join token, from `constat token agent` (CONSTAT_TOKEN, CONSTAT_TOKEN_FILE)')
    .option('--name <name>', 'name of this agent; absent: that of the host')
    .option('--key <key>', "the collector's public key, to be sure of it (CONSTAT_COLLECTOR_KEY)")
    .option('--dir <dir>', "the agent's directory (CONSTAT_AGENT_DIR)")
    .action(async ({ json, ...options }: Options) => {
      const { enrollHere } = await import('./enroll.ts')
      await perform(enrollHere({ format: formatOf(json), ...options }, terminal))
    })
}

function addInstall({ add, perform, terminal }: Program): void {
  type Options = Reaching & { token?: string; name?: string; key?: string; foreground?: boolean }
  reaching(add('install', 'enrol this host, and keep the agent running on it'))
    .option('--token <token>', 'join token, from `constat token agent` (CONSTAT_TOKEN, CONSTAT_TOKEN_FILE)')
    .option('--name <name>', 'name of this agent; absent: that of the host')
    .option('--key <key>', "the collector's public key, to be sure of it (CONSTAT_COLLECTOR_KEY)")
    .option('--dir <dir>', 'a directory of your own choice; then it is no service (CONSTAT_AGENT_DIR)')
    .option('--foreground', 'run here until stopped, as a container wants it')
    .action(async ({ json, ...options }: Options) => {
      const { install } = await import('./install.ts')
      await perform(install({ format: formatOf(json), ...options }, terminal))
    })
}

function addUninstall({ add, perform, terminal }: Program): void {
  add('uninstall', 'stop the agent and remove it from this host, with its key')
    .option('--dir <dir>', "the agent's directory (CONSTAT_AGENT_DIR)")
    .action(async ({ json, ...options }: Common) => {
      const { uninstall } = await import('./install.ts')
      await perform(uninstall({ format: formatOf(json), ...options }, terminal))
    })
}

/** How the collector is reached: the same words wherever they are needed. */
function reaching(command: Command): Command {
  return command
    .option('--url <url>', 'address of the collector; several are tried in order (CONSTAT_URL)', collect)
    .option('--pin <pin>', "of the collector's TLS key, sha256/…, as its join command has it (CONSTAT_PIN)")
    .option('--proxy <url>', 'HTTP proxy on the way, or none (CONSTAT_PROXY; else HTTPS_PROXY, NO_PROXY)')
    .option('--insecure', 'take a connection without TLS, where the network is your own (CONSTAT_INSECURE)')
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

function addRun({ add, perform, terminal }: Program): void {
  reaching(add('run', 'probe and stream, in the foreground; options go before what the enrolment kept'))
    .option('--dir <dir>', "the agent's directory (CONSTAT_AGENT_DIR)")
    .action(async ({ json, ...options }: Reaching) => {
      const { run } = await import('./run.ts')
      await perform(run({ format: formatOf(json), ...options }, terminal))
    })
}

function addStatus({ add, perform, terminal }: Program): void {
  add('status', 'what the running agent last said of itself; exit 1 when it is not connected')
    .option('--dir <dir>', "the agent's directory (CONSTAT_AGENT_DIR)")
    .action(async ({ json, ...options }: Common) => {
      const { showStatus } = await import('./status.ts')
      await perform(showStatus({ format: formatOf(json), ...options }, terminal))
    })
}

function addPolicy({ add, perform, terminal }: Program): void {
  add('policy', 'what this host lets checks do: the rules of its policy.json, and the defaults')
    .option('--dir <dir>', "the agent's directory (CONSTAT_AGENT_DIR)")
    .action(async ({ json, ...options }: Common) => {
      const { showPolicy } = await import('./policy.ts')
      await perform(showPolicy({ format: formatOf(json), ...options }, terminal))
    })
}

function addProbe({ add, perform, terminal }: Program): void {
  type Probing = Common & { timeoutMs?: number; file?: string }
  add('probe', 'one probe, here and now, with its phases; exit 1 unless it is ok')
    .argument('[what]', 'an address (http, https, tcp, tls, dns, icmp, host), or the name of a check')
    .option('-f, --file <file>', 'a file with a Check document, run before any contract holds it')
    .option('--timeout-ms <ms>', 'give up after this', Number)
    .action(async (url: string | undefined, { json, ...options }: Probing) => {
      const { probeOnce } = await import('./probe.ts')
      await perform(probeOnce({ format: formatOf(json), ...options, url }, terminal))
    })
}

function formatOf(json: boolean | undefined): Format {
  return json === true ? 'json' : 'text'
}

const HINT = 'see constat-agent --help'
const ENVIRONMENT = `
Environment:
  CONSTAT_AGENT_DIR      the agent's directory (default ./agent-data)
  CONSTAT_URL            addresses of the collector, with commas
  CONSTAT_PIN            of the collector's TLS key: nothing else is taken for it
  CONSTAT_PROXY          HTTP proxy on the way to it, or none; or CONSTAT_PROXY_FILE
  CONSTAT_INSECURE       true takes a connection without TLS
  CONSTAT_TOKEN          join token; or CONSTAT_TOKEN_FILE
  CONSTAT_COLLECTOR_KEY  the collector's public key; or CONSTAT_COLLECTOR_KEY_FILE
  CONSTAT_AGENT_ALLOW    addresses and ranges that may be probed although denied by default
  CONSTAT_AGENT_DENY     addresses and ranges that must not be probed
  CONSTAT_LOG_LEVEL      info, warn, error or silent`
