#!/usr/bin/env node
/**
 * `constat`: the built program where there is one, otherwise its sources through tsx.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const built = new URL('../dist/main.mjs', import.meta.url)

if (existsSync(built)) {
  await import(built.href)
} else {
  const { register } = await import('tsx/esm/api')
  // The JSX settings are in the clone's tsconfig, whatever folder the command was given in.
  register({ tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)) })
  await import('../src/main.ts')
}
