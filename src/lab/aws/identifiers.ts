/** Names as AWS gives them, from a seed, so that a run that is played again bears the same ones. */
export interface Identifiers {
  /** So many lower-case hexadecimal digits. */
  hex(length: number): string
  /** In [0, 1), for what AWS leaves to chance. */
  chance(): number
}

export function identifiers(seed: number): Identifiers {
  const chance = sequence(seed)
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

export function uuid(ids: Identifiers): string {
  const digits = ids.hex(32)
  return [8, 12, 16, 20, 32].map((end, index, ends) => digits.slice(ends[index - 1] ?? 0, end)).join('-')
}

/** Mulberry32: small, fast, and good enough for names and for the odd choice. */
function sequence(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
