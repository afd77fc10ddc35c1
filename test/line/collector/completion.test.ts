/** Completion and the manual page, as bash and groff read them, beside the table that the help is made from. */
import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { runCommand } from '@constat/collector/cli/program'
import type { World } from '@constat/collector/cli/world'

async function printed(...args: string[]): Promise<string> {
  const lines: string[] = []
  // A command that only prints asks for nothing else of the world.
  const world = { out: (text: string) => lines.push(text), err: (text: string) => lines.push(text) }
  expect(await runCommand(args, world as unknown as World)).toBe(0)
  return lines.join('\n')
}

const inBash = await printed('completion', 'bash')

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(' ')
  const script = `${inBash}\nCOMP_WORDS=(constat ${line}); COMP_CWORD=${words.length}; _constat; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
  return out.split('\n').filter((word) => word !== '')
}

it.each<[string[], string[]]>([
  [['re'], ['reconcile', 'replay', 'report', 'rebuild', 'restore']],
  [
    ['token', ''],
    ['agent', 'api', 'list', 'revoke', 'owner'],
  ],
  [
    ['token', 'api', '--'],
    ['--role', '--contract', '--expires', '--data', '--json'],
  ],
  [
    ['report', 'intranet', '--format', ''],
    ['html', 'pdf', 'csv', 'json'],
  ],
  [['report', 'intranet', '--lang', 'f'], ['fr']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  // A file: bash completes those by itself.
  [['apply', '-f', 're'], []],
])('%j', (words, expected) => {
  expect(offered(...words)).toEqual(expected)
})

it.each(['bash', 'zsh', 'fish'])('%s is offered every command', async (shell) => {
  const script = await printed('completion', shell)
  const help = await printed('--help')
  const names = [...help.split('\nCommands:\n')[1]!.matchAll(/^ {2}(?!help\b)([a-z]+)/gm)].map(
    ([, one]) => one!,
  )
  expect(names.length).toBeGreaterThan(20)
  for (const name of names) expect(script).toMatch(new RegExp(`['| ]${name}[' :]`))
})

it('the manual page is one, and has every command with its options', async () => {
  const page = await printed('man')
  expect(page).not.toMatch(/[^\n -~]/)
  const shown = execFileSync('groff', ['-man', '-Tascii', '-ww', '-P-cbou'], {
    input: page,
    encoding: 'utf8',
  })
  expect(shown).toContain('constat token api [options]')
  expect(shown).toMatch(/--role <role>\s+owner,\s+viewer,\s+provider\s+or\s+internal/)
  expect(shown).toMatch(/EXIT STATUS\s+0\s+done,\s+1\s+the\s+answer\s+is\s+no/)
})
