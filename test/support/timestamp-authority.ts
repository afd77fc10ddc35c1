/** A timestamp authority of OpenSSL: certificates of its own making, tokens by `openssl ts`, and a server over it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { integerOf, octetsOf, readDer } from '@constat/evidence/der'

/** PEM files. */
export type Signer = { certificate: string; key: string }

const DATES = ['critical,timeStamping', 'timeStamping', 'critical,timeStamping,codeSigning', 'none'] as const
type Made = {
  issuer?: Signer
  /** Extended key usage of one that signs; absent: it issues certificates. */
  usage?: (typeof DATES)[number]
  /** Key usage; absent: to sign, or to issue. */
  use?: string
  rsaBits?: number
  /** `YYYYMMDDhhmmssZ`. */
  from?: string
  to?: string
}

export class TimestampAuthority {
  readonly dir: string
  readonly root: Signer
  /** Signs under the root. */
  readonly signer: Signer

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true })
    this.dir = dir
    this.root = this.make('root', {})
    this.signer = this.make('signer', { issuer: this.root, usage: 'critical,timeStamping' })
  }

  make(
    name: string,
    { issuer, usage, use: given, rsaBits, from = '20200101000000Z', to = '20991231235959Z' }: Made,
  ): Signer {
    const at = (suffix: string): string => join(this.dir, `${name}.${suffix}`)
    const [certificate, key, request] = [at('crt'), at('key'), at('csr')]
    const kind = rsaBits
      ? ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${rsaBits}`]
      : ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
    openssl(['genpkey', ...kind, '-out', key])
    writeFileSync(at('index'), '')
    writeFileSync(at('serial'), `${Buffer.from(name).toString('hex')}\n`)
    const extended = usage === undefined || usage === 'none' ? '' : `extendedKeyUsage = ${usage}\n`
    const use = given ?? (usage === undefined ? 'keyCertSign' : 'digitalSignature')
    writeFileSync(
      at('cnf'),
      `[ca]
default_ca = own
[own]
database = ${at('index')}
serial = ${at('serial')}
new_certs_dir = ${this.dir}
default_md = sha256
policy = any
x509_extensions = ext
[any]
commonName = supplied
[req]
distinguished_name = any
[ext]
basicConstraints = critical,CA:${usage === undefined ? 'true' : 'false'}
keyUsage = critical,${use}
subjectKeyIdentifier = hash
${extended}`,
    )
    openssl(['req', '-new', '-config', at('cnf'), '-key', key, '-subj', `/CN=${name}`, '-out', request])
    const by = issuer ? ['-cert', issuer.certificate, '-keyfile', issuer.key] : ['-selfsign', '-keyfile', key]
    const dates = ['-startdate', from, '-enddate', to]
    openssl([
      'ca',
      '-batch',
      '-notext',
      '-config',
      at('cnf'),
      '-in',
      request,
      '-out',
      certificate,
      ...by,
      ...dates,
    ])
    return { certificate, key }
  }

  /** TimeStampResp to a TimeStampReq. `chain`: certificates that come along. */
  answer(
    query: Buffer,
    {
      signer = this.signer,
      chain = [],
      ess = 'sha256',
    }: { signer?: Signer; chain?: Signer[]; ess?: string } = {},
  ): Buffer {
    const at = (name: string): string => join(this.dir, name)
    writeFileSync(at('query'), query)
    writeFileSync(at('chain'), chain.map(({ certificate }) => readFileSync(certificate, 'utf8')).join(''))
    writeFileSync(
      at('ts.cnf'),
      `[tsa]
default_tsa = own
[own]
serial = ${at('ts.serial')}
default_policy = 1.3.6.1.4.1.32473.1
digests = sha256
signer_digest = sha256
accuracy = secs:1, millisecs:500
clock_precision_digits = 3
ess_cert_id_alg = ${ess}
`,
    )
    const own = ['-signer', signer.certificate, '-inkey', signer.key]
    const along = chain.length > 0 ? ['-chain', at('chain')] : []
    openssl([
      'ts',
      '-reply',
      '-config',
      at('ts.cnf'),
      '-queryfile',
      at('query'),
      '-out',
      at('answer'),
      ...own,
      ...along,
    ])
    return readFileSync(at('answer'))
  }

  /** What a token says signed once more, by whoever `openssl ts` would not let. */
  signedBy(token: Buffer, signer: Signer, more: readonly string[] = ['-cades']): Buffer {
    const at = (name: string): string => join(this.dir, name)
    writeFileSync(at('info'), infoIn(token))
    const type = ['-econtent_type', '1.2.840.113549.1.9.16.1.4', '-nodetach', '-binary', '-md', 'sha256']
    const own = ['-signer', signer.certificate, '-inkey', signer.key, '-nosmimecap', ...more]
    openssl(['cms', '-sign', '-in', at('info'), '-out', at('signed'), '-outform', 'DER', ...type, ...own])
    return readFileSync(at('signed'))
  }
}

/** The token of an answer. */
export function tokenIn(answer: Buffer): Buffer {
  return readDer(answer)!.children[1]!.raw
}

/** TSTInfo of a token. */
function infoIn(token: Buffer): Buffer {
  const signed = readDer(token)!.children[1]!.children[0]!
  return octetsOf(signed.children[2]!.children[1]!.children[0])!
}

export type RunningAuthority = {
  url: string
  /** Numbers of the questions, as they came. */
  asked: string[]
  close(): Promise<void>
}

/** Over HTTP, RFC 3161 §3.4. `answer` may say something else. */
export async function serveAuthority(
  authority: TimestampAuthority,
  answer: (query: Buffer) => Buffer = (query) => authority.answer(query),
): Promise<RunningAuthority> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const query = Buffer.concat(chunks)
      asked.push(integerOf(readDer(query)?.children[2])?.toString('hex') ?? '')
      response.setHeader('content-type', 'application/timestamp-reply')
      response.end(answer(query))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}/tsr`, asked, close }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}
