/**
 * Shapes by name: what a webhook may be created with. Pure.
 */
import { headlineOf, saysOver, type Headline } from '../headline.ts'
import { TEST_TYPE, type MessageType } from '../types.ts'
import { alertmanager } from './alertmanager.ts'
import { email } from './email.ts'
import { generic } from './generic.ts'
import { ntfy } from './ntfy.ts'
import { pagerduty } from './pagerduty.ts'
import type { Shape, ShapeInput } from './shape.ts'
import { sms } from './sms.ts'
import { slack } from './slack.ts'
import { teams } from './teams.ts'

export const SHAPES = {
  generic,
  slack,
  teams,
  pagerduty,
  alertmanager,
  ntfy,
  sms,
  email,
} as const satisfies Record<string, Shape>

export type ShapeName = keyof typeof SHAPES

// Keys of a literal: exactly the names.
export const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[]

export function isShapeName(name: string): name is ShapeName {
  return Object.hasOwn(SHAPES, name)
}

/** What is of use to whoever keeps it, and to nobody else. */
const TO_BE_KEPT = 'evidence.root'
const KEEPING: readonly ShapeName[] = ['generic', 'email']

/** Names of the shapes that have a place for `type`. */
export function shapesTaking(type: MessageType): ShapeName[] {
  if (type === TO_BE_KEPT) return [...KEEPING]
  return SHAPE_NAMES.filter((name) => shapeNamed(name).takes?.(type) ?? true)
}

/**
 * What to send for one message, in this order. Nothing that says more about an incident that is over opens its
 * alert again, and a test ends what it has opened.
 */
export function bodiesOf(
  name: ShapeName,
  given: Omit<ShapeInput, 'headline'> & { headline?: Headline },
): string[] {
  const { envelope } = given
  const input = { ...given, headline: given.headline ?? headlineOf(envelope) }
  const { body, holdsAlerts = false } = shapeNamed(name)
  const first = body({ ...input, isOver: input.isOver || saysOver(envelope) })
  return holdsAlerts && envelope.type === TEST_TYPE ? [first, body({ ...input, isOver: true })] : [first]
}

/** Widened, so that the parts a shape leaves out can be asked for. */
export function shapeNamed(name: ShapeName): Shape {
  return SHAPES[name]
}
