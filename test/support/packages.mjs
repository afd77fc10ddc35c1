/**
 * Packages: programs of the host that the tests drive, each with its reason. Plain Node, as test/run.mjs
 * runs it beside the installation of ours. Installs them in one call where it may, and else says what is
 * missing.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBrowser } from './browser.mjs'

/** Where daemons and tools of root are, which an ordinary user's PATH may leave out. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** `isThere` decides; absent: the program is on the PATH. */
const PACKAGES = [
  { debian: 'chromium', reason: 'the browser tests drive it', isThere: () => findBrowser() !== null },
  { debian: 'nginx-light', program: 'nginx', reason: 'a web server that is not ours, for the http probe' },
  { debian: 'dnsmasq-base', program: 'dnsmasq', reason: 'a name server for the dns probe and the network' },
  { debian: 'fping', program: 'fping', reason: 'sends the echo requests of the icmp probe' },
  { debian: 'iputils-ping', program: 'ping', reason: 'the same, where fping is not' },
  { debian: 'dovecot-imapd', ...dovecot('imap'), reason: 'a mail server for the tcp and tls probes' },
  { debian: 'dovecot-pop3d', ...dovecot('pop3'), reason: 'the same, for POP3' },
  { debian: 'dovecot-submissiond', ...dovecot('submission'), reason: 'the same, for SMTP' },
  { debian: 'vsftpd', program: 'vsftpd', reason: 'an FTP server for the tcp and tls probes' },
  { debian: 'openssh-server', program: 'sshd', reason: 'an SSH server for the tcp probe' },
  { debian: 'iproute2', program: 'ip', reason: 'network namespaces, for the network campaign' },
  { debian: 'tinyproxy', program: 'tinyproxy', reason: 'an HTTP proxy for agents and probes' },
  { debian: 'libnss3-tools', program: 'certutil', reason: 'gives Chromium a certificate authority to trust' },
  { debian: 'curl', program: 'curl', reason: 'counts odd answers beside the http probe, as Chromium does' },
  {
    debian: 'prometheus-blackbox-exporter',
    program: 'prometheus-blackbox-exporter',
    reason: 'a prober that is not ours, which the timing bench times beside',
  },
  { debian: 'poppler-utils', program: 'pdftotext', reason: 'reads the reports that are printed' },
  { debian: 'prometheus', program: 'promtool', reason: 'reads the figures of /metrics' },
  { debian: 'groff-base', program: 'groff', reason: 'reads the manual page' },
  { debian: 'openssl', program: 'openssl', reason: 'makes certificates and serves TLS that is not ours' },
]

/** Debian keeps its programs, one for each protocol, out of every PATH. */
function dovecot(protocol) {
  return { isThere: () => canRun(`/usr/lib/dovecot/${protocol}-login`) }
}

/** Debian starts a service as it installs it; this file says no, and goes when we are done. */
const POLICY = '/usr/sbin/policy-rc.d'
const NO_SERVICES =
  '#!/bin/sh\n# Placed for the time of one installation by the tests of Constat.\nexit 101\n'

/** Whether a program is on the PATH, or where root's tools are. */
export function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...MORE_FOLDERS]
  return folders.some((folder) => folder !== '' && canRun(join(folder, name)))
}

/** Lists what is missing, installs it where we are root on Debian, and says what is missing still. */
function installPackages(say) {
  const wanted = PACKAGES.filter(isMissing)
  if (wanted.length === 0) return
  const names = wanted.map(({ debian }) => debian)
  const isRoot = process.getuid?.() === 0
  const hasApt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0
  if (isRoot && hasApt) {
    say(`installing for the tests: ${names.join(' ')} …`)
    withoutServices(() => aptInstall(names))
  }
  for (const { debian, reason } of wanted.filter(isMissing)) {
    say(`missing: ${debian} (${reason}); only root on Debian can install it here, so its tests will fail`)
  }
}

const APT_LOCK_LIMIT_S = 300

function isMissing({ program, isThere = () => hasProgram(program) }) {
  return !isThere()
}

function aptInstall(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const stdio = ['ignore', 'ignore', 'inherit']
  spawnSync('apt-get', ['update', '-qq'], { stdio, env })
  // Another installation on this host may be under way.
  const flags = ['-y', '-qq', '--no-install-recommends', '-o', `DPkg::Lock::Timeout=${APT_LOCK_LIMIT_S}`]
  spawnSync('apt-get', ['install', ...flags, ...names], { stdio, env })
}

/** A host that has a policy of its own keeps it. */
function withoutServices(install) {
  if (existsSync(POLICY)) return install()
  writeFileSync(POLICY, NO_SERVICES, { mode: 0o755 })
  try {
    install()
  } finally {
    rmSync(POLICY, { force: true })
  }
}

function canRun(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  installPackages((line) => process.stdout.write(`${line}\n`))
