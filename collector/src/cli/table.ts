/** The table of the commands as data, which shell completion and the manual page are made from. Pure. */
import type { Command, Option } from 'commander'

export type Flag = {
  /** `-f` and `--file`, as many as there are. */
  names: string[]
  /** As the help has it: `-f, --file <path>`. */
  usage: string
  about: string
  takesValue: boolean
  choices: readonly string[]
}

/** One command; the program itself has an empty path. */
export type Entry = {
  path: string[]
  usage: string
  about: string
  /** Below it: name → what it is. */
  commands: [string, string][]
  flags: Flag[]
  /** What may stand as its first word. */
  choices: readonly string[]
}

/** The program first, each command before those below it. */
export function entriesOf(command: Command, path: readonly string[] = []): Entry[] {
  const { commands, options, registeredArguments } = command
  const entry: Entry = {
    path: [...path],
    usage: command.usage(),
    about: command.description(),
    commands: commands.map((one) => [one.name(), one.description()]),
    flags: options.map(flagOf),
    choices: registeredArguments[0]?.argChoices ?? [],
  }
  return [entry, ...commands.flatMap((one) => entriesOf(one, [...path, one.name()]))]
}

function flagOf({ short, long, flags, description, required, optional, argChoices }: Option): Flag {
  return {
    names: [short, long].filter((name) => name !== undefined),
    usage: flags,
    about: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  }
}
