#!/usr/bin/env node
// The built file where there is one, else the sources as they are.
import { existsSync } from 'node:fs'

const built = new URL('../dist/constat-verify.mjs', import.meta.url)
if (existsSync(built)) {
  await import(built.href)
} else {
  const { register } = await import('tsx/esm/api')
  register()
  await import('../src/main.ts')
}
