import { randomInt } from 'node:crypto'

// No vowels, so that chance spells nothing; no digits that are taken for letters.
const letters = 'bcdfghjkmnpqrstvwxz'

/** Such as `20261124-1045-kfzqb`: sorts by time, can be read out, and is a valid label, tag and Lease holder. */
export function newRunId(now: number): string {
  const [day = '', time = ''] = new Date(now).toISOString().split('T')
  const chance = Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')
  return `${day.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}-${chance}`
}
