/** Assets: the style sheet, the script and the icon, as they lie in a folder, each read once. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, messageOf } from '@constat/shared/fault'
import { Hono } from 'hono'
import { answerShared, sharedBody, type SharedBody } from '../http/shared-body.ts'

const TYPES = {
  'app.css': 'text/css; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'icon-down.svg': 'image/svg+xml',
} as const
type AssetName = keyof typeof TYPES

/** `dir` holds every file of TYPES. */
export function assetRoutes(dir: string): Hono {
  const app = new Hono()
  const read = new Map<AssetName, Promise<SharedBody>>()
  app.get('/:name', async (c) => {
    const name = c.req.param('name')
    if (!isAssetName(name)) return c.notFound()
    const asset = await (read.get(name) ?? remember(name))
    return answerShared(c, asset, { type: TYPES[name], cacheControl: 'public, no-cache' })
  })
  function remember(name: AssetName): Promise<SharedBody> {
    const asset = readAsset(join(dir, name))
    read.set(name, asset)
    // A file that could not be read is tried again.
    asset.catch(() => read.delete(name))
    return asset
  }
  return app
}

function isAssetName(name: string): name is AssetName {
  return Object.hasOwn(TYPES, name)
}

async function readAsset(path: string): Promise<SharedBody> {
  try {
    return sharedBody(await readFile(path))
  } catch (cause) {
    throw new Fault('disk', `A file of the web view cannot be read: ${messageOf(cause)}`, { cause })
  }
}
