import { generator } from '../clock.ts'

/** Names as AWS gives them, from a seed, so that a replayed run has the same ones. */
export interface Identifiers {
  /** This many lower-case hexadecimal digits. */
  hex(length: number): string
  /** In [0, 1), for random choices of AWS. */
  chance(): number
}

export function identifiers(seed: number): Identifiers {
  const chance = generator(seed)
  const hex = (length: number) => {
    let digits = ''
    while (digits.length < length) {
      digits += Math.floor(chance() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0')
    }
    return digits.slice(0, length)
  }
  return { hex, chance }
}

export const instanceId = (ids: Identifiers) => `i-0${ids.hex(16)}`
export const templateId = (ids: Identifiers) => `lt-0${ids.hex(16)}`

export function uuidFrom(ids: Identifiers): string {
  const digits = ids.hex(32)
  return [8, 12, 16, 20, 32].map((end, index, ends) => digits.slice(ends[index - 1] ?? 0, end)).join('-')
}
