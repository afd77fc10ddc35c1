/**
 * Odd chains: TLS servers as they are met in the field, an oddity or two each, out of a seed: names, uses,
 * dates, keys, issuers, and what is sent of them. What is right is not said here: the reference clients are
 * asked (chain-agreement.ts). Made by openssl, as nothing of ours is in it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { AUTHORITY_CONFIG, stamp } from './chain.ts'

/** PEM. `sent`: certificates in the order in which the server sends them. */
export type OddChain = { host: string; key: string; sent: string[]; oddities: string[] }

type Odd<T> = [weight: number, name: string, value: T]

type Named<T> = { name: string; value: T }

/** The first is what is not odd. */
function table<T>(...odds: Odd<T>[]): { rows: Named<T>[]; any: fc.Arbitrary<Named<T>> } {
  const rows = odds.map(([, name, value]) => ({ name, value }))
  const choices = odds.map(([weight], i) => ({ weight, arbitrary: fc.constant(rows[i]!) }))
  return { rows, any: fc.oneof(...choices) }
}

/** What a certificate says; absent: as it should be. `{host}` stands for the server's name. */
type Making = {
  subject?: string
  /** Lines of an extension file of openssl. */
  names?: string | null
  use?: string | null
  constraints?: string
  more?: string
  /** Days from now. */
  from?: number
  until?: number
  digest?: string
  key?: readonly string[]
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
const SAN = 'subjectAltName ='

const leaves = table<Making>(
  [30, '', {}],
  [2, 'wildcard', { names: `${SAN} DNS:*.odd.test` }],
  [1, 'wildcard of a label above', { names: `${SAN} DNS:*.test` }],
  [1, 'wildcard alone', { names: `${SAN} DNS:*` }],
  [1, 'wildcard within a label', { names: `${SAN} DNS:c*.odd.test` }],
  [1, 'wildcard further in', { names: `${SAN} DNS:*.*.test` }],
  [1, 'wildcard at the end', { names: `${SAN} DNS:*c.odd.test` }],
  [1, 'name in capitals', { names: `${SAN} DNS:{HOST}` }],
  [1, 'name with a dot at its end', { names: `${SAN} DNS:{host}.` }],
  [1, 'name with a dot before it', { names: `${SAN} DNS:.odd.test` }],
  [1, 'name with a port', { names: `${SAN} DNS:{host}:443` }],
  [
    1,
    'many names',
    { names: `${SAN} ${Array.from({ length: 90 }, (_, i) => `DNS:n${i}.odd.test`).join(',')},DNS:{host}` },
  ],
  [2, 'no names', { names: null }],
  [1, 'another name, the right subject', { names: `${SAN} DNS:other.odd.test` }],
  [1, 'an address alone', { names: `${SAN} IP:127.0.0.1` }],
  [1, 'a URI alone', { names: `${SAN} URI:https://{host}/` }],
  [1, 'mail and name', { names: `${SAN} email:a@odd.test,DNS:{host}` }],
  [1, 'critical names', { names: `${SAN} critical,DNS:{host}` }],
  [1, 'another subject', { subject: '/CN=any' }],
  [1, 'no subject', { subject: '/', names: `${SAN} critical,DNS:{host}` }],
  [1, 'odd subject', { subject: '/CN=*.%zz\\/\\+é/O=Soci\xe9t\xe9' }],
  [2, 'for servers', { use: 'extendedKeyUsage = serverAuth' }],
  [1, 'for servers and clients', { use: 'extendedKeyUsage = serverAuth,clientAuth' }],
  [2, 'for clients alone', { use: 'extendedKeyUsage = clientAuth' }],
  [1, 'for code', { use: 'extendedKeyUsage = codeSigning' }],
  [1, 'for anything', { use: 'extendedKeyUsage = anyExtendedKeyUsage' }],
  [1, 'critical uses', { use: 'extendedKeyUsage = critical,serverAuth' }],
  [1, 'to sign', { use: 'keyUsage = critical,digitalSignature' }],
  [1, 'to encipher', { use: 'keyUsage = critical,keyEncipherment' }],
  [1, 'to agree', { use: 'keyUsage = critical,keyAgreement' }],
  [1, 'to sign certificates', { use: 'keyUsage = critical,keyCertSign' }],
  [1, 'an authority itself', { constraints: 'basicConstraints = critical,CA:TRUE' }],
  [1, 'no constraints', { constraints: '' }],
  [1, 'unknown extension', { more: '1.2.3.4.5 = ASN1:UTF8String:odd' }],
  [1, 'critical unknown extension', { more: '1.2.3.4.5 = critical,ASN1:UTF8String:odd' }],
  [1, 'must staple', { more: 'tlsfeature = status_request' }],
  [1, 'a policy', { more: 'certificatePolicies = 2.23.140.1.2.1' }],
  [3, 'ended', { from: -100, until: -1 }],
  [1, 'ended just now', { from: -100, until: -0.0001 }],
  [1, 'begins tomorrow', { from: 1, until: 100 }],
  [2, 'ends soon', { from: -85, until: 5 }],
  [1, 'fifty years', { from: -1, until: 18_000 }],
  [2, 'RSA of 2,048 bits', { key: ['-newkey', 'rsa:2048'] }],
  [1, 'RSA of 1,024 bits', { key: ['-newkey', 'rsa:1024'] }],
  [1, 'P-384', { key: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'] }],
  [1, 'P-521', { key: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'] }],
  [1, 'secp256k1', { key: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'] }],
  [1, 'Ed25519', { key: ['-newkey', 'ed25519'] }],
  [1, 'by SHA-1', { digest: 'sha1' }],
  [1, 'by SHA-512', { digest: 'sha512' }],
)

const AUTHORITY = 'basicConstraints = critical,CA:TRUE'
const issuers = table<Making | null>(
  [20, '', {}],
  [5, 'from the root', null],
  [2, 'issuer ended', { from: -100, until: -1 }],
  [1, 'issuer begins tomorrow', { from: 1, until: 100 }],
  [1, 'issuer ends soon', { from: -85, until: 5 }],
  [1, 'issuer is no authority', { constraints: 'basicConstraints = critical,CA:FALSE' }],
  [1, 'issuer without constraints', { constraints: '' }],
  [1, 'issuer of none below', { constraints: `${AUTHORITY},pathlen:0` }],
  [1, 'issuer may not sign', { use: 'keyUsage = critical,digitalSignature' }],
  [1, 'issuer without uses', { use: null }],
  [1, 'issuer for clients', { more: 'extendedKeyUsage = clientAuth' }],
  [1, 'issuer for servers', { more: 'extendedKeyUsage = serverAuth' }],
  [1, 'issuer for anything', { more: 'extendedKeyUsage = anyExtendedKeyUsage' }],
  [1, 'permitted', { more: 'nameConstraints = critical,permitted;DNS:odd.test' }],
  [1, 'permitted with a dot', { more: 'nameConstraints = critical,permitted;DNS:.odd.test' }],
  [1, 'permitted elsewhere', { more: 'nameConstraints = critical,permitted;DNS:else.test' }],
  [1, 'excluded', { more: 'nameConstraints = critical,excluded;DNS:odd.test' }],
  [1, 'excluded elsewhere', { more: 'nameConstraints = critical,excluded;DNS:else.test' }],
  [1, 'excluded addresses', { more: 'nameConstraints = critical,excluded;IP:0.0.0.0/0.0.0.0' }],
  [1, 'permitted in mail', { more: 'nameConstraints = permitted;email:odd.test' }],
  [1, 'issuer by SHA-1', { digest: 'sha1' }],
  [1, 'issuer of 1,024 bits', { key: ['-newkey', 'rsa:1024'] }],
  [1, 'issuer with a critical unknown extension', { more: '1.2.3.4.5 = critical,ASN1:UTF8String:odd' }],
)

/** `issuer` is absent where the root has issued. */
type Parts = { leaf: string; issuer?: string; root: string; twin?: string; stranger: string }
/** `twin` is of an issuer that has ended. */
const sendings = table<(parts: Parts) => (string | undefined)[]>(
  [30, '', ({ leaf, issuer }) => [leaf, issuer]],
  [3, 'no issuer sent', ({ leaf }) => [leaf]],
  [2, 'root sent', ({ leaf, issuer, root }) => [leaf, issuer, root]],
  [2, 'in another order', ({ leaf, issuer, root }) => [leaf, root, issuer]],
  [1, 'issuer twice', ({ leaf, issuer }) => [leaf, issuer, issuer]],
  [1, 'itself twice', ({ leaf, issuer }) => [leaf, leaf, issuer]],
  [1, 'a stranger first', ({ leaf, issuer, stranger }) => [leaf, stranger, issuer]],
  [1, 'a stranger last', ({ leaf, issuer, stranger }) => [leaf, issuer, stranger]],
  [2, 'an ended twin first', ({ leaf, issuer, twin }) => [leaf, twin, issuer]],
  [2, 'an ended twin last', ({ leaf, issuer, twin }) => [leaf, issuer, twin]],
  [1, 'an ended twin alone', ({ leaf, twin }) => [leaf, twin]],
)

type Drawn = { leaf: Named<Making>; issuer: Named<Making | null>; sending: (typeof sendings.rows)[number] }

const chains = fc.record({ leaf: leaves.any, issuer: issuers.any, sending: sendings.any })

/** Each oddity by itself. */
function singles(): Drawn[] {
  const [leaf, issuer, sending] = [leaves.rows[0]!, issuers.rows[0]!, sendings.rows[0]!]
  return [
    ...leaves.rows.map((odd) => ({ leaf: odd, issuer, sending })),
    ...issuers.rows.map((odd) => ({ leaf, issuer: odd, sending })),
    ...sendings.rows.map((odd) => ({ leaf, issuer, sending: odd })),
  ]
}

/** The first ones are each oddity by itself, in an order out of the seed; then come several at once. */
function drawn(count: number, seed: number): Drawn[] {
  const all = singles()
  const [order = []] = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), { numRuns: 1, seed })
  const more = Math.max(0, count - order.length)
  return [...order.slice(0, count), ...(more === 0 ? [] : fc.sample(chains, { numRuns: more, seed }))]
}

export type Foundry = { root: string; chains: OddChain[]; close: () => void }

/** Makes `count` of them below one root. `say`: how many are done. */
export function makeOddChains(count: number, seed: number, say: (done: number) => void = () => {}): Foundry {
  const dir = mkdtempSync(join(tmpdir(), 'constat-chains-'))
  const { issue } = issuing(dir)
  const root = issue({ constraints: AUTHORITY }, { name: 'Odd root', by: null })
  const stranger = issue({ constraints: AUTHORITY }, { name: 'Stranger', by: null })
  const made = drawn(count, seed).map(({ leaf, issuer, sending }, i): OddChain => {
    const host = `c${i}c.odd.test`
    const name = `Odd issuer ${i}`
    const above =
      issuer.value === null
        ? null
        : issue({ constraints: AUTHORITY, use: SIGNS, ...issuer.value }, { name, by: root })
    const twin =
      above &&
      sending.name.includes('twin') &&
      issue({ constraints: AUTHORITY, use: SIGNS, from: -200, until: -1 }, { name, by: root, key: above.key })
    const own = issue(
      { names: `${SAN} DNS:{host}`, constraints: 'basicConstraints = CA:FALSE', ...leaf.value },
      { name: host, by: above ?? root },
    )
    const parts: Parts = {
      leaf: own.cert,
      root: root.cert,
      stranger: stranger.cert,
      ...(above ? { issuer: above.cert } : {}),
      ...(twin ? { twin: twin.cert } : {}),
    }
    say(i + 1)
    return {
      host,
      key: own.key,
      sent: sending.value(parts).filter((one) => one !== undefined),
      oddities: [leaf, issuer, sending].map(({ name }) => name).filter(Boolean),
    }
  })
  return { root: root.cert, chains: made, close: () => rmSync(dir, { recursive: true, force: true }) }
}

const SIGNS = 'keyUsage = critical,keyCertSign,cRLSign'
const DAY_MS = 86_400_000
type Made = { name: string; key: string; cert: string }
type Place = { name: string; by: Made | null; key?: string }

function issuing(dir: string): { issue: (making: Making, place: Place) => Made } {
  writeFileSync(join(dir, 'ca.cnf'), AUTHORITY_CONFIG)
  writeFileSync(join(dir, 'index.txt'), '')
  const openssl = (args: readonly string[]): Buffer =>
    execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  return {
    issue({ subject, names, use, constraints, more, from = -1, until = 90, digest, key = EC }, place) {
      const { name, by } = place
      if (place.key !== undefined) writeFileSync(join(dir, 'own.key'), place.key)
      const keying = place.key === undefined ? [...key, '-nodes', '-keyout', 'own.key'] : ['-key', 'own.key']
      const called = subject ?? `/CN=${name}`
      openssl(['req', '-new', '-config', 'ca.cnf', ...keying, '-subj', called, '-out', 'own.csr'])
      const lines = [names, use, constraints, more].filter((line) => typeof line === 'string')
      writeFileSync(join(dir, 'own.ext'), `${filled(lines.join('\n'), name)}\n`)
      if (by) {
        writeFileSync(join(dir, 'by.pem'), by.cert)
        writeFileSync(join(dir, 'by.key'), by.key)
      }
      const signer = by ? ['-cert', 'by.pem', '-keyfile', 'by.key'] : ['-selfsign', '-keyfile', 'own.key']
      const dates = ['-startdate', stamp(daysOn(from)), '-enddate', stamp(daysOn(until))]
      const files = ['-in', 'own.csr', '-out', 'own.pem', '-extfile', 'own.ext']
      const hash = digest === undefined ? [] : ['-md', digest]
      openssl(['ca', '-batch', '-notext', '-config', 'ca.cnf', ...signer, ...dates, ...hash, ...files])
      const read = (file: string): string => readFileSync(join(dir, file), 'utf8')
      return { name, key: read('own.key'), cert: read('own.pem') }
    },
  }
}

function filled(text: string, host: string): string {
  return text.replaceAll('{host}', host).replaceAll('{HOST}', host.toUpperCase())
}

function daysOn(days: number): number {
  return Date.now() + days * DAY_MS
}
