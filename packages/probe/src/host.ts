/**
 * `host`: a fact about the host that the agent stands on: a figure with limits, or a program that has to
 * run. Nothing goes over the network; latency is the time that the reading took. `value` is the figure as
 * an integer, rounded up, so that it is above a limit exactly where the exact figure is: percent, kbit/s,
 * the number of processes, 1 for an active service. What the host cannot tell is unknown, never a guess.
 */
import { HOST_METRICS, type HostSpec } from '@constat/shared/check'
import { limitRange, placeRule, PROGRAM_RULES } from '@constat/shared/host-rule'
import type { HostMetric, HostProgram } from '@constat/shared/host-rule'
import { runAttempt } from './attempt.ts'
import { assertAllowed } from './connect.ts'
import { integer, readFields, text, type Fields } from './fields.ts'
import type { Judgement, Kind, Probe } from './probe.ts'

export type FigureSpec = Extract<HostSpec, { metric: HostMetric }>
export type ProgramSpec = Extract<HostSpec, { name: string }>

const PROGRAMS = ['process', 'service'] as const satisfies readonly HostProgram[]
/** Of any text; the rule of the field says more. */
const MAX_CHARS = 1_024

export const probeHost: Probe<HostSpec> = (spec, context) =>
  runAttempt(context, async (attempt) => {
    assertAllowed({ host: '', address: null, port: null }, context)
    // Loaded with the first host check: an agent without any carries nothing of it.
    const { readHost } = await import('./host-reading.ts')
    const reading = await readHost(spec, { ...context, signal: attempt.signal })
    attempt.watch.stop()
    return () => ('name' in spec ? judgeProgram(spec, reading) : judgeFigure(spec, reading))
  })

/** A figure or a count, and what people read beside it. */
export type HostReading = { value: number; detail: string }

function judgeFigure({ degradedOver, failOver }: FigureSpec, { value, detail }: HostReading): Judgement {
  const over = (limit: number): string => `${detail}; the limit is ${limit}`
  if (failOver !== undefined && value > failOver)
    return { outcome: 'fail', cause: 'threshold', value, detail: over(failOver) }
  if (degradedOver !== undefined && value > degradedOver)
    return { outcome: 'degraded', cause: 'threshold', value, detail: over(degradedOver) }
  return { outcome: 'ok', cause: 'none', value, detail }
}

/** The least of a program is one: fewer is below that threshold. */
function judgeProgram(_: ProgramSpec, { value, detail }: HostReading): Judgement {
  return value > 0
    ? { outcome: 'ok', cause: 'none', value, detail }
    : { outcome: 'fail', cause: 'threshold', value, detail }
}

const METRICS = [...HOST_METRICS, ...PROGRAMS]

export const hostKind: Kind<HostSpec> = {
  read(fields) {
    const metric = METRICS.find((one) => one === fields['metric'])
    if (metric === undefined) return `metric must be one of ${METRICS.join(', ')}`
    return metric === 'process' || metric === 'service'
      ? readProgram(fields, metric)
      : readFigure(fields, metric)
  },
  ofUrl(url) {
    const metric = url.hostname
    const path = decodeURIComponent(url.pathname)
    const place = metric === 'disk' ? path : path.replace(/^\//, '')
    const isProgram = metric === 'process' || metric === 'service'
    const about = place === '' ? {} : { [isProgram ? 'name' : 'of']: place }
    const limits = [...url.searchParams].map(([name, text]) => [name, Number(text)] as const)
    return hostKind.read({ ...Object.fromEntries(limits), ...about, metric })
  },
  probe: probeHost,
}

/** Read apart. */
const known = ['kind', 'metric']

function readProgram(fields: Fields, metric: HostProgram): HostSpec | string {
  const read = readFields(fields, { name: text(MAX_CHARS) }, { needed: [], known })
  if (typeof read === 'string') return read
  const { name } = read
  if (name === undefined) return 'name is missing: say which program has to run'
  const { form, words } = PROGRAM_RULES[metric]
  return form.test(name) ? { kind: 'host', metric, name } : `name must be ${words}`
}

function readFigure(fields: Fields, metric: HostMetric): HostSpec | string {
  const rule = placeRule(metric)
  const limit = integer(limitRange(metric))
  const forms = { of: text(MAX_CHARS), degradedOver: limit, failOver: limit }
  const { of: _of, ...placeless } = forms
  const read: string | Partial<FigureSpec> = readFields(fields, rule ? forms : placeless, {
    needed: [],
    known,
  })
  if (typeof read === 'string') return read
  const { of, degradedOver, failOver } = read
  if (rule && of !== undefined && !rule.form.test(of)) return `of must be ${rule.words}`
  if (degradedOver !== undefined && failOver !== undefined && degradedOver >= failOver)
    return 'degradedOver must be below failOver'
  return { kind: 'host', metric, ...read }
}
