/** `constat collector`: the collector alone; agents join with `constat token agent`. */
import { serve, tellDoor, type ServeFlags } from './serve.ts'
import type { World } from './world.ts'

export function collector(flags: ServeFlags, world: World): Promise<number> {
  return serve(world, flags, async ({ collector: { door, ownerLink } }) => {
    tellDoor(door, world)
    world.out(`Owner link: ${ownerLink}`)
    return async () => undefined
  })
}
