/**
 * Webhooks: where people want events sent, and what was sent there. The secret leaves once, when the
 * webhook is made.
 */
import { Fault } from '@constat/shared/fault'
import { privateKeyOf, rawPublicKey } from '@constat/shared/signature'
import { formatInstant, type UnixMs } from '@constat/shared/time'
import { isShapeName, SHAPE_NAMES, shapeNamed, type ShapeName } from '../alert/shapes/table.ts'
import { EVENT_TYPES, isEventType } from '../alert/types.ts'
import type { Random } from '../shell.ts'
import { putAnswerSecret } from './answering.ts'
import { writeTestMessage } from './events.ts'
import { DATABASE_LOCKS } from './lock.ts'
import { HELD_APART_MS } from './recipients.ts'
import type { Database, Tx } from './tx.ts'

export const MAX_WEBHOOKS = 100
export const MAX_URL_CHARS = 2_048
const SECRET_BYTES = 32
const ID_BYTES = 12

/** Where something stands: its own way, put to rest, stopped by a 410, or no longer named by a document. */
export const WEBHOOK_STATES = ['active', 'paused', 'disabled', 'ended'] as const
type WebhookState = (typeof WEBHOOK_STATES)[number]

/** As a client wrote it; `shape` defaults to `generic`. */
export type WebhookDraft = {
  url: string
  types: readonly string[]
  shape?: string
  /** Of which it is told; absent or null: of all, and of what is of none. */
  contracts?: readonly string[] | null
  /** Signs with a key of its own beside the secret. */
  ed25519?: boolean
}

export type WebhookView = {
  id: string
  url: string
  types: string[]
  shape: ShapeName
  createdAt: string
  state: WebhookState
  disabledAt: string | null
  pausedAt: string | null
  /** Of which it is told, made by hand; null: of all. */
  contracts: string[] | null
  /** `whpk_` and base64: what checks its `v1a` signatures. Null: it has none. */
  publicKey: string | null
  /** Its receiver tells who has an incident in hand. */
  answers: boolean
  /** Made by hand, or named by a document of a contract. */
  source: 'api' | 'contract'
  contract: string | null
  /** `document/endpoint` of the contract. */
  endpoint: string | null
  language: 'en' | 'fr' | null
  /** When the documents stopped to name it. */
  endedAt: string | null
}

/** What is wrong with a draft, a sentence each; none: it can be created. */
export function webhookProblems({ url, types, shape = 'generic' }: WebhookDraft): string[] {
  const problems: string[] = []
  const unknown = types.filter((type) => type !== '*' && !isEventType(type))
  if (types.length === 0) problems.push('types is empty: name event types, or * for all of them')
  if (types.length > EVENT_TYPES.length + 1) problems.push('types names some type twice')
  else if (unknown.length > 0)
    problems.push(`unknown types: ${unknown.map((type) => type.slice(0, 64)).join(', ')}`)
  if (!isShapeName(shape)) problems.push(`shape is one of ${SHAPE_NAMES.join(', ')}`)
  const problem = addressProblem(url, isShapeName(shape) ? shape : 'generic')
  return problem === null ? problems : [...problems, problem]
}

/** Why nothing can be sent to an address in a shape, as a sentence; null: nothing is wrong. */
export function addressProblem(text: string, shape: ShapeName): string | null {
  if (text.length > MAX_URL_CHARS) return `url has more than ${MAX_URL_CHARS} characters`
  if (!URL.canParse(text)) return 'url is not an absolute address'
  const url = new URL(text)
  const { protocol, problem } = shapeNamed(shape)
  if (protocol === undefined && url.protocol !== 'http:' && url.protocol !== 'https:')
    return 'url begins with neither https:// nor http://'
  if (protocol !== undefined && url.protocol !== protocol) return `url does not begin with ${protocol}`
  if (url.username !== '' || url.password !== '') return 'url carries credentials: use the signature instead'
  return problem?.(url) ?? null
}

export type Creation = { draft: WebhookDraft; nowMs: UnixMs; random: Random }

/** Faults: `bad-request` with every problem, `conflict` at the hundredth. The secret is not shown again. */
export async function createWebhook(
  sql: Database,
  { draft, nowMs, random }: Creation,
): Promise<{ id: string; secret: string }> {
  const problems = webhookProblems(draft)
  if (problems.length > 0) throw new Fault('bad-request', 'The webhook was refused.', { problems })
  const id = `hook_${random.bytes(ID_BYTES).toString('hex')}`
  const secret = `whsec_${random.bytes(SECRET_BYTES).toString('base64')}`
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${DATABASE_LOCKS.space}::int, ${DATABASE_LOCKS.webhooks}::int)`
    const [found] = await tx<{ n: number }[]>`
      select count(*)::int as n from webhook where contract is null`
    if (found && found.n >= MAX_WEBHOOKS) {
      throw new Fault('conflict', `there are ${MAX_WEBHOOKS} webhooks already`, { hint: 'remove one first' })
    }
    const { types, contracts } = await writtenOf(tx, draft)
    const seed = draft.ed25519 === true ? random.bytes(SECRET_BYTES) : null
    await tx`insert into webhook (id, url, types, shape, secret, created_ms, contracts, signing_seed)
      values (${id}, ${draft.url}, ${types}::text::jsonb, ${draft.shape ?? 'generic'}, ${secret}, ${nowMs},
        ${contracts}::text::jsonb, ${seed})`
  })
  return { id, secret }
}

/** Its lists as they are kept, each name once. Fault `bad-request` for contracts that nobody has applied. */
async function writtenOf(
  tx: Tx,
  { types, contracts = null }: WebhookDraft,
): Promise<{ types: string; contracts: string | null }> {
  const named = [...new Set(contracts ?? [])]
  const known = await tx<{ contract: string }[]>`
    select contract from log where contract = any(${named}::text[])`
  const unknown = named.filter((name) => !known.some(({ contract }) => contract === name))
  if (unknown.length > 0 || contracts?.length === 0) {
    const what = unknown.length > 0 ? `unknown contracts: ${unknown.join(', ')}` : 'contracts is empty'
    throw new Fault('bad-request', 'The webhook was refused.', {
      problems: [`${what}: name contracts that were applied, or leave contracts out for all of them`],
    })
  }
  return {
    types: JSON.stringify([...new Set(types)]),
    contracts: contracts === null ? null : JSON.stringify(named),
  }
}

/** What of a webhook changes; what is left out stays. */
export type WebhookChanges = {
  [Key in keyof WebhookDraft]?: WebhookDraft[Key] | undefined
} & {
  paused?: boolean | undefined
  /** What its receiver signs its answers with, which is never shown; null: it tells nothing any more. */
  answerSecret?: string | null | undefined
}

/**
 * Changes a webhook, and keeps its secret. Another address is asked again although the last one answered 410. One that
 * goes on after a pause is sent what waited, in order. Null: there is none of that id. Faults: `bad-request` with every
 * problem, `conflict` for what stands in a document of a contract. Safe to run twice.
 */
export function editWebhook(
  sql: Database,
  { id, changes, nowMs, random }: { id: string; changes: WebhookChanges; nowMs: UnixMs; random: Random },
): Promise<WebhookView | null> {
  const { paused, ed25519, answerSecret, ...written } = changes
  return sql.begin(async (tx) => {
    const [row] = await tx<WebhookRow[]>`
      select ${tx.unsafe(WEBHOOK_COLUMNS)} from webhook where id = ${id} for update`
    if (!row) return null
    const isWritten = Object.values(written).some((value) => value !== undefined)
    if (isWritten) {
      checkByHand(row)
      await rewrite(tx, { id, row, written })
    }
    if (ed25519 !== undefined && ed25519 !== (row.seed !== null)) {
      await tx`update webhook set signing_seed = ${ed25519 ? random.bytes(SECRET_BYTES) : null} where id = ${id}`
    }
    if (answerSecret !== undefined) await putAnswerSecret(tx, { id, shape: row.shape, secret: answerSecret })
    if (paused === true)
      await tx`update webhook set paused_ms = coalesce(paused_ms, ${nowMs}) where id = ${id}`
    if (paused === false && row.pausedMs !== null) await goOn(tx, { id, nowMs })
    const [after] = await tx<WebhookRow[]>`select ${tx.unsafe(WEBHOOK_COLUMNS)} from webhook where id = ${id}`
    return after ? webhookView(after) : null
  })
}

type Rewriting = {
  id: string
  row: WebhookRow
  written: Omit<WebhookChanges, 'paused' | 'ed25519' | 'answerSecret'>
}

async function rewrite(tx: Tx, { id, row, written }: Rewriting): Promise<void> {
  const draft = {
    url: written.url ?? row.url,
    types: written.types ?? row.types,
    shape: written.shape ?? row.shape,
    contracts: written.contracts === undefined ? row.contracts : written.contracts,
  }
  const problems = webhookProblems(draft)
  if (problems.length > 0) throw new Fault('bad-request', 'The webhook was refused.', { problems })
  const { types, contracts } = await writtenOf(tx, draft)
  await tx`update webhook set url = ${draft.url}, types = ${types}::text::jsonb, shape = ${draft.shape},
    contracts = ${contracts}::text::jsonb,
    disabled_ms = case when url = ${draft.url} then disabled_ms end where id = ${id}`
}

/** What waits goes out in the order in which it was told; what is held or was to be tried later still waits for that. */
async function goOn(tx: Tx, { id, nowMs }: { id: string; nowMs: UnixMs }): Promise<void> {
  await tx`update webhook set paused_ms = null where id = ${id}`
  await tx`update delivery d set next_ms = greatest(coalesce(d.next_ms, 0), ${nowMs}::int8 + after_ms) from (
      select id, (row_number() over (order by created_ms, place) - 1) * ${HELD_APART_MS}::int8 as after_ms
      from delivery where webhook = ${id} and state = 'pending') as waiting
    where d.id = waiting.id`
}

/** Those made by hand, at most `MAX_WEBHOOKS`, then those of contracts; each oldest first. */
export async function listWebhooks(sql: Database): Promise<WebhookView[]> {
  const rows = await sql<WebhookRow[]>`
    select ${sql.unsafe(WEBHOOK_COLUMNS)} from webhook order by contract nulls first, created_ms, endpoint, id`
  return rows.map(webhookView)
}

type WebhookRow = Omit<
  WebhookView,
  'createdAt' | 'disabledAt' | 'pausedAt' | 'endedAt' | 'source' | 'state' | 'publicKey'
> & {
  createdMs: UnixMs
  disabledMs: UnixMs | null
  pausedMs: UnixMs | null
  endedMs: UnixMs | null
  seed: Buffer | null
}

const WEBHOOK_COLUMNS = `id, url, types, shape, contract, contracts, endpoint, language, signing_seed as seed,
  answer_secret is not null as answers,
  created_ms as "createdMs", disabled_ms as "disabledMs", paused_ms as "pausedMs", ended_ms as "endedMs"`

function webhookView({ createdMs, disabledMs, pausedMs, endedMs, seed, ...rest }: WebhookRow): WebhookView {
  const stopped = disabledMs === null ? (pausedMs === null ? 'active' : 'paused') : 'disabled'
  return {
    ...rest,
    source: rest.contract === null ? 'api' : 'contract',
    state: endedMs === null ? stopped : 'ended',
    publicKey: seed && `whpk_${rawPublicKey(privateKeyOf(seed)).toString('base64')}`,
    createdAt: formatInstant(createdMs),
    disabledAt: instantOrNull(disabledMs),
    pausedAt: instantOrNull(pausedMs),
    endedAt: instantOrNull(endedMs),
  }
}

function instantOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : formatInstant(atMs)
}

/** False: there is none of that id. What it still had to send is not sent. Fault `conflict` for a contract's own. */
export function removeWebhook(sql: Database, id: string): Promise<boolean> {
  return sql.begin(async (tx) => {
    const [own] = await tx<Pick<WebhookRow, 'contract' | 'endpoint'>[]>`
      select contract, endpoint from webhook where id = ${id}`
    if (own) checkByHand(own)
    await tx`update delivery set state = 'disabled', next_ms = null where webhook = ${id} and state = 'pending'`
    const gone = await tx`delete from webhook where id = ${id}`
    return gone.count === 1
  })
}

function checkByHand({ contract, endpoint }: Pick<WebhookRow, 'contract' | 'endpoint'>): void {
  if (contract === null) return
  throw new Fault('conflict', `${endpoint} stands in the documents of ${contract}.`, {
    hint: 'Change or remove it in its Alerting document and apply that.',
  })
}

/** Takes up a webhook again that a 410 had disabled; null: there is none of that id. Safe to run twice. */
export async function enableWebhook(sql: Database, id: string): Promise<WebhookView | null> {
  const [row] = await sql<WebhookRow[]>`
    update webhook set disabled_ms = null where id = ${id} returning ${sql.unsafe(WEBHOOK_COLUMNS)}`
  return row ? webhookView(row) : null
}

/** How long the secret before a new one signs beside it. */
export const SECRET_OVERLAP_MS = 24 * 3_600_000

/** A new secret, shown this once; null: there is none of that id. The last one goes on to sign for a day. */
export async function renewSecret(
  sql: Database,
  { id, nowMs, random }: { id: string; nowMs: UnixMs; random: Random },
): Promise<{ id: string; secret: string } | null> {
  const secret = `whsec_${random.bytes(SECRET_BYTES).toString('base64')}`
  const renewed = await sql`
    update webhook set last_secret = secret, last_secret_until_ms = ${nowMs + SECRET_OVERLAP_MS},
      secret = ${secret} where id = ${id}`
  return renewed.count === 1 ? { id, secret } : null
}

/** Sends `webhook.test` the way everything is sent. Faults: `not-found`, `conflict` when disabled. */
export function testWebhook(
  sql: Database,
  { id, nowMs }: { id: string; nowMs: UnixMs },
): Promise<{ delivery: string }> {
  return sql.begin(async (tx) => {
    checkEnabled(await tx<Enabled[]>`select ${tx.unsafe(ENABLED_COLUMNS)} from webhook w where id = ${id}`)
    const delivery = await writeTestMessage(tx, { webhook: id, atMs: nowMs })
    if (delivery === null) throw new Fault('not-found', `there is no webhook ${id}`)
    return { delivery }
  })
}

type Enabled = { disabledMs: UnixMs | null; pausedMs: UnixMs | null; endedMs: UnixMs | null }
const ENABLED_COLUMNS = `w.disabled_ms as "disabledMs", w.paused_ms as "pausedMs", w.ended_ms as "endedMs"`

function checkEnabled([webhook]: readonly Enabled[]): void {
  if (!webhook) throw new Fault('not-found', 'there is no such webhook')
  if (webhook.endedMs !== null) {
    throw new Fault('conflict', 'The documents of its contract do not name this endpoint any more.', {
      hint: 'Name it in an Alerting document and apply that.',
    })
  }
  if (webhook.pausedMs !== null) {
    throw new Fault('conflict', 'The webhook is paused.', { hint: 'Let it go on first.' })
  }
  if (webhook.disabledMs === null) return
  throw new Fault('conflict', 'the receiver answered 410, which disabled the webhook', {
    hint: 'enable it first',
  })
}

/** The same message once more, under its own id: a receiver that has it already will know. */
export function replayDelivery(
  sql: Database,
  { id, nowMs }: { id: string; nowMs: UnixMs },
): Promise<{ delivery: string }> {
  return sql.begin(async (tx) => {
    const found = await tx<(Enabled & { known: boolean })[]>`
      select ${tx.unsafe(ENABLED_COLUMNS)}, w.id is not null as known
      from delivery d left join webhook w on w.id = d.webhook where d.id = ${id}`
    if (found.length === 0) throw new Fault('not-found', `there is no delivery ${id}`)
    checkEnabled(found.filter(({ known }) => known))
    const [row] = await tx<{ id: string }[]>`
      insert into delivery (id, webhook, message_id, type, payload, state, created_ms, next_ms)
      select 'dlv_' || replace(gen_random_uuid()::text, '-', ''), webhook, message_id, type, payload,
        'pending', ${nowMs}, ${nowMs}
      from delivery where id = ${id} returning id`
    if (!row) throw new Fault('not-found', `there is no delivery ${id}`)
    return { delivery: row.id }
  })
}
