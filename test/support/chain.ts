/**
 * Certificate chains made by openssl at test time: any name, any days, any issuer. openssl is also the
 * oracle for pins, as nothing of ours is in it.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const DAY_MS = 86_400_000

/** PEM. `chain` is what a server shows: its own certificate and the issuers between it and the root. */
export type Issued = { name: string; key: string; cert: string; chain: string }
export type Order = {
  name: string
  /** Absent: signs itself. */
  by?: Issued
  /** From now; negative has ended. */
  daysLeft: number
  /** `nameless`: a server whose name stands in its subject alone. */
  kind: 'authority' | 'server' | 'nameless'
  /** Its key, in place of a new one. */
  of?: Issued
  /** The only domain below which it may issue. */
  permits?: string
  /** What its key is for, as openssl has it. Absent: it does not say. */
  keyUsage?: string
}

export type Workshop = {
  issue: (order: Order) => Issued
  /** SHA-256 of the public key, base64, as openssl has it. */
  pin: (cert: string) => string
  close: () => void
}

/** Of an authority that signs whatever it is asked to. */
export const AUTHORITY_CONFIG = `
[ca]
default_ca = any
[any]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
unique_subject = no
policy = policy
[policy]
commonName = optional
organizationName = optional
[req]
distinguished_name = dn
[dn]
`

export function openWorkshop(): Workshop {
  const dir = mkdtempSync(join(tmpdir(), 'constat-chain-'))
  writeFileSync(join(dir, 'ca.cnf'), AUTHORITY_CONFIG)
  writeFileSync(join(dir, 'index.txt'), '')
  let made = 0
  const openssl = (args: readonly string[], input = ''): Buffer =>
    execFileSync('openssl', args, { cwd: dir, input, stdio: ['pipe', 'pipe', 'ignore'] })

  function issue({ name, by, daysLeft, kind, of, permits, keyUsage }: Order): Issued {
    made += 1
    const file = `c${made}`
    if (of) writeFileSync(join(dir, `${file}.key`), of.key)
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${file}.key`]
    const key = of ? ['-key', `${file}.key`] : curve
    openssl(['req', '-new', ...key, '-subj', `/CN=${name}`, '-out', `${file}.csr`])
    writeFileSync(join(dir, `${file}.ext`), extensions(kind, { name, permits, keyUsage }))
    // Half an hour beyond the day, so that a count of whole days does not depend on when the test runs.
    const endMs = Date.now() + daysLeft * DAY_MS + DAY_MS / 48
    const dates = ['-startdate', stamp(Math.min(Date.now(), endMs) - 100 * DAY_MS), '-enddate', stamp(endMs)]
    const signer = by === undefined ? ['-selfsign', '-keyfile', `${file}.key`] : signerOf(by)
    const files = ['-in', `${file}.csr`, '-out', `${file}.pem`, '-extfile', `${file}.ext`]
    openssl(['ca', '-batch', '-notext', '-config', 'ca.cnf', ...signer, ...dates, ...files])
    const cert = readFileSync(join(dir, `${file}.pem`), 'utf8')
    const above = by === undefined || isRoot(by) ? '' : by.chain
    return { name, key: readFileSync(join(dir, `${file}.key`), 'utf8'), cert, chain: cert + above }
  }

  function signerOf({ cert, key }: Issued): string[] {
    writeFileSync(join(dir, 'by.pem'), cert)
    writeFileSync(join(dir, 'by.key'), key)
    return ['-cert', 'by.pem', '-keyfile', 'by.key']
  }

  function isRoot({ cert }: Issued): boolean {
    const names = openssl(['x509', '-noout', '-subject', '-issuer'], cert).toString().trim().split('\n')
    return names[0]?.replace('subject', '') === names[1]?.replace('issuer', '')
  }

  return {
    issue,
    pin(cert) {
      const pem = openssl(['x509', '-pubkey', '-noout'], cert).toString()
      const der = openssl(['pkey', '-pubin', '-outform', 'DER'], pem)
      return createHash('sha256').update(der).digest('base64')
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  }
}

function extensions(
  kind: Order['kind'],
  { name, permits, keyUsage }: Pick<Order, 'name'> & { [K in 'permits' | 'keyUsage']: string | undefined },
): string {
  const bound = permits === undefined ? '' : `nameConstraints = critical,permitted;DNS:${permits}\n`
  if (kind === 'authority')
    return `basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\n${bound}`
  if (kind === 'nameless') return 'basicConstraints = CA:FALSE\n'
  const addresses = name === 'localhost' ? ',IP:127.0.0.1,IP:::1' : ''
  const use = keyUsage === undefined ? '' : `keyUsage = critical,${keyUsage}\n`
  return `basicConstraints = CA:FALSE\nsubjectAltName = DNS:${name}${addresses}\n${use}`
}

/** `20261122190000Z`. */
export function stamp(atMs: number): string {
  return `${new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
}
