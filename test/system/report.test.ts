/**
 * Reports over the seed: one set of facts in four forms and two languages; the paper form is PDF/A-3b, says the
 * figures of the JSON, carries that JSON, and is the same to the byte when it is made again.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ReportView } from '@constat/collector/view/report'
import type { WindowLifeView } from '@constat/collector/view/window'
import { SEMANTICS_VERSION } from '@constat/sla/semantics'
import { HOSTING } from '../support/seed-terms.ts'
import { openSeeded } from '../support/seeded.ts'

const seeded = await openSeeded()
const folder = mkdtempSync(join(tmpdir(), 'constat-report-'))
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await seeded.close()
})

const CLOSED = '2026-10'

async function fetched(file: string, { as = 'owner-token', contract = HOSTING } = {}): Promise<Response> {
  return seeded.ask(`/api/v1/contracts/${contract}/reports/${file}`, { as })
}

async function bytesOf(file: string, as?: string): Promise<Buffer> {
  const answer = await fetched(file, as === undefined ? {} : { as })
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

async function reportOf(as?: string): Promise<ReportView> {
  // The route answers this shape: its schema is in the OpenAPI document.
  return JSON.parse((await bytesOf(`${CLOSED}.json`, as)).toString()) as ReportView
}

function kept(name: string, bytes: Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const onPaper = (path: string): string =>
  execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' }).replaceAll(/[\u00a0\u202f]/g, ' ')

it('as JSON holds the closing, its guarantees, incidents, exclusions, statements and money', async () => {
  const report = await reportOf()
  expect(report).toMatchObject({
    contract: HOSTING,
    provisional: false,
    closing: { version: 2, semantics: SEMANTICS_VERSION },
    credits: { total: '2900.00', currency: 'EUR' },
  })
  expect(report.guarantees).toHaveLength(10)
  expect(report.losses).toHaveLength(1)
  expect(report.statements).toHaveLength(1)
  const { start, end } = report.window
  for (const { onsetAt, endAt } of report.incidents) {
    expect(onsetAt < end && (endAt === null || endAt > start)).toBe(true)
  }
  expect(report.incidents.length).toBeGreaterThan(5)
})

it.each([
  ['en', 'Not met: 4 of 10 guarantees', ['99.2477', '1 h 58 min 20 s', '1,800.00 EUR']],
  ['fr', 'Non tenu : 4 engagements sur 10', ['99,2477', '1 h 58 min 20 s', '1 800,00 EUR']],
] as const)(
  'on paper in %s says the figures of the JSON, which it carries',
  async (lang, verdict, figures) => {
    const pdf = await bytesOf(`${CLOSED}.pdf?lang=${lang}`)
    const path = kept(`${lang}.pdf`, pdf)
    const said = onPaper(path)
    for (const one of [verdict, ...figures]) expect(said).toContain(one)
    const { closing } = await reportOf()
    expect(said).toContain(closing!.digest)
    const metadata = pdf.toString('latin1')
    expect(metadata).toContain('<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>')
    expect(metadata).toContain('/AFRelationship /Data')
    execFileSync('pdfdetach', ['-save', '1', '-o', join(folder, 'result.json'), path])
    expect(readFileSync(join(folder, 'result.json'))).toEqual(await bytesOf(`${CLOSED}.json`))
    expect((await bytesOf(`${CLOSED}.pdf?lang=${lang}`)).equals(pdf)).toBe(true)
  },
)

it('as HTML needs nothing beside it, and is the same when made again', async () => {
  const page = (await bytesOf(`${CLOSED}.html?lang=fr`)).toString()
  expect(page).toContain('<html lang="fr">')
  expect(page).toContain('Non tenu')
  expect(page).not.toMatch(/<script|\bsrc=|\bhref=|url\(/)
  expect((await bytesOf(`${CLOSED}.html?lang=fr`)).toString()).toBe(page)
})

it('as CSV is what the spreadsheets of each language read', async () => {
  const { guarantees } = await reportOf()
  const english = (await bytesOf(`${CLOSED}.csv?lang=en`)).toString()
  const french = (await bytesOf(`${CLOSED}.csv?lang=fr`)).toString()
  for (const [said, separator] of [
    [english, ','],
    [french.replace(/^\uFEFF/, ''), ';'],
  ] as const) {
    const lines = said.trimEnd().split('\r\n')
    expect(lines).toHaveLength(guarantees.length + 1)
    expect(lines[1]!.split(separator)[0]).toBe('portal-availability')
  }
  expect(french.startsWith('\uFEFF')).toBe(true)
  expect(french).toContain(';99,2477;99,0993;98,9298;')
  expect(english).toContain(',99.2477,99.0993,98.9298,')
})

it('of an older version has the figures of that version', async () => {
  const older = JSON.parse((await bytesOf(`${CLOSED}.json?version=1`)).toString()) as ReportView
  expect(older.closing?.version).toBe(1)
  expect(older.closing?.digest).not.toBe((await reportOf()).closing?.digest)
})

it('of a window that is open says that it is provisional, and when it was made', async () => {
  const answer = await fetched('2026-11.html?lang=en')
  expect(answer.headers.get('content-disposition')).toMatch(/-2026-11-20261122T\d{6}Z\.html"$/)
  expect(await answer.text()).toContain('Provisional: the window is not closed')
})

it('shows a provider what is for both, never the losses', async () => {
  expect((await reportOf('provider-token')).losses).toEqual([])
  const page = (await bytesOf(`${CLOSED}.html?lang=en`, 'provider-token')).toString()
  expect(page).not.toContain('What the outages cost you')
  expect((await fetched(`${CLOSED}.pdf`, { as: 'provider-token', contract: 'intranet' })).status).toBe(404)
})

it.each(['2026-13.pdf', 'nonsense.html', '2026-10.docx', `${CLOSED}.json?version=9`])(
  '%s is not there',
  async (file) => {
    expect((await fetched(file)).status).toBe(404)
  },
)

/** What docs/integrations.md gives to other people's programs, as their role is let read it. */
type Row = Record<string, string | number | boolean | null>
async function asReader(query: string): Promise<Row[]> {
  const { sql } = seeded.world.database
  return sql.begin(async (tx) => {
    await tx`set local role constat_reader`
    return tx.unsafe<Row[]>(query)
  })
}

/** `bigint` as the driver gives it. */
function longs(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      key.includes('_ms') && value !== null ? Number(value) : value,
    ]),
  )
}

function figuresOf(one: WindowLifeView['guarantees'][number]): Row {
  const down = 'downMs' in one ? one.downMs : null
  return {
    guarantee: one.guarantee,
    service: one.service,
    clause: one.clause,
    metric: one.metric,
    target: one.target,
    verdict: one.verdict,
    insufficient_evidence: one.insufficientEvidence,
    coverage: one.coverage,
    committed_ms: one.committedMs,
    known_ms: one.knownMs,
    excluded_ms: one.excludedMs,
    down_ms_provable: down?.provable ?? null,
    down_ms_point: down?.point ?? null,
    down_ms_pessimistic: down?.pessimistic ?? null,
    credit: one.credit?.amount ?? null,
    currency: one.credit?.currency ?? null,
  }
}

describe('views for other programs', () => {
  beforeAll(async () => {
    const page = readFileSync(new URL('../../docs/integrations.md', import.meta.url), 'utf8')
    const grants = /```sql\n([\s\S]*?)```/.exec(page)![1]!
    await seeded.world.database.sql.unsafe(grants)
  })

  it('say of closed windows what the API says', async () => {
    const { read } = seeded.deps
    const windows = read.contracts().flatMap(({ name }) => read.closedWindows(name))
    const closed = await asReader('select * from report.closing where is_newest order by contract, "window"')
    const named = (parts: unknown[]): string => parts.join(' ')
    const published = read
      .contracts()
      .flatMap(({ name }) =>
        read.closedWindows(name).map(({ window, digest }) => named([name, window, digest])),
      )
    const viewed = closed.map(({ contract, window, digest }) => named([contract, window, digest]))
    expect(viewed.sort()).toEqual(published.sort())
    // One of them is too long for an entry, and stands beside the log.
    expect(
      await seeded.world.database.sql`select from entry where type = 11 and length(body) = 77`,
    ).not.toEqual([])
    const [hosting] = read.closedWindows(HOSTING)
    const judged = await asReader(
      `select guarantee, verdict, credit::text from report.guarantee where contract = '${HOSTING}' and is_newest`,
    )
    expect(judged.map(({ guarantee, verdict }) => ({ guarantee, verdict }))).toEqual(
      hosting!.guarantees.map(({ guarantee, verdict }) => ({ guarantee, verdict })),
    )
    expect(closed.find(({ contract }) => contract === HOSTING)!['credit']).toBe(hosting!.credit!.total)
    const life = (await read.window(HOSTING, hosting!.window))!
    const figures = await asReader(
      `select guarantee, service, clause, metric, target, verdict, insufficient_evidence, coverage::text,
         committed_ms, known_ms, excluded_ms, down_ms_provable, down_ms_point, down_ms_pessimistic, credit::text, currency
       from report.guarantee where contract = '${HOSTING}' and is_newest`,
    )
    expect(figures.map((row) => ({ ...row, ...longs(row) }))).toEqual(life.guarantees.map(figuresOf))
    const older = await asReader('select from report.closing where not is_newest')
    expect(older).toHaveLength(windows.reduce((sum, { version }) => sum + version - 1, 0))
  })

  it('say of incidents what the API says', async () => {
    const seen = await seeded.deps.read.incidents({ limit: 500 })
    const rows = await asReader(
      `select * from report.incident where close_reason is null or close_reason not in ('merged', 'revised')`,
    )
    const instant = (at: Row[string] | undefined) => (at === null ? null : new Date(String(at)).toISOString())
    const viewed = rows.map((row) => ({
      id: row['id'],
      contract: row['contract'],
      service: row['service'],
      cause: row['cause'],
      zone: row['zone'],
      onsetAt: instant(row['onset_at']),
      openedAt: instant(row['opened_at']),
      endAt: instant(row['ended_at']),
      closedAt: instant(row['closed_at']),
      closeReason: row['close_reason'],
      pagedAt: instant(row['due_at']),
      alertedAt: instant(row['told_at']),
      acknowledgedAt: instant(row['acknowledged_at']),
      providerAcknowledgedAt: instant(row['provider_acknowledged_at']),
    }))
    const keys = Object.keys(viewed[0]!) as (keyof (typeof seen)[number])[]
    const published = seen.map((one) => Object.fromEntries(keys.map((key) => [key, one[key]])))
    const inOrder = (all: Record<string, unknown>[]) =>
      all.toSorted((a, b) => String(a['id']).localeCompare(String(b['id'])))
    expect(inOrder(viewed)).toEqual(inOrder(published))
    // When people were to be told is another fact than when they were.
    expect(viewed.some(({ pagedAt, alertedAt }) => pagedAt !== alertedAt)).toBe(true)
  })

  it.each(['entry', 'webhook', 'token', 'said', 'event'])('let nobody read the table %s', async (table) => {
    await expect(asReader(`select from public.${table}`)).rejects.toThrow('permission denied')
  })

  it('answer every question of the dashboard', async () => {
    const text = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8')
    const questions = [...text.matchAll(/"(?:rawSql|rawQuery|query)": ("select (?:[^"\\]|\\.)*")/g)].map(
      ([, one]) => JSON.parse(one!) as string,
    )
    expect(questions.length).toBeGreaterThan(10)
    for (const question of questions) {
      const query = question
        .replaceAll(/\$__timeFilter\((\w+)\)/g, "$1 between '2026-01-01' and '2027-01-01'")
        .replaceAll('${contract:sqlstring}', `'${HOSTING}', 'intranet'`)
      expect(query).not.toContain('$')
      const rows = await asReader(query)
      expect(rows.length, query).toBeGreaterThan(0)
    }
  })
})
