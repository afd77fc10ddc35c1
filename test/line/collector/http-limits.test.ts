/**
 * Limits of HTTP: each tried at its edge and one past it.
 */
import { describe, expect, it } from 'vitest'
import * as limits from '@constat/collector/http/limits'
import type { ReadModel } from '@constat/collector/view/reads'
import type { IncidentView } from '@constat/collector/view/timeline'
import { webhookProblems } from '@constat/collector/db/webhooks'
import { Fault } from '@constat/shared/fault'
import { formatInstant } from '@constat/shared/time'
import { asker, type Asked } from '../../support/ask.ts'
import { plainDeps } from '../../support/plain-deps.ts'
import { SEED_NOW_MS } from '../../support/seed-story.ts'

type Edge = { what: string; at: (n: number) => Promise<number>; limit: number; ok: number; past: number }
type Plain = ReturnType<typeof plainDeps>

const API = '/api/v1'
const digest = 'ab'.repeat(32)

/** Takes whatever is asked of it: what it refuses is refused by HTTP alone. */
function willing(): Plain {
  const plain = plainDeps({
    actions: {
      applyContract: ({ contract }) =>
        Promise.resolve({ kind: 'applied', contract, revision: 1, digest, changed: true, warnings: [] }),
      issueAgentToken: () =>
        Promise.resolve({ token: 't', command: 'c', expiresAt: formatInstant(SEED_NOW_MS) }),
    },
  })
  plain.deps.actions.webhooks.create = (wanted) => {
    const problems = webhookProblems(wanted)
    if (problems.length > 0) return Promise.reject(new Fault('bad-request', 'refused', { problems }))
    return Promise.resolve({ id: 'hook_1', secret: 'whsec_1' })
  }
  return plain
}

const owner = (path: string, asked: Asked = {}, plain: Plain = timelineOf(1)): Promise<number> =>
  asker(plain)(`${API}${path}`, { as: 'owner-token', ...asked }).then(({ status }) => status)

const json = { 'content-type': 'application/json' }
const post = (body: string): Asked => ({ method: 'POST', body, headers: json })

/** A contract that names itself and is padded to `bytes`; `é` shows that bytes are counted, not characters. */
function padded(bytes: number): string {
  const head = 'name: intranet # é'
  return head + 'x'.repeat(bytes - Buffer.byteLength(head))
}

/** Any service has a timeline of so many segments, its own and those of one vantage. */
function timelineOf(segments: number): Plain {
  const plain = willing()
  const segment = { start: '2026-11-22T00:00:00.000Z', end: '2026-11-22T00:00:01.000Z', state: 'up' } as const
  const half = Math.floor(segments / 2)
  const timeline: ReadModel['timeline'] = (service, { fromMs, toMs }) => ({
    service,
    contract: 'intranet',
    from: formatInstant(fromMs),
    to: formatInstant(toMs),
    segments: Array.from({ length: half }, () => segment),
    vantages: { one: Array.from({ length: segments - half }, () => segment) },
    agentNames: {},
    isolated: {},
    administeredBy: {},
  })
  plain.deps.read = { ...plain.deps.read, timeline }
  return plain
}

const EDGES: Edge[] = [
  {
    what: 'bytes of a contract',
    at: (n) => owner('/contracts/intranet', { method: 'PUT', body: padded(n) }),
    limit: limits.MAX_CONTRACT_BYTES,
    ok: 200,
    past: 413,
  },
  {
    what: 'bytes of another body',
    at: (n) => owner('/agents/tokens', post('{"name":"lyon"}'.padEnd(n))),
    limit: limits.MAX_BODY_BYTES,
    ok: 201,
    past: 413,
  },
  {
    what: 'characters of a query',
    at: (n) => owner(`/contracts?x=${'a'.repeat(n - 3)}`),
    limit: limits.MAX_QUERY_CHARS,
    // Read, and refused because there is no such parameter.
    ok: 400,
    past: 413,
  },
  {
    what: 'characters of a name',
    at: (n) => owner(`/incidents?contract=${'a'.repeat(n)}`),
    limit: limits.MAX_NAME_CHARS,
    ok: 200,
    past: 400,
  },
  {
    what: 'items of a page',
    at: (n) => owner(`/incidents?limit=${n}`),
    limit: limits.MAX_PAGE_ITEMS,
    ok: 200,
    past: 400,
  },
  {
    what: 'span of a timeline',
    at: (n) =>
      owner(
        `/services/intranet/timeline?from=${formatInstant(SEED_NOW_MS - n)}&to=${formatInstant(SEED_NOW_MS)}`,
      ),
    limit: limits.MAX_TIMELINE_MS,
    ok: 200,
    past: 413,
  },
  {
    what: 'segments of a timeline',
    at: (n) => owner('/services/intranet/timeline', {}, timelineOf(n)),
    limit: limits.MAX_TIMELINE_SEGMENTS,
    ok: 200,
    past: 413,
  },
  {
    what: 'characters of a webhook address',
    at: (n) => owner('/webhooks', post(JSON.stringify({ url: 'https://x.example/'.padEnd(n, 'a') }))),
    limit: limits.MAX_URL_CHARS,
    ok: 201,
    past: 400,
  },
  {
    what: 'types of a webhook',
    at: (n) => {
      const types = Array.from({ length: n }, () => 'incident.opened')
      return owner('/webhooks', post(JSON.stringify({ url: 'https://x.example', types })))
    },
    limit: limits.MAX_WEBHOOK_TYPES,
    ok: 201,
    past: 400,
  },
  {
    what: 'characters of an agent name',
    at: (n) => owner('/agents/tokens', post(JSON.stringify({ name: 'a'.repeat(n) }))),
    limit: 64,
    ok: 201,
    past: 400,
  },
  {
    what: 'characters of a token',
    at: (n) => {
      const plain = willing()
      const { sessions } = plain.deps.actions
      sessions.authenticate = () =>
        Promise.resolve({ role: 'owner', contracts: null, token: 'tok_owner', as: 'api' })
      return owner('/contracts', { as: 't'.repeat(n) }, plain)
    },
    limit: limits.MAX_TOKEN_CHARS,
    ok: 200,
    past: 401,
  },
]

describe('limits', () => {
  it.each(EDGES)('$what: $limit and no more', async ({ at, limit, ok, past }) => {
    expect(await at(limit)).toBe(ok)
    expect(await at(limit + 1)).toBe(past)
  })

  it.each(['0', '-1', '1.5', 'many', ''])('a page of %j items is refused', async (limit) => {
    expect(await owner(`/incidents?limit=${limit}`)).toBe(400)
  })

  it('a page has 100 items unless asked otherwise', async () => {
    const plain = willing()
    const asked: number[] = []
    const incidents: ReadModel['incidents'] = ({ limit }) => {
      asked.push(limit)
      // What a list of incidents shows of one is not looked at here.
      return Promise.resolve(Array.from({ length: limit }, (_, n) => ({ id: `inc_${n}` }) as IncidentView))
    }
    plain.deps.read = { ...plain.deps.read, incidents }
    const answer = await asker(plain)(`${API}/incidents`, { as: 'owner-token' })
    const { items, next } = (await answer.json()) as { items: unknown[]; next: string } // a list, by its schema
    expect({ count: items.length, next, asked }).toEqual({ count: 100, next: 'inc_99', asked: [101] })
  })

  it.each([
    ['from=yesterday', 400],
    ['from=2026-02-30T00:00:00Z', 400],
    ['from=2026-11-22T18:00:00Z&to=2026-11-22T17:00:00Z', 400],
    ['from=2026-11-22T17:00:00Z&to=2026-11-22T17:00:00Z', 400],
    ['from=2026-11-22T16:00:00%2B00:00&to=2026-11-22T17:00:00Z', 200],
  ])('a span of %s answers %i', async (span, status) => {
    expect(await owner(`/services/intranet/timeline?${span}`)).toBe(status)
  })

  it('without a span it is the last 24 hours', async () => {
    const answer = await asker(timelineOf(1))(`${API}/services/intranet/timeline`, { as: 'owner-token' })
    expect(await answer.json()).toMatchObject({
      from: '2026-11-21T17:29:04.250Z',
      to: '2026-11-22T17:29:04.250Z',
    })
  })

  it('an empty contract is refused', async () => {
    expect(await owner('/contracts/intranet', { method: 'PUT', body: ' \n' })).toBe(400)
  })
})
