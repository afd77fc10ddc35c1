/** Papers of a window: the report in four forms, and the pack of a claim, from the same facts. */
import { Hono } from 'hono'
import { z } from 'zod'
import { report, sentReport } from '../../view/report.ts'
import { ANNEX_FORMS, ANNEX_TYPES, REPORT_FORMATS, REPORT_TYPES } from '../../view/report-format.ts'
import type { AppDeps } from '../actions.ts'
import { allow, askerOf, type Env } from '../caller.ts'
import { describe, listOf, missing, pageQuery, query } from '../describe.ts'
import { cut } from '../../view/paging.ts'
import { asProvider, may } from '../scope.ts'

const reportQuery = z.object({
  lang: z.enum(['en', 'fr']).optional().describe('Absent: the language of the collector'),
  version: z.coerce.number().int().min(1).optional().describe('Absent: the newest'),
})

export function reportRoutes(deps: AppDeps): Hono<Env> {
  const { actions, language } = deps
  const app = new Hono<Env>()
  app.get(
    '/contracts/:contract/reports/:report',
    allow('read'),
    describe({
      summary:
        'The report of a window, by its key and a form: 2026-10.pdf, .html, .csv or .json; one that was sent by its id',
      tag: 'contracts',
      answer: report,
      problems: [400, 404, 413, 429, 503],
    }),
    query(reportQuery),
    async (c) => {
      const { read, caller } = c.var
      const { lang = language, version } = c.req.valid('query')
      const file = c.req.param('report')
      const format = REPORT_FORMATS.find((one) => file.endsWith(`.${one}`))
      if (format === undefined) throw missing('report')
      const window = file.slice(0, -format.length - 1)
      const contract = c.req.param('contract')
      const made = await actions.report({
        contract,
        window,
        version,
        format,
        lang,
        read,
        by: askerOf(caller),
      })
      if (made === null) throw missing('report')
      c.header('content-type', REPORT_TYPES[format])
      c.header('content-disposition', `attachment; filename="${made.file}"`)
      return c.body(typeof made.body === 'string' ? made.body : new Uint8Array(made.body))
    },
  )
  app.get(
    '/contracts/:contract/reports',
    allow('read'),
    describe({
      summary: 'Reports that schedules have sent, newest first',
      tag: 'contracts',
      answer: listOf(sentReport),
      problems: [400, 404],
    }),
    query(pageQuery),
    async (c) => {
      const { limit, cursor } = c.req.valid('query')
      const contract = c.req.param('contract')
      if (c.var.read.contract(contract) === null) throw missing('contract')
      const found = await c.var.read.sentReports({ contract, before: cursor, limit: limit + 1 })
      return c.json(cut(found, { keyOf: ({ id }) => id, limit }))
    },
  )
  addCalendar(app, deps)
  addClaims(app, deps)
  addAnnex(app, deps)
  return app
}

function addCalendar(app: Hono<Env>, { actions, language }: AppDeps): void {
  app.get(
    `/contracts/:contract${CALENDAR_FILE}`,
    allow('read'),
    describe({
      summary: 'Exclusions and deadlines as a calendar to subscribe to (RFC 5545)',
      tag: 'contracts',
      media: CALENDAR_TYPE,
      problems: [400, 404],
    }),
    query(z.object({ lang: reportQuery.shape.lang })),
    async (c) => {
      const { lang = language } = c.req.valid('query')
      const { read, caller } = c.var
      const isCustomers = may(caller, 'claim')
      const made = await actions.calendar({ contract: c.req.param('contract'), lang, read, isCustomers })
      if (made === null) throw missing('contract')
      return c.body(made, 200, { 'content-type': `${CALENDAR_TYPE}; charset=utf-8` })
    },
  )
}

/** How its address ends. */
export const CALENDAR_FILE = '/calendar.ics'
const CALENDAR_TYPE = 'text/calendar'

function addClaims(app: Hono<Env>, { actions, language, read }: AppDeps): void {
  app.get(
    '/contracts/:contract/claims/:file',
    allow('claim'),
    describe({
      summary: 'The claim pack of a final window as one zip: the file is its key and `.zip`',
      tag: 'penalties',
      media: 'application/zip',
      problems: [400, 404, 409, 413, 429, 503],
    }),
    query(z.object({ lang: reportQuery.shape.lang })),
    async (c) => {
      const { caller } = c.var
      const { lang = language } = c.req.valid('query')
      const contract = c.req.param('contract')
      const file = c.req.param('file')
      const isMine = c.var.read.contract(contract) !== null && file.endsWith(ZIP)
      const window = file.slice(0, -ZIP.length)
      const wanted = { contract, window, lang, read: asProvider(read, contract), by: askerOf(caller) }
      const pack = isMine ? await actions.claimPack(wanted) : null
      if (pack === null) throw missing('window')
      return c.body(ReadableStream.from(pack.bytes), 200, {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="${pack.name}"`,
      })
    },
  )
}

const ZIP = '.zip'

/** Of what both sides see, so both may draw it up. */
function addAnnex(app: Hono<Env>, { actions, read }: AppDeps): void {
  app.get(
    '/contracts/:contract/annex/:form',
    allow('read'),
    describe({
      summary: 'The draft of the amendment that makes the instrument part of the contract: pdf, html or md',
      tag: 'contracts',
      media: 'application/pdf',
      problems: [400, 404, 429, 503],
    }),
    query(z.object({ lang: reportQuery.shape.lang.describe('Which of the two languages stands first') })),
    async (c) => {
      const contract = c.req.param('contract')
      const form = ANNEX_FORMS.find((one) => one === c.req.param('form'))
      if (form === undefined || c.var.read.contract(contract) === null) throw missing('annex')
      const lang = c.req.valid('query').lang ?? null
      const own = { read: asProvider(read, contract), by: askerOf(c.var.caller) }
      const made = await actions.annex({ contract, form, lang, ...own })
      if (made === null) throw missing('annex')
      c.header('content-type', ANNEX_TYPES[form])
      c.header('content-disposition', `attachment; filename="${made.file}"`)
      return c.body(typeof made.body === 'string' ? made.body : new Uint8Array(made.body))
    },
  )
}
