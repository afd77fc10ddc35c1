/** `constat collector`: the collector alone; agents join with `constat token agent`. */
import type { ServeFlags } from './configured.ts'
import { serve, tellDoor, tellOwner } from './serve.ts'
import type { World } from './world.ts'

export function collector(flags: ServeFlags, world: World): Promise<number> {
  return serve(world, flags, async (served) => {
    tellDoor(served.collector.door, world)
    await tellOwner(served, world)
    return async () => undefined
  })
}
