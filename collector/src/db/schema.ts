/**
 * Schema: what the collector keeps. Ground state is `log`, `entry`, `blob` (the ledger) and what people
 * set up (`agent`, `token`, `person`, `webhook`, `alerting`); tables under "Derived" can be dropped and rebuilt from
 * it. What was told is in `schema-told.ts`.
 * Instants are integer ms UTC, digests and keys are raw bytes.
 */
import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { bytes, ms } from './columns.ts'
import type { AlertingDocument } from '@constat/sla/alerting/route'

// ── Ground: the ledger ──────────────────────────────────────────────────────────────────────────

/** One log for each contract. `frontier` is the right edge of the tree, enough to append and to sign. */
export const log = pgTable('log', {
  id: integer('id').primaryKey(),
  contract: text('contract').notNull().unique(),
  origin: text('origin').notNull().unique(),
  size: bigint('size', { mode: 'number' }).notNull(),
  frontier: bytes('frontier').notNull(),
  root: bytes('root').notNull(),
  createdMs: ms('created_ms').notNull(),
})

/** A leaf is type | u64be receivedMs | body. The columns after `body` only index what the body says. */
export const entry = pgTable(
  'entry',
  {
    log: integer('log').notNull(),
    index: bigint('index', { mode: 'number' }).notNull(),
    type: integer('type').notNull(),
    receivedMs: ms('received_ms').notNull(),
    body: bytes('body').notNull(),
    agent: bytes('agent'),
    session: bytes('session'),
    seq: bigint('seq', { mode: 'number' }),
    /** First and last instant of the samples inside. */
    fromMs: ms('from_ms'),
    toMs: ms('to_ms'),
  },
  (t) => [
    primaryKey({ columns: [t.log, t.index] }),
    index('entry_session').on(t.session, t.seq),
    index('entry_span').on(t.log, t.agent, t.toMs),
    // Everything but frames is rare, and read by type at every start.
    index('entry_rare')
      .on(t.log, t.type)
      .where(sql`type <> 1`),
  ],
)

/** Bodies above the entry limit; the leaf holds their SHA-256. */
export const blob = pgTable('blob', { digest: bytes('digest').primaryKey(), body: bytes('body').notNull() })

/** What people wrote beside a leaf, by the salted commitment that it holds. Erasable: the tree holds without it. */
export const said = pgTable('said', {
  digest: bytes('digest').primaryKey(),
  salt: bytes('salt').notNull(),
  text: text('text').notNull(),
})

/** Full tiles of the Merkle tree (C2SP tlog-tiles); partial ones are computed. */
export const tile = pgTable(
  'tile',
  {
    log: integer('log').notNull(),
    level: integer('level').notNull(),
    n: bigint('n', { mode: 'number' }).notNull(),
    hashes: bytes('hashes').notNull(),
  },
  (t) => [primaryKey({ columns: [t.log, t.level, t.n] })],
)

export const checkpoint = pgTable(
  'checkpoint',
  {
    log: integer('log').notNull(),
    size: bigint('size', { mode: 'number' }).notNull(),
    note: text('note').notNull(),
    signedMs: ms('signed_ms').notNull(),
    /** RFC 3161: when an authority says that `note` was there; null: none has said. */
    token: bytes('token'),
  },
  (t) => [primaryKey({ columns: [t.log, t.size] })],
)

/** What witnesses have signed of a checkpoint: the first word of each. */
export const cosignature = pgTable(
  'cosignature',
  {
    log: integer('log').notNull(),
    size: bigint('size', { mode: 'number' }).notNull(),
    /** Of the key, with its id: what the line of a note says. */
    name: text('name').notNull(),
    keyId: bigint('key_id', { mode: 'number' }).notNull(),
    signature: bytes('signature').notNull(),
    /** When the witness says it signed. */
    atMs: ms('at_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.log, t.size, t.name, t.keyId] })],
)

/** The newest checkpoint that this collector has cosigned, as a witness, of each log of others. */
export const witnessed = pgTable('witnessed', {
  origin: text('origin').primaryKey(),
  note: text('note').notNull(),
  atMs: ms('at_ms').notNull(),
})

/** Documents as they were applied, private: the ledger holds the expanded terms alone. */
export const source = pgTable(
  'source',
  {
    contract: text('contract').notNull(),
    revision: integer('revision').notNull(),
    files: jsonb('files').$type<{ name: string; text: string }[]>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.contract, t.revision] })],
)

/** How far each session of each agent is in the ledger: moved in the transaction that appends. */
export const cursor = pgTable(
  'cursor',
  {
    agent: bytes('agent').notNull(),
    session: bytes('session').notNull(),
    log: integer('log').notNull(),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    digest: bytes('digest').notNull(),
  },
  (t) => [primaryKey({ columns: [t.agent, t.session] })],
)

// ── Ground: set up by people ────────────────────────────────────────────────────────────────────

export const agent = pgTable(
  'agent',
  {
    /** 32 hex digits of the agent id. */
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    publicKey: bytes('public_key').notNull(),
    enrolledMs: ms('enrolled_ms').notNull(),
    revokedMs: ms('revoked_ms'),
    version: text('version').notNull(),
    lastSeenMs: ms('last_seen_ms').notNull(),
    /** Set in the transaction that writes the event of the silence. */
    silentSinceMs: ms('silent_since_ms'),
    clockOffsetMs: integer('clock_offset_ms').notNull().default(0),
    clockErrorMs: integer('clock_error_ms').notNull().default(0),
    spoolFrames: integer('spool_frames').notNull().default(0),
    /** Log, time in hand and as of when, ms: how much more of it is taken. */
    inHand: jsonb('in_hand').notNull().default([]),
  },
  // The name of one that was revoked is free again: a host that is set up anew keeps its place in contracts.
  (t) => [
    uniqueIndex('agent_name')
      .on(t.name)
      .where(sql`revoked_ms is null`),
  ],
)

export { audit, person, token } from './access-schema.ts'

export const webhook = pgTable(
  'webhook',
  {
    id: text('id').primaryKey(),
    url: text('url').notNull(),
    /** Event types; `*` is all of them. */
    types: jsonb('types').$type<string[]>().notNull(),
    shape: text('shape').notNull(),
    /** `whsec_` and base64. */
    secret: text('secret').notNull(),
    /** The one before, which signs beside it for a while. */
    lastSecret: text('last_secret'),
    lastSecretUntilMs: ms('last_secret_until_ms'),
    /** Ed25519 seed, 32 bytes: signs as `v1a` beside the secret. Null: the secret alone. */
    signingSeed: bytes('signing_seed'),
    /** What its receiver signs with where it tells who has an incident in hand; null: it tells nothing. */
    answerSecret: text('answer_secret'),
    createdMs: ms('created_ms').notNull(),
    disabledMs: ms('disabled_ms'),
    /** Put to rest by a person: what is told waits, for a while. */
    pausedMs: ms('paused_ms'),
    /** Made by hand: of which contracts it is told; null: of all. */
    contracts: jsonb('contracts').$type<string[]>(),
    /** Of an endpoint of an Alerting document: whose it is, and `document/endpoint`. Null: made by hand. */
    contract: text('contract'),
    endpoint: text('endpoint'),
    /** The party that runs what takes the messages, as its document says. */
    operatedBy: text('operated_by'),
    /** Since when it is run so, at this address: what was accepted before says nothing of it. */
    operatedMs: ms('operated_ms'),
    /** Null: that of the collector. */
    language: text('language', { enum: ['en', 'fr'] }),
    /** No document asks for it any more: nothing is sent, and what was sent can still be read. */
    endedMs: ms('ended_ms'),
  },
  (t) => [uniqueIndex('webhook_endpoint').on(t.contract, t.endpoint)],
)

/** The Alerting documents in effect, as they were parsed: private, and written with the documents applied. */
export const alerting = pgTable('alerting', {
  contract: text('contract').primaryKey(),
  /** Hex, SHA-256 of the canonical form. */
  digest: text('digest').notNull(),
  documents: jsonb('documents').$type<AlertingDocument[]>().notNull(),
  /** `document/report` → since when it is asked for: nothing of before is sent. */
  reportsSince: jsonb('reports_since').$type<Record<string, number>>().notNull().default({}),
})

export const meta = pgTable('meta', { key: text('key').primaryKey(), value: text('value').notNull() })

// ── Derived: `constat rebuild` drops these and makes them again from the ledger ─────────────────

/** The fold of one vantage over one span of samples. `body` is canonical JSON: the rebuild test compares it. */
export const chunk = pgTable(
  'chunk',
  {
    log: integer('log').notNull(),
    check: text('check').notNull(),
    agent: text('agent').notNull(),
    rules: text('rules').notNull(),
    startMs: ms('start_ms').notNull(),
    body: text('body').notNull(),
  },
  (t) => [primaryKey({ columns: [t.log, t.check, t.agent, t.rules, t.startMs] })],
)

/** Leaves below this are in the chunks of that log. */
export const folded = pgTable('folded', {
  log: integer('log').primaryKey(),
  next: bigint('next', { mode: 'number' }).notNull(),
})

/** Packed latencies of a chunk that has ended, so that a month is read without its frames. */
export const latency = pgTable(
  'latency',
  {
    log: integer('log').notNull(),
    check: text('check').notNull(),
    agent: text('agent').notNull(),
    startMs: ms('start_ms').notNull(),
    /** Readings of the chunk in the fold when this was made: other than now, it is made again. */
    samples: integer('samples').notNull(),
    body: bytes('body').notNull(),
  },
  (t) => [primaryKey({ columns: [t.log, t.check, t.agent, t.startMs] })],
)
