/**
 * `host`: a fact about the host that the agent stands on: a figure with limits, or a program that has to
 * run. Nothing goes over the network; latency is the time that the reading took. `value` is the figure as
 * an integer, rounded up, so that it is above a limit exactly where the exact figure is: percent, kbit/s,
 * the number of processes, 1 for an active service. What the host cannot tell is unknown, never a guess.
 */
import { HOST_METRICS, type HostSpec } from '@constat/shared/check'
import { runAttempt } from './attempt.ts'
import { given, readFields, type FieldReader } from './fields.ts'
import type { Judgement, Kind, Probe } from './probe.ts'

export type FigureSpec = Extract<HostSpec, { metric: (typeof HOST_METRICS)[number] }>
export type ProgramSpec = Extract<HostSpec, { name: string }>

const PROGRAMS = ['process', 'service'] as const
/** Figures of which a host has several; `of` says which. */
const MANIFOLD: ReadonlySet<string> = new Set(['disk', 'network'])
/** Metrics counted in percent of what there is: never above 100. */
const BOUNDED: ReadonlySet<string> = new Set(['cpu', 'memory', 'swap', 'disk'])
const MAX_SHARE = 99
/** 1 Tbit/s in kbit/s; the value of a sample is an int32. */
const MAX_LIMIT = 1_000_000_000
const MAX_PLACE_CHARS = 1_024
const MAX_NAME_CHARS = 200
/** No path and no option: a name goes into a comparison or behind `--`, nothing else. */
const PROCESS_NAME = /^[^\s/\p{Cc}][^/\p{Cc}]*$/u
const SERVICE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:@\\-]*$/

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
    if (fields['metric'] === undefined) field.missing('metric')
    const spec =
      metric === 'process' || metric === 'service' ? readProgram(field, metric) : readFigure(field, metric)
    return field.problem() ?? (typeof spec === 'string' ? spec : (spec ?? 'metric'))
  },
  ofUrl(url) {
    const limit = (name: string): number | undefined => {
      const text = url.searchParams.get(name)
      return text === null ? undefined : Number(text)
    }
    const metric = url.hostname
    const rest = decodeURIComponent(url.pathname)
    const isProgram = metric === 'process' || metric === 'service'
    const place = metric === 'disk' ? rest : rest.replace(/^\//, '')
    const about = isProgram ? { name: place } : { of: place === '' ? undefined : place }
    const limits = { degradedOver: limit('degradedOver'), failOver: limit('failOver') }
    return hostKind.read({ metric, ...given({ ...about, ...limits }) })
  },
  probe: probeHost,
}

function readProgram(field: FieldReader, metric: ProgramSpec['metric']): HostSpec | string {
  const name = field.text('name', MAX_NAME_CHARS)
  if (name === undefined) return 'name is missing: say which program has to run'
  const isName = metric === 'process' ? PROCESS_NAME.test(name) : SERVICE_NAME.test(name)
  return isName ? { kind: 'host', metric, name } : `name must be that of a ${metric}, without a path`
}

function readFigure(field: FieldReader, metric: FigureSpec['metric'] | undefined): HostSpec | string {
  const max = metric !== undefined && BOUNDED.has(metric) ? MAX_SHARE : MAX_LIMIT
  const of = metric !== undefined && MANIFOLD.has(metric) ? field.text('of', MAX_PLACE_CHARS) : undefined
  const degradedOver = field.integer('degradedOver', { min: 0, max })
  const failOver = field.integer('failOver', { min: 0, max })
  if (metric === undefined) return 'metric is missing'
  if (of === '') return 'of is empty: name the disk or the interface, or leave it out'
  if (degradedOver !== undefined && failOver !== undefined && degradedOver >= failOver)
    return 'degradedOver must be below failOver'
  return { kind: 'host', metric, ...given({ of, degradedOver, failOver }) }
}
