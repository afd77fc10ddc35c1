/** A log that keeps its lines, for tests that ask what was said. */
import type { Log } from '../../agent/src/shell.ts'

export type KeptLog = Log & { lines: { level: string; message: string; facts: Record<string, unknown> }[] }

export function createKeptLog(): KeptLog {
  const lines: KeptLog['lines'] = []
  const at =
    (level: string) =>
    (message: string, facts: Record<string, unknown> = {}): void =>
      void lines.push({ level, message, facts })
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}
