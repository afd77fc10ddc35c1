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
import { given, readFields, type FieldReader } from './fields.ts'
import type { Judgement, Kind, Probe } from './probe.ts'

export type FigureSpec = Extract<HostSpec, { metric: HostMetric }>
export type ProgramSpec = Extract<HostSpec, { name: string }>

const PROGRAMS = ['process', 'service'] as const satisfies readonly HostProgram[]
/** Of any text; the rule of the field says more. */
const MAX_CHARS = 1_024

export const probeHost: Probe<HostSpec> = (spec, context) =>
  runAttempt(context, async (attempt) => {
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

export const hostKind: Kind<HostSpec> = {
  read(fields) {
    const field = readFields(fields)
    const metric = field.oneOf('metric', [...HOST_METRICS, ...PROGRAMS])
    if (metric === undefined) return `metric must be one of ${[...HOST_METRICS, ...PROGRAMS].join(', ')}`
    const spec =
      metric === 'process' || metric === 'service' ? readProgram(field, metric) : readFigure(field, metric)
    return field.problem() ?? spec
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

function readProgram(field: FieldReader, metric: HostProgram): HostSpec | string {
  const name = field.text('name', MAX_CHARS)
  if (name === undefined) return 'name is missing: say which program has to run'
  const { form, words } = PROGRAM_RULES[metric]
  return form.test(name) ? { kind: 'host', metric, name } : `name must be ${words}`
}

function readFigure(field: FieldReader, metric: HostMetric): HostSpec | string {
  const rule = placeRule(metric)
  const of = rule && field.text('of', MAX_CHARS)
  const degradedOver = field.integer('degradedOver', limitRange(metric))
  const failOver = field.integer('failOver', limitRange(metric))
  if (rule && of !== undefined && !rule.form.test(of)) return `of must be ${rule.words}`
  if (degradedOver !== undefined && failOver !== undefined && degradedOver >= failOver)
    return 'degradedOver must be below failOver'
  return { kind: 'host', metric, ...given({ of, degradedOver, failOver }) }
}
