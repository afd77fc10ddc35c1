/**
 * Assets: the style sheet, the script and the icon, as they lie in a folder. Read once, told apart by
 * their digest, so a browser asks again but seldom fetches again.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, messageOf } from '@constat/shared/fault'
import { Hono } from 'hono'

const TYPES = {
  'app.css': 'text/css; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const
type AssetName = keyof typeof TYPES

type Asset = { body: Uint8Array<ArrayBuffer>; etag: string }

/** `dir` holds every file of TYPES. */
export function assetRoutes(dir: string): Hono {
  const app = new Hono()
  const read = new Map<AssetName, Promise<Asset>>()
  app.get('/:name', async (c) => {
    const name = c.req.param('name')
    if (!isAssetName(name)) return c.notFound()
    const asset = await (read.get(name) ?? remember(name))
    const headers = { etag: asset.etag, 'cache-control': 'public, no-cache', 'content-type': TYPES[name] }
    if (c.req.header('if-none-match')?.includes(asset.etag)) return c.body(null, 304, headers)
    return c.body(asset.body, 200, headers)
  })
  function remember(name: AssetName): Promise<Asset> {
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

async function readAsset(path: string): Promise<Asset> {
  try {
    const body = new Uint8Array(await readFile(path))
    return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
  } catch (cause) {
    throw new Fault('disk', `A file of the web view cannot be read: ${messageOf(cause)}`, { cause })
  }
}
