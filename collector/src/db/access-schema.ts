/** Access schema: who may come in, what an account has beside that, and what is told of both. Ground state. */
import { sql } from 'drizzle-orm'
import { bigint, pgTable, text, type AnyPgColumn } from 'drizzle-orm/pg-core'
import { bytes, ms } from './columns.ts'

/**
 * Whoever may come in, and as what: SHA-256 of a secret, which is shown once and never kept. Of an account (`person`)
 * it is the hash of nothing that anybody has: its password, its sessions and its codes let in.
 */
export const token = pgTable('token', {
  hash: bytes('hash').primaryKey(),
  /** What lists and the audit call it; it opens nothing. */
  id: text('id')
    .notNull()
    .unique()
    .default(sql`'tok_' || left(replace(gen_random_uuid()::text, '-', ''), 16)`),
  kind: text('kind', {
    enum: ['agent', 'api', 'session', 'link', 'person', 'invite', 'step', 'recovery'],
  }).notNull(),
  role: text('role', { enum: ['owner', 'viewer', 'provider', 'internal'] }),
  /** Of an agent that may join, of an account; of a session: the browser. */
  name: text('name'),
  /** Null: all of them. */
  contracts: text('contracts').array(),
  /** Of a link: the incident that it shows; null: the states of the services. */
  incident: text('incident'),
  /**
   * Of a session: the token or account that opened it. It has the rights of that and ends with it, however that ends.
   * Of an account also: the link that sets a new password, the first step of a sign-in, the codes for a lost phone.
   */
  parent: text('parent').references((): AnyPgColumn => token.id, { onDelete: 'cascade' }),
  createdMs: ms('created_ms').notNull(),
  expiresMs: ms('expires_ms'),
})

/** What an account has beside its rights, which stand in `token` under the same id, as its name does. */
export const person = pgTable('person', {
  id: text('id')
    .primaryKey()
    .references(() => token.id, { onDelete: 'cascade' }),
  /** The name without case and accents of composition: two people may not look alike. */
  key: text('key').notNull().unique(),
  /** scrypt, salt and cost in front. Null: signs in elsewhere alone. */
  password: text('password'),
  /** Issuer and subject of an OpenID provider. */
  subject: text('subject').unique(),
  /** Secret of the second factor, under a key that is not in the database. Null: there is none. */
  totp: bytes('totp'),
  /** Time step of the code that was used last: none is good twice. */
  totpStep: bigint('totp_step', { mode: 'number' }).notNull().default(0),
  lang: text('lang', { enum: ['en', 'fr'] }),
  zone: text('zone'),
})

/** Who gave a token to whom, and who took it back; what became of accounts. Rows are only ever added, with the change they tell. */
export const audit = pgTable('audit', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  atMs: ms('at_ms').notNull(),
  /** Id of the token or account that did it, `operator` for whoever has the data directory, `start` for the first start. */
  by: text('by').notNull(),
  deed: text('deed', {
    enum: [
      'issued',
      'revoked',
      'joined',
      'changed',
      'signed-in',
      'password',
      'factor-on',
      'factor-off',
      'codes',
      'code-used',
      'signed-out',
    ],
  }).notNull(),
  /** Id, kind and rights of the token that it was done to: the row of that one may be gone. */
  token: text('token').notNull(),
  kind: text('kind').notNull(),
  role: text('role'),
  name: text('name'),
  contracts: text('contracts').array(),
})
