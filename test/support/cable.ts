/**
 * Cables: links between namespaces that delay, lose, double and reorder frames, or carry none, as they are
 * told, from a seed. Made of two TAP interfaces with a program of ours between them (cable-child.ts), as
 * many kernels are built without netem. Perl opens the interfaces: Node.js has no ioctl.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { plug, type End, type Network } from './netns.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CHILD = fileURLToPath(new URL('cable-child.ts', import.meta.url))
const TUN = '/dev/net/tun'
const READY_WITHIN_MS = 20_000
/** Each interface has one read waiting on a thread of its own; some are left for writes. */
const THREADS_TO_SPARE = 16

/** TUNSETIFF with IFF_TAP | IFF_NO_PI; the descriptors stay open across exec, their numbers in CABLE_FDS. */
const OPEN_TAPS = `
use Fcntl; $^F = 1024;
my ($names, @command) = @ARGV; my @taps;
for my $name (split /,/, $names) {
  sysopen(my $tap, '${TUN}', O_RDWR) or die "${TUN}: $!\\n";
  ioctl($tap, 0x400454ca, pack('a16 s x22', $name, 0x1002)) or die "$name: $!\\n";
  push @taps, $tap;
}
$ENV{CABLE_FDS} = join ',', map { fileno $_ } @taps;
exec @command or die "$command[0]: $!\\n";
`

/** Both directions alike. A percentage is the chance of each frame. */
export type Weather = {
  delayMs: number
  lossPercent: number
  duplicatePercent: number
  /** Held back, so that those behind it come first. */
  reorderPercent: number
  /** Nothing passes, and nobody is told: neither end sees its link go down. */
  isCut: boolean
}
export const FAIR: Weather = {
  delayMs: 0,
  lossPercent: 0,
  duplicatePercent: 0,
  reorderPercent: 0,
  isCut: false,
}

export type Cable = {
  /** Holds from now on; what is not named is fair. */
  weather(weather: Partial<Weather>): void
  cut(): void
  mend(): void
}

/** What goes to cable-child.ts. */
export type CableOrder = { cable: number; weather: Weather }

export type Plan = { a: End; b: End }

/** All cables of a network at once, in the order of the plans; gone with the network. */
export async function layCables(
  network: Network,
  { plans, seed }: { plans: readonly Plan[]; seed: number },
): Promise<Cable[]> {
  const ends = plans.flatMap(({ a, b }) => [a, b])
  const taps = ends.map(() => network.deviceName())
  const child = startChild(taps, seed)
  network.onClose(() => child.kill('SIGKILL'))
  await ready(child)
  for (const [i, end] of ends.entries()) plug(taps[i]!, end)
  return plans.map((_, cable) => {
    const weather = (now: Partial<Weather>): void => {
      const order: CableOrder = { cable, weather: { ...FAIR, ...now } }
      child.send(order)
    }
    return { weather, cut: () => weather({ isCut: true }), mend: () => weather({}) }
  })
}

function startChild(taps: readonly string[], seed: number): ChildProcess {
  const command = [process.execPath, '--import', 'tsx', CHILD, String(seed)]
  return spawn('perl', ['-e', OPEN_TAPS, taps.join(','), ...command], {
    cwd: ROOT,
    env: { ...process.env, UV_THREADPOOL_SIZE: String(taps.length + THREADS_TO_SPARE) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error('the cables were not ready in time')), READY_WITHIN_MS)
    child.once('message', () => resolve())
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the cables ended with ${code}`)))
    child.once('message', () => clearTimeout(limit))
  })
}
