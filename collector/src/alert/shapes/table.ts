/**
 * Shapes by name: what a webhook may be created with. Pure.
 */
import type { MessageType } from '../types.ts'
import { alertmanager } from './alertmanager.ts'
import { generic } from './generic.ts'
import { ntfy } from './ntfy.ts'
import { pagerduty } from './pagerduty.ts'
import type { Shape } from './shape.ts'
import { slack } from './slack.ts'
import { teams } from './teams.ts'

export const SHAPES = { generic, slack, teams, pagerduty, alertmanager, ntfy } as const satisfies Record<
  string,
  Shape
>

export type ShapeName = keyof typeof SHAPES

// Keys of a literal: exactly the names.
export const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[]

export function isShapeName(name: string): name is ShapeName {
  return Object.hasOwn(SHAPES, name)
}

/** Names of the shapes that have a place for `type`. */
export function shapesTaking(type: MessageType): ShapeName[] {
  return SHAPE_NAMES.filter((name) => shapeNamed(name).takes?.(type) ?? true)
}

/** Widened, so that the parts a shape leaves out can be asked for. */
export function shapeNamed(name: ShapeName): Shape {
  return SHAPES[name]
}
