/** The candidate that a typing mistake was most likely meant to be; undefined where none is near. */
export function nearestWord(typed: string, candidates: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(typed.length / 3))
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distance(typed.toLowerCase(), candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= most ? best.candidate : undefined
}

/** Edits (insert, delete, replace, swap of neighbours) that make one text of the other. */
function distance(from: string, to: string): number {
  // The rest of an absurdly long text cannot make it more alike.
  const a = from.slice(0, 80)
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const same = a[i - 1] === to[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === to[j - 2] && a[i - 2] === to[j - 1]
      row[j] = Math.min(
        at(rows, i - 1, j) + 1,
        (row[j - 1] ?? 0) + 1,
        at(rows, i - 1, j - 1) + same,
        swapped ? at(rows, i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      )
    }
    rows.push(row)
  }
  return at(rows, a.length, to.length)
}

function at(rows: readonly number[][], i: number, j: number): number {
  return rows[i]?.[j] ?? Number.POSITIVE_INFINITY
}
