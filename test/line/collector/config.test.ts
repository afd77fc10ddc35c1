/** Configuration of the collector: what each value becomes, and that every wrong one is named at once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Fault } from '@constat/shared/fault'
import { afterAll, describe, expect, it } from 'vitest'
import {
  isLoopback,
  readConfig,
  tlsOf,
  urlOf,
  type CollectorConfig,
  type Environment,
} from '../../../collector/src/config.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'constat-config-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

const fileWith = (name: string, text: string): string => {
  writeFileSync(join(FOLDER, name), text)
  return join(FOLDER, name)
}

const DEFAULTS: CollectorConfig = {
  dataDir: resolve('./data'),
  listen: { host: '127.0.0.1', port: 8420 },
  tls: { kind: 'auto' },
  publicUrl: null,
  databaseUrl: null,
  witnessPolicy: null,
  timestamps: null,
  logLevel: 'info',
  language: 'en',
  allowPrivate: true,
  mail: null,
  openId: null,
}

const READ: [string, Environment, Partial<CollectorConfig>][] = [
  ['nothing', {}, {}],
  ['an empty value is none', { CONSTAT_LISTEN: '', DATABASE_URL: '' }, {}],
  ['a folder, made absolute', { CONSTAT_DATA_DIR: 'there' }, { dataDir: resolve('there') }],
  ['a policy, made absolute', { CONSTAT_WITNESS_POLICY: 'policy' }, { witnessPolicy: resolve('policy') }],
  [
    'an authority that dates, its file made absolute',
    { CONSTAT_TSA_URL: 'https://tsa.example/tsr', CONSTAT_TSA_CA: 'tsa.pem' },
    { timestamps: { url: 'https://tsa.example/tsr', anchors: resolve('tsa.pem') } },
  ],
  ['any free port', { CONSTAT_LISTEN: '127.0.0.1:0' }, { listen: { host: '127.0.0.1', port: 0 } }],
  ['the last port', { CONSTAT_LISTEN: 'localhost:65535' }, { listen: { host: 'localhost', port: 65_535 } }],
  ['IPv6 in brackets', { CONSTAT_LISTEN: '[::1]:8420' }, { listen: { host: '::1', port: 8420 } }],
  [
    'beyond this host behind a proxy: no private webhooks unless asked for',
    { CONSTAT_LISTEN: '0.0.0.0:80', CONSTAT_TLS: 'off' },
    { listen: { host: '0.0.0.0', port: 80 }, tls: { kind: 'off' }, allowPrivate: false },
  ],
  [
    'beyond this host, in its own TLS',
    { CONSTAT_LISTEN: '0.0.0.0:443' },
    { listen: { host: '0.0.0.0', port: 443 }, allowPrivate: false },
  ],
  [
    'certificate files, made absolute',
    { CONSTAT_TLS: '/etc/ssl/chain.pem:./key.pem' },
    { tls: { kind: 'files', cert: '/etc/ssl/chain.pem', key: resolve('./key.pem') } },
  ],
  [
    'beyond this host, private webhooks asked for',
    { CONSTAT_LISTEN: '0.0.0.0:80', CONSTAT_TLS: 'off', CONSTAT_ALLOW_PRIVATE: 'yes' },
    { listen: { host: '0.0.0.0', port: 80 }, tls: { kind: 'off' }, allowPrivate: true },
  ],
  ['private webhooks switched off', { CONSTAT_ALLOW_PRIVATE: '0' }, { allowPrivate: false }],
  [
    'an address without its slash',
    { CONSTAT_PUBLIC_URL: 'https://constat.example/here//' },
    { publicUrl: 'https://constat.example/here' },
  ],
  ['a database', { DATABASE_URL: 'postgres://db/constat' }, { databaseUrl: 'postgres://db/constat' }],
  [
    'a secret in a file, without its line end',
    { DATABASE_URL_FILE: fileWith('url', 'postgres://secret@db/constat\n') },
    { databaseUrl: 'postgres://secret@db/constat' },
  ],
  [
    'an OpenID provider, called by its host where nobody says otherwise',
    { CONSTAT_OIDC_ISSUER: 'https://login.example/acme', CONSTAT_OIDC_CLIENT_ID: 'constat' },
    {
      openId: {
        issuer: 'https://login.example/acme',
        clientId: 'constat',
        clientSecret: null,
        name: 'login.example',
      },
    },
  ],
  [
    'an OpenID provider with its secret in a file',
    {
      CONSTAT_OIDC_ISSUER: 'http://127.0.0.1:9000',
      CONSTAT_OIDC_CLIENT_ID: 'constat',
      CONSTAT_OIDC_CLIENT_SECRET_FILE: fileWith('oidc', 'hush\n'),
      CONSTAT_OIDC_NAME: 'Acme Login',
    },
    {
      openId: {
        issuer: 'http://127.0.0.1:9000',
        clientId: 'constat',
        clientSecret: 'hush',
        name: 'Acme Login',
      },
    },
  ],
  ['a level', { CONSTAT_LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
  ['a language', { CONSTAT_LANG: 'fr' }, { language: 'fr' }],
]

describe('what is right', () => {
  it.each(READ)('%s', (_, environment, changes) => {
    expect(readConfig(environment)).toEqual({ ...DEFAULTS, ...changes })
  })
})

const WRONG: [string, Environment, RegExp[]][] = [
  ['a port too high', { CONSTAT_LISTEN: '127.0.0.1:65536' }, [/^CONSTAT_LISTEN is "127.0.0.1:65536": write/]],
  ['no port', { CONSTAT_LISTEN: '127.0.0.1' }, [/^CONSTAT_LISTEN/]],
  ['no host', { CONSTAT_LISTEN: ':8420' }, [/^CONSTAT_LISTEN/]],
  ['IPv6 without brackets', { CONSTAT_LISTEN: '::1:8420' }, [/^CONSTAT_LISTEN/]],
  ['a certificate without its key', { CONSTAT_TLS: '/etc/ssl/chain.pem' }, [/^CONSTAT_TLS .*cert\.pem:/]],
  ['TLS of another kind', { CONSTAT_TLS: 'maybe' }, [/^CONSTAT_TLS is "maybe"/]],
  ['an address that is none', { CONSTAT_PUBLIC_URL: 'constat.example' }, [/^CONSTAT_PUBLIC_URL/]],
  ['an address of another protocol', { CONSTAT_PUBLIC_URL: 'ftp://x' }, [/^CONSTAT_PUBLIC_URL/]],
  ['an address with a question', { CONSTAT_PUBLIC_URL: 'https://x/?a=1' }, [/^CONSTAT_PUBLIC_URL/]],
  [
    'a level nobody knows',
    { CONSTAT_LOG_LEVEL: 'loud' },
    [/^CONSTAT_LOG_LEVEL is "loud": write one of debug, info, warn, error, silent$/],
  ],
  ['a language nobody speaks here', { CONSTAT_LANG: 'de' }, [/^CONSTAT_LANG is "de": write one of en, fr$/]],
  [
    'an OpenID provider without what it calls us',
    { CONSTAT_OIDC_ISSUER: 'https://login.example' },
    [/^CONSTAT_OIDC_CLIENT_ID is missing/],
  ],
  [
    'an OpenID provider in the clear',
    { CONSTAT_OIDC_ISSUER: 'http://login.example', CONSTAT_OIDC_CLIENT_ID: 'constat' },
    [/^CONSTAT_OIDC_ISSUER is no issuer/],
  ],
  ['neither yes nor no', { CONSTAT_ALLOW_PRIVATE: 'perhaps' }, [/^CONSTAT_ALLOW_PRIVATE/]],
  [
    'a secret twice',
    { DATABASE_URL: 'postgres://a/b', DATABASE_URL_FILE: fileWith('twice', 'postgres://a/b') },
    [/^DATABASE_URL and DATABASE_URL_FILE are both set/],
  ],
  [
    'a file that is not there',
    { DATABASE_URL_FILE: join(FOLDER, 'none') },
    [/^DATABASE_URL_FILE cannot be read/],
  ],
  ['a database of another kind', { DATABASE_URL: 'mysql://db/constat' }, [/^DATABASE_URL .*postgres/]],
  ['a long value, cut', { CONSTAT_LANG: 'x'.repeat(500) }, [/^CONSTAT_LANG is "x{80}…"/]],
  [
    'everything at once',
    {
      CONSTAT_LISTEN: 'x',
      CONSTAT_LANG: 'xx',
      CONSTAT_LOG_LEVEL: 'x',
      CONSTAT_ALLOW_PRIVATE: 'x',
      CONSTAT_TLS: 'x',
      CONSTAT_PUBLIC_URL: 'x',
    },
    [
      /CONSTAT_LISTEN/,
      /CONSTAT_LANG/,
      /CONSTAT_LOG_LEVEL/,
      /CONSTAT_ALLOW_PRIVATE/,
      /CONSTAT_TLS/,
      /CONSTAT_PUBLIC_URL/,
    ],
  ],
]

describe('what is wrong', () => {
  it.each(WRONG)('%s', (_, environment, expected) => {
    const { code, problems } = faultOf(environment)
    expect(code).toBe('bad-config')
    expect(problems.length).toBe(expected.length)
    for (const pattern of expected)
      expect(
        problems.some((problem) => pattern.test(problem)),
        String(pattern),
      ).toBe(true)
  })

  it('never shows a secret', () => {
    const { problems } = faultOf({ DATABASE_URL: 'mysql://me:hunter2@db/constat' })
    expect(problems.join()).not.toContain('hunter2')
  })
})

describe('addresses', () => {
  const LOCAL: [string, boolean][] = [
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['localhost', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['128.0.0.1', false],
    ['127.0.0.1.example.org', false],
  ]
  it.each(LOCAL)('%s is of this host alone: %s', (host, isLocal) => expect(isLoopback(host)).toBe(isLocal))

  const SERVED: [string, Environment, 'own' | 'files' | 'none'][] = [
    ['loopback stays plain', {}, 'none'],
    ['IPv6 loopback too', { CONSTAT_LISTEN: '[::1]:1' }, 'none'],
    ['loopback with files does not', { CONSTAT_TLS: '/a/b:/a/c' }, 'files'],
    ['any address has its own', { CONSTAT_LISTEN: '0.0.0.0:1' }, 'own'],
    ['a name has its own', { CONSTAT_LISTEN: 'constat.example:1' }, 'own'],
    ['a proxy does it', { CONSTAT_LISTEN: '0.0.0.0:1', CONSTAT_TLS: 'off' }, 'none'],
  ]
  it.each(SERVED)('%s', (_, environment, served) => expect(tlsOf(readConfig(environment))).toBe(served))

  it('puts brackets around IPv6', () => {
    expect(urlOf({ host: '::1', port: 80 })).toBe('http://[::1]:80')
    expect(urlOf({ host: 'a.example', port: 80 })).toBe('http://a.example:80')
  })
})

function faultOf(environment: Environment): Fault {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('nothing was wrong')
}
