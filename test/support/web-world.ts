/**
 * A web that is not ours, on loopback: nginx in all the moods of a service, tinyproxy on the way to it, and
 * certificates of OpenSSL with an authority in between. Everything lives in one temporary folder.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { refusingPort } from './fault-server.ts'
import { hasProgram } from './packages.mjs'

const START_LIMIT_MS = 20_000
/** Where daemons are, which an ordinary user's PATH may leave out. */
const PATH = [process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter)

export type Daemon = { stop: () => Promise<void> }

/** In an empty folder of its own; `ports` are free ones of loopback. */
export async function makeFolder(): Promise<string> {
  return mkdtempSync(join(tmpdir(), 'constat-web-'))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** nginx with these servers, as the user who runs the tests. Rejects with its own words. */
export async function startNginx(
  folder: string,
  { ports, servers }: { ports: readonly number[]; servers: string },
): Promise<Daemon> {
  need('nginx', 'nginx-light')
  for (const name of ['body', 'proxy', 'other']) mkdirSync(join(folder, name), { recursive: true })
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, nginxConfig(folder, servers))
  return startDaemon(['nginx', '-p', folder, '-c', config, '-e', 'stderr'], { ports, quit: 'SIGTERM' })
}

function nginxConfig(folder: string, servers: string): string {
  return `
daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off; default_type text/plain; root ${folder}/www;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/other; uwsgi_temp_path ${folder}/other; scgi_temp_path ${folder}/other;
  limit_req_zone $binary_remote_addr zone=one:64k rate=1r/m; limit_req_status 429;
  ${servers}
}`
}

/** tinyproxy with these lines of configuration beside the port. */
export async function startTinyproxy(
  folder: string,
  { port, lines = [] }: { port: number; lines?: readonly string[] },
): Promise<Daemon> {
  need('tinyproxy', 'tinyproxy')
  const config = join(folder, `tinyproxy-${port}.conf`)
  const base = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 30', 'MaxClients 20', 'LogLevel Critical']
  writeFileSync(config, `${[...base, `PidFile "${folder}/${port}.pid"`, ...lines].join('\n')}\n`)
  return startDaemon(['tinyproxy', '-d', '-c', config], { ports: [port], quit: 'SIGTERM' })
}

async function startDaemon(
  [program, ...args]: readonly [string, ...string[]],
  { ports, quit }: { ports: readonly number[]; quit: NodeJS.Signals },
): Promise<Daemon> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH } })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += String(chunk)))
  const gone = new Promise<void>((settle) => child.once('close', () => settle()))
  const giveUpMs = performance.now() + START_LIMIT_MS
  for (const port of ports) {
    while (!(await answers(port))) {
      if (child.exitCode !== null || performance.now() > giveUpMs) {
        await end(child, { gone, quit })
        throw new Error(`${program} does not listen on ${port}: ${said}`)
      }
      await sleep(20)
    }
  }
  return { stop: () => end(child, { gone, quit }) }
}

async function end(
  child: ChildProcess,
  { gone, quit }: { gone: Promise<void>; quit: NodeJS.Signals },
): Promise<void> {
  child.kill(quit)
  const late = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS)
  await gone
  clearTimeout(late)
}

function answers(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
    socket.once('connect', () => socket.destroy())
  })
}

export type Ports<N extends string> = Record<N, number>

export async function freePorts<N extends string>(...names: N[]): Promise<Ports<N>> {
  const ports = await Promise.all(names.map(async (name) => [name, await refusingPort()] as const))
  // Made of just these names.
  return Object.fromEntries(ports) as Ports<N>
}

/**
 * A root, an authority below it, a leaf of that for localhost, and a client of the root, in files of the
 * folder: root.crt, leaf.crt, chain.crt (leaf and authority), leaf.key, client.crt, client.key, and
 * stranger.crt with stranger.key, which nobody has signed.
 */
export function makeCertificates(folder: string): (name: string) => Buffer {
  need('openssl', 'openssl')
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const issue = (name: string, issuer: string, extension: string): void => {
    writeFileSync(join(folder, `${name}.ext`), `${extension}\n`)
    openssl(...request, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    const by = ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`, '-CAcreateserial']
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...by,
      '-days',
      '30',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    )
  }
  for (const name of ['root', 'stranger'])
    openssl(
      ...request,
      '-x509',
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    )
  issue('between', 'root', 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign')
  issue('leaf', 'between', 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  issue('client', 'root', 'extendedKeyUsage=clientAuth')
  const read = (name: string): Buffer => readFileSync(join(folder, name))
  writeFileSync(join(folder, 'chain.crt'), Buffer.concat([read('leaf.crt'), read('between.crt')]))
  return read
}

function need(program: string, debian: string): void {
  if (hasProgram(program)) return
  throw new Error(`${program} is not installed, and this test drives it: apt-get install ${debian}`)
}
