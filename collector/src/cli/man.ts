/** The manual page, man(7), made from the table that the help is made from. Pure. */
import { VERSION } from '../version.ts'
import type { Entry } from './table.ts'

const ENDS = `0 done, 1 the answer is no (a breach, a difference), 2 evidence or state is broken, 3 wrong usage, 4 could not run.`

export function manualOf([program, ...commands]: readonly Entry[]): string {
  const lines = [
    `.TH CONSTAT 1 "" "Constat ${VERSION}"`,
    '.SH NAME',
    `constat \\- ${roff(program?.about ?? '')}`,
    '.SH SYNOPSIS',
    '.B constat',
    '.I command',
    '[options]',
    '.SH COMMANDS',
    ...commands.filter((one) => one.commands.length === 0).flatMap(commandLines),
    '.SH EXIT STATUS',
    roff(ENDS),
    '.SH ENVIRONMENT',
    'Variables, files and their defaults are in docs/operators.md.',
  ]
  return `${lines.join('\n')}\n`
}

function commandLines({ path, usage, about, flags }: Entry): string[] {
  return [
    `.SS ${roff(`constat ${path.join(' ')} ${usage}`)}`,
    roff(about),
    ...flags.flatMap((flag) => ['.TP', `.B ${roff(flag.usage)}`, roff(withChoices(flag))]),
  ]
}

function withChoices({ about, choices }: { about: string; choices: readonly string[] }): string {
  return choices.length > 0 ? `${about} (${choices.join(', ')})` : about
}

/** A line of text: no dot or quote at its beginning is a request, hyphens can be copied, and it is ASCII. */
function roff(text: string): string {
  return text
    .replaceAll('…', '...')
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(
      /[^\x20-\x7e]/gu,
      (one) => `\\[u${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replaceAll(/^(?=[.'])/gm, '\\&')
}
