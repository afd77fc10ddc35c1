/** Lengths as people read them at a terminal: `48 min 12 s`, `2 h 3 min`. Pure. */

/** Two units at most, rounded down. */
export function lengthText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const units: [string, number][] = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ]
  const first = units.findIndex(([, count]) => count > 0)
  if (first < 0) return '0 s'
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ')
}
