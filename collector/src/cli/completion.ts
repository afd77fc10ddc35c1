/** Completion for shells: commands, options and their values, made from the table that the help is made from. Pure. */
import type { Entry, Flag } from './table.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export function completionOf(shell: Shell, entries: readonly Entry[]): string {
  return { bash, zsh, fish }[shell](entries)
}

/** Where files are asked for, bash completes them by itself: nothing else is offered then. */
function bash(entries: readonly Entry[]): string {
  const offered = entries.map(
    (one) => `    ${quoted(one.path.join(' '))}) words=${quoted(wordsOf(one).join(' '))} ;;`,
  )
  return `# For bash: eval "$(constat completion bash)"
_constat() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${at:+$at }\${COMP_WORDS[i]}" in
      ${pathsOf(entries)}) at=\${at:+$at }\${COMP_WORDS[i]} ;;
    esac
  done
  COMPREPLY=()
  case "$at $prev" in
${valuesOf(entries, (choices) => `words=${quoted(choices.join(' '))}`, 'return')}
    *) case "$at" in
${offered.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _constat constat
`
}

function zsh(entries: readonly Entry[]): string {
  const offered = entries.map((one) => {
    const commands = one.commands.map(([name, about]) => quoted(`${name}:${about}`))
    const flags = one.flags.flatMap(({ names, about }) => names.map((name) => quoted(`${name}:${about}`)))
    const words = one.choices.length > 0 ? `; compadd ${one.choices.map(quoted).join(' ')}` : ''
    return `    (${quoted(one.path.join(' '))}) below=(${commands.join(' ')}); flags=(${flags.join(' ')})${words} ;;`
  })
  return `#compdef constat
# For zsh: a file _constat in a folder of $fpath, or eval "$(constat completion zsh)"
_constat() {
  local at= word
  local -a below flags
  for word in \${words[2,CURRENT-1]}; do
    case "\${at:+$at }$word" in
      (${pathsOf(entries)}) at=\${at:+$at }$word ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${valuesOf(entries, (choices) => `compadd ${choices.map(quoted).join(' ')}; return`, '_files; return')}
  esac
  case "$at" in
${offered.join('\n')}
  esac
  _describe command below
  _describe -o option flags
  (( \${#below} )) || _files
}
if [[ \${funcstack[1]} == _constat ]]; then _constat "$@"; else compdef _constat constat; fi
`
}

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ path, commands, flags, choices }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`)
    const below = commands.map(([name]) => name).join(' ')
    const isHere = commands.length > 0 ? [...seen, `not __fish_seen_subcommand_from ${below}`] : seen
    const when = `complete -c constat -n ${quoted(isHere.join('; and '))}`
    return [
      ...commands.map(([name, about]) => `${when} -f -a ${name} -d ${fishQuoted(about)}`),
      ...choices.map((word) => `${when} -f -a ${quoted(word)}`),
      ...flags.map((flag) => `${when} ${fishFlag(flag)}`),
    ]
  })
  return `# For fish: constat completion fish > ~/.config/fish/completions/constat.fish\n${lines.join('\n')}\n`
}

function fishFlag({ names, about, takesValue, choices }: Flag): string {
  const said = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const value = choices.length > 0 ? [`-x -a ${quoted(choices.join(' '))}`] : takesValue ? ['-r'] : []
  return [...said, ...value, `-d ${fishQuoted(about)}`].join(' ')
}

function wordsOf({ commands, flags, choices }: Entry): string[] {
  return [...commands.map(([name]) => name), ...choices, ...flags.flatMap(({ names }) => names)]
}

/** Every path of a command, as the pattern of a case. */
function pathsOf(entries: readonly Entry[]): string {
  return entries
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quoted(path.join(' ')))
    .join('|')
}

/** What follows an option that takes a value: one of its choices, or a file. */
function valuesOf(
  entries: readonly Entry[],
  chosen: (choices: readonly string[]) => string,
  otherwise: string,
): string {
  const lines = entries.flatMap(({ path, flags }) =>
    flags
      .filter(({ takesValue }) => takesValue)
      .map(({ names, choices }) => {
        const patterns = names.map((name) => quoted(`${path.join(' ')} ${name}`)).join('|')
        return `    ${patterns}) ${choices.length > 0 ? chosen(choices) : otherwise} ;;`
      }),
  )
  return lines.join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** In fish a backslash and a quote are escaped within quotes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (found) => `\\${found}`)}'`
}
