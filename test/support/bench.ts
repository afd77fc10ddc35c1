/**
 * Bench: what all benches share. `--tiny` takes a size of which nothing is claimed, so that `npm test` can
 * run each of them; a figure is one line, beside what it is held against in the same run.
 */
import process from 'node:process'

/** Runs to its end in seconds; no figure is held against a goal. */
const IS_TINY = process.argv.includes('--tiny')

export function sized<T>({ full, tiny }: { full: T; tiny: T }): T {
  return IS_TINY ? tiny : full
}

export type Goal = { atLeast: number } | { atMost: number }

/** Prints `figure  VALUE  NAME`. A missed goal is the exit code of the bench. */
export function state(name: string, value: number, goal?: Goal): void {
  const text = Number.isInteger(value) ? String(value) : value.toPrecision(3)
  console.log(`figure  ${text}  ${name}${goal ? ` (${goalText(goal)})` : ''}`)
  if (!Number.isFinite(value)) throw new Error(`${name} came to ${value}`)
  if (goal && !IS_TINY && !isKept(value, goal)) {
    console.log(`MISSED  ${name}`)
    process.exitCode = 1
  }
}

function goalText(goal: Goal): string {
  return 'atLeast' in goal ? `asked: at least ${goal.atLeast}` : `asked: at most ${goal.atMost}`
}

function isKept(value: number, goal: Goal): boolean {
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost
}
