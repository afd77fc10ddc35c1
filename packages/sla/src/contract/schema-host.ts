/**
 * Schema of the host probe of a Check: a figure of the agent's own host with its limits, or a program
 * that has to run there; and its expansion to what the agent reads. Pure.
 */
import { HOST_METRICS, type HostSpec } from '@constat/shared/check'
import { invariant } from '@constat/shared/fault'
import { limitRange, placeRule, PROGRAM_RULES, type HostMetric } from '@constat/shared/host-rule'
import { z } from 'zod'
import { present } from './schema-network.ts'

const program = (kind: keyof typeof PROGRAM_RULES) =>
  z
    .string(`should be ${PROGRAM_RULES[kind].words}`)
    .regex(PROGRAM_RULES[kind].form, `should be ${PROGRAM_RULES[kind].words}`)
    .optional()
const limit = z
  .int('should be a whole number')
  .min(0, 'should be 0 or more')
  .max(limitRange('network').max)
  .optional()

const FORMS = 'write {metric: disk, of: /var, failOver: 95}, {process: nginx} or {service: postgresql}'

/** One object, not a union: then each mistake is told at its own place. */
const fields = z.strictObject({
  metric: z.enum(HOST_METRICS).optional(),
  /** Mount point of a disk, name of an interface. Absent: the root, and the interface of the default route. */
  of: z.string('should be text').optional(),
  /** Percent; of the load, percent of one core each; of the network, kbit/s in and out. */
  degradedOver: limit,
  failOver: limit,
  process: program('process'),
  service: program('service'),
})

export const hostOptions = fields.superRefine((host, context) => {
  for (const { path, message } of problemsOf(host)) context.addIssue({ code: 'custom', path, message })
})

type Written = z.output<typeof fields>
type Problem = { path: string[]; message: string }

function problemsOf({ metric, process, service, ...figure }: Written): Problem[] {
  const named = [metric, process, service].filter((one) => one !== undefined)
  if (named.length !== 1)
    return [{ path: [], message: `should have exactly one of metric, process, service: ${FORMS}` }]
  if (metric !== undefined) return figureProblems(metric, figure)
  return Object.entries(figure).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [{ path: [name], message: 'belongs to a metric: a program runs or does not; remove it' }],
  )
}

type Figure = Pick<Written, 'of' | 'degradedOver' | 'failOver'>

function figureProblems(metric: HostMetric, { of, degradedOver, failOver }: Figure): Problem[] {
  const problems: Problem[] = []
  const say = (path: string[], message: string): void => void problems.push({ path, message })
  const rule = placeRule(metric)
  if (of !== undefined && !rule)
    say(['of'], `belongs to disk and network: a host has one ${metric}; remove it`)
  if (of !== undefined && rule && !rule.form.test(of)) say(['of'], `should be ${rule.words}`)
  const { max } = limitRange(metric)
  for (const [name, value] of Object.entries({ degradedOver, failOver }))
    if (value !== undefined && value > max) say([name], `should be at most ${max}: more is never reached`)
  if (degradedOver !== undefined && failOver !== undefined && degradedOver >= failOver)
    say(['degradedOver'], 'should be below failOver')
  return problems
}

/** What the agent reads. */
export function hostProbe({ metric, process, service, ...figure }: Written): HostSpec {
  if (process !== undefined) return { kind: 'host', metric: 'process', name: process }
  if (service !== undefined) return { kind: 'host', metric: 'service', name: service }
  invariant(metric !== undefined, 'the schema asks for exactly one of the three')
  return present<Extract<HostSpec, { metric: HostMetric }>>({
    kind: 'host',
    metric,
    ...figure,
  })
}
